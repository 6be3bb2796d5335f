"""`jaxlike report`: one page about a run, which opens in a browser without a network."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import (
    CONFIG_HELP,
    Parents,
    add_chains,
    add_force,
    option_overrides,
)
from jaxlike.cli.running import version_of, warn
from jaxlike.errors import ConfigError, JaxlikeError

if TYPE_CHECKING:
    from jaxlike.posterior.model import Model
    from jaxlike.report.page import ModelGiven


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `report` to the commands."""
    parser = subparsers.add_parser(
        "report",
        parents=[shared.device, shared.model],
        help="write one page about a run: what it was, whether to trust it, what came out",
    )
    add_chains(parser)
    parser.add_argument(
        "--config",
        help="the input of the chains, for the data vector (PREFIX.updated.yaml where it is one): "
        + CONFIG_HELP,
    )
    parser.add_argument(
        "--no-data", action="store_true", help="leave out the data vector, which needs the theory"
    )
    parser.add_argument("--output", metavar="FILE", help="page to write (PREFIX.html)")
    add_force(parser, "a file that is no report")
    parser.set_defaults(run=report)


def report(arguments: argparse.Namespace) -> int:
    """Write the page of chains that are there."""
    if arguments.no_data and (arguments.config or arguments.set or arguments.data_file):
        raise ConfigError(
            "options --config, --set and --data-file have no effect with --no-data: give either"
        )
    import matplotlib

    matplotlib.use("agg")
    from jaxlike.inference import read_draws
    from jaxlike.outputs import check_no_input
    from jaxlike.report import write_report
    from jaxlike.report.record import read_record

    read_draws(arguments.chains)  # says what is wrong with them before the model is built
    if arguments.output:
        inputs = [*read_record(Path(arguments.chains)).files, *filter(None, [arguments.config])]
        check_no_input([Path(arguments.output)], inputs)
    path = write_report(
        arguments.chains,
        _given(arguments),
        output=arguments.output,
        force=arguments.force,
        version=version_of("jaxlike"),
    )
    print(path)
    return 0


def _given(arguments: argparse.Namespace) -> "ModelGiven":
    """The model of the chains: of --config, or else of what the run has recorded, if it can be."""
    import jaxlike
    from jaxlike.report.page import ModelGiven

    if arguments.no_data:
        return ModelGiven(why="--no-data left it out")
    if arguments.config:
        return ModelGiven(jaxlike.load(arguments.config, **option_overrides(arguments)))
    recorded = Path(f"{arguments.chains}.updated.yaml")
    if not recorded.is_file():
        if arguments.set or arguments.data_file:
            raise ConfigError("options --set and --data-file have no effect without --config")
        return ModelGiven()
    try:
        return ModelGiven(jaxlike.load(recorded, **option_overrides(arguments)))
    except JaxlikeError as error:
        if arguments.set or arguments.data_file:
            raise
        return ModelGiven(why=f"{error}; --config gives another input")


def report_of_run(prefix: str, model: "Model") -> list[Path]:
    """The page of a run that has just ended; a warning where there can be none, for the chains are
    what counts."""
    import matplotlib

    matplotlib.use("agg")
    from jaxlike.report import write_report
    from jaxlike.report.page import ModelGiven

    try:
        return [write_report(prefix, ModelGiven(model), version=version_of("jaxlike"))]
    except Exception as error:  # whatever it is: chains are there, and a run has taken long
        warn(f"there is no report ({error}); `jaxlike report {prefix}` makes one")
        return []
