"""Bridge sampling: the ratio of the integrals of two densities from draws of both.

Meng & Wong 1996 (Statistica Sinica 6, 831); Gronau et al. 2017 (arXiv:1703.05984).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

_CONVERGED = 1e-6
_ITERATIONS = 1000


class Bridge(NamedTuple):
    """ln_ratio: of the integral of p over that of g; variance: of it; converged: whether the
    iteration came to rest, without which neither means anything."""

    ln_ratio: float
    variance: float
    converged: bool


def bridge(at_p: np.ndarray, at_g: np.ndarray, worth: float) -> Bridge:
    """From ln p - ln g at draws of p (m,), which are worth `worth` independent ones, and at
    independent draws of g (k,).

    The bridge is the one of least variance, and its variance the first-order one
    (Fruehwirth-Schnatter 2004, Econometrics Journal 7, 143, eq. 15).
    """
    share = worth / (worth + len(at_g))  # of the draws: p's, and g's
    ln_p, ln_g = np.log(share), np.log1p(-share)

    def means(ratio: float) -> tuple[np.ndarray, np.ndarray]:
        """Logarithms of p / (bridge) at draws of g, of g / (bridge) at draws of p."""
        p, g = at_g - ratio, at_p - ratio
        return p - np.logaddexp(ln_p + p, ln_g), -np.logaddexp(ln_p + g, ln_g)

    ratio, converged = float(np.median(at_p)), False
    for _ in range(_ITERATIONS):
        above, below = means(ratio)
        step = _log_mean(above) - _log_mean(below)
        ratio += step
        if abs(step) < _CONVERGED:
            converged = True
            break
    above, below = means(ratio)
    variance = _relative_variance(above) / len(at_g) + _relative_variance(below) / worth
    return Bridge(ratio, variance, converged)


def _log_mean(logs: np.ndarray) -> float:
    return float(logsumexp(logs) - np.log(len(logs)))


def _relative_variance(logs: np.ndarray) -> float:
    """Variance of exp(logs) over the square of its mean."""
    each = np.exp(logs - logs.max())
    return float(each.var() / each.mean() ** 2)
