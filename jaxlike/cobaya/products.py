"""What the Cobaya theory can hand over: functions of a Cosmology, in Cobaya's units.

Cobaya speaks Mpc and 1/Mpc where the core speaks Mpc/h and h/Mpc; here is where they meet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.theory.power import emulator, linear
from jaxlike.theory.power.nonlinear import nonlinear_power
from jaxlike.theory.universe import background, growth
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.wavenumbers import K

K_MIN = 1e-5
"""Smallest wavenumber of a power spectrum, in 1/Mpc."""

Z_MAX = 990.0
"""Largest redshift of a product that grows: growth starts at a = 1e-3."""

Z_MAX_DISTANCE = 1095.0
"""Largest redshift of distances and H(z): those to last scattering are wanted for CMB lensing."""

_OF_POWER = ("sigma8_z", "fsigma8")
_OF_BACKGROUND = (
    "Hubble",
    "comoving_radial_distance",
    "angular_diameter_distance",
    "angular_diameter_distance_2",
)

_K_PER_E_FOLD = 30  # resolves the acoustic wiggles: bicubic interpolation then errs below 1e-4


@dataclass(frozen=True)
class Settings:
    """Models of the matter power and the background, as the options of the theory name them."""

    linear: str
    nonlinear: str
    radiation: bool
    neutrinos: str = "one_massive"
    out_of_range: str = "reject"


Product = Callable[[Cosmology], Array]


def largest_redshift(name: str | tuple[Any, ...], settings: Settings) -> float:
    """Largest redshift of a product; a tuple is the name of a power spectrum."""
    of_power = isinstance(name, tuple) or name in _OF_POWER
    emulated = settings.linear == "emulator" and settings.neutrinos != "massless"
    if name in _OF_BACKGROUND:
        return Z_MAX_DISTANCE
    return emulator.Z_MAX_NEUTRINOS if of_power and emulated else Z_MAX


def hubble(z: NDArray) -> Product:
    """H(z) in 1/Mpc, (n_z,)."""
    return lambda cosmo: background.hubble(cosmo, z) * cosmo.h


def comoving_radial_distance(z: NDArray) -> Product:
    """chi(z) in Mpc, (n_z,)."""
    return lambda cosmo: background.comoving_distance(cosmo, z) / cosmo.h


def angular_diameter_distance(z: NDArray) -> Product:
    """Physical angular-diameter distance in Mpc, (n_z,)."""
    return lambda cosmo: background.angular_diameter_distance(cosmo, z) / cosmo.h


def angular_diameter_distance_2(z_pairs: NDArray) -> Product:
    """Physical angular-diameter distance in Mpc from z1 to z2 >= z1; z_pairs (n, 2) -> (n,)."""

    def product(cosmo: Cosmology) -> Array:
        chi = background.comoving_distance(cosmo, z_pairs)
        f_k, _ = background.curvature_functions(cosmo.Omega_k, chi[:, 1] - chi[:, 0])
        return f_k / (1 + z_pairs[:, 1]) / cosmo.h

    return product


def sigma8_z(z: NDArray, settings: Settings) -> Product:
    """sigma8(z) of the linear total-matter field, (n_z,)."""
    return lambda cosmo: linear.sigma8(cosmo, z, model=settings.linear)


def fsigma8(z: NDArray, settings: Settings) -> Product:
    """f sigma8(z) as CAMB has it: sigma8_vd^2 / sigma8_dd (arXiv:1502.01589), (n_z,).

    d is the density of all matter, v the velocity divergence of cold matter and baryons over -H.
    """
    grid = growth.GrowthGrid.build(z)
    weights = linear.top_hat_weights(8.0)
    model = settings.linear

    def product(cosmo: Cosmology) -> Array:
        at_z, today = grid.growth(cosmo)
        slope = growth.growth_rate(cosmo, z) * at_z  # dD/dlna

        def ln_cold(at_z: Array) -> Array:
            return linear.ln_power_shape(cosmo, K, at_z, model, "cdm_baryons")

        cold, change = jax.jvp(ln_cold, (at_z,), (slope,))
        amplitude = linear.ln_amplitude(cosmo, today, model)
        total = linear.ln_power_shape(cosmo, K, at_z, model)
        # v = dln(delta_cold)/dlna delta_cold, and `change` is of ln P
        cross = change / 2 * jnp.exp((cold + total) / 2 + amplitude) @ weights
        return cross / jnp.sqrt(jnp.exp(total + amplitude) @ weights)

    return product


def wavenumbers(k_max: float) -> NDArray:
    """Wavenumbers in 1/Mpc, log-spaced from K_MIN to `k_max`."""
    n = int(np.ceil(np.log(k_max / K_MIN) * _K_PER_E_FOLD)) + 1
    return np.geomspace(K_MIN, k_max, n)


def matter_power(k: NDArray, z: NDArray, nonlinear: bool, settings: Settings) -> Product:
    """P(k, z) of total matter in Mpc^3, (n_z, n_k), at k (n_k,) in 1/Mpc."""

    def product(cosmo: Cosmology) -> Array:
        power = nonlinear_power(
            cosmo,
            k / cosmo.h,
            z,
            linear=settings.linear,
            model=settings.nonlinear if nonlinear else "linear",
        )
        return power / cosmo.h**3

    return product
