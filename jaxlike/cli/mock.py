"""`jaxlike mock`: the shipped mock surveys, made again."""

import argparse
from typing import Any

from jaxlike.cli.common_options import Parents, add_force


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `mock` to the commands."""
    parser = subparsers.add_parser(
        "mock", parents=[shared.device], help="make a shipped mock survey again"
    )
    parser.add_argument(
        "--survey",
        choices=("des_y1", "paper"),
        default="des_y1",
        help="DES-Y1 in real space, or the C_ell of arXiv:2302.05163 (des_y1)",
    )
    parser.add_argument("--output", metavar="FILE", required=True, help="FITS file to write")
    add_force(parser, "an existing file")
    parser.set_defaults(run=mock)


def mock(arguments: argparse.Namespace) -> int:
    """Make one of the mock surveys."""
    from jaxlike.mocks import des_y1, paper

    make = {"des_y1": des_y1, "paper": paper}[arguments.survey]
    return make.run(arguments.output, overwrite=arguments.force)
