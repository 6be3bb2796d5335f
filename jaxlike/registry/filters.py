"""Options of statistics that are filtered between two angles: COSEBIs and band powers."""

import math
from collections.abc import Iterable, Mapping
from numbers import Real

from jaxlike.errors import ConfigError

FILTER_OPTIONS = (
    "cosebis_theta",
    "band_power_theta",
    "band_power_apodisation",
    "band_power_ell",
)
"""From and to which angles [arcmin]; width in ln(theta) of the fading of band powers' filters at
both; first and last multipole of the bands, and their number, equal in ln(ell)."""

_ACCEPTED = {
    "cosebis_theta": "[MIN, MAX], angles in arcmin, null",
    "band_power_theta": "[MIN, MAX], angles in arcmin, null",
    "band_power_apodisation": "a number >= 0, null",
    "band_power_ell": "[FIRST, LAST, NUMBER], multipoles and a whole number of bands, null",
}


def filter_options(given: Mapping[str, object]) -> dict[str, float | tuple[float, ...] | None]:
    """FILTER_OPTIONS as numbers, None for absent ones; ConfigError says what one may be.

    Values are lists or, as in ini files, text.
    """
    return {name: _parsed(name, given.get(name)) for name in FILTER_OPTIONS}


def _parsed(name: str, value: object) -> float | tuple[float, ...] | None:
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "none", "null")):
        return None
    numbers = _numbers(value)
    if name == "band_power_apodisation":
        if len(numbers) == 1 and 0 <= numbers[0] < math.inf:
            return numbers[0]
    elif _is_range(numbers, 3 if name == "band_power_ell" else 2):
        return numbers
    raise ConfigError(f"option '{name}' is {value!r}; accepted are {_ACCEPTED[name]}")


def _is_range(numbers: tuple[float, ...], n: int) -> bool:
    """Whether the first two increase, and a third is a number of bands."""
    if len(numbers) != n or not 0 < numbers[0] < numbers[1] < math.inf:
        return False
    return n == 2 or numbers[2] in range(1, 1000)


def _numbers(value: object) -> tuple[float, ...]:
    """The numbers in a list, in text, or alone; () for anything else."""
    if isinstance(value, Real) and not isinstance(value, bool):
        return (float(value),)
    items = value.strip("[]() ").replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(items, Iterable) or isinstance(items, Mapping):
        return ()
    try:
        return tuple(_number(item) for item in items)
    except (TypeError, ValueError):
        return ()


def _number(item: object) -> float:
    if isinstance(item, bool) or not isinstance(item, Real | str):
        raise TypeError
    return float(item)
