"""`jaxlike init`: an input to start from, where the work is to be."""

import argparse
from pathlib import Path
from typing import Any

from jaxlike.cli.common_options import Parents, add_force
from jaxlike.errors import ConfigError


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `init` to the commands."""
    parser = subparsers.add_parser(
        "init", parents=[shared.device], help="write an input to start from, with comments"
    )
    parser.add_argument(
        "name",
        metavar="SURVEY",
        nargs="?",
        default="mock",
        help="one of `jaxlike examples`, or a survey that one of them is of (mock)",
    )
    parser.add_argument(
        "--cosmosis",
        action="store_true",
        help="a pipeline for CosmoSIS, with the files that it names, not an input for Cobaya",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="file to write (SURVEY.yaml, SURVEY.ini, here)"
    )
    add_force(parser, "existing files")
    parser.set_defaults(run=init)


def init(arguments: argparse.Namespace) -> int:
    """Write an example, and say what comes next."""
    from jaxlike.examples import find_example, steps, texts_of
    from jaxlike.files import atomic_writer

    example, suffix = find_example(arguments.name), ".ini" if arguments.cosmosis else ".yaml"
    target = Path(arguments.output or f"{example.name}{suffix}")
    if target.suffix != suffix:
        raise ConfigError(
            f"option --output is '{arguments.output}'; accepted is a name that ends in {suffix}"
        )
    texts = texts_of(example, target, cosmosis=arguments.cosmosis)
    there = [file for file, text in texts.items() if _differs(file, text)]
    if there and not arguments.force:
        raise ConfigError(
            f"'{there[0]}' exists already; give another --output, or --force to replace it"
        )
    for file, text in texts.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_writer(file) as handle:
            handle.write(text.encode())
    print(f"files {', '.join(map(str, texts))}")
    print("next:")
    for command, what in steps(example, target):
        print(f"  {command:<44} {what}")
    return 0


def _differs(file: Path, text: str) -> bool:
    """Whether there is something else under this name."""
    return file.exists() and (not file.is_file() or file.read_bytes() != text.encode())
