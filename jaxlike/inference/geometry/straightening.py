"""A map that straightens a curved posterior, learned from draws and their gradients.

Where data fix some combinations of parameters far better than the rest, the posterior is a thin
sheet.  A mass matrix serves it if it is flat; but combinations such as A_s h^a Omega_m^b or
b_1 sigma_8 are curved, the more so in variables that turn the edges of flat priors into Gaussian
tails.  Then the coordinates that data fix best are measured from the sheet instead:
v_a = u_a - phi_a(u), with phi_a a quadratic form of the other parameters x(u).  The map has unit
Jacobian and is fixed before sampling, so the posterior sampled is the same.

phi is fitted to where the sheet is, not to where the draws are: for a sheet of Gaussian profile
with covariance S, the gradient g leads back to it, u + S g, and S^-1 = <g g^T>, all in the
coordinates that are bent.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import Array

#: u or v (n,) -> parameters (n,), element by element
Transform = Callable[[Array], Array]

_LEAST_GAIN = 1.2  # in roughness, for a map to be worth it
_ROUGHEST = 8.0  # beyond this a map flatters the bulk: its longer steps would fail in the tails
_RIDGE = 0.1


class Straightening(NamedTuple):
    """phi_a(u) = s_i linear_ia + s_i s_j quadratic_ija with s = (x(u) - centre) / scale.

    centre, scale (n,), linear (n, n), quadratic (n, n, n); no coordinate that is bent (a) is one
    that phi depends on (i, j).  The arrays are NumPy's outside compiled functions, JAX's inside.
    """

    centre: Any
    scale: Any
    linear: Any
    quadratic: Any

    @property
    def bent(self) -> np.ndarray:
        """Which coordinates (n,) are measured from the sheet."""
        return np.any(self.linear, axis=0) | np.any(self.quadratic, axis=(0, 1))


def no_straightening(n: int) -> Straightening:
    """The identity in n dimensions."""
    return Straightening(np.zeros(n), np.ones(n), np.zeros((n, n)), np.zeros((n, n, n)))


def offset(straightening: Straightening, x: Any) -> Any:
    """phi (..., n) at parameters x (..., n); NumPy arrays stay NumPy arrays."""
    s = (x - straightening.centre) / straightening.scale
    return s @ straightening.linear + (_along(s, straightening.quadratic) * s[..., None]).sum(
        axis=-2
    )


def bend(straightening: Straightening, transform: Transform, v: Array) -> Array:
    """u (n,) from straightened coordinates v (n,)."""
    return v + offset(straightening, transform(v))


def straighten(straightening: Straightening, transform: Transform, u: Array) -> Array:
    """Straightened coordinates v (n,) from u (n,)."""
    return u - offset(straightening, transform(u))


class Sample(NamedTuple):
    """Draws u (m, n), their parameters x, dx/du and the log-density's gradient in u (m, n)."""

    u: np.ndarray
    x: np.ndarray
    dx_du: np.ndarray
    gradient: np.ndarray


def roughness(straightening: Straightening, sample: Sample) -> float:
    """Mean of (g.C.g / n)^4, to the power 1/4, with g the gradient and C the covariance in v.

    About one for a Gaussian; large where one mass matrix does not suit the posterior everywhere.
    The high power is for the steepest places, which limit the step and make draws diverge.
    """
    n = sample.u.shape[1]
    s = (sample.x - straightening.centre) / straightening.scale
    both = straightening.quadratic + straightening.quadratic.swapaxes(0, 1)
    slope = (straightening.linear + _along(s, both)) @ sample.gradient[..., None]
    gradient = sample.gradient + slope[..., 0] * sample.dx_du / straightening.scale
    covariance = np.cov(sample.u - offset(straightening, sample.x), rowvar=False).reshape(n, n)
    squares = np.sum((gradient @ covariance) * gradient, axis=1) / n
    return float(np.mean(squares**4) ** 0.25)


def fit_straightening(sample: Sample, bounded: Sequence[int]) -> Straightening:
    """The map that makes the posterior least rough; `no_straightening` where none is worth it.

    Of the coordinates listed in `bounded` those that vary most are left as they are and enter phi,
    as many as serve best and the number of draws allows; the rest are bent.
    """
    m, n = sample.u.shape
    if m < 4 * n:
        return no_straightening(n)
    widest = sorted(bounded, key=lambda i: -np.std(sample.u[:, i]))
    most = min(_affordable(m, n), len(widest) - 1)
    tried = [_straightening_of(widest[k:], widest[:k], sample) for k in range(1, most + 1)]
    rough = [roughness(one, sample) for one in tried]
    if not min(rough, default=np.inf) < min(
        _ROUGHEST, roughness(no_straightening(n), sample) / _LEAST_GAIN
    ):
        return no_straightening(n)
    return tried[int(np.argmin(rough))]


def _straightening_of(bent: Sequence[int], free: Sequence[int], sample: Sample) -> Straightening:
    """The map of coordinates that are bent, by parameters that are free."""
    n = sample.u.shape[1]
    centre, scale = sample.x.mean(axis=0), sample.x.std(axis=0)
    s = ((sample.x - centre) / scale)[:, free]
    others = np.delete(sample.u / sample.u.std(axis=0), bent, axis=1)
    force = sample.gradient[:, bent]
    precision = force.T @ force / len(force)
    sheet = sample.u[:, bent] + force @ np.linalg.pinv(precision, hermitian=True)
    one, two = np.triu_indices(len(free))
    products = s[:, one] * s[:, two]
    # What is linear in u is left to the mass matrix.
    weights = _regress(np.column_stack([others, s, products]), sheet)[others.shape[1] :]
    linear, quadratic = np.zeros((n, n)), np.zeros((n, n, n))
    used, at = np.asarray(free), np.asarray(bent)
    linear[np.ix_(used, at)] = weights[: used.size]
    quadratic[used[one][:, None], used[two][:, None], at] = weights[used.size :]
    return Straightening(centre, scale, linear, quadratic)


def _along(s: Any, quadratic: Any) -> Any:
    """s_i quadratic_ija (..., n, n) of s (..., n)."""
    n = s.shape[-1]
    return (s @ quadratic.reshape(n, n * n)).reshape(*s.shape[:-1], n, n)


def _affordable(m: int, n: int) -> int:
    """Largest k such that k + k (k + 1) / 2 more weights are at most half the draws."""
    room = m / 2 - n
    return int((np.sqrt(9.0 + 8.0 * room) - 3.0) / 2.0) if room > 0 else 0


def _regress(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Ridge regression weights; features (m, k) and target (m,) are centred first."""
    features = features - features.mean(axis=0)
    normal = features.T @ features + _RIDGE * np.eye(features.shape[1])
    return np.linalg.solve(normal, features.T @ (target - target.mean(axis=0)))
