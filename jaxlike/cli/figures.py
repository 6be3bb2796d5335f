"""`jaxlike figures`: figures 1 to 7 of arXiv:2302.05163, drawn again."""

import argparse
from pathlib import Path
from typing import Any

from jaxlike.cli.common_options import Parents
from jaxlike.errors import ConfigError


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `figures` to the commands."""
    parser = subparsers.add_parser(
        "figures",
        parents=[shared.device],
        help="draw figures 1 to 7 of arXiv:2302.05163 (1, 2, 3 and 5 need jaxlike[ccl])",
    )
    parser.add_argument(
        "--output", metavar="DIR", default="figures", help="folder of images and numbers (figures)"
    )
    parser.add_argument("--only", metavar="N,...", help="numbers of the figures, such as 1,3")
    parser.add_argument(
        "--data-file", metavar="FILE", help="n(z) of figure 7 (DES-Y1 if fetched, else the mock)"
    )
    parser.set_defaults(run=figures)


def figures(arguments: argparse.Namespace) -> int:
    """Draw figures of the paper into a folder, with a table of their numbers, which is printed."""
    from jaxlike.figures import NUMBERS, paper_figures, table_of
    from jaxlike.files import atomic_writer

    wanted = (arguments.only or ",".join(map(str, NUMBERS))).split(",")
    for item in wanted:
        if item.strip() not in map(str, NUMBERS):
            accepted = ", ".join(map(str, NUMBERS))
            raise ConfigError(f"option --only has {item.strip()!r}; accepted are {accepted}")
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for figure in paper_figures(sorted({int(n) for n in wanted}), data_file=arguments.data_file):
        print(f"{figure.save(folder)}: {figure.title}", flush=True)
        for name, value in figure.numbers.items():
            print(f"  {value:11.4g}  {name}", flush=True)
        drawn.append(figure)
    with atomic_writer(folder / "figures.txt") as file:
        file.write(table_of(drawn).encode())
    return 0
