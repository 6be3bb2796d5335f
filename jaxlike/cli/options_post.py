"""Options of the commands that start from chains: plot, reweight, convert."""

import argparse
from typing import Any

from jaxlike.cli import post


def add_commands(
    subparsers: Any,
    device: argparse.ArgumentParser,
    model: argparse.ArgumentParser,
    config_help: str,
) -> None:
    """Add the commands; `device` and `model` are parents with the options that others have too."""
    plot = subparsers.add_parser(
        "plot",
        parents=[device, model],
        help="plot the chains of a run, its data vector and a posterior predictive check",
    )
    plot.add_argument(
        "chains",
        metavar="PREFIX",
        nargs="*",
        help="prefixes of chains, or CosmoSIS chains, drawn over each other",
    )
    plot.add_argument(
        "--config",
        help="also plot its data vector, at the best draw of the (first) chains, with bands of the "
        "posterior's theory and chi^2 of replicated data, or else at the reference point: "
        + config_help,
    )
    plot.add_argument("--params", metavar="A,B,...", help="parameters of the plots of chains")
    plot.add_argument(
        "--trace", action="store_true", help="also traces and ranks: STEM_trace.png, STEM_rank.png"
    )
    plot.add_argument(
        "--residuals",
        action="store_true",
        help="also the data vector minus the theory: STEM_residuals.png",
    )
    plot.add_argument(
        "--draws",
        type=int,
        metavar="N",
        help="draws that the bands and the check are made of (400)",
    )
    plot.add_argument(
        "--output",
        metavar="STEM",
        help="images are STEM_triangle.png, STEM_data_vector.png, STEM_chi2.png",
    )
    plot.add_argument("--no-progress", action="store_true", help="do not show a progress bar")
    plot.set_defaults(run=post.plot)

    reweight = subparsers.add_parser(
        "reweight",
        parents=[device, model],
        help="chains of one posterior as weighted chains of another",
    )
    reweight.add_argument("chains", metavar="PREFIX", help="prefix of chains, or a CosmoSIS chain")
    reweight.add_argument(
        "--config",
        required=True,
        help="the other posterior, of the same parameters: " + config_help,
    )
    reweight.add_argument(
        "--output",
        metavar="NEW",
        required=True,
        help="weighted chains are written to NEW.1.txt, ...",
    )
    reweight.add_argument("--force", action="store_true", help="replace existing chains")
    reweight.add_argument("--no-progress", action="store_true", help="do not show a progress bar")
    reweight.set_defaults(run=post.reweight)

    convert = subparsers.add_parser(
        "convert", parents=[device], help="write chains for ArviZ, CosmoSIS or GetDist"
    )
    convert.add_argument("chains", metavar="PREFIX", help="prefix of chains, or a CosmoSIS chain")
    convert.add_argument(
        "--to",
        required=True,
        choices=tuple(post.ENDINGS),
        help="arviz: NetCDF; cosmosis: a text chain; getdist: root files, of a CosmoSIS chain",
    )
    convert.add_argument(
        "--output",
        metavar="FILE",
        help="(PREFIX and " + ", ".join(post.ENDINGS.values()) + ")",
    )
    convert.add_argument("--force", action="store_true", help="replace an existing file")
    convert.set_defaults(run=post.convert)
