"""Linear galaxy bias and its evolution."""

from typing import Literal

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.declarations import Declared
from jaxlike.theory.universe.cosmology import Scalar

BiasModel = Literal["constant", "power_law", "inverse_growth"]

PARAMETERS = (
    Declared(
        "b",
        ("DES_b",),
        ("bin_bias--b", "bias_lens--b"),
        "b^{#}",
        per="bin",
        necessary=True,
    ),
    Declared(
        "alpha_b",
        (),
        ("bin_bias--alpha_b",),
        r"\alpha_b",
        needs=("bias", ("power_law",)),
        required_by=(("bias", "power_law"),),
    ),
    Declared("z0_b", (), ("bin_bias--z0_b",), "z_{0,b}", needs=("bias", ("power_law",))),
)
"""Of galaxies whose bias is linear."""


def galaxy_bias(
    b: Array,
    growth: Array,
    z: ArrayLike,
    *,
    model: BiasModel,
    alpha_b: Scalar = 0.0,
    z0_b: Scalar = 0.0,
) -> Array:
    """Bias (n_lens, n_z) of lens bins at redshifts z (n_z,), or b (n_lens,) itself if constant.

    growth: D(z)/D(0) (n_z,). power_law: b_i ((1 + z)/(1 + z0))^alpha; inverse_growth: b_i / D(z),
    of galaxies whose number is conserved from an early, strong bias on (Fry 1996, ApJ 461, L65).
    """
    if model == "constant":
        return b
    if model == "inverse_growth":
        return b[:, None] / growth
    return b[:, None] * jnp.exp(alpha_b * (jnp.log1p(z) - jnp.log1p(z0_b)))
