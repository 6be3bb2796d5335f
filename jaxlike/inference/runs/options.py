"""Checks of the samplers' options: one clear sentence each."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from jaxlike.errors import ConfigError

SEED = (0, 2**32 - 1)

MOST = 2**31 - 1
"""Largest number of draws or steps: they are counted in 32 bits."""


def check_whole(name: str, value: Any, low: int, high: int = MOST) -> None:
    """ConfigError unless `value` is a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(
            f"option {name} is {value!r}; accepted are whole numbers from {low} to {high}"
        )


def check_between(name: str, value: Any, low: float, high: float) -> None:
    """ConfigError unless `value` is a number between `low` and `high`, both excluded."""
    if not isinstance(value, (int, float)) or not low < value < high:
        raise ConfigError(
            f"option {name} is {value!r}; accepted are numbers between {low:g} and {high:g}"
        )


def check_choice(name: str, value: Any, choices: Iterable[str]) -> None:
    """ConfigError unless `value` is one of `choices`."""
    if value not in tuple(choices):
        raise ConfigError(f"option {name} is {value!r}; accepted are {', '.join(choices)}")


def check_installed(method: str, **libraries: str) -> None:
    """ConfigError unless each of the modules (name=its proper name) can be imported."""
    for module, name in libraries.items():
        try:
            import_module(module)
        except ImportError as error:
            raise ConfigError(
                f"method {method} needs {name}: pip install jaxlike[samplers]"
            ) from error
