"""`jaxlike data list`: the data sets that go by a name."""

import argparse
from typing import Any

from jaxlike.cli.common_options import Parents


def add_list(commands: Any, shared: Parents) -> None:
    """Add `list` to the commands of `data`."""
    parser = commands.add_parser(
        "list", parents=[shared.device], help="list data sets, and which of them are here"
    )
    parser.add_argument("--folder", metavar="DIR", help="folder that they are kept in")
    parser.set_defaults(run=data_list)


def data_list(arguments: argparse.Namespace) -> int:
    """Print name, size, whether it is here, and what to cite of each data set."""
    from pathlib import Path

    from jaxlike.data.download import DATA_SETS, data_folder
    from jaxlike.data.shipped import SHIPPED

    folder = Path(arguments.folder).expanduser() if arguments.folder else data_folder()
    width = max(map(len, (*DATA_SETS, *SHIPPED)))
    for name in SHIPPED:
        print(f"{name:<{width}}  {'':>8}  here       comes with jaxlike, computed and not measured")
    for name, one in DATA_SETS.items():
        size = f"{one.n_bytes / 1e3:,.0f} kB" if one.n_bytes else ""
        here = "here" if (folder / one.file_name).is_file() else "to fetch"
        print(f"{name:<{width}}  {size:>8}  {here:<9}  {one.citation}")
    print(f"\n`jaxlike data get NAME` brings one into {folder}")
    return 0
