"""Galaxy bias: linear, its evolution, and to one loop.

delta_g = b1 delta + (b2 / 2) delta^2 + (bs2 / 2) s^2 + (b3nl / 2) psi, with psi of third order, as
DES-Y3 has it: Pandey et al. 2020 (arXiv:2008.05991), eqs. 3 to 6; Saito et al. 2014
(arXiv:1405.1447).
"""

from typing import Literal

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.theory.declarations import Declared
from jaxlike.theory.power.fields import CONTRACTED_TIDE, SQUARED_DENSITY, THIRD_ORDER
from jaxlike.theory.tracers.terms import Parameters, per_bin
from jaxlike.theory.universe.cosmology import Scalar

BiasModel = Literal["constant", "power_law", "inverse_growth", "one_loop"]

_ONE_LOOP = ("bias", ("one_loop",))

PARAMETERS = (
    Declared(
        "b",
        ("DES_b",),
        ("bin_bias--b", "bias_lens--b", "bias_lens--b1e_bin"),
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
    Declared(
        "b2_",
        ("DES_b2_", "b2E_bin"),
        ("bias_lens--b2e_bin",),
        "b_2^{#}",
        per="bin",
        needs=_ONE_LOOP,
        required_by=(("bias", "one_loop"),),
    ),
    Declared(
        "bs2_",
        ("DES_bs2_", "bsE_bin"),
        ("bias_lens--bse_bin",),
        "b_{s^2}^{#}",
        per="bin",
        needs=_ONE_LOOP,
    ),
    Declared(
        "b3nl_",
        ("DES_b3nl_", "b3nlE_bin"),
        ("bias_lens--b3nle_bin",),
        r"b_\mathrm{3nl}^{#}",
        per="bin",
        needs=_ONE_LOOP,
    ),
)
"""Of galaxies: b, the linear bias, or b sigma_8 with sigma_8 that of the point; and X_lens, by
which the bias that lensing sees differs from that of clustering (DES-Y3, Pandey et al. 2022,
arXiv:2105.13545; the cross-correlation coefficient of CosmoSIS's bin_r). To one loop b2, and bs2
and b3nl where they are not those of coevolution."""


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


def one_loop_amplitudes(parameters: Parameters, b: Array) -> dict[str, Array]:
    """Field -> its amplitude (n,) in galaxies of linear bias b (n,), to one loop.

    Where they are not given, bs2 = -4/7 (b - 1) and b3nl = b - 1 of bias that is local in the
    initial density (Saito et al. 2014, with the normalisation of Pandey et al. 2020).
    """

    def each(stem: str, otherwise: Array) -> Array:
        names = [f"{stem}{i + 1}" for i in range(len(b))]
        values = [parameters.get(name, otherwise[i]) for i, name in enumerate(names)]
        return jnp.stack([jnp.asarray(value, float) for value in values])

    return {
        SQUARED_DENSITY: per_bin(parameters, "b2_", len(b)) / 2,
        CONTRACTED_TIDE: each("bs2_", -4 / 7 * (b - 1)) / 2,
        THIRD_ORDER: each("b3nl_", b - 1) / 2,
    }


def galaxy_bias(
    b: Array,
    growth: Array,
    z: ArrayLike,
    *,
    model: BiasModel,
    alpha_b: Scalar = 0.0,
    z0_b: Scalar = 0.0,
) -> Array:
    """Linear bias (n_lens, n_z) of lens bins at redshifts z (n_z,), or b (n_lens,) if constant.

    growth: D(z)/D(0) (n_z,). power_law: b_i ((1 + z)/(1 + z0))^alpha; inverse_growth: b_i / D(z),
    of galaxies whose number is conserved from an early, strong bias on (Fry 1996, ApJ 461, L65).
    """
    if model in ("constant", "one_loop"):
        return b
    if model == "inverse_growth":
        return b[:, None] / growth
    return b[:, None] * jnp.exp(alpha_b * (jnp.log1p(z) - jnp.log1p(z0_b)))
