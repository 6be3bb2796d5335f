"""Options that several commands have in common, and how values of options are read."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from jaxlike.errors import ConfigError

CONFIG_HELP = "a Cobaya input (.yaml) or a CosmoSIS pipeline (.ini)"


@dataclass(frozen=True)
class Parents:
    """Parsers that a command names as parents, to have their options too.

    device: where JAX computes; model: what is replaced of a CONFIG.
    """

    device: argparse.ArgumentParser
    model: argparse.ArgumentParser


def parents() -> Parents:
    """The parents of all commands."""
    device = argparse.ArgumentParser(add_help=False)
    device.add_argument(
        "--device",
        choices=("cpu", "gpu"),
        help="where JAX computes (default: a GPU if it sees one)",
    )
    device.add_argument(
        "--no-cache",
        action="store_true",
        help="compile everything anew, and keep nothing for the next run",
    )
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("--data-file", metavar="FILE", help="data file instead of the config's")
    model.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="replace another option of the config, such as nz=histogram (repeatable)",
    )
    return Parents(device, model)


def add_config(parser: argparse.ArgumentParser) -> None:
    """The posterior that a command is about."""
    parser.add_argument("config", metavar="CONFIG", help=CONFIG_HELP)


def add_chains(parser: argparse.ArgumentParser) -> None:
    """The chains that a command takes."""
    parser.add_argument("chains", metavar="PREFIX", help="prefix of chains, or a CosmoSIS chain")


def add_prefix(parser: argparse.ArgumentParser, files: str, ending: str) -> None:
    """Where a command writes `files`, as `open_model` finds it with the same `ending`."""
    parser.add_argument(
        "--output",
        metavar="PREFIX",
        help=f"written are PREFIX{files} (the config's output, or chains/ and its name, followed "
        f"by _{ending})",
    )


def add_force(parser: argparse.ArgumentParser, what: str) -> None:
    """Leave to replace what is there."""
    parser.add_argument("--force", action="store_true", help=f"replace {what}")


def add_no_progress(parser: argparse.ArgumentParser, what: str = "a progress bar") -> None:
    """Silence, for batch jobs."""
    parser.add_argument("--no-progress", action="store_true", help=f"do not show {what}")


def positive(text: str) -> int:
    """A whole number above 0, as a `type` of argparse."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a positive whole number")
    return int(text)


def whole(text: str) -> int:
    """A whole number, also as 1e4, as a `type` of argparse."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
        if number == int(number):
            return int(number)
    except (ValueError, OverflowError):
        pass
    raise argparse.ArgumentTypeError(f"'{text[:40]}' is not a whole number")


def named_value(option: str, item: str, form: str) -> tuple[str, str]:
    """Name and value of NAME=VALUE, as `option` takes it; ConfigError tells the `form`."""
    name, equals, value = item.partition("=")
    if not equals or not name:
        raise ConfigError(f"option {option} is '{item}'; accepted is {form}")
    return name.strip().replace("-", "_"), value.strip()


def names_in(text: str | None) -> list[str] | None:
    """The names of A,B,...; None where an option is not given."""
    return None if text is None else [name.strip() for name in text.split(",")]


def option_overrides(arguments: argparse.Namespace) -> dict[str, str]:
    """Keywords for `jaxlike.load` from --data-file and --set."""
    overrides = dict(named_value("--set", item, "OPTION=VALUE") for item in arguments.set)
    if arguments.data_file is not None:
        overrides["data_file"] = arguments.data_file
    return overrides


def pair_in(text: str | None, names: Sequence[str]) -> tuple[str, ...]:
    """The two parameters of --pair; (w0, wa) where it is not given and both vary; else none."""
    from jaxlike.forecast.fisher import check_names
    from jaxlike.registry.names import split_name

    if text is not None:
        chosen = tuple(names_in(text) or ())
        if len(chosen) != 2:
            raise ConfigError(
                f"option --pair is '{text}'; accepted is A,B, two of {', '.join(names)}"
            )
        check_names(chosen, names, "that varies")
        return chosen
    dark = {(split_name(name) or ("", None))[0]: name for name in names}
    return (dark["w0"], dark["wa"]) if {"w0", "wa"} <= set(dark) else ()


def stem_of(prefix: str) -> str:
    """A prefix of chains, or a CosmoSIS chain without its .txt."""
    return str(prefix).removesuffix(".txt")
