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
    "n_s": (0.0, 3.0, "the slope of the primordial spectrum"),
    "A_s": (0.0, 1e-6, "about 2e-9"),
    "sigma8": (0.0, 5.0, "about 0.8"),
}


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
            _check_range(one, *_RANGES[canonical])
    if {"Omega_b", "Omega_m"} <= fixed.keys():
        (baryons, b), (matter, m) = fixed["Omega_b"], fixed["Omega_m"]
        if b >= m:
            raise ParameterError(
                f"parameters '{baryons}' and '{matter}' are fixed at {b:g} and {m:g}: baryons must"
                " be less than all matter"
            )


def _check_range(one: Parameter, low: float, high: float, what: str) -> None:
    ends = (one.value, one.value) if one.prior is None else one.prior.support
    assert ends[0] is not None  # it has a value where it has no prior
    assert ends[1] is not None
    if not (ends[1] > low and ends[0] < high):
        said = (
            f"fixed at {ends[0]:g}" if one.prior is None else f"between {ends[0]:g} and {ends[1]:g}"
        )
        raise ParameterError(
            f"parameter '{one.name}' is {said}; accepted are numbers between {low:g} and {high:g}"
            f" ({what})"
        )
