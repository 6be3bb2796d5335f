"""Analytic n(z) by a few numbers a bin: what mocks have in the place of measured histograms."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Family = Callable[..., NDArray]
"""(z (n_z,), the numbers of a bin) -> n(z) (n_z,) of any normalisation."""


def _gaussian(z: NDArray, mean: float, width: float) -> NDArray:
    return np.exp(-(((z - mean) / width) ** 2) / 2)


def _log_normal(z: NDArray, mean: float, width: float) -> NDArray:
    """That of this mean and standard deviation."""
    spread = np.sqrt(np.log1p((width / mean) ** 2))
    return np.exp(-((np.log(z / mean) / spread + spread / 2) ** 2) / 2) / z


def _bump_and_log_normal(
    z: NDArray, f: float, mean: float, width: float, median: float, spread: float
) -> NDArray:
    """A fraction in a Gaussian, the rest in a log-normal of a median and a spread of ln z."""
    bump = _gaussian(z, mean, width) / width
    return f * bump + (1 - f) * np.exp(-((np.log(z / median) / spread) ** 2) / 2) / spread / z


def _smooth_box(z: NDArray, a: float, b: float, rise: float, fall: float, power: float) -> NDArray:
    """Two edges with their widths, and an exponent of z between them."""
    step = erf((z - a) / rise / np.sqrt(2)) - erf((z - b) / fall / np.sqrt(2))
    return np.asarray(np.clip(step, 0, None) * z**power)


FAMILIES: Mapping[str, tuple[Family, int]] = MappingProxyType(
    {
        "gaussian": (_gaussian, 2),
        "log_normal": (_log_normal, 2),
        "bump_and_log_normal": (_bump_and_log_normal, 5),
        "smooth_box": (_smooth_box, 5),
    }
)
"""Name -> the function, and how many numbers it takes of a bin."""
