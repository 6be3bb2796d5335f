"""Linear galaxy bias and its evolution."""

from typing import Literal

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.theory.declarations import Declared
from jaxlike.theory.tracers.terms import Parameters, per_bin
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
        or_else="b_sigma8_",
    ),
    Declared(
        "b_sigma8_",
        ("b#_sigma8",),
        ("bin_bias--b#_sigma8", "bias_lens--b#_sigma8"),
        r"b^{#} \sigma_8",
        per="bin",
    ),
    Declared("X_lens", ("Xlens",), ("bin_bias--r0", "bias_lens--x_lens"), r"X_\mathrm{lens}"),
    Declared(
        "X_lens",
        ("Xlens",),
        ("bin_bias--r", "bias_lens--x_lens"),
        r"X_\mathrm{lens}^{#}",
        per="bin",
        beside=1.0,
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
"""Of galaxies whose bias is linear: b, or b sigma_8 with sigma_8 that of the point; and X_lens, by
which the bias that lensing sees differs from that of clustering (DES-Y3, Pandey et al. 2022,
arXiv:2105.13545; the cross-correlation coefficient of CosmoSIS's bin_r)."""


def amplitudes(parameters: Parameters, n: int, sigma8: Array | None) -> Array:
    """b_i (n,), or what b_i sigma_8 says of them; ParameterError where nothing says sigma_8."""
    found = []
    for i in range(1, n + 1):
        if f"b_sigma8_{i}" not in parameters:
            found.append(jnp.asarray(parameters[f"b{i}"], float))
        elif sigma8 is None:
            raise ParameterError(
                f"parameter b_sigma8_{i} needs sigma8 of the linear power, which tables from "
                f"outside do not say: take power = jaxlike, or give b{i}"
            )
        else:
            found.append(jnp.asarray(parameters[f"b_sigma8_{i}"], float) / sigma8)
    return jnp.stack(found) if found else jnp.zeros(0)


def lensing_ratio(parameters: Parameters, n: int) -> Array | None:
    """X_lens of each bin (n,), the common one times each one's; None where none is given."""
    whole, each = parameters.get("X_lens"), [f"X_lens{i}" for i in range(1, n + 1)]
    if not each or (whole is None and each[0] not in parameters):
        return None
    ones = jnp.ones(n) if whole is None else jnp.broadcast_to(jnp.asarray(whole, float), (n,))
    return ones * per_bin(parameters, "X_lens", n) if each[0] in parameters else ones


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
