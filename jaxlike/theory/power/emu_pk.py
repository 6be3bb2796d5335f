"""The linear power of emu-pk (PyPI), a network trained on CAMB, as a provider."""

from importlib import import_module
from typing import Any

import jax.numpy as jnp
from jax import Array

from jaxlike.errors import ConfigError
from jaxlike.theory.constants import T_CMB

_ORDER = ("omega_b", "omega_cdm", "h", "n_s", "ln10A_s", "mnu", "w0", "wa", "Omega_k")
_NAMES = {"mnu": "sum_mnu"}
_N_EFF = 3.044
_SAME = 0.01  # universes that differ by less in N_eff are the same to any survey of galaxies


def provider() -> dict[str, Any]:
    """Fields of a Provider; ConfigError where the package is not installed."""
    try:
        package = import_module("emu_pk")
    except ImportError as error:
        raise ConfigError(
            "provider 'emu_pk' is not installed: pip install 'jaxlike[providers]', or emu-pk"
        ) from error
    emulator = package.PkEmulator(check_box=False)  # jaxlike checks, under compilation too
    box, grid = package.box, package.grid

    def vector(parameters: Any) -> Array:
        total = parameters["mnu"]
        some = jnp.where(total > 0, total, 1.0)
        share = jnp.where(total > 0, parameters["m_nu"] / some, 1 / 3)
        return jnp.stack([*(parameters[name] for name in _ORDER), share[0], share[1]])

    ranges = {name: tuple(map(float, box.BOX[_NAMES.get(name, name)])) for name in _ORDER}
    return {
        "linear": lambda parameters, k, z: emulator.pk(k, z, vector(parameters)),
        "cold": lambda parameters, k, z: emulator.pk_cb(k, z, vector(parameters)),
        "k_range": (float(grid.k_grid()[0]), float(grid.k_grid()[-1])),
        "z_max": float(grid.Z_MAX),
        "ranges": ranges
        | {
            "N_eff": (_N_EFF - _SAME, _N_EFF + _SAME),
            "T_cmb": (T_CMB - 0.001, T_CMB + 0.001),
        },
    }
