"""Distances, growth and matter power as the standard library's CAMB module writes them."""

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.power import linear
from jaxlike.theory.power.emulator import Z_MAX
from jaxlike.theory.power.nonlinear import nonlinear_power
from jaxlike.theory.universe import background
from jaxlike.theory.universe.cosmology import Cosmology

_Z_POWER = 4.0  # as far as P(k, z) goes at least, in steps of 0.027
_Z_DISTANCE = 1100.0

K_OUT = np.geomspace(1e-5, 500.0, 600)
"""Wavenumbers of the power that is written, in h/Mpc."""

Found = Mapping[str, Any]
"""Arrays of what is written, as compiled functions return them."""


def redshifts(likelihood: Likelihood) -> NDArray:
    """Of growth and of P(k, z): to beyond the last node, or as far as the power is known."""
    last = float(np.max(likelihood.grid.nodes.z))
    near = np.linspace(0.0, _Z_POWER, 150)
    if last <= _Z_POWER:
        return near
    end = min(1.001 * last, Z_MAX) if likelihood.options.linear == "emulator" else 1.001 * last
    return np.append(near, np.geomspace(_Z_POWER, end, 80)[1:])


def _far(z: NDArray) -> NDArray:
    """Redshifts of the distances."""
    return np.append(np.linspace(0.0, z[-1], 401), np.geomspace(z[-1], _Z_DISTANCE, 101)[1:])


def _background(cosmo: Cosmology, options: TheoryOptions, z: NDArray) -> dict[str, Array]:
    far = _far(z)
    return {
        "chi": background.comoving_distance(cosmo, far) / cosmo.h,
        "f_k": background.transverse_distance(cosmo, far) / cosmo.h,
        "H": background.hubble(cosmo, far) * cosmo.h,
    }


def _perturbed(cosmo: Cosmology, options: TheoryOptions, z: NDArray) -> dict[str, Array]:
    model = options.linear
    largest = linear.linear_power(cosmo, K_OUT[:1], z, model=model)[:, 0]
    return {
        "D": jnp.sqrt(largest / largest[0]),
        "fsigma_8": linear.fsigma8(cosmo, z, model=model),
        "sigma_8": linear.sigma8(cosmo, z, model=model),
        "H_growth": background.hubble(cosmo, z) * cosmo.h,
    }


def _power(cosmo: Cosmology, options: TheoryOptions, z: NDArray) -> dict[str, Array]:
    return {
        "P_lin": linear.linear_power(cosmo, K_OUT, z, model=options.linear),
        "P_nl": nonlinear_power(cosmo, K_OUT, z, linear=options.linear, model=options.matter),
    }


OF_COSMOLOGY: dict[str, Callable[[Cosmology, TheoryOptions, NDArray], dict[str, Array]]] = {
    "distances": _background,
    "growth": _perturbed,
    "matter_power": _power,
}
"""What `outputs` may list of the universe -> its arrays at redshifts of growth and power."""


def distances(z: NDArray, found: Found) -> dict[str, Any]:
    """Entries of section distances, in Mpc and 1/Mpc."""
    far = _far(z)
    chi, f_k, hubble = (np.asarray(found[name]) for name in ("chi", "f_k", "H"))
    luminosity, angular = f_k * (1 + far), f_k / (1 + far)
    with np.errstate(divide="ignore"):
        modulus = 5 * np.log10(luminosity) + 25
    return {
        "nz": far.size,
        "z": far,
        "a": 1 / (1 + far),
        "d_c": chi,
        "d_m": f_k,
        "d_l": luminosity,
        "d_a": angular,
        "d_v": np.cbrt(f_k**2 * far / hubble),
        "h": hubble,
        "mu": modulus,
    }


def growth(z: NDArray, found: Found) -> dict[str, Any]:
    """Entries of section growth_parameters."""
    names = ("D", "fsigma_8", "sigma_8", "H_growth")
    D, fsigma_8, sigma_8, hubble = (np.asarray(found[name]) for name in names)
    return {
        "z": z,
        "a": 1 / (1 + z),
        "d_z": D,
        "f_z": fsigma_8 / sigma_8,
        "sigma_8": sigma_8,
        "fsigma_8": fsigma_8,
        "h": hubble,
    }
