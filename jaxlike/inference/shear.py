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

_LEAST_GAIN = 1.2  # in roughness, for a shear to be worth it
_ROUGHEST = 8.0  # beyond this a shear flatters the bulk: its longer steps would fail in the tails
_SIMILAR = 2.0  # ratio of roughnesses that a sample this small does not tell apart
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


class Sample(NamedTuple):
    """Draws u (m, n), their parameters x, dx/du and the log-density's gradient in u (m, n)."""

    u: np.ndarray
    x: np.ndarray
    dx_du: np.ndarray
    gradient: np.ndarray


def roughness(shear: Shear, sample: Sample) -> float:
    """Mean of (g.C.g / n)^4, to the power 1/4, with g the gradient and C the covariance in v.

    About one for a Gaussian; large where one mass matrix does not suit the posterior everywhere.
    The high power is for the steepest places, which limit the step and make draws diverge.
    """
    n = sample.u.shape[1]
    s = (sample.x - shear.centre) / shear.scale
    slope = (shear.linear + s @ (shear.quadratic + shear.quadratic.T)) / shear.scale * sample.dx_du
    gradient = sample.gradient + (sample.gradient @ shear.axis)[:, None] * slope
    v = sample.u - shear.axis * offset(shear, sample.x)[:, None]
    covariance = np.cov(v, rowvar=False).reshape(n, n)
    squares = np.sum((gradient @ covariance) * gradient, axis=1) / n
    return float(np.mean(squares**4) ** 0.25)


def fit_shear(sample: Sample, bounded: Sequence[int]) -> Shear:
    """The shear that makes the posterior least rough; `no_shear` where none is worth it.

    Among shears that do so about equally well, it is the one along which the sheet is thinnest.
    Coordinates listed in `bounded` are tried as the axis, and products of them enter phi, as many
    as the number of draws allows.
    """
    m, n = sample.u.shape
    if m < 4 * n:
        return no_shear(n)
    tried = []
    for axis in bounded:
        shear = _shear_along(axis, sample, [i for i in bounded if i != axis])
        width = np.std(sample.u[:, axis] - offset(shear, sample.x))
        tried.append((roughness(shear, sample), width, shear))
    least = min((rough for rough, *_ in tried), default=np.inf)
    if not least < min(_ROUGHEST, roughness(no_shear(n), sample) / _LEAST_GAIN):
        return no_shear(n)
    # Where the sheet is thin, u is as good as linear across it, also far out where no draw is yet.
    similar = [(width, shear) for rough, width, shear in tried if rough < _SIMILAR * least]
    return min(similar, key=lambda pair: pair[0])[1]


def _shear_along(axis: int, sample: Sample, candidates: Sequence[int]) -> Shear:
    """The shear of one coordinate whose phi has products of the most important candidates."""
    (m, n), others = sample.u.shape, np.delete(np.arange(sample.u.shape[1]), axis)
    centre, scale = sample.x.mean(axis=0), sample.x.std(axis=0)
    s = (sample.x - centre) / scale
    flat = (sample.u / sample.u.std(axis=0))[:, others]
    sheet = sample.u[:, axis] + sample.gradient[:, axis] / np.mean(sample.gradient[:, axis] ** 2)
    importance = dict(zip(others.tolist(), -np.abs(_regress(flat, sheet)), strict=True))
    used = np.array(sorted(candidates, key=importance.__getitem__)[: _affordable(m, n)], int)
    one, two = np.triu_indices(used.size)
    products = s[:, used[one]] * s[:, used[two]]
    weights = _regress(np.column_stack([flat, s[:, used], products]), sheet)[n - 1 :]
    linear, quadratic = np.zeros(n), np.zeros((n, n))
    linear[used] = weights[: used.size]
    quadratic[used[one], used[two]] = weights[used.size :]
    return Shear(np.eye(n)[axis], centre, scale, linear, quadratic)


def _affordable(m: int, n: int) -> int:
    """Largest k such that k + k (k + 1) / 2 more weights are at most half the draws."""
    room = m / 2 - n
    return int((np.sqrt(9.0 + 8.0 * room) - 3.0) / 2.0) if room > 0 else 0


def _regress(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Ridge regression weights; features (m, k) and target (m,) are centred first."""
    features = features - features.mean(axis=0)
    normal = features.T @ features + _RIDGE * np.eye(features.shape[1])
    return np.linalg.solve(normal, features.T @ (target - target.mean()))
