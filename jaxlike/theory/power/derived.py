"""Quantities that follow from a cosmology: what inputs list to be recorded."""

from collections.abc import Callable, Mapping

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxlike.theory.constants import NEUTRINO_EV_PER_OMEGA
from jaxlike.theory.power import emulator, linear
from jaxlike.theory.power.linear import LinearModel
from jaxlike.theory.universe import growth
from jaxlike.theory.universe.acoustic_scale import theta_MC
from jaxlike.theory.universe.cosmology import Cosmology


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


Of = Callable[[str], ArrayLike]
"""Another quantity of the same universe, by its name."""

DERIVED: Mapping[str, Callable[[Cosmology, LinearModel, Of], ArrayLike]] = {
    "H0": lambda c, model, of: 100 * c.h,
    "omegam": lambda c, model, of: c.Omega_m,
    "omegamh2": lambda c, model, of: c.Omega_m * c.h**2,
    "omegab": lambda c, model, of: c.Omega_b,
    "ombh2": lambda c, model, of: c.Omega_b * c.h**2,
    "omch2": lambda c, model, of: _cold(c),
    "omnuh2": lambda c, model, of: _omega_nu(c),
    "mnu": lambda c, model, of: NEUTRINO_EV_PER_OMEGA * _omega_nu(c) * (3 / c.N_eff) ** 0.75,
    "omk": lambda c, model, of: c.Omega_k,
    "omegal": lambda c, model, of: c.Omega_de,
    "rdrag": lambda c, model, of: emulator.sound_horizon(c),
    "theta_MC_100": lambda c, model, of: 100 * theta_MC(c),
    "cosmomc_theta": lambda c, model, of: theta_MC(c),
    "As": lambda c, model, of: primordial_amplitude(c, model),
    "As_1e9": lambda c, model, of: 1e9 * of("As"),
    "logA": lambda c, model, of: jnp.log(1e10 * of("As")),
    "log10_A_s": lambda c, model, of: jnp.log10(of("As")),
    "sigma8": lambda c, model, of: sigma8_today(c, model),
    "S8": lambda c, model, of: of("sigma8") * jnp.sqrt(c.Omega_m / 0.3),
}
"""Derived parameters by Cobaya's names; S8 = sigma8 sqrt(omegam / 0.3), logA = ln(10^10 A_s), rdrag
in Mpc."""

NEED_RADIATION = ("theta_MC_100", "cosmomc_theta")
"""Derived parameters that a universe without radiation has not."""

NEED_EMULATOR = ("rdrag",)
"""Derived parameters that no fitted transfer function has as CAMB does."""


def unmet_need(name: str, linear: LinearModel, radiation: bool) -> str | None:
    """What a derived parameter is computed with only, where the options have not got it."""
    if name in NEED_EMULATOR and linear != "emulator":
        return "linear: emulator"
    if name in NEED_RADIATION and not radiation:
        return "radiation: true"
    return None


def derived_of(cosmo: Cosmology, model: LinearModel) -> Of:
    """The quantities of DERIVED of a universe by name, each computed once, whoever asks."""
    found: dict[str, ArrayLike] = {}

    def of(name: str) -> ArrayLike:
        if name not in found:
            found[name] = DERIVED[name](cosmo, model, of)
        return found[name]

    return of
