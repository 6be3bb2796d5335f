"""The matter power of cosmopower-jax (PyPI), networks trained on CLASS, as a provider.

Piras & Spurio Mancini 2023 (arXiv:2305.06347); the networks are those of Spurio Mancini et al. 2022
(arXiv:2106.03846): flat universes of a cosmological constant and massless neutrinos, nonlinear by
HMCode2016 of dark matter alone.
"""

from importlib import import_module
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.errors import ConfigError
from jaxlike.numerics.splines import cardinal_splines, lattice_values, prefilter_matrix
from jaxlike.theory.constants import T_CMB

_ORDER = ("omega_b", "omega_cdm", "h", "n_s", "ln10A_s")
_RANGES = {
    "omega_b": (0.01875, 0.02625),
    "omega_cdm": (0.05, 0.255),
    "h": (0.64, 0.82),
    "n_s": (0.84, 1.1),
    "ln10A_s": (1.61, 3.91),
    # what the training had not got
    "mnu": (0.0, 0.0),
    "w0": (-1.0, -1.0),
    "wa": (0.0, 0.0),
    "Omega_k": (0.0, 0.0),
    "N_eff": (3.03, 3.06),
    "T_cmb": (T_CMB - 0.001, T_CMB + 0.001),
}
_Z_MAX = 5.0
_DARK = (3.13, 0.603)  # c_min and eta_0 of haloes without gas
_STEP = 0.02  # in ln k: resolves the acoustic wiggles


def provider() -> dict[str, Any]:
    """Fields of a Provider; ConfigError where the package is not installed."""
    try:
        package = import_module("cosmopower_jax.cosmopower_jax")
    except ImportError as error:
        raise ConfigError(
            "provider 'cosmopower_jax' is not installed: pip install 'jaxlike[providers]', or "
            f"cosmopower-jax ({error})"
        ) from error
    linear, both = (package.CosmoPowerJAX(probe=probe) for probe in ("mpk_lin", "mpk_nonlin"))
    modes = np.asarray(linear.modes, float)  # in 1/Mpc
    ln_k = np.arange(np.log(modes[0]), np.log(modes[-1]), _STEP)
    to_spline = prefilter_matrix(ln_k.size) @ cardinal_splines(np.log(modes), ln_k)

    def power(
        emulator: Any, extra: tuple[float, ...], parameters: Any, k: Array, z: Array
    ) -> Array:
        one = [parameters[name] for name in _ORDER] + [jnp.asarray(value) for value in extra]
        inputs = jnp.stack([*(jnp.broadcast_to(value, z.shape) for value in one), z], axis=-1)
        at_modes = jnp.log(jnp.reshape(emulator.predict(inputs), (z.size, modes.size)))
        position = (jnp.log(k * parameters["h"]) - ln_k[0]) / _STEP
        found = lattice_values(at_modes @ to_spline.T, position)
        return jnp.exp(found) * parameters["h"] ** 3

    # of the same k in h/Mpc in every universe
    low, high = modes[0] / _RANGES["h"][0], np.exp(ln_k[-1]) / _RANGES["h"][1]
    return {
        "linear": lambda parameters, k, z: power(linear, (), parameters, k, z),
        "nonlinear": lambda parameters, k, z: power(both, _DARK, parameters, k, z),
        "k_range": (float(low), float(high)),
        "z_max": _Z_MAX,
        "ranges": _RANGES,
    }
