"""A shear that straightens a curved posterior, learned from draws and their gradients.

Where the data fix one combination of parameters far better than the rest, the posterior is a thin
sheet.  A mass matrix serves it if it is flat; but a combination such as A_s h^a Omega_m^b is
curved, the more so in variables that turn the edges of flat priors into Gaussian tails.  Then one
coordinate is measured from the sheet instead: v_s = u_s - phi(u), with phi a quadratic form of the
parameters x(u) other than s.  The map has unit Jacobian and is fixed before sampling, so the
posterior sampled is the same.

phi is fitted to where the sheet is, not to where the draws are: for a sheet of Gaussian profile
with width sigma, the gradient g leads back to it, u_s + sigma^2 g_s, and sigma^2 = 1 / <g_s^2>.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import Array

#: u or v (n,) -> parameters (n,), element by element
Transform = Callable[[Array], Array]

_LEAST_GAIN = 1.2  # by which the sheet must become thinner for a shear to be worth it
_RIDGE = 0.1


class Shear(NamedTuple):
    """phi(u) = s.linear + s.quadratic.s with s = (x(u) - centre) / scale, added along `axis`.

    `axis` (n,) is one for one coordinate, which phi does not depend on, and zero elsewhere.
    The arrays are NumPy's outside compiled functions and JAX's inside.
    """

    axis: Any
    centre: Any
    scale: Any
    linear: Any
    quadratic: Any


def no_shear(n: int) -> Shear:
    """The identity in n dimensions."""
    zero, one = np.zeros(n), np.ones(n)
    return Shear(zero, zero, one, zero, np.zeros((n, n)))


def offset(shear: Shear, x: Any) -> Any:
    """phi (...,) at parameters x (..., n); NumPy arrays stay NumPy arrays."""
    s = (x - shear.centre) / shear.scale
    return s @ shear.linear + ((s @ shear.quadratic) * s).sum(axis=-1)


def bend(shear: Shear, transform: Transform, v: Array) -> Array:
    """u (n,) from straightened coordinates v (n,)."""
    return v + shear.axis * offset(shear, transform(v))


def straighten(shear: Shear, transform: Transform, u: Array) -> Array:
    """Straightened coordinates v (n,) from u (n,)."""
    return u - shear.axis * offset(shear, transform(u))


def fit_shear(u: np.ndarray, x: np.ndarray, gradient: np.ndarray, bounded: Sequence[int]) -> Shear:
    """The shear that best flattens draws u (..., n) of parameters x (..., n), if one does.

    `gradient` (..., n) is of the log-density.  Coordinates listed in `bounded` are tried, and their
    products enter phi, as many as the number of draws allows.  Every fourth draw is kept to judge.
    """
    n = u.shape[-1]
    u, x, gradient = (a.reshape(-1, n) for a in (u, x, gradient))
    m = len(u)
    s = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-300)
    flat = (u - u.mean(axis=0)) / np.maximum(u.std(axis=0), 1e-300)
    test = np.arange(m) % 4 == 0
    best, best_gain = no_shear(n), _LEAST_GAIN
    for axis in bounded:
        sharpness = np.mean(gradient[:, axis] ** 2)
        if not 0.0 < sharpness < np.inf:
            continue
        sheet = u[:, axis] + gradient[:, axis] / sharpness
        others = np.delete(np.arange(n), axis)
        slopes = _regress(flat[:, others], sheet)
        importance = dict(zip(others.tolist(), np.abs(slopes), strict=True))
        ranked = sorted((i for i in bounded if i != axis), key=lambda i: -importance[i])
        used = np.array(ranked[: _affordable(m, n)], int)
        if not used.size:
            continue
        one, two = np.triu_indices(used.size)
        curved = np.column_stack([flat[:, others], s[:, used], s[:, used[one]] * s[:, used[two]]])
        gain = _spread(flat[:, others], sheet, u[:, axis], test) / _spread(
            curved, sheet, u[:, axis], test
        )
        if gain > best_gain:
            best_gain = gain
            weights = _regress(curved, sheet)[n - 1 :]
            linear, quadratic = np.zeros(n), np.zeros((n, n))
            linear[used] = weights[: used.size]
            quadratic[used[one], used[two]] = weights[used.size :]
            unit = np.zeros(n)
            unit[axis] = 1.0
            scale = np.where(np.isin(np.arange(n), used), x.std(axis=0), 1.0)
            best = Shear(unit, x.mean(axis=0), scale, linear, quadratic)
    return best


def _affordable(m: int, n: int) -> int:
    """Largest k such that k + k (k + 1) / 2 more weights are at most half the draws."""
    room = m / 2 - n
    return int((np.sqrt(9.0 + 8.0 * room) - 3.0) / 2.0) if room > 0 else 0


def _regress(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Ridge regression weights; features (m, k) and target (m,) are centred first."""
    features = features - features.mean(axis=0)
    normal = features.T @ features + _RIDGE * np.eye(features.shape[1])
    return np.linalg.solve(normal, features.T @ (target - target.mean()))


def _spread(
    features: np.ndarray, target: np.ndarray, observed: np.ndarray, test: np.ndarray
) -> float:
    """Width of `observed` about the regression of `target`, for draws not used in the fit."""
    weights = _regress(features[~test], target[~test])
    return float(np.std(observed[test] - features[test] @ weights))
