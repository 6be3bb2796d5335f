"""Which likelihoods see the matter power, and what linear power stands for a Boltzmann code's."""

from collections.abc import Mapping
from typing import Any

from jaxlike.config.lensing_names import BY_COMPONENT
from jaxlike.config.records import expand
from jaxlike.errors import ConfigError
from jaxlike.theory.universe.cosmology import N_EFF

_GROWTH = ("consensus_final", "consensus_full_shape", "baoplus")
_N_EFF_OF_EMULATOR = 0.01  # by which N_eff may differ from N_EFF
_LOW = ("planck_2018_lowe", "planck_2018_lowl_tt")  # of the compressed CMB, which see tau
_OF_DISTANCES = ("jaxlike.cobaya.bao", "jaxlike.cobaya.sn", "jaxlike.cobaya.cmb")
_OF_MATTER = (*_OF_DISTANCES, *(f"jaxlike.cobaya.{name}" for name in ("3x2pt", "shear", "2x2pt")))


def class_of(name: object, options: object) -> str:
    """What a component of this name is."""
    given = options.get("class") if isinstance(options, Mapping) else None
    return str(given or name)


def needs_power(kind: str) -> bool:
    """Whether a likelihood of this name is a function of the matter power."""
    if kind.startswith("bao."):
        return any(word in kind for word in _GROWTH)
    return not kind.startswith(("sn.", "H0.")) and kind not in _OF_DISTANCES


def see_spectra_of_cmb(info: Mapping[str, Any]) -> bool:
    """Whether a likelihood of an input may see spectra of the CMB, or the optical depth."""
    return any(
        kind not in (*_OF_MATTER, *BY_COMPONENT)
        and not kind.startswith(("bao.", "sn.", "des_y1.", "H0."))
        for kind in _kinds(info)
    )


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
    # what is no mapping is told of where it is read
    for name, options in block.items() if isinstance(block, Mapping) else ():
        given = dict(options) if isinstance(options, Mapping) else {}
        kind = class_of(name, given)
        data = given.get("data")
        if kind == "jaxlike.cobaya.bao" and data:
            kind = f"bao.{data}"
        elif kind == "jaxlike.cobaya.cmb" and ("tau" in (given.get("mean") or {}) or data in _LOW):
            kind = str(data)
        found.append(kind)
    return found
