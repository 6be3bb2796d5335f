"""Quantities that follow from a cosmology: what inputs list to be recorded."""

from collections.abc import Callable, Mapping

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.numerics.quadrature import gauss_legendre_panels
from jaxlike.theory.power import emulator, linear
from jaxlike.theory.power.last_scattering import scattering_redshift
from jaxlike.theory.power.linear import LinearModel
from jaxlike.theory.universe import growth
from jaxlike.theory.universe.acoustic_scale import acoustic_horizon, distance_to, theta_MC
from jaxlike.theory.universe.background import E_squared
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.line_of_sight import Z_LAST_SCATTERING


def primordial_amplitude(cosmo: Cosmology, model: LinearModel) -> ArrayLike:
    """A_s, also where sigma8 is given."""
    if cosmo.A_s is not None:
        return cosmo.A_s
    today = growth.GrowthGrid.build(0.0).growth(cosmo)[1]
    # the amplitude is proportional to A_s, so that of A_s = 1 is the unit to measure it in
    shape = {name: getattr(cosmo, name) for name in cosmo.__dataclass_fields__}
    unit = Cosmology(**{**shape, "A_s": 1.0, "sigma8": None})
    return jnp.exp(
        linear.ln_amplitude(cosmo, today, model) - linear.ln_amplitude(unit, today, model)
    )


def sigma8_today(cosmo: Cosmology, model: LinearModel) -> ArrayLike:
    """sigma8 of the linear total-matter field, also where A_s is given."""
    if cosmo.sigma8 is not None:
        return cosmo.sigma8
    return linear.sigma8(cosmo, 0.0, model=model)[0]


def _cold(cosmo: Cosmology) -> ArrayLike:
    return (jnp.asarray(cosmo.Omega_cb) - cosmo.Omega_b) * cosmo.h**2


def _omega_nu(cosmo: Cosmology) -> ArrayLike:
    return 0.0 if cosmo.omega_nu is None else cosmo.omega_nu


def drag_horizon(cosmo: Cosmology) -> tuple[Array, Array]:
    """Whether the densities are in the table that r_drag is from, whatever the transfer function,
    and r_drag in Mpc, a finite number without meaning where they are not.

    ParameterError for a universe without radiation.
    """
    if (need := unmet_need("rdrag", cosmo.radiation)) is not None:
        raise ParameterError(f"r_drag is computed with {need} only")
    held = jnp.stack(list(emulator.conditions(cosmo, background=False).values()))
    return jnp.all(held), emulator.sound_horizon(cosmo)


def _drag_horizon(cosmo: Cosmology) -> ArrayLike:
    """The same, NaN outside of the table."""
    held, found = drag_horizon(cosmo)
    return jnp.where(held, found, jnp.nan)


def _scattering_redshift(cosmo: Cosmology) -> ArrayLike:
    """Of last scattering, NaN outside of the table."""
    held, z = scattering_redshift(cosmo)
    return jnp.where(held, z, jnp.nan)


def _at(z: ArrayLike, function: Callable[[Array], Array]) -> ArrayLike:
    """A function at z*, NaN with a slope of zero where that is."""
    known = jnp.isfinite(z)
    return jnp.where(known, function(jnp.where(known, z, Z_LAST_SCATTERING)), jnp.nan)


def _angle(cosmo: Cosmology, z: Array) -> Array:
    return acoustic_horizon(cosmo, z) / distance_to(cosmo, z)


_HUBBLE_TIME = 9.777922216807892  # 1 / H0 in Gyr/h, of 365.25 days
_LN_A, _D_LN_A = gauss_legendre_panels(np.linspace(-14.0, 0.0, 5), 12)


def _age(cosmo: Cosmology) -> ArrayLike:
    """In Gyr: integral of 1/H over ln a."""
    slow = jnp.sqrt(E_squared(cosmo, np.exp(_LN_A)))
    return _HUBBLE_TIME / cosmo.h * jnp.dot(_D_LN_A, 1 / slow)


