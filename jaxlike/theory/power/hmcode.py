"""Nonlinear matter power by HMCode, and that of 2020 itself: Mead et al. 2021 (arXiv:2009.01858).

P = (P_2h^alpha + P_1h^alpha)^(1/alpha), with acoustic wiggles smeared out of P_2h; feedback
multiplies by the response of a halo model with gas and stars. All numbers as in CAMB's mead2020 and
mead2020_feedback.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.numerics.splines import lattice_values
from jaxlike.theory.power.collapse import CollapseGrid
from jaxlike.theory.power.halo_model import HaloModel, halo_model
from jaxlike.theory.power.hmcode2016 import halo_model_2016, hmcode2016
from jaxlike.theory.power.linear import LinearModel, ln_amplitude, ln_cold_excess, ln_power_shape
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.wavenumbers import LN_K, LN_K_STEP, K


def hmcode(k: Array, pk_linear: Array, splines: Array, haloes: HaloModel) -> Array:
    """P_nl (n_z, n_k) in (Mpc/h)^3 from P_lin (n_z, n_k) at k (n_k,) or (n_z, n_k) h/Mpc.

    splines: (n_term, n_z, n_k) values of `haloes.splines` there; each row of P_lin has its redshift
    in `haloes`.
    """
    wiggles, ln_halo = splines[0], splines[1:]
    ln_sigma8 = haloes.ln_sigma8[:, None]
    ln_k = jnp.log(k)
    smear = -jnp.expm1(-((k * jnp.exp(haloes.ln_sigma_v)[:, None]) ** 2))
    damping = jnp.clip(0.2696 * jnp.exp(0.9403 * ln_sigma8), 1e-3, 0.99)
    ln_damped = 2.85 * (ln_k - jnp.log(0.05699) + 1.089 * ln_sigma8)
    ln_two = jnp.log(pk_linear) + jnp.log1p(-wiggles * smear)
    ln_two = ln_two + jnp.log1p(-damping * jnp.exp(-jnp.logaddexp(0.0, -ln_damped)))
    # haloes have no power at scales where nothing has moved: k^4 / (k^4 + k_*^4)
    ln_one = ln_halo - jnp.logaddexp(0.0, 4 * (jnp.log(0.05618) - 1.013 * ln_sigma8 - ln_k))
    transition = jnp.clip(1.875 * jnp.exp(np.log(1.603) * haloes.n_eff), 0.5, 2.0)[:, None]
    power = jnp.exp(jnp.logaddexp(transition * ln_two, transition * ln_one[0]) / transition)
    if haloes.ln_stars is None or haloes.ln_baryons is None:
        return power
    without, bound, mixed, freed = jnp.exp(ln_one[1:])
    stars = jnp.exp(jnp.minimum(haloes.ln_stars, haloes.ln_baryons))[:, None]
    with_gas = bound + stars * (2 * mixed + stars * freed)
    return power * (pk_linear + with_gas) / (pk_linear + without)


class Version(NamedTuple):
    """A version of HMCode.

    haloes: (cosmology, grid, P_lin of all and of cold matter on K) -> haloes, a pytree with an axis
    of redshifts and `splines`; power: (k, P_lin, splines at k, haloes) -> P_nl.
    """

    haloes: Callable[[Cosmology, CollapseGrid, Array, Array], Any]
    power: Callable[[Array, Array, Array, Any], Array]


def _haloes_2020(cosmo: Cosmology, grid: CollapseGrid, power: Array, cold: Array) -> HaloModel:
    return halo_model(cosmo, grid, power, cold, log_T_AGN=cosmo.log_T_AGN)


HMCODE2020 = Version(_haloes_2020, hmcode)
HMCODE2016 = Version(halo_model_2016, hmcode2016)


def nonlinear_power(
    cosmo: Cosmology,
    k: Array,
    z: ArrayLike,
    *,
    linear: LinearModel = "eisenstein_hu",
    version: Version = HMCODE2020,
) -> Array:
    """P_nl (n_z, n_k) in (Mpc/h)^3; k (n_k,) in h/Mpc, fixed redshifts z (n_z,)."""
    growth, today = GrowthGrid.build(z).growth(cosmo)
    amplitude = ln_amplitude(cosmo, today, linear)
    ln_p = ln_power_shape(cosmo, K, growth, linear, z=z) + amplitude
    power, cold = jnp.exp(ln_p), jnp.exp(ln_p + ln_cold_excess(cosmo, K, growth))
    haloes = version.haloes(cosmo, CollapseGrid.build(z), power, cold)
    position = (jnp.log(k) - LN_K[0]) / LN_K_STEP
    there = jax.vmap(lattice_values, (1, None))(haloes.splines, position)
    at_k = jnp.exp(ln_power_shape(cosmo, k, growth, linear, z=z) + amplitude)
    return version.power(k, at_k, there, haloes)
