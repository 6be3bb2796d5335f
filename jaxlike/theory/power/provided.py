"""The linear power of a provider in the parts that the core makes its own power of.

At z = 0 it is a transfer function; what it does at other redshifts, beyond the growth factor, takes
the place of free streaming.
"""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.power import transfer
from jaxlike.theory.power.emulator import MatterField
from jaxlike.theory.power.primordial import ln_amplitude_of, primordial
from jaxlike.theory.power.provider import A_S_REFERENCE, Power, Provider, parameters_of
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid

_GROWTH_ENDS = 998.0  # there is no power beyond


def ln_power(
    function: Power,
    provider: Provider,
    parameters: dict[str, Array],
    cosmo: Cosmology,
    k: ArrayLike,
    z: ArrayLike,
) -> Array:
    """ln P (n_z, n_k) of a function of a provider at any k (n_k,) in h/Mpc, z (n_z,) to its last.

    Beyond its wavenumbers P goes on as Eisenstein & Hu's without wiggles.
    """
    k, z = jnp.asarray(k, float), jnp.asarray(z, float)
    inside = jnp.clip(k, *provider.k_range)
    found = jnp.log(function(parameters, inside, jnp.minimum(z, provider.z_max)))
    return found + _ln_smooth(cosmo, k) - _ln_smooth(cosmo, inside)


def _ln_smooth(cosmo: Cosmology, k: Array) -> Array:
    return primordial(cosmo, k) + 2 * jnp.log(transfer.eisenstein_hu_no_wiggle(cosmo, k))


def _today(cosmo: Cosmology) -> Array:
    return GrowthGrid.build(0.0).growth(cosmo)[1]


def ln_transfer(provider: Provider, cosmo: Cosmology, k: ArrayLike) -> Array:
    """ln T (n_k,) at z = 0, so that amplitude, growth and primordial spectrum make its power."""
    A_s = A_S_REFERENCE if cosmo.A_s is None else cosmo.A_s
    found = ln_power(provider.linear, provider, parameters_of(cosmo), cosmo, k, jnp.zeros(1))[0]
    rest = primordial(cosmo, k) + ln_amplitude_of(A_s, cosmo.Omega_m) + 2 * jnp.log(_today(cosmo))
    return (found - rest) / 2


def ln_change(
    provider: Provider,
    cosmo: Cosmology,
    k: ArrayLike,
    growth: Array,
    z: ArrayLike,
    field: MatterField = "total",
) -> Array:
    """ln of P(k, z) (n_z, n_k) over P(k, 0) of all matter, beyond the growth D (n_z,) at z (n_z,).

    Constant beyond the provider's last redshift.
    """
    z, parameters = jnp.atleast_1d(jnp.asarray(z, float)), parameters_of(cosmo)
    every = jnp.concatenate([jnp.zeros(1), z])
    total = ln_power(provider.linear, provider, parameters, cosmo, k, every)
    found, known = total[1:], growth
    if field == "cdm_baryons" and provider.cold is not None:
        found = ln_power(provider.cold, provider, parameters, cosmo, k, z)
    elif field == "cdm_baryons" and cosmo.omega_nu is not None:
        found = found + 2 * transfer.ln_cold_excess(cosmo, k, growth)
    if provider.z_max < _GROWTH_ENDS:
        last = GrowthGrid.build(provider.z_max).growth(cosmo)[0]
        known = jnp.where(z > provider.z_max, last, growth)
    return found - total[0] - 2 * jnp.log(known / _today(cosmo))[:, None]


def ln_nonlinear_power(
    provider: Provider, cosmo: Cosmology, A_s: ArrayLike, k: ArrayLike, z: ArrayLike
) -> Array:
    """ln P_nl (n_z, n_k) of a provider that has it, at the amplitude A_s."""
    assert provider.nonlinear is not None  # as the options have been checked
    parameters = parameters_of(cosmo, jnp.asarray(A_s))
    return ln_power(provider.nonlinear, provider, parameters, cosmo, k, z)