Of = Callable[[str], ArrayLike]
"""Another quantity of the same universe, by its name."""

DERIVED: Mapping[str, Callable[[Cosmology, LinearModel, Of], ArrayLike]] = {
    "H0": lambda c, model, of: 100 * c.h,
    "omegam": lambda c, model, of: c.Omega_m,
    "omegamh2": lambda c, model, of: c.Omega_m * c.h**2,
    "omegab": lambda c, model, of: c.Omega_b,
    "ombh2": lambda c, model, of: c.Omega_b * c.h**2,
    "omch2": lambda c, model, of: _cold(c),
    "ombch2": lambda c, model, of: of("ombh2") + of("omch2"),
    "omnuh2": lambda c, model, of: _omega_nu(c),
    "mnu": lambda c, model, of: c.mnu,
    "omk": lambda c, model, of: c.Omega_k,
    "omegal": lambda c, model, of: c.Omega_de,
    "wa": lambda c, model, of: jnp.asarray(c.wa, float),
    "age": lambda c, model, of: _age(c),
    "rdrag": lambda c, model, of: _drag_horizon(c),
    "rdragh": lambda c, model, of: of("rdrag") * c.h,
    "zstar": lambda c, model, of: _scattering_redshift(c),
    "rstar": lambda c, model, of: _at(of("zstar"), lambda z: acoustic_horizon(c, z) / c.h),
    "DAstar": lambda c, model, of: _at(of("zstar"), lambda z: distance_to(c, z) / c.h / 1000),
    "thetastar": lambda c, model, of: _at(of("zstar"), lambda z: 100 * _angle(c, z)),
    "theta_MC_100": lambda c, model, of: 100 * theta_MC(c),
    "cosmomc_theta": lambda c, model, of: theta_MC(c),
    "As": lambda c, model, of: primordial_amplitude(c, model),
    "As_1e9": lambda c, model, of: 1e9 * of("As"),
    "logA": lambda c, model, of: jnp.log(1e10 * of("As")),
    "log10_A_s": lambda c, model, of: jnp.log10(of("As")),
    "sigma8": lambda c, model, of: sigma8_today(c, model),
    "S8": lambda c, model, of: of("sigma8") * jnp.sqrt(c.Omega_m / 0.3),
    "s8h5": lambda c, model, of: of("sigma8") / jnp.sqrt(c.h),
    "s8omegamp5": lambda c, model, of: of("sigma8") * jnp.sqrt(c.Omega_m),
    "s8omegamp25": lambda c, model, of: of("sigma8") * c.Omega_m**0.25,
}
"""Derived parameters by Cobaya's names; S8 = sigma8 sqrt(omegam / 0.3), logA = ln(10^10 A_s), age
in Gyr, rdrag in Mpc and rdragh in Mpc/h; of last scattering zstar, rstar in Mpc, DAstar (comoving)
in Gpc and thetastar = 100 r/D; ombch2 is of baryons and cold dark matter without neutrinos."""

OF_TABLES = ("rdrag", "rdragh", "zstar", "rstar", "DAstar", "thetastar")
"""Those that are NaN where the densities of a table end."""

NEED_RADIATION = ("theta_MC_100", "cosmomc_theta", *OF_TABLES)
"""Derived parameters that a universe without radiation has not."""


def unmet_need(name: str, radiation: bool) -> str | None:
    """What a derived parameter is computed with only, where the options have not got it."""
    if name in NEED_RADIATION and not radiation:
        return "radiation: true"
    return None


def derived_of(
    cosmo: Cosmology, model: LinearModel, known: Mapping[str, ArrayLike] | None = None
) -> Of:
    """The quantities of DERIVED of a universe by name, each computed once, whoever asks, but for
    those that are known."""
    found = dict(known or {})

    def of(name: str) -> ArrayLike:
        if name not in found:
            found[name] = DERIVED[name](cosmo, model, of)
        return found[name]

    return of
