"""The primordial power law, and the amplitude that it gives matter."""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.constants import HUBBLE_DISTANCE, K_PIVOT
from jaxlike.theory.universe.cosmology import Cosmology, Scalar


def primordial(cosmo: Cosmology, k: ArrayLike) -> Array:
    """ln of k^n_s (n_k,), k in h/Mpc, relative to the pivot: P ~ (k h / 0.05)^(n_s - 1) k."""
    ln_k = jnp.log(k)
    return ln_k + (cosmo.n_s - 1) * (ln_k + jnp.log(cosmo.h / K_PIVOT))


def ln_amplitude_of(A_s: Scalar, Omega_m: Scalar) -> Array:
    """ln of what multiplies k^n_s T^2 D^2 to give P in (Mpc/h)^3.

    Delta = (2/5) k^2 / (Omega_m H0^2) T D R (Dodelson & Schmidt 2020, eq. 8.4).
    """
    poisson = 0.4 * HUBBLE_DISTANCE**2 / Omega_m
    return jnp.log(2 * jnp.pi**2 * A_s * poisson**2)
