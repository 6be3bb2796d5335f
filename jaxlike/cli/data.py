"""`jaxlike data`: data sets (`get`, `list`), what is in a file (`show`), other formats."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxlike.cli.common_options import Parents, add_force
from jaxlike.cli.data_list import add_list
from jaxlike.cli.data_show import add_show
from jaxlike.errors import ConfigError
from jaxlike.outputs import check_output_file

if TYPE_CHECKING:
    from jaxlike.data import TwoPointData


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `data`, with its commands, to the commands."""
    data = subparsers.add_parser(
        "data", help="published data sets, what is in a file, other formats"
    )
    commands = data.add_subparsers(metavar="COMMAND", required=True)
    fetching = commands.add_parser("get", parents=[shared.device], help="fetch a data set")
    fetching.add_argument("name", metavar="NAME", help="data set, such as des_y1")
    fetching.add_argument(
        "--from", dest="from_file", metavar="FILE", help="take it from FILE instead"
    )
    fetching.add_argument("--folder", metavar="DIR", help="folder to keep it in")
    fetching.set_defaults(run=get)
    add_list(commands, shared)
    add_show(commands, shared)
    converting = commands.add_parser(
        "sacc", parents=[shared.device], help="write a data file as SACC (needs jaxlike[sacc])"
    )
    converting.add_argument("input", metavar="IN", help="2pt FITS file, data set or shipped mock")
    converting.add_argument("output", metavar="OUT", help="SACC file to write")
    add_force(converting, "an existing file")
    converting.set_defaults(run=sacc)
    lensing = commands.add_parser(
        "lensing",
        parents=[shared.device],
        usage="jaxlike data lensing [options] (DATASET | BANDPOWERS COVARIANCE WINDOWS) OUT",
        help="write band powers of CMB lensing, in text, as SACC (needs jaxlike[sacc])",
    )
    lensing.add_argument(
        "input",
        nargs="+",
        metavar="IN",
        help="a .dataset file as Planck publishes it, or planck_pr4_lensing, planck_2018_lensing "
        "where they are installed; or three files as ACT does: C_b of kappa x kappa (n numbers), "
        "their covariance (n x n) and lines of a multipole and its weight in each band",
    )
    lensing.add_argument("output", metavar="OUT", help="SACC file to write")
    lensing.add_argument("--name", metavar="NAME", default="cmb", help="of the map (cmb)")
    add_force(lensing, "an existing file")
    lensing.set_defaults(run=lensing_as_sacc)


def get(arguments: argparse.Namespace) -> int:
    """Fetch a published data set and print where it is."""
    from jaxlike.data import get_data_set

    print(get_data_set(arguments.name, from_file=arguments.from_file, folder=arguments.folder))
    return 0


def sacc(arguments: argparse.Namespace) -> int:
    """Write a data file of any format as SACC."""
    from jaxlike.data import find_data_file, read_two_point

    file = find_data_file(arguments.input)
    check_output_file(arguments.output, [file], force=arguments.force)
    return _written(read_two_point(file), arguments)


def lensing_as_sacc(arguments: argparse.Namespace) -> int:
    """Write band powers of CMB lensing in text as SACC."""
    from jaxlike.data import find_data_file, read_lensing_bandpowers, read_lensing_dataset

    match arguments.input:
        case [dataset]:
            data = read_lensing_dataset(find_data_file(dataset), name=arguments.name)
        case [bandpowers, covariance, windows]:
            data = read_lensing_bandpowers(bandpowers, covariance, windows, name=arguments.name)
        case _:
            raise ConfigError(
                f"{len(arguments.input)} files are given to `jaxlike data lensing` before OUT; one "
                ".dataset file is needed, or BANDPOWERS COVARIANCE WINDOWS"
            )
    check_output_file(arguments.output, arguments.input, force=arguments.force)
    return _written(data, arguments)


def _written(data: "TwoPointData", arguments: argparse.Namespace) -> int:
    from jaxlike.data import write_sacc

    write_sacc(data, arguments.output, overwrite=arguments.force)
    size = Path(arguments.output).stat().st_size / 1e6
    tables = ", ".join(f"{m.value.size} {m.statistic}" for m in data.measurements)
    print(f"{arguments.output}: {data.n_data} points ({tables}), {size:.1f} MB")
    return 0
