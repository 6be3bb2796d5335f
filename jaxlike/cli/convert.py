"""`jaxlike convert`: chains in the formats of ArviZ, CosmoSIS and GetDist."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import Parents, add_chains, add_force, stem_of
from jaxlike.cli.running import warn
from jaxlike.errors import ConfigError
from jaxlike.outputs import check_no_input, locked

if TYPE_CHECKING:
    from jaxlike.inference import Draws

_ENDINGS = {"arviz": ".nc", "cosmosis": "_cosmosis.txt", "getdist": "_getdist"}
"""Accepted values of --to, and what the output's default name adds to that of the chains."""


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `convert` to the commands."""
    parser = subparsers.add_parser(
        "convert", parents=[shared.device], help="write chains for ArviZ, CosmoSIS or GetDist"
    )
    add_chains(parser)
    parser.add_argument(
        "--to",
        required=True,
        choices=tuple(_ENDINGS),
        help="arviz: NetCDF; cosmosis: a text chain; getdist: root files, of a CosmoSIS chain",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="(PREFIX and " + ", ".join(_ENDINGS.values()) + ")",
    )
    add_force(parser, "an existing file")
    parser.set_defaults(run=convert)


def convert(arguments: argparse.Namespace) -> int:
    """Write chains in another tool's format."""
    from jaxlike.inference import read_draws

    prefix, kind = arguments.chains, arguments.to
    draws = read_draws(prefix)
    output = arguments.output or stem_of(prefix) + _ENDINGS[kind]
    arguments.held.enter_context(locked(output))
    files = _convert(draws, prefix, kind, output, force=arguments.force)
    print(
        f"{prefix}: {len(draws.lengths)} {'chain' if len(draws.lengths) == 1 else 'chains'}, "
        f"{len(draws.weights)} draws{' with weights' if draws.is_weighted else ''}, "
        f"{len(draws.varied)} parameters sampled, {len(draws.names) - len(draws.varied)} derived"
    )
    print(f"files {', '.join(map(str, files))}")
    return 0


def _convert(draws: "Draws", prefix: str, kind: str, output: str, *, force: bool) -> list[Path]:
    from jaxlike.inference.results import convert
    from jaxlike.inference.results.chain_files import (
        chain_files,
        check_prefix,
        check_replaced,
        numbered_files,
    )
    from jaxlike.inference.results.cosmosis_text import write_cosmosis
    from jaxlike.inference.results.draws import is_whole
    from jaxlike.inference.results.read_draws import files_of_draws

    own = "getdist" if numbered_files(Path(prefix)) else "cosmosis"
    if kind == own:
        raise ConfigError(f"chains '{prefix}' are in the format of --to {kind} already")
    if kind == "cosmosis" and not output.endswith(".txt"):
        raise ConfigError(f"output '{output}': accepted is a name that ends in .txt, for CosmoSIS")
    path = check_prefix(output)
    there = chain_files(output) if kind == "getdist" else [path] if path.exists() else []
    check_no_input(there, files_of_draws(prefix))
    if not force:
        check_replaced(output, there)
    if kind == "getdist":
        return convert.write_getdist(draws, output, overwrite=force)
    if kind == "cosmosis":
        return [write_cosmosis(draws, path)]
    if not is_whole(draws.weights):
        warn("ArviZ knows no weights: the draws are resampled to as many that all count the same")
    return [convert.write_netcdf(convert.inference_data_of_draws(draws), path)]
