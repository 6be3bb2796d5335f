"""A map that straightens a posterior: where it is curved, and where it widens.

Where data fix some combinations of parameters far better than the rest, the posterior is a thin
sheet.  A mass matrix serves it if it is flat and equally thick; but combinations such as
A_s h^a Omega_m^b or b_1 sigma_8 are curved, the more so in variables that turn the edges of flat
priors into Gaussian tails, and an amplitude times (1 + z)^alpha is known the better the larger
alpha makes it where the data are.  Then the coordinates that data fix best are measured from the
sheet, in units of its thickness there: v_a = (u_a - phi_a(u)) exp(-omega_a(u)), with phi_a a
cubic and omega_a a linear form of a few other coordinates, or of their parameters x(u).  The map
is fixed before sampling and its volume is taken into account, so the posterior sampled is the same.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

SPAN = 3.5
"""Standard deviations beyond which a parameter changes nothing of where the sheet is."""

MOST_FREE = 10
"""Coordinates that phi and omega depend on, at most."""

#: u or v (n,) -> parameters (n,), element by element
Transform = Callable[[Array], Array]


class Straightening(NamedTuple):
    """phi(u) = monomials(s) @ weights, omega(u) = s @ widening, each (n,).

    s (k,) is (of_x @ x(u) + of_u @ u - centre) / scale, kept within +-SPAN, for what was learned of
    the bulk is wrong far from it; of_x, of_u (k, n): each row of one of them is that of a unit
    matrix, none where fewer than k are needed; centre, scale: (k,); weights (n_monomial, n) and
    widening (k, n) are zero for the coordinates that s is made of.  The arrays are NumPy's outside
    compiled functions, JAX's inside.
    """

    of_x: Any
    of_u: Any
    centre: Any
    scale: Any
    weights: Any
    widening: Any

    @property
    def bent(self) -> np.ndarray:
        """Which coordinates (n,) are measured from a curved sheet."""
        return np.any(self.weights, axis=0)

    @property
    def scaled(self) -> np.ndarray:
        """Which coordinates (n,) are measured in units of a thickness that changes."""
        return np.any(self.widening, axis=0)


def no_straightening(n: int) -> Straightening:
    """The identity in n dimensions."""
    k = min(MOST_FREE, n)
    n_monomial = monomials(np.zeros(k)).size
    of_x, of_u, weights, widening = (np.zeros((rows, n)) for rows in (k, k, n_monomial, k))
    return Straightening(of_x, of_u, np.zeros(k), np.ones(k), weights, widening)


def monomials(s: Any) -> Any:
    """All products of up to three of s (..., k), (..., n_monomial): 1, then of order 1, 2 and 3."""
    xp, k = np if isinstance(s, np.ndarray) else jnp, s.shape[-1]
    two = [s[..., i : i + 1] * s[..., i:] for i in range(k)]
    pairs = xp.concatenate([s[..., :0], *two], axis=-1)
    first = np.cumsum([0, *(k - i for i in range(k))])
    three = [s[..., i : i + 1] * pairs[..., first[i] :] for i in range(k)]
    return xp.concatenate([xp.ones((*s.shape[:-1], 1), s.dtype), s, pairs, *three], axis=-1)


def within_span(straightening: Straightening, u: Any, x: Any) -> Any:
    """s (..., k) at u (..., n), whose parameters are x (..., n)."""
    s = x @ straightening.of_x.T + u @ straightening.of_u.T
    s = (s - straightening.centre) / straightening.scale
    return s / (1 + (s / SPAN) ** 6) ** (1 / 6)


def slope_of_span(s: np.ndarray) -> np.ndarray:
    """By how much s changes with what it is before it is kept within +-SPAN, at s itself."""
    return (1 - (s / SPAN) ** 6) ** (7 / 6)


def offset(straightening: Straightening, u: Any, x: Any) -> Any:
    """phi (..., n) at u, x (..., n); NumPy arrays stay NumPy arrays."""
    return monomials(within_span(straightening, u, x)) @ straightening.weights


def log_thickness(straightening: Straightening, u: Any, x: Any) -> Any:
    """omega (..., n) at u, x (..., n); NumPy arrays stay NumPy arrays."""
    return within_span(straightening, u, x) @ straightening.widening


def from_straight(straightening: Straightening, transform: Transform, v: Array) -> Array:
    """u (n,) from straightened coordinates v (n,), of which those that s is made of are u's."""
    x = transform(v)
    return offset(straightening, v, x) + v * jnp.exp(log_thickness(straightening, v, x))


def to_straight(straightening: Straightening, transform: Transform, u: Array) -> Array:
    """Straightened coordinates v (n,) from u (n,)."""
    x = transform(u)
    return (u - offset(straightening, u, x)) * jnp.exp(-log_thickness(straightening, u, x))


def log_volume(straightening: Straightening, transform: Transform, v: Array) -> Array:
    """ln |du / dv| at v (n,)."""
    return log_thickness(straightening, v, transform(v)).sum()


def straightened(straightening: Straightening, u: np.ndarray, x: np.ndarray) -> np.ndarray:
    """v (..., n) of draws u (..., n) whose parameters are x (..., n), by NumPy."""
    return (u - offset(straightening, u, x)) * np.exp(-log_thickness(straightening, u, x))
