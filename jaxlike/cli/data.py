"""`jaxlike data get`, `show` and `sacc`: published data sets, what is in a file, other formats."""

import argparse
from pathlib import Path
from typing import Any

from jaxlike.cli.common_options import Parents, add_force
from jaxlike.cli.data_show import add_show


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
    add_show(commands, shared)
    converting = commands.add_parser(
        "sacc", parents=[shared.device], help="write a data file as SACC (needs jaxlike[sacc])"
    )
    converting.add_argument("input", metavar="IN", help="2pt FITS file, data set or shipped mock")
    converting.add_argument("output", metavar="OUT", help="SACC file to write")
    add_force(converting, "an existing file")
    converting.set_defaults(run=sacc)


def get(arguments: argparse.Namespace) -> int:
    """Fetch a published data set and print where it is."""
    from jaxlike.data import get_data_set

    print(get_data_set(arguments.name, from_file=arguments.from_file, folder=arguments.folder))
    return 0


def sacc(arguments: argparse.Namespace) -> int:
    """Write a data file of any format as SACC."""
    from jaxlike.data import find_data_file, read_two_point, write_sacc

    data = read_two_point(find_data_file(arguments.input))
    write_sacc(data, arguments.output, overwrite=arguments.force)
    size = Path(arguments.output).stat().st_size / 1e6
    tables = ", ".join(f"{m.value.size} {m.statistic}" for m in data.measurements)
    print(f"{arguments.output}: {data.n_data} points ({tables}), {size:.1f} MB")
    return 0
