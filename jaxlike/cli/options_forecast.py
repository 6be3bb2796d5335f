"""Options of the commands that forecast: fisher, moped, survey."""

import argparse
from typing import Any

from jaxlike.cli import forecast


def add_commands(
    subparsers: Any,
    device: argparse.ArgumentParser,
    model: argparse.ArgumentParser,
    config_help: str,
) -> None:
    """Add the commands; `device` and `model` are parents with the options that others have too."""
    fisher = subparsers.add_parser(
        "fisher",
        parents=[device, model],
        help="forecast the errors of a posterior by its Fisher matrix",
    )
    fisher.add_argument("config", metavar="CONFIG", help=config_help)
    fisher.add_argument(
        "--parameters", metavar="A,B,...", help="parameters that vary (all that are sampled)"
    )
    fisher.add_argument(
        "--fixed",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a sampled parameter that is known, at its reference or this value (repeatable)",
    )
    fisher.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="where to expand, instead of at the reference value (repeatable)",
    )
    fisher.add_argument(
        "--no-priors", action="store_true", help="the data alone, without Gaussian priors"
    )
    fisher.add_argument(
        "--method",
        choices=("jacobian", "hessian"),
        default="jacobian",
        help="derivatives of the mean, or the Hessian of ln L of data without noise (jacobian)",
    )
    fisher.add_argument(
        "--f-sky",
        type=float,
        metavar="F",
        help="add what the Gaussian covariance of C_ell tells by its dependence on the parameters, "
        "for this fraction of the sky and the file's densities and shape noise",
    )
    fisher.add_argument(
        "--pair", metavar="A,B", help="print the figure of merit of these two (w0,wa if they vary)"
    )
    _add_output(fisher, "fisher", ".covmat, .fisher.txt and _triangle.png")
    fisher.set_defaults(run=forecast.fisher)

    moped = subparsers.add_parser(
        "moped",
        parents=[device, model],
        help="compress the data to one number a parameter, and compare",
    )
    moped.add_argument("config", metavar="CONFIG", help=config_help)
    moped.add_argument(
        "--pair", metavar="A,B", help="parameters of the contours (w0,wa, or the first two)"
    )
    _add_output(moped, "moped", ".npz and _contours.png")
    moped.set_defaults(run=forecast.moped)

    survey = subparsers.add_parser(
        "survey", parents=[device], help="forecast a survey of given design, and improve it"
    )
    survey.add_argument(
        "config", metavar="CONFIG", help="a survey, as cobaya_yaml/survey_example.yaml"
    )
    survey.add_argument(
        "--no-optimise", action="store_true", help="the forecast and its gradient alone"
    )
    survey.add_argument(
        "--output",
        metavar="PREFIX",
        help="written are PREFIX.covmat, .fisher.txt, _improved.yaml and _survey.png (the file's "
        "output, or chains/ and its name)",
    )
    survey.add_argument("--force", action="store_true", help="replace existing files")
    survey.set_defaults(run=survey.survey)


def _add_output(parser: argparse.ArgumentParser, ending: str, files: str) -> None:
    parser.add_argument(
        "--output",
        metavar="PREFIX",
        help=f"written are PREFIX{files} (the config's output, or chains/ and its name, followed "
        f"by _{ending})",
    )
    parser.add_argument("--force", action="store_true", help="replace existing files")
