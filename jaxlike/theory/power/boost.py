"""What multiplies the nonlinear power: functions of each k and z alone, by name or dotted path."""

import functools
from collections.abc import Callable
from typing import TypeAlias

import jax.numpy as jnp
from jax import Array

from jaxlike.errors import ConfigError
from jaxlike.theory.power.boost_table import BoostTable
from jaxlike.theory.power.provider import Parameters, imported, parameters_of
from jaxlike.theory.power.spk import suppression
from jaxlike.theory.universe.cosmology import Cosmology

BoostModel: TypeAlias = str
"""A key of BOOSTS, a dotted path, or TABLE and what `boost_table.named` makes of a file."""

Boost: TypeAlias = Callable[[Cosmology, Array, Array], Array]
"""(cosmology, k (n_z, n_k) in h/Mpc, z (n_z, 1)) -> P / P without it (n_z, n_k)."""

External: TypeAlias = Callable[[Parameters, Array, Array], Array]
"""The same by somebody else, of the parameters that `provider.PARAMETERS` lists."""

FEEDBACK = "hmcode2020_feedback"
"""HMCode2020 with log_T_AGN over the same without, which needs haloes (see `nonlinear`)."""

BOOSTS: dict[str, Boost] = {"spk": suppression}
"""Name -> boost, besides FEEDBACK."""

TABLE = "table:"


def is_boost(name: object) -> bool:
    """Whether a name can be of a boost."""
    if not isinstance(name, str):
        return False
    known = name in BOOSTS or name == FEEDBACK or name.startswith(TABLE)
    parts = name.split(".")
    return known or (len(parts) > 1 and all(part.isidentifier() for part in parts))


@functools.cache
def load_boost(name: BoostModel) -> Boost:
    """The boost of a name other than FEEDBACK; ConfigError where it cannot be loaded."""
    if name in BOOSTS:
        return BOOSTS[name]
    if name.startswith(TABLE):
        return BoostTable.of(name.removeprefix(TABLE)).boost
    function = imported(name, "boost")
    if not callable(function):
        raise ConfigError(
            f"boost '{name}' is {type(function).__name__}, but must be a function (parameters, k, "
            "z) -> what multiplies P"
        )
    external: External = function

    def boost(cosmo: Cosmology, k: Array, z: Array) -> Array:
        return jnp.broadcast_to(external(parameters_of(cosmo), k, z), k.shape)

    return boost
