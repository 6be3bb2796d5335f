"""Linear matter power spectrum: primordial power law, transfer function, growth, amplitude."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.theory.power import emulator, provided, transfer
from jaxlike.theory.power.emulator import MatterField
from jaxlike.theory.power.primordial import ln_amplitude_of
from jaxlike.theory.power.primordial import primordial as primordial
from jaxlike.theory.power.provider import load_provider, range_conditions
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.wavenumbers import LN_K_STEP, K

LinearModel: TypeAlias = str
"""A key of LINEAR, or a provider: a key of PROVIDERS or a dotted path (see `provider`)."""


def _logarithm(
    function: Callable[[Cosmology, ArrayLike], Array],
) -> Callable[[Cosmology, ArrayLike], Array]:
    return lambda cosmo, k: jnp.log(jnp.abs(function(cosmo, k)))


def _everywhere(cosmo: Cosmology) -> dict[str, Array]:
    return {}


@dataclass(frozen=True)
class LinearPower:
    """A model of the linear power spectrum.

    ln_transfer: ln T (n_k,) of a cosmology at k (n_k,) in h/Mpc, T = 1 on large scales.
    ln_neutrinos:
    ln of what massive neutrinos do to it (n_z, n_k), at growth D (n_z,), in total matter or in cold
    matter alone.  conditions: what must hold in a cosmology, in words -> whether it does.
    z_max_neutrinos: redshift to which ln_neutrinos is known.
    ln_change: in the place of ln_neutrinos, ln of all that the power does beyond growth (n_z, n_k),
    of a cosmology at k (n_k,), growth (n_z,) and z (n_z,).
    """

    ln_transfer: Callable[[Cosmology, ArrayLike], Array]
    ln_neutrinos: Callable[[Cosmology, ArrayLike, ArrayLike, MatterField], Array] = (
        transfer.ln_neutrino_suppression
    )
    conditions: Callable[[Cosmology], dict[str, Array]] = _everywhere
    z_max_neutrinos: float = math.inf
    ln_change: Callable[[Cosmology, ArrayLike, Array, ArrayLike, MatterField], Array] | None = None

    @property
    def limited(self) -> bool:
        """Whether there are cosmologies that it is not made for."""
        return self.conditions is not _everywhere


LINEAR: dict[str, LinearPower] = {
    "eisenstein_hu": LinearPower(_logarithm(transfer.eisenstein_hu)),
    "eisenstein_hu_no_wiggle": LinearPower(_logarithm(transfer.eisenstein_hu_no_wiggle)),
    "emulator": LinearPower(
        emulator.ln_transfer,
        emulator.ln_neutrino_ratio,
        emulator.conditions,
        emulator.Z_MAX_NEUTRINOS,
    ),
}
"""Name -> model; what is put here can be asked for as the option `linear`."""


def linear_model(name: LinearModel) -> LinearPower:
    """The model of a name, that of a provider included; ConfigError where it cannot be loaded."""
    if name in LINEAR:
        return LINEAR[name]
    found = load_provider(name)
    return LinearPower(
        partial(provided.ln_transfer, found),
        conditions=partial(range_conditions, found, name),
        ln_change=partial(provided.ln_change, found),
    )


def ln_cold_shape(cosmo: Cosmology, k: ArrayLike, model: LinearModel) -> Array:
    """ln P_lin (n_k,) without amplitude, growth and free streaming: the same at every redshift."""
    return primordial(cosmo, k) + 2 * linear_model(model).ln_transfer(cosmo, k)


def ln_free_streaming(
    cosmo: Cosmology,
    k: ArrayLike,
    growth: Array,
    model: LinearModel,
    field: MatterField = "total",
    *,
    z: ArrayLike,
) -> Array:
    """What massive neutrinos add to ln P_lin (n_z, n_k): smooth in k, slow in z; zeros without.

    growth: D (n_z,) at z (n_z,).  Of a provider, all that its power does beyond growth.
    """
    of = linear_model(model)
    if of.ln_change is not None:
        return of.ln_change(cosmo, k, growth, z, field)
    if cosmo.omega_nu is None:
        return jnp.zeros((growth.size, jnp.shape(k)[-1]))
    return 2 * of.ln_neutrinos(cosmo, k, growth, field)


def ln_cold_excess(cosmo: Cosmology, k: ArrayLike, growth: Array) -> Array:
    """What ln P_lin of cold dark matter and baryons has above that of all matter (n_z, n_k)."""
    if cosmo.omega_nu is None:
        return jnp.zeros((1, 1))
    return 2 * transfer.ln_cold_excess(cosmo, k, growth)


def ln_power_shape(
    cosmo: Cosmology,
    k: ArrayLike,
    growth: Array,
    model: LinearModel,
    field: MatterField = "total",
    *,
    z: ArrayLike,
) -> Array:
    """ln P_lin (n_z, n_k), without its amplitude, at growth D (n_z,) and z (n_z,)."""
    ln_p = ln_cold_shape(cosmo, k, model) + 2 * jnp.log(growth)[:, None]
    return ln_p + ln_free_streaming(cosmo, k, growth, model, field, z=z)


def ln_amplitude(cosmo: Cosmology, growth_today: Array, model: LinearModel) -> Array:
    """ln of what multiplies exp(`ln_power_shape`) to give P in (Mpc/h)^3, from A_s or sigma8."""
    if cosmo.A_s is not None:
        return ln_amplitude_of(cosmo.A_s, cosmo.Omega_m)
    assert cosmo.sigma8 is not None  # Cosmology takes exactly one of them
    shape = ln_power_shape(cosmo, K, jnp.atleast_1d(growth_today), model, z=np.zeros(1))[0]
    return 2 * jnp.log(cosmo.sigma8) - jnp.log(_SIGMA8_WEIGHTS @ jnp.exp(shape))


def top_hat_window(x: NDArray) -> NDArray:
    """W(x) of a sphere, 3 (sin x - x cos x) / x^3, for x = k R of any shape."""
    small = x < 0.05
    safe = np.where(small, 1.0, x)
    window = 3 * (np.sin(safe) - safe * np.cos(safe)) / safe**3
    return np.where(small, 1 - x**2 / 10, window)


def top_hat_weights(radius: float) -> NDArray:
    """Weights (n_k,) on the lattice K so that sigma^2(R) = weights @ P; R in Mpc/h.

    arXiv:2302.05163, eqs. 6-7.
    """
    return K**3 / (2 * np.pi**2) * top_hat_window(K * radius) ** 2 * LN_K_STEP


_SIGMA8_WEIGHTS = top_hat_weights(8.0)


def linear_power(
    cosmo: Cosmology,
    k: ArrayLike,
    z: ArrayLike,
    *,
    model: LinearModel = "eisenstein_hu",
    field: MatterField = "total",
) -> Array:
    """P_lin (n_z, n_k) in (Mpc/h)^3; k in h/Mpc, fixed redshifts z < 999.

    field: of total matter, or of cold dark matter and baryons (sigma8 is that of total matter).
    """
    growth, today = GrowthGrid.build(z).growth(cosmo)
    shape = ln_power_shape(cosmo, k, growth, model, field, z=z)
    return jnp.exp(shape + ln_amplitude(cosmo, today, model))


def sigma_R(
    cosmo: Cosmology, radius: float, z: ArrayLike, *, model: LinearModel = "eisenstein_hu"
) -> Array:
    """RMS linear fluctuation (n_z,) in spheres of `radius` Mpc/h."""
    return jnp.sqrt(linear_power(cosmo, K, z, model=model) @ top_hat_weights(radius))


def sigma8(cosmo: Cosmology, z: ArrayLike, *, model: LinearModel = "eisenstein_hu") -> Array:
    """sigma8(z) (n_z,) of the linear total-matter field."""
    return sigma_R(cosmo, 8.0, z, model=model)


def fsigma8(cosmo: Cosmology, z: ArrayLike, *, model: LinearModel = "eisenstein_hu") -> Array:
    """f sigma8(z) as CAMB has it: sigma8_vd^2 / sigma8_dd (arXiv:1502.01589), (n_z,).

    d is the density of all matter, v the velocity divergence of cold matter and baryons over -H.
    """
    return fsigma8_on(cosmo, GrowthGrid.build(z), model=model)


def fsigma8_on(cosmo: Cosmology, grid: GrowthGrid, *, model: LinearModel) -> Array:
    """The same at the redshifts of a grid, which may be traced."""
    (at_z, today), (slope, _) = grid.growth(cosmo), grid.slope(cosmo)
    when = jnp.asarray(grid.z)
    slopes = slope, -(1 + when)  # of D and z in ln a

    def ln_cold(at_z: Array, when: Array) -> Array:
        return ln_power_shape(cosmo, K, at_z, model, "cdm_baryons", z=when)

    cold, change = jax.jvp(ln_cold, (at_z, when), slopes)
    amplitude = ln_amplitude(cosmo, today, model)
    total = ln_power_shape(cosmo, K, at_z, model, z=when)
    # v = dln(delta_cold)/dlna delta_cold, and `change` is of ln P
    cross = change / 2 * jnp.exp((cold + total) / 2 + amplitude) @ _SIGMA8_WEIGHTS
    return cross / jnp.sqrt(jnp.exp(total + amplitude) @ _SIGMA8_WEIGHTS)
