"""`jaxlike moped`: the data compressed to one number a parameter, and compared."""

import argparse
from typing import Any

from jaxlike.cli.common_options import (
    Parents,
    add_config,
    add_force,
    add_prefix,
    named_value,
    pair_in,
)
from jaxlike.cli.opening import open_model
from jaxlike.errors import ConfigError


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `moped` to the commands."""
    parser = subparsers.add_parser(
        "moped",
        parents=[shared.device, shared.model],
        help="compress the data to one number a parameter, and compare",
    )
    add_config(parser)
    parser.add_argument(
        "--pair", metavar="A,B", help="parameters of the contours (w0,wa, or the first two)"
    )
    add_prefix(parser, ".npz and _contours.png", "moped")
    add_force(parser, "existing files")
    parser.set_defaults(run=moped)


def moped(arguments: argparse.Namespace) -> int:
    """Compress the data of a config to one number a parameter; compare, write and plot."""
    import numpy as np

    from jaxlike.files import atomic_writer
    from jaxlike.forecast.compression import compare
    from jaxlike.inference.results.chain_files import check_prefix
    from jaxlike.inference.results.text_files import existing_texts
    from jaxlike.plots.forecast import contour_plot

    if any(
        named_value("--set", item, "OPTION=VALUE")[0] == "compression" for item in arguments.set
    ):
        raise ConfigError("option --set compression has no effect: `jaxlike moped` compresses")
    arguments.set.append("compression=none")
    endings = (".npz", "_contours.png")
    model, prefix = open_model(arguments, "moped", lambda p, _: existing_texts(p, endings))
    pair = pair_in(arguments.pair, model.parameters) or tuple(model.parameters[:2])
    if len(pair) < 2:
        raise ConfigError(f"{arguments.config}: contours need two sampled parameters")
    found = compare(model, pair)
    width = max(map(len, model.parameters))
    print(f"{'':<{width}} {'b.data':>14} {'b.theory':>14}   difference [sigma]")
    for name, y, expected in zip(model.parameters, found.data, found.theory, strict=True):
        print(f"{name:<{width}} {y:14.4f} {expected:14.4f} {y - expected:12.3f}")
    print(
        f"\n{model.data.n_data} points to {len(found.data)} numbers; chi2 at the best fit "
        f"{found.chi2[0]:.3f} and {found.chi2[1]:.3f}; Fisher matrices differ by "
        f"{found.fisher_difference:.1e} of their diagonal"
    )
    path = check_prefix(prefix)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_writer(f"{prefix}.npz") as file:
        np.savez(
            file,
            names=np.array(model.parameters),
            at=found.at,
            vectors=found.vectors,
            compressed_data=found.data,
            compressed_theory=found.theory,
        )
    latex = {spec.name: spec.latex or spec.name for spec in model.specs}
    where = {n: float(v) for n, v in zip(model.parameters, found.at, strict=True)}
    plot = contour_plot(
        found.axes,
        {
            f"{model.data.n_data} points": found.surfaces[0],
            f"{len(found.data)} numbers": found.surfaces[1],
        },
        (latex[pair[0]], latex[pair[1]]),
        f"{prefix}_contours.png",
        at=(where[pair[0]], where[pair[1]]),
    )
    print(f"files {prefix}.npz, {plot}")
    return 0
