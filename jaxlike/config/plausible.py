"""Numbers of an input that no posterior survives: not finite, of another unit, impossible."""

from collections.abc import Iterable

import numpy as np

from jaxlike.errors import ParameterError
from jaxlike.posterior.parameters import Parameter
from jaxlike.registry.names import Names

# Canonical name -> the range that values and priors must have a part in, and what they may be.
_RANGES = {
    "h": (0.2, 2.0, "H0 is 100 times h"),
    "H0": (20.0, 200.0, "in km/s/Mpc: h is a hundredth of it"),
    "Omega_m": (0.0, 2.0, "a share of the critical density"),
    "Omega_b": (0.0, 1.0, "a share of the critical density"),
    "omch2": (0.0, 2.0, "about 0.12"),
    "ombh2": (0.0, 0.5, "about 0.022"),
    "n_s": (0.0, 3.0, "the slope of the primordial spectrum"),
    "A_s": (0.0, 1e-6, "about 2e-9"),
    "A_s_1e9": (1e-3, 1e3, "10^9 A_s is about 2"),
    "logA": (0.0, 10.0, "ln(10^10 A_s) is about 3"),
    "log10_A_s": (-12.0, -6.0, "about -8.7"),
    "sigma8": (0.0, 5.0, "about 0.8"),
    "S8": (0.0, 5.0, "about 0.8"),
    "omega_nu": (0.0, 1.0, "Omega_nu h^2, which is the sum of masses over 93 eV"),
    "mnu": (0.0, 90.0, "the sum of masses in eV"),
}
_ZERO_TOO = ("omega_nu", "mnu")  # whose lower end is a universe as well


def check_plausible(parameters: Iterable[Parameter], names: Names) -> None:
    """ParameterError, naming the parameter, on a fixed value that is not finite, and on values and
    priors of the cosmology that are nowhere possible."""
    fixed: dict[str, tuple[str, float]] = {}
    for one in parameters:
        if one.drop or (one.value is None and one.prior is None):
            continue
        if one.value is not None and not np.isfinite(one.value):
            raise ParameterError(
                f"parameter '{one.name}' is fixed at {one.value}, but must be a finite number"
            )
        named = names.find(one.name)
        canonical = "" if named is None else named.canonical
        if one.value is not None:
            fixed[canonical] = (one.name, one.value)
        if canonical in _RANGES:
            _check_range(one, *_RANGES[canonical], closed=canonical in _ZERO_TOO)
    if {"Omega_b", "Omega_m"} <= fixed.keys():
        (baryons, b), (matter, m) = fixed["Omega_b"], fixed["Omega_m"]
        if b >= m:
            raise ParameterError(
                f"parameters '{baryons}' and '{matter}' are fixed at {b:g} and {m:g}: baryons must"
                " be less than all matter"
            )


def _check_range(one: Parameter, low: float, high: float, what: str, *, closed: bool) -> None:
    ends = (one.value, one.value) if one.prior is None else one.prior.support
    assert ends[0] is not None  # it has a value where it has no prior
    assert ends[1] is not None
    above = ends[1] >= low if closed else ends[1] > low
    if not (above and ends[0] < high):
        said = (
            f"fixed at {ends[0]:g}" if one.prior is None else f"between {ends[0]:g} and {ends[1]:g}"
        )
        raise ParameterError(
            f"parameter '{one.name}' is {said}; accepted are numbers between {low:g} and {high:g}"
            f" ({what})"
        )
