"""Nonlinear matter power by any of the models, at given redshifts and wavenumbers."""

from typing import Literal

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.power import halofit, hmcode
from jaxlike.theory.power.linear import LinearModel, linear_power
from jaxlike.theory.universe.cosmology import Cosmology

NonlinearModel = Literal["takahashi", "smith", "hmcode2020", "linear"]


def nonlinear_power(
    cosmo: Cosmology,
    k: ArrayLike,
    z: ArrayLike,
    *,
    linear: LinearModel = "eisenstein_hu",
    model: NonlinearModel = "takahashi",
) -> Array:
    """P_nl (n_z, n_k) in (Mpc/h)^3; k (n_k,) in h/Mpc, fixed redshifts z (n_z,)."""
    if model == "linear":
        return linear_power(cosmo, k, z, model=linear)
    if model == "hmcode2020":
        return hmcode.nonlinear_power(cosmo, jnp.asarray(k), z, linear=linear)
    return halofit.nonlinear_power(cosmo, k, z, linear=linear, model=model)
