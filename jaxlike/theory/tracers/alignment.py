"""Intrinsic alignment of galaxies: the models there are, and the amplitude of the linear one."""

from typing import Literal

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.constants import C1_RHO_CRIT
from jaxlike.theory.universe.cosmology import Scalar

AlignmentModel = Literal["nla", "nla_per_bin", "tatt"]
"""Linear in the tidal field, with one amplitude for all source bins or one for each; or TATT."""


def nla_amplitude(
    Omega_m: Scalar,
    growth: Array,
    z: ArrayLike,
    A_IA: Scalar,
    alpha_IA: Scalar,
    z0_IA: Scalar,
) -> Array:
    """F(z) of the nonlinear alignment model, so that the intrinsic shear is F times delta_m.

    growth: D(z)/D(0) (n_z,); A_IA: () or, of many bins, (n, 1). F = -A C1 rho_crit Omega_m / D
    ((1+z)/(1+z0))^alpha; Bridle & King 2007 (arXiv:0705.0166), with the power law of Krause et al.
    2017 (arXiv:1706.09359), eq. 8.
    """
    evolution = jnp.exp(alpha_IA * (jnp.log1p(z) - jnp.log1p(z0_IA)))
    return -A_IA * C1_RHO_CRIT * Omega_m / growth * evolution
