"""Linear growth of matter perturbations, by collocation in ln a.

With D = a g, the growth equation D'' + (2 + dlnH/dlna) D' = (3/2) Omega_m(a) D becomes
g'' + (4 + q) g' + (3 + q - (3/2) Omega_m(a)) g = 0, q = dlnE/dlna: g is nearly constant, and
on Chebyshev nodes the whole history is one small linear system. The nodes lie in a variable t
with ln a = -c sinh(t), which crowds them to today, where dark energy of w = -2 sets in within a
fraction of an e-fold.
"""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics import chebyshev
from jaxlike.theory.universe.background import E_squared, massive_neutrinos
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.densities import Densities

_A_START = 1e-3
_N_NODES = 24
_CROWDING = 0.8  # c: smallest error over w0, wa, Omega_k and Omega_m, 7e-5 at w0 = -0.5, wa = -3


def _crowded(ln_a: Any) -> Any:
    return chebyshev.numpy_of(ln_a).arcsinh(ln_a / _CROWDING)


_T = chebyshev.nodes(_N_NODES, float(_crowded(np.log(_A_START))), 0.0)
_X = _CROWDING * np.sinh(_T)
_FIRST = chebyshev.derivative_matrix(_T) / (_CROWDING * np.cosh(_T))[:, None]
_SECOND = _FIRST @ _FIRST


def growth_history(cosmo: Cosmology) -> tuple[Array, Array]:
    """g = D/a and dg/dlna at the collocation nodes, as functions of ln a."""
    today, a = Densities.of(cosmo), jnp.exp(_X)
    ln_e2, slope = jax.jvp(
        lambda x: jnp.log(E_squared(today, jnp.exp(x))), (jnp.asarray(_X),), (jnp.ones_like(_X),)
    )
    q = slope / 2
    omega = cosmo.Omega_m / a**3 * jnp.exp(-ln_e2)
    operator = _SECOND + (4 + q)[:, None] * _FIRST + jnp.diag(3 + q - 1.5 * omega)
    # The first two equations give way to value and slope at the start, to first order in
    # radiation (D = a + 2 a_eq / 3, Meszaros 1974) and in curvature. Neutrinos count as radiation
    # by as much as they exceed the cold matter that they will become.
    hot = massive_neutrinos(today, _A_START) * _A_START**4 - cosmo.Omega_nu * _A_START
    radiation = 2 / 3 * (today.radiation + hot) / (cosmo.Omega_m * _A_START)
    curvature = 4 / 7 * cosmo.Omega_k / cosmo.Omega_m * _A_START
    operator = operator.at[0].set(jnp.eye(_N_NODES)[0]).at[1].set(_FIRST[0])
    value, tilt = 1 + radiation - curvature, -radiation - curvature
    start = jnp.zeros(_N_NODES).at[0].set(value).at[1].set(tilt)
    g = jnp.linalg.solve(operator, start)
    return g, _FIRST @ g


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GrowthGrid:
    """Interpolates the growth history to a fixed list of redshifts (z < 999): a pytree of arrays.

    z: (n_z,); matrix: (n_z, n_node) from g at the collocation nodes.
    """

    z: NDArray
    matrix: NDArray

    @classmethod
    def build(cls, z: Any) -> "GrowthGrid":
        """Grid for redshifts `z`, shape (n_z,), which may be traced."""
        xp = chebyshev.numpy_of(z)
        z = xp.atleast_1d(xp.asarray(z, float))
        return cls(z, chebyshev.interpolation_matrix(_T, _crowded(-xp.log1p(z))))

    def growth(self, cosmo: Cosmology) -> tuple[Array, Array]:
        """D (n_z,), which tends to a in matter domination, and D(z = 0)."""
        g, _ = growth_history(cosmo)
        return (self.matrix @ g) / (1 + self.z), g[-1]

    def slope(self, cosmo: Cosmology) -> tuple[Array, Array]:
        """dD/dlna (n_z,), and D(z = 0)."""
        g, tilt = growth_history(cosmo)
        return jnp.asarray(self.matrix) @ (g + tilt) / (1 + jnp.asarray(self.z)), g[-1]  # D = a g


def growth_factor(cosmo: Cosmology, z: ArrayLike) -> Array:
    """D(z) / D(0) at fixed (not traced) redshifts, any shape."""
    z = np.asarray(z, float)
    growth, today = GrowthGrid.build(z.ravel()).growth(cosmo)
    return (growth / today).reshape(z.shape)


def growth_rate(cosmo: Cosmology, z: ArrayLike) -> Array:
    """f = dlnD/dlna at fixed (not traced) redshifts, any shape."""
    z = np.asarray(z, float)
    matrix = GrowthGrid.build(z.ravel()).matrix
    g, slope = growth_history(cosmo)
    return (1 + (matrix @ slope) / (matrix @ g)).reshape(z.shape)
