"""Collapse of haloes in HMCode: threshold, overdensity, time of formation, from the growth history.

Mead 2017 (arXiv:1606.05345), appendix A, and Mead et al. 2021 (arXiv:2009.01858), appendix A; all
matter counts as cold and radiation as none, as in the simulations they were fitted to.
"""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics import chebyshev
from jaxlike.theory.universe.background import cold_densities
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid, growth_history

_START = np.log(1e-3)  # of the growth history
_TABLE = np.linspace(_START, 0.0, 48)
_DELTA_C = 0.15 * (12 * np.pi) ** (2 / 3)
_DELTA_V = 18 * np.pi**2

# "Infinity" of the correction of concentrations for dark energy: Dolag et al. 2004
# (astro-ph/0309771); the growth of the flat LCDM universe is exp(int Omega_m^0.55 dlna) there.
Z_INFINITY = 10.0
LN_A_LCDM = chebyshev.nodes(16, -np.log1p(Z_INFINITY), 0.0)


def lcdm_rate(cosmo: Cosmology) -> Array:
    """dlnD/dlna at LN_A_LCDM (n,) in the flat LCDM universe of the same Omega_m."""
    matter = cosmo.Omega_m * np.exp(-3 * LN_A_LCDM)
    omega_m = matter / (matter + 1 - cosmo.Omega_m)
    return jnp.asarray(omega_m) ** 0.55


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Collapse:
    """Spherical collapse at redshifts z (n_z,), and when haloes of given sigma formed.

    delta_c, Delta_v; growth: D, a in matter domination, and that at z = 10; dark_energy: factor on
    concentrations; ln_growth, rate: ln D and dlnD/dlna (n_table,) of the growth history.
    """

    delta_c: Array
    Delta_v: Array
    growth: Array
    growth_at_infinity: Array
    dark_energy: Array
    ln_growth: Array
    rate: Array

    def formation(self, sigma: Array) -> Array:
        """1 + z_f (n_z, n_M) at which a fluctuation of sigma (n_z, n_M) today at z collapsed.

        D(z_f) = D(z) delta_c / sigma, never later than z: Bullock et al. 2001
        (astro-ph/9908159), eq. 9. The history is inverted by cubic Hermite interpolation.
        """
        wanted = jnp.log(self.growth)[:, None] + jnp.minimum(
            jnp.log(self.delta_c[:, None] / sigma), 0.0
        )
        below = jnp.sum(self.ln_growth[1:-1] <= wanted[..., None], axis=-1)
        y = self.ln_growth
        gap = y[below + 1] - y[below]
        t = jnp.clip((wanted - y[below]) / gap, 0.0, 1.0)
        step = _TABLE[1] - _TABLE[0]
        left, right = gap / self.rate[below], gap / self.rate[below + 1]
        rise = t * (left + t * (3 * step - 2 * left - right + t * (left + right - 2 * step)))
        return jnp.exp(-(_TABLE[0] + step * below + rise))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CollapseGrid:
    """Matrices from the nodes of the growth history to a fixed list of redshifts (z < 999).

    A pytree of arrays. to_z and to_table: g = D/a; accumulate: int_0^a g da; infinity: D at z = 10;
    lcdm: integrals over ln a of the flat LCDM universe since then.
    """

    z: NDArray
    to_z: NDArray
    to_table: NDArray
    accumulate: NDArray
    infinity: NDArray
    lcdm: NDArray

    @classmethod
    def build(cls, z: ArrayLike) -> "CollapseGrid":
        """Grid for redshifts `z`, shape (n_z,)."""
        z = np.atleast_1d(np.asarray(z, float))
        x = -np.log1p(z)
        nodes = chebyshev.nodes(32, _START, 0.0)
        accumulate = chebyshev.integration_matrix(nodes, x) * np.exp(nodes)
        accumulate[:, 0] += np.exp(_START)  # g of the first node before it
        late = np.maximum(x, LN_A_LCDM[0])

        def history(ln_a: ArrayLike) -> NDArray:
            return GrowthGrid.build(np.expm1(-np.asarray(ln_a))).matrix

        return cls(
            z,
            history(x),
            history(_TABLE),
            accumulate @ history(nodes),
            history(LN_A_LCDM[0])[0] * np.exp(LN_A_LCDM[0]),
            chebyshev.integration_matrix(LN_A_LCDM, late),
        )

    def collapse(self, cosmo: Cosmology) -> Collapse:
        """Collapse at the redshifts of the grid."""
        g_nodes, slope = growth_history(replace(cosmo, radiation=False))
        a = jnp.asarray(1 / (1 + self.z))
        g = self.to_z @ g_nodes
        accumulated = (self.accumulate @ g_nodes) / a
        omega_m, _ = cold_densities(cosmo, a)
        ln_m = jnp.log10(omega_m)
        f_nu = cosmo.Omega_nu / cosmo.Omega_m

        def fit(p0: float, p1: float, p2: float, p3: float) -> Array:
            fitted = p0 + p1 * (1 - g) + p2 * (1 - g) ** 2 + p3 * (1 - accumulated)
            return jnp.asarray(fitted)

        delta_c = 1 + fit(-0.0069, -0.0208, 0.0312, 0.0021) * ln_m
        delta_c = delta_c + fit(0.0001, -0.0647, -0.0417, 0.0646)
        delta_v = 1 + fit(-0.79, -10.17, 2.51, 6.51) * ln_m
        delta_v = delta_v + fit(-1.89, 0.38, 18.8, -15.87) * ln_m**2
        table = self.to_table @ g_nodes
        return Collapse(
            _DELTA_C * delta_c * (1 - 0.041 * f_nu),
            _DELTA_V * delta_v * (1 + 0.763 * f_nu),
            a * g,
            jnp.dot(self.infinity, g_nodes),
            self._dark_energy(cosmo, g_nodes, a * g),
            jnp.asarray(_TABLE) + jnp.log(table),
            1 + (self.to_table @ slope) / table,
        )

    def _dark_energy(self, cosmo: Cosmology, g_nodes: Array, growth_at_z: Array) -> Array:
        """Growth since z = 10 of the flat LCDM universe over that of this one."""
        since = jnp.exp(self.lcdm @ lcdm_rate(cosmo))
        since = since * jnp.dot(self.infinity, g_nodes) / growth_at_z
        return jnp.where(jnp.asarray(self.z < Z_INFINITY), since, 1.0)
