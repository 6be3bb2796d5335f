"""The angle theta_MC of the sound horizon at recombination, and the Hubble constant that it sets.

As CosmoMC and CAMB define it (`cosmomc_theta`): an angle by fits to the redshift of recombination
and to the baryons' share in the speed of sound, not that of a solution for either.
"""

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxlike.numerics.quadrature import gauss_legendre_panels
from jaxlike.theory.constants import HUBBLE_DISTANCE, OMEGA_GAMMA_H2
from jaxlike.theory.universe.background import E_squared, curvature_functions
from jaxlike.theory.universe.cosmology import Cosmology

H_RANGE = (0.3, 1.5)
"""Between which h is looked for."""

_FIRST = 1e-8  # scale factor at which CAMB begins; leaving out what is before counts 2e-5
_FIRST_OF_STAR = 1e-9  # and at which it begins r_s(z*)
_NODE, _WEIGHT = gauss_legendre_panels([0.0, 1.0], 48)
_STEPS = 8  # of Newton's in ln h, in which ln theta is nearly linear
# Photons by the constants of CODATA 2018: the fourth digit that the late universe does not see
_WARMER = (2.4729753e-5 / OMEGA_GAMMA_H2) ** 0.25


def recombination_redshift(ombh2: ArrayLike, ommh2: ArrayLike) -> Array:
    """z* by the fit of Hu & Sugiyama 1996 (astro-ph/9510117, eq. E-1), for Omega_b h^2 and
    Omega_m h^2."""
    b, m = jnp.asarray(ombh2), jnp.asarray(ommh2)
    g1 = 0.0783 * b**-0.238 / (1 + 39.5 * b**0.763)
    g2 = 0.560 / (1 + 21.1 * b**1.81)
    return 1048 * (1 + 0.00124 * b**-0.738) * (1 + g1 * m**g2)


def theta_MC(cosmo: Cosmology) -> Array:
    """r_s(z*) / D_M(z*), CAMB's `cosmomc_theta`; a hundred times it is `theta_MC_100`.

    Good to 4e-7 against CAMB, and to 1.4e-6 with N_eff = 2 to 5 and masses to 0.6 eV.
    """
    h2 = cosmo.h**2
    ln_far = jnp.log1p(recombination_redshift(cosmo.Omega_b * h2, cosmo.Omega_m * h2))
    return sound_horizon(cosmo, jnp.exp(-ln_far)) / _transverse_distance(cosmo, ln_far)


def distance_to(cosmo: Cosmology, z: ArrayLike) -> Array:
    """Transverse comoving distance in Mpc/h to one redshift, which may be traced, of about 1000."""
    return _transverse_distance(cosmo, jnp.log1p(jnp.asarray(z)))


def _transverse_distance(cosmo: Cosmology, ln_far: Array) -> Array:
    a = jnp.exp(-ln_far * _NODE)
    chi = ln_far * jnp.dot(_WEIGHT, a * _slowness(cosmo, a))
    return curvature_functions(cosmo.Omega_k, chi)[0]


def sound_horizon(cosmo: Cosmology, a: ArrayLike) -> Array:
    """How far sound has come by scale factor `a`, in comoving Mpc/h, with CAMB's approximate share
    of the baryons."""
    return _sound_horizon(cosmo, jnp.asarray(a), _FIRST, 3e4)


def acoustic_horizon(cosmo: Cosmology, z: ArrayLike) -> Array:
    """How far sound has come by redshift z, in comoving Mpc/h: at c / sqrt(3 (1 + R)),
    R = 3 rho_b / (4 rho_photons) (Hu & Sugiyama 1996, eq. B6); at z* CAMB's `rstar`."""
    photons = _WARMER**4 * cosmo.Omega_gamma * cosmo.h**2
    return _sound_horizon(cosmo, 1 / (1 + jnp.asarray(z)), _FIRST_OF_STAR, 0.75 / photons)


def _sound_horizon(cosmo: Cosmology, a: Array, first: float, baryons: ArrayLike) -> Array:
    """From scale factor `first`; baryons: R over Omega_b h^2 a."""
    width = a - first
    early = first + width * _NODE
    inertia = 1 + baryons * cosmo.Omega_b * cosmo.h**2 * early
    return width * jnp.dot(_WEIGHT, _slowness(cosmo, early) / jnp.sqrt(3 * inertia))


def _slowness(cosmo: Cosmology, a: Array) -> Array:
    """1 / (a^2 H) in Mpc/h."""
    early = replace(cosmo, T_cmb=_WARMER * cosmo.T_cmb)
    return HUBBLE_DISTANCE / (a**2 * jnp.sqrt(E_squared(early, a)))


def h_of_theta(theta: ArrayLike, universe: Callable[[Array], Cosmology]) -> Array:
    """The h whose `universe(h)` has this theta_MC; -1, which no universe has, where none in H_RANGE
    does.

    Differentiable to any order in all that theta and the universe are made of, by the implicit
    function theorem.
    """
    low, high = np.log(H_RANGE)
    # where there is no such angle at all, any other keeps what follows finite
    possible = jnp.asarray(theta, float) > 0
    target = jnp.log(jnp.where(possible, theta, 0.01))

    def excess(ln_h: Array) -> Array:
        return jnp.log(theta_MC(universe(jnp.exp(ln_h)))) - target

    def solve(f: Callable[[Array], Array], start: Array) -> Array:
        def step(_: int, ln_h: Array) -> Array:
            value, slope = jax.jvp(f, (ln_h,), (jnp.ones_like(ln_h),))
            return jnp.clip(ln_h - value / slope, low, high)

        return lax.fori_loop(0, _STEPS, step, start)

    start = jnp.full_like(target, np.log(0.7))
    ln_h = lax.custom_root(excess, start, solve, lambda g, y: y / g(jnp.ones_like(y)))
    found = possible & (jnp.abs(excess(lax.stop_gradient(ln_h))) < 1e-6)
    return jnp.where(found, jnp.exp(ln_h), -1.0)
