"""The command line of `jaxlike`: its commands, its errors, its devices.

Each command is a module with `add_command`, which adds its options, and the function that it runs.
Everything heavy is imported by that function, so that `jaxlike --help` is quick.

Exit status: 0 well, 1 ran but the result should not be trusted yet, 2 wrong input, 130 interrupted.
"""

import argparse
import os
import shlex
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import jaxlike
from jaxlike import __version__
from jaxlike.cli import (
    benchmark,
    blind,
    convert,
    data,
    emulator,
    evidence,
    examples,
    explain,
    figures,
    fisher,
    info,
    init,
    minimise,
    mock,
    moped,
    plot,
    report,
    reweight,
    sample,
    survey,
)
from jaxlike.cli.common_options import parents
from jaxlike.errors import ConfigError, JaxlikeError

COMMANDS = (
    *(init, examples),
    *(sample, minimise),
    *(report, plot, reweight, evidence, convert),
    *(fisher, moped, survey),
    *(info, explain, data, blind, figures, benchmark, emulator, mock),
)
"""In the order of --help: begin, run a posterior, use chains, forecast, and what serves them."""


_LONGEST = 200  # characters of a file's name in a message


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are the package's: one line, status 2."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message} (see '{self.prog} --help')")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: the process's own); returns the exit status."""
    try:
        parser = _parser()
        if "_ARGCOMPLETE" in os.environ:  # a shell asks what may come next
            _complete(parser)
        arguments = parser.parse_args(argv)
        arguments.command = shlex.join(["jaxlike", *(sys.argv[1:] if argv is None else argv)])
        _check_words(arguments)
        _set_up(arguments)
        # locks of what is written, until the command's end
        with warnings_in_a_line(), ExitStack() as arguments.held:
            status = int(arguments.run(arguments) or 0)
        sys.stdout.flush()
        return status
    except JaxlikeError as error:
        print(f"jaxlike: error: {_shortened(error, 1500)}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        where = "" if error.filename is None else f"{_shortened(error.filename)}: "
        print(f"jaxlike: error: {where}{error.strerror or error}", file=sys.stderr)
        return 2
    except MemoryError as error:
        print(f"jaxlike: error: not enough memory ({error})", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"jaxlike: interrupted{f'; {stop}' if str(stop) else ''}", file=sys.stderr)
        return 130


@contextmanager
def warnings_in_a_line() -> Iterator[None]:
    """The package's own warnings as its errors are: a sentence, without the code that warns."""
    others, package = warnings.formatwarning, Path(jaxlike.__file__).parent

    def formatted(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        if category is UserWarning and package in Path(filename).parents:
            return f"jaxlike: warning: {message}\n"
        return others(message, category, filename, lineno, line)

    warnings.formatwarning = formatted
    try:
        yield
    finally:
        warnings.formatwarning = others


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="jaxlike",
        description="Likelihoods of two-point functions, in JAX.",
        epilog="To begin: `jaxlike init`, then `jaxlike nuts mock.yaml`.",
    )
    parser.add_argument("--version", action="version", version=f"jaxlike {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    shared = parents()
    for command in COMMANDS:
        command.add_command(subparsers, shared)
    return parser


def _complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell's question with what could come next, by jaxlike[completion], and end."""
    with suppress(ImportError):
        import argcomplete

        argcomplete.autocomplete(parser)


def _shortened(said: object, longest: int = _LONGEST) -> str:
    """A file's name, or a message that repeats what was given, in one line of bearable length."""
    text = " ".join(str(said).splitlines())
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]} ... {text[-half:]}"


def _check_words(arguments: argparse.Namespace) -> None:
    """ConfigError on an option that is given as nothing, as a shell's unset variable is, and on
    signs that stand in no name of a file."""
    for name, value in vars(arguments).items():
        for word in value if isinstance(value, list) else [value]:
            if word == "" and not isinstance(value, list):
                raise ConfigError(f"{name.replace('_', '-')} is given, and is empty")
            if isinstance(word, str) and {*"\0\n\r"} & {*word}:
                said = f"{name.replace('_', '-')} is {_shortened(repr(word))}"
                raise ConfigError(
                    f"{said}, which can be no name: it has a line break or a null byte"
                )


def _set_up(arguments: argparse.Namespace) -> None:
    """Choose JAX's devices before it starts, and join the other processes of a run."""
    from jaxlike.cli.devices import use_devices

    devices = getattr(arguments, "devices", None)
    # walkers are one batch, which one device of a CPU evaluates on one core
    spread = getattr(arguments, "method", None) == "laps"
    arguments.team = use_devices(
        arguments.device,
        devices,
        getattr(arguments, "distributed", None),
        cpu_devices=os.cpu_count() if spread else None,
        keep=not arguments.no_cache,
    )
