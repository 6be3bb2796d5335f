"""Values of options, which may be text, as they are meant; ConfigError names the option."""

import math
from collections.abc import Iterable, Mapping
from numbers import Real

from jaxlike.errors import ConfigError
from jaxlike.files import YamlError, parse_yaml

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


def parsed(name: str, value: object) -> object:
    """Text of a mapping, {A: 1, B: 2} or A:1 B:2, as that mapping; anything else as it is."""
    if not isinstance(value, str) or ":" not in value:
        return value
    if not value.strip().startswith("{"):
        return _pairs(name, value)
    try:
        return parse_yaml(value)
    except YamlError as error:
        raise bad_value(name, value, "a mapping such as {NAME: VALUE, ...}") from error


def _pairs(name: str, text: str) -> dict[str, str]:
    """NAME:VALUE NAME:VALUE, as it is written in ini files."""
    words = [word.partition(":") for word in text.split()]
    found = {key: value for key, _, value in words}
    if len(found) < len(words) or not all(key and value for key, value in found.items()):
        raise bad_value(name, text, "NAME:VALUE NAME:VALUE ..., each name once")
    return found


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
