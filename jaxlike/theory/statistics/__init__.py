"""Statistics that are linear in C_ell, their covariance, and the data vector made of them."""

from jaxlike.theory.statistics import (
    angular_spectra,
    band_powers,
    correlation_functions,
    cosebis,
)
from jaxlike.theory.statistics.registry import STATISTICS, Statistic, register

__all__ = [
    "STATISTICS",
    "Statistic",
    "angular_spectra",
    "band_powers",
    "correlation_functions",
    "cosebis",
    "register",
]
