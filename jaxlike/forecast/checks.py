"""Entries of a survey's file: a value, or a ConfigError in one sentence that names the entry."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.registry.options import bad_value, check_option_names


def block(
    info: Mapping[str, Any], name: str, accepted: tuple[str, ...] | None, *, required: bool = False
) -> dict[str, Any]:
    """A block of `info`, empty where it may be left out; of the `accepted` options if any is."""
    given = info.get(name)
    if (given is None and required) or not isinstance(given or {}, Mapping):
        raise ConfigError(f"block '{name}' is {given!r}, but must be a mapping of names")
    found = dict(given or {})
    if accepted is not None:
        check_option_names(found, accepted, f"option of {name}:")
    return found


def number(name: str, value: object, accepted: str = "a number") -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not np.isfinite(float(value)):
        raise bad_value(name, value, accepted)
    return float(value)


def positive(name: str, value: object) -> float:
    """A finite number above zero."""
    found = number(name, value, "a positive number")
    if not found > 0:
        raise bad_value(name, value, "a positive number")
    return found


def whole(name: str, value: object, *, at_least: int) -> int:
    """A whole number, `at_least` that."""
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise bad_value(name, value, f"a whole number from {at_least}")
    return value


def numbers(name: str, value: object) -> list[float]:
    """A list of one finite number or more."""
    if not isinstance(value, list) or not value:
        raise bad_value(name, value, "a list of numbers")
    return [number(name, item, "a list of numbers") for item in value]


def fraction(name: str, value: object) -> float:
    """A number from 0 to 1."""
    found = number(name, value, "a number from 0 to 1")
    if not 0 <= found <= 1:
        raise bad_value(name, value, "a number from 0 to 1")
    return found
