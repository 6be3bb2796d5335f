"""Which likelihoods see the matter power, and what linear power stands for a Boltzmann code's."""

from collections.abc import Mapping
from typing import Any

from jaxlike.config.records import expand
from jaxlike.errors import ConfigError
from jaxlike.theory.universe.cosmology import N_EFF

_GROWTH = ("consensus_final", "consensus_full_shape", "baoplus")
_N_EFF_OF_EMULATOR = 0.01  # by which N_eff may differ from N_EFF
_OF_DISTANCES = ("jaxlike.cobaya.bao", "jaxlike.cobaya.sn", "jaxlike.cobaya.cmb")


def class_of(name: object, options: object) -> str:
    """What a component of this name is."""
    given = options.get("class") if isinstance(options, Mapping) else None
    return str(given or name)


def needs_power(kind: str) -> bool:
    """Whether a likelihood of this name is a function of the matter power."""
    if kind.startswith("bao."):
        return any(word in kind for word in _GROWTH)
    return not kind.startswith("sn.") and kind not in _OF_DISTANCES


def linear_of(params: Mapping[str, Any], info: Mapping[str, Any]) -> str:
    """The linear power that stands for the code's: the emulator's, where N_eff is that of it, or
    none in particular where nothing depends on it; ConfigError where neither is."""
    n_eff = expand("nnu", params.get("nnu")).get("value")
    if isinstance(n_eff, int | float) and abs(n_eff - N_EFF) < _N_EFF_OF_EMULATOR:
        return "emulator"
    if (kind := next((k for k in _kinds(info) if needs_power(k)), None)) is None:
        return "eisenstein_hu"
    raise ConfigError(
        f"parameter 'nnu' (N_eff) is not fixed between {N_EFF - _N_EFF_OF_EMULATOR:g} and "
        f"{N_EFF + _N_EFF_OF_EMULATOR:g}, for which alone the power that {kind} sees is that of "
        "the Boltzmann code: fix it"
    )


def _kinds(info: Mapping[str, Any]) -> list[str]:
    block = info.get("likelihood") or {}
    block = {block: None} if isinstance(block, str) else block
    found = []
    for name, options in block.items():
        kind, data = class_of(name, options), (options or {}).get("data")
        found.append(f"bao.{data}" if kind == "jaxlike.cobaya.bao" and data else kind)
    return found
