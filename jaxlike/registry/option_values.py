"""Values of options, which may be text, as they are meant; ConfigError names the option."""

import math
from collections.abc import Iterable, Mapping
from numbers import Real

from jaxlike.errors import ConfigError

_TRUE, _FALSE = ("true", "t", "yes", "y", "on", "1"), ("false", "f", "no", "n", "off", "0")


def bad_value(option: str, value: object, accepted: str) -> ConfigError:
    """The error for an option with an unusable value."""
    return ConfigError(f"option '{option}' is {value!r}; accepted are {accepted}")


def flag(name: str, value: object) -> bool:
    """A yes-or-no option from a bool or from text; ConfigError names the option."""
    text = str(value).strip().lower()
    if isinstance(value, bool | str | int) and text in _TRUE + _FALSE:
        return text in _TRUE
    raise bad_value(name, value, "true, false")


def is_none(value: object) -> bool:
    """Whether an option is left to its default: null, or text that says so."""
    return value is None or (
        isinstance(value, str) and value.strip().lower() in ("", "none", "null")
    )


def number(name: str, value: object, accepted: str = "a number") -> float:
    """A finite number from a number or from text."""
    if not isinstance(value, bool) and isinstance(value, Real | str):
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if math.isfinite(found):
            return found
    raise bad_value(name, value, accepted)


def numbers(name: str, value: object) -> tuple[float, ...]:
    """Finite numbers from a list, or from text with commas or spaces between them."""
    accepted = "a list of numbers, null"
    items = value.replace(",", " ").strip("[]() ").split() if isinstance(value, str) else value
    if not isinstance(items, Iterable) or isinstance(items, Mapping):
        raise bad_value(name, value, accepted)
    return tuple(number(name, item, accepted) for item in items)
