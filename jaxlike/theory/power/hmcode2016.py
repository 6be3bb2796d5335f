"""Nonlinear matter power: HMCode2016 of Mead et al. 2016 (arXiv:1602.02154), with baryons.

P = (P_2h^alpha + P_1h^alpha)^(1/alpha); feedback acts by the amplitude A of the concentration of
haloes and by eta_0, which bloats them (Mead et al. 2015, arXiv:1505.07833). All numbers as in
CAMB's mead2016.
"""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.numerics import chebyshev
from jaxlike.theory.power.collapse import LN_A_LCDM, Z_INFINITY, Collapse, CollapseGrid, lcdm_rate
from jaxlike.theory.power.halo_model import (
    SIGMA8,
    VELOCITY,
    VELOCITY_100,
    Haloes,
    ln_rms,
    one_halo,
)
from jaxlike.theory.universe.background import cold_densities
from jaxlike.theory.universe.cosmology import Cosmology, Scalar

A_DARK, ETA_DARK = 3.13, 0.603
"""A and eta_0 of haloes of dark matter alone."""

_SINCE_INFINITY = chebyshev.integration_matrix(LN_A_LCDM, np.zeros(1))[0]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class HaloModel2016:
    """All of HMCode2016 at redshifts (n_z,) but the linear power.

    ln_sigma_v: displacement in Mpc/h, ln_sigma_100: that of spheres of 100 Mpc/h; n_eff: slope of
    the cold spectrum at the collapse scale; splines (n_z, 1, n + 2): cubic spline on LN_K of
    ln P_1h, undamped at low k, in (Mpc/h)^3.
    """

    ln_sigma_v: Array
    ln_sigma_100: Array
    n_eff: Array
    splines: Array


def baryons(cosmo: Cosmology) -> tuple[Scalar, Scalar]:
    """A and eta_0 of a cosmology; eta_0 = 0.98 - 0.12 A where A alone is given.

    That relation is Joachimi et al. 2021 (arXiv:2007.01844), section 2.2.
    """
    A, eta = cosmo.A_bary, cosmo.eta_bary
    if eta is None:
        eta = ETA_DARK if A is None else 0.98 - 0.12 * A
    return A_DARK if A is None else A, eta


def collapse_2016(cosmo: Cosmology, grid: CollapseGrid, ln_sigma8: Array) -> Collapse:
    """Collapse by the fits of Mead et al. 2015 and 2016, sections 2 and 4; ln_sigma8: (n_z,)."""
    plain = grid.collapse(cosmo)
    omega_m, _ = cold_densities(cosmo, 1 / (1 + jnp.asarray(grid.z)))
    f_nu = cosmo.Omega_nu / cosmo.Omega_m
    ln_m = jnp.log(omega_m)
    delta_c = (1.59 + 0.0314 * ln_sigma8) * (1 + 0.262 * f_nu)
    delta_c = delta_c * (1 + 0.0123 / np.log(10) * ln_m)
    Delta_v = 418 * jnp.exp(-0.352 * ln_m) * (1 + 0.916 * f_nu)
    return replace(
        plain, delta_c=delta_c, Delta_v=Delta_v, dark_energy=_dark_energy(cosmo, grid, plain)
    )


def _dark_energy(cosmo: Cosmology, grid: CollapseGrid, collapse: Collapse) -> Array:
    """Growth from z = 10 to today in flat LCDM over that of this universe, to the power of 1.5."""
    then = collapse.growth_at_infinity / jnp.exp(collapse.ln_growth[-1])
    ratio = jnp.exp(1.5 * (jnp.dot(_SINCE_INFINITY, lcdm_rate(cosmo)) + jnp.log(then)))
    return jnp.where(jnp.asarray(grid.z < Z_INFINITY), ratio, 1.0)


def halo_model_2016(
    cosmo: Cosmology, grid: CollapseGrid, pk: Array, pk_cold: Array
) -> HaloModel2016:
    """The model at the redshifts of `grid` from P_lin (n_z, n) on K, total and cold matter."""
    A, eta = baryons(cosmo)
    ln_sigma8 = ln_rms(pk, SIGMA8)
    haloes = Haloes.of(collapse_2016(cosmo, grid, ln_sigma8), grid.z, pk_cold)
    bloating = (eta - 0.3 * jnp.exp(ln_sigma8))[:, None]
    window = haloes.windows(jnp.asarray(A), haloes.nu**bloating * haloes.virial)
    return HaloModel2016(
        ln_rms(pk, VELOCITY),
        ln_rms(pk, VELOCITY_100),
        haloes.n_eff,
        one_halo(haloes.share, window**2)[:, None],
    )


def hmcode2016(k: Array, pk_linear: Array, splines: Array, haloes: HaloModel2016) -> Array:
    """P_nl (n_z, n_k) in (Mpc/h)^3 from P_lin (n_z, n_k) at k (n_k,) or (n_z, n_k) h/Mpc.

    splines: (1, n_z, n_k) values of `haloes.splines` there; each row of P_lin has its redshift in
    `haloes`.
    """
    displaced = k * jnp.exp(haloes.ln_sigma_v)[:, None]
    damping = jnp.clip(0.0095 * jnp.exp(1.37 * haloes.ln_sigma_100), 1e-3, 0.99)[:, None]
    smeared = jnp.tanh(displaced / jnp.sqrt(damping)) ** 2
    ln_two = jnp.log(pk_linear) + jnp.log1p(-damping * smeared)
    # no power of haloes where nothing has moved: 1 - exp(-(k / k_*)^2), k_* = 0.584 / sigma_v
    ln_one = splines[0] + jnp.log(-jnp.expm1(-((displaced / 0.584) ** 2)))
    alpha = jnp.clip(3.24 * jnp.exp(np.log(1.85) * haloes.n_eff), 0.5, 2.0)[:, None]
    return jnp.exp(jnp.logaddexp(alpha * ln_two, alpha * ln_one) / alpha)
