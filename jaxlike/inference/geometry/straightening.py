"""A map that straightens a posterior: where it is curved, and where it widens.

Where data fix some combinations of parameters far better than the rest, the posterior is a thin
sheet.  A mass matrix serves it if it is flat and equally thick; but combinations such as
A_s h^a Omega_m^b or b_1 sigma_8 are curved, the more so in variables that turn the edges of flat
priors into Gaussian tails, and an amplitude times (1 + z)^alpha is known the better the larger
alpha makes it where the data are.  Then the coordinates that data fix best are measured from the
sheet, in units of its thickness there: v_a = (u_a - phi_a(u)) exp(-omega_a(u)), with phi_a a
quadratic and omega_a a linear form of the other parameters x(u).  The map is fixed before sampling
and its volume is taken into account, so the posterior sampled is the same.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

SPAN = 3.5
"""Standard deviations beyond which a parameter changes nothing of where the sheet is."""

#: u or v (n,) -> parameters (n,), element by element
Transform = Callable[[Array], Array]


class Straightening(NamedTuple):
    """phi_a(u) = constant_a + s_i linear_ia + s_i s_j quadratic_ija, omega_a(u) = s_i widening_ia.

    s (n,) is (x(u) - centre) / scale, kept within +-SPAN, for what was learned of the bulk is wrong
    far from it; centre, scale, constant (n,), linear, widening (n, n), quadratic (n, n, n).
    No coordinate that is straightened (a) is one that phi or omega depends on (i, j).  The arrays
    are NumPy's outside compiled functions, JAX's inside.
    """

    centre: Any
    scale: Any
    constant: Any
    linear: Any
    quadratic: Any
    widening: Any

    @property
    def bent(self) -> np.ndarray:
        """Which coordinates (n,) are measured from a curved sheet."""
        return np.any(self.linear, axis=0) | np.any(self.quadratic, axis=(0, 1))

    @property
    def scaled(self) -> np.ndarray:
        """Which coordinates (n,) are measured in units of a thickness that changes."""
        return np.any(self.widening, axis=0)


def no_straightening(n: int) -> Straightening:
    """The identity in n dimensions."""
    vector, matrix = np.zeros(n), np.zeros((n, n))
    return Straightening(vector, np.ones(n), vector, matrix, np.zeros((n, n, n)), matrix)


def within_span(straightening: Straightening, x: Any) -> Any:
    """s (..., n) of parameters x (..., n)."""
    s = (x - straightening.centre) / straightening.scale
    return s / (1 + (s / SPAN) ** 6) ** (1 / 6)


def slope_of_span(s: np.ndarray) -> np.ndarray:
    """By how much s changes with (x - centre) / scale, at s itself."""
    return (1 - (s / SPAN) ** 6) ** (7 / 6)


def offset(straightening: Straightening, x: Any) -> Any:
    """phi (..., n) at parameters x (..., n); NumPy arrays stay NumPy arrays."""
    s = within_span(straightening, x)
    n = s.shape[-1]
    along = (s @ straightening.quadratic.reshape(n, n * n)).reshape(*s.shape, n)
    curved = (along * s[..., None]).sum(axis=-2)
    return straightening.constant + s @ straightening.linear + curved


def log_thickness(straightening: Straightening, x: Any) -> Any:
    """omega (..., n) at parameters x (..., n); NumPy arrays stay NumPy arrays."""
    return within_span(straightening, x) @ straightening.widening


def from_straight(straightening: Straightening, transform: Transform, v: Array) -> Array:
    """u (n,) from straightened coordinates v (n,)."""
    x = transform(v)
    return offset(straightening, x) + v * jnp.exp(log_thickness(straightening, x))


def to_straight(straightening: Straightening, transform: Transform, u: Array) -> Array:
    """Straightened coordinates v (n,) from u (n,)."""
    x = transform(u)
    return (u - offset(straightening, x)) * jnp.exp(-log_thickness(straightening, x))


def log_volume(straightening: Straightening, transform: Transform, v: Array) -> Array:
    """ln |du / dv| at v (n,)."""
    return log_thickness(straightening, transform(v)).sum()


def straightened(straightening: Straightening, u: np.ndarray, x: np.ndarray) -> np.ndarray:
    """v (..., n) of draws u (..., n) whose parameters are x (..., n), by NumPy."""
    return (u - offset(straightening, x)) * np.exp(-log_thickness(straightening, x))
