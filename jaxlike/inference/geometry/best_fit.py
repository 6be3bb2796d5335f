"""The point of highest posterior density, by SciPy's L-BFGS-B with exact gradients.

Density over the parameters themselves, as Cobaya's minimiser has it, so that flat priors do not
count; their edges are bounds. Several starts guard against a local maximum.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import numpy as np
from jax.typing import ArrayLike
from scipy.optimize import minimize

from jaxlike.errors import JaxlikeError
from jaxlike.inference.runs.options import SEED, check_whole
from jaxlike.inference.target import Posterior, at_reference, check_sampled

_FAR = 1e12  # stands for an infinite -log-posterior, which a line search cannot use
_ROUNDS = 10  # a search that stops in a curved valley goes on from there with a fresh memory
_TRIES = 100
_GAIN = 1e-6  # in log-posterior: what is worth another round


@dataclass(frozen=True)
class BestFit:
    """The best point and what was found on the way.

    x: (n,); covariance (n, n) from the Hessian there, no wider than the prior in any direction;
    ends: log-posterior (n_start,) that each start reached; at_edge: names of parameters whose best
    value is an end of the prior.

    Example:
        >>> jaxlike.minimise(model, starts=1).at_edge
        ()
    """

    x: np.ndarray
    log_posterior: float
    log_prior: float
    covariance: np.ndarray
    ends: np.ndarray
    at_edge: tuple[str, ...]
    n_gradients: int

    @property
    def chi2(self) -> float:
        """-2 ln L at the best point."""
        return -2 * (self.log_posterior - self.log_prior)


@dataclass
class _Search:
    """-log-posterior in units of the priors' widths, with a count of its gradients."""

    gradient: Callable[[ArrayLike], tuple[ArrayLike, ArrayLike]]
    centre: np.ndarray
    width: np.ndarray
    count: int = 0

    def __call__(self, y: np.ndarray) -> tuple[float, np.ndarray]:
        self.count += 1
        value, gradient = self.gradient(self.centre + self.width * y)
        slope = np.asarray(gradient, float) * self.width
        if not (np.isfinite(float(np.asarray(value))) and np.isfinite(slope).all()):
            return _FAR, np.zeros_like(y)
        return -float(np.asarray(value)), -slope


def best_fit(
    posterior: Posterior,
    *,
    starts: int = 4,
    seed: int = 0,
    report: Callable[[int, float], None] = lambda start, log_posterior: None,
) -> BestFit:
    """Climb from the reference point and from `starts` - 1 draws of the prior to the best of all.

    `report` hears of every end.  Raises JaxlikeError where no start has a finite log-posterior.
    """
    check_sampled(posterior)
    check_whole("starts", starts, 1)
    check_whole("seed", seed, *SEED)
    n = len(posterior.parameters)
    rng = np.random.default_rng(seed)
    at = [np.asarray(posterior.from_unconstrained(np.full(n, u)), float) for u in (-1.0, 0.0, 1.0)]
    gradient = jax.jit(jax.value_and_grad(posterior.log_posterior))
    search = _Search(gradient, at[1], (at[2] - at[0]) / 2)
    # A hair inside: on the very end rounding may fall outside, and a density may be zero.
    low, high = (
        (edge - search.centre) / search.width + hair
        for edge, hair in zip(_support(posterior), (1e-9, -1e-9), strict=True)
    )
    ends: list[float] = []
    best, where = np.inf, np.zeros(n)
    for start in range(starts):
        first = (np.asarray(posterior.reference, float) - search.centre) / search.width
        y = _finite(search, posterior, first if start == 0 else None, rng)
        value, y = _climb(search, np.clip(y, low, high), low, high)
        ends.append(-value)
        report(start, -value)
        if value < best:
            best, where = value, y
    covariance = _covariance(search, where, low, high) * np.outer(search.width, search.width)
    x = search.centre + search.width * where
    edge = (where - low < 1e-6) | (high - where < 1e-6)
    return BestFit(
        x,
        -best,
        float(np.asarray(posterior.log_prior(x))),
        covariance,
        np.array(ends),
        tuple(name for name, there in zip(posterior.parameters, edge, strict=True) if there),
        search.count,
    )


def _support(posterior: Posterior) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the priors (n,), which may be infinite."""
    low, high = np.array([spec.prior.support for spec in posterior.specs], float).T
    return low, high


def _finite(
    search: _Search, posterior: Posterior, y: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """`y` where the log-posterior is finite there, else the first such draw of the prior."""
    for _ in range(_TRIES):
        if y is not None and search(y)[0] < _FAR:
            return y
        u = rng.standard_normal(search.centre.size)
        y = (np.asarray(posterior.from_unconstrained(u), float) - search.centre) / search.width
    raise JaxlikeError(
        f"no starting point: the posterior is zero or its gradient not finite at {_TRIES} draws "
        f"from the prior{at_reference(posterior)}"
    )


def _climb(
    search: _Search, y: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[float, np.ndarray]:
    value = search(y)[0]
    options = {"maxiter": 5000, "maxfun": 10_000, "maxcor": 40, "ftol": 1e-13, "gtol": 1e-6}
    for _ in range(_ROUNDS):
        found = minimize(
            search,
            y,
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(low, high, strict=True)),
            options=options,
        )
        gain, value, y = value - float(found.fun), float(found.fun), np.asarray(found.x)
        if gain < _GAIN:
            break
    return value, y


def _covariance(
    search: _Search, y: np.ndarray, low: np.ndarray, high: np.ndarray, step: float = 1e-4
) -> np.ndarray:
    """Inverse Hessian (n, n) at y, in the units of y; the prior's width where there is no peak.

    Differences of exact gradients; at an end of the prior they go inwards.
    """
    rows = []
    for i, direction in enumerate(np.eye(y.size)):
        ahead = min(step, max(high[i] - y[i], 0.0))
        behind = min(step, max(y[i] - low[i], 0.0))
        difference = search(y + ahead * direction)[1] - search(y - behind * direction)[1]
        rows.append(difference / (ahead + behind))
    hessian = np.array(rows)
    values, axes = np.linalg.eigh((hessian + hessian.T) / 2)
    return np.asarray((axes / np.maximum(values, 1.0)) @ axes.T)
