"""`jaxlike examples`: the inputs that come with the package."""

import argparse
from typing import Any

from jaxlike.cli.common_options import Parents


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `examples` to the commands."""
    parser = subparsers.add_parser(
        "examples", parents=[shared.device], help="list the inputs that `jaxlike init` writes"
    )
    parser.set_defaults(run=examples)


def examples(arguments: argparse.Namespace) -> int:
    """Print each example in a line: what it is, of which hosts, which data it needs."""
    from jaxlike.examples import EXAMPLES

    width = max(map(len, EXAMPLES))
    for one in EXAMPLES.values():
        data = f" [data: {', '.join(one.data_sets)}]" if one.data_sets else ""
        mark = "*" if one.ini else " "
        print(f"{one.name:<{width}} {mark} {one.title}{data}")
    print(
        "\n* has a pipeline for CosmoSIS too (--cosmosis). `jaxlike init NAME` writes one here; "
        "`jaxlike data get DATA` brings\ndata, which are computed where they are not named."
    )
    return 0
