"""Options of statistics that are filtered between two angles: COSEBIs and band powers."""

from collections.abc import Mapping
from numbers import Real

from jaxlike.errors import ConfigError
from jaxlike.registry.option_values import bad_value, is_none, numbers

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
    if is_none(value):
        return None
    try:
        found = numbers(name, [value] if isinstance(value, Real) else value)
    except ConfigError:
        found = ()  # which is no range either
    if name == "band_power_apodisation":
        if len(found) == 1 and found[0] >= 0:
            return found[0]
    elif _is_range(found, 3 if name == "band_power_ell" else 2):
        return found
    raise bad_value(name, value, _ACCEPTED[name])


def _is_range(found: tuple[float, ...], n: int) -> bool:
    """Whether the first two increase, and a third is a number of bands."""
    if len(found) != n or not 0 < found[0] < found[1]:
        return False
    return n == 2 or found[2] in range(1, 1000)
