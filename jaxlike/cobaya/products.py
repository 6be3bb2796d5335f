"""What the Cobaya theory can hand over: functions of a Cosmology, in Cobaya's units.

Cobaya speaks Mpc and 1/Mpc where the core speaks Mpc/h and h/Mpc; here is where they meet.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.config.plausible import check_plausible
from jaxlike.config.records import parameter_from
from jaxlike.errors import ConfigError
from jaxlike.registry.names import Names
from jaxlike.registry.option_values import bad_value
from jaxlike.registry.options import THEORY_OPTIONS, TheoryOptions, theory_options
from jaxlike.registry.resolve import resolve
from jaxlike.theory.power import emulator, linear
from jaxlike.theory.power.nonlinear import boosted, nonlinear_power
from jaxlike.theory.universe import background, growth
from jaxlike.theory.universe.cosmology import COSMOLOGY_NAMES, Cosmology
from jaxlike.theory.wavenumbers import K

K_MIN = 1e-5
"""Smallest wavenumber of a power spectrum, in 1/Mpc."""

Z_MAX = 990.0
"""Largest redshift of a product that grows: growth starts at a = 1e-3."""

Z_MAX_DISTANCE = 2e4
"""Largest redshift of the background: likelihoods of the CMB want distances beyond z = 1100."""

_OF_POWER = ("sigma8_z", "fsigma8")

TOTAL, COLD = "delta_tot", "delta_nonu"
PAIRS = ((TOTAL, TOTAL), (COLD, COLD), (COLD, TOTAL))
"""Pairs of fields that there are power spectra of: all matter, and all but neutrinos."""

_Z_INTERPOLATED = np.linspace(0.0, 1.0, 9)  # shares of the largest redshift, or of z = 1
_K_PER_E_FOLD = 30  # resolves the acoustic wiggles: bicubic interpolation then errs below 1e-4


@dataclass(frozen=True)
class Settings:
    """Models of the matter power and the background, as the options of the theory name them."""

    linear: str
    nonlinear: str
    radiation: bool
    neutrinos: str = "one_massive"
    out_of_range: str = "reject"
    boost: str = "none"

    @property
    def matter(self) -> str:
        """The nonlinear model with its boost."""
        return boosted(self.nonlinear, self.boost)

    def of(self, likelihood: TheoryOptions) -> TheoryOptions:
        """Options of a likelihood with these; ConfigError where it names a provider of its own."""
        if likelihood.linear not in (TheoryOptions.linear, self.linear):
            raise ConfigError(
                f"option 'power' of a likelihood names the provider {likelihood.linear}, but the "
                f"theory's linear power is {self.linear}: write power: {{provider: "
                f"{likelihood.linear}}} in jaxlike.cobaya.Theory"
            )
        return replace(likelihood, **asdict(self))


def canonical(settings: Settings, values: Mapping[str, Array]) -> dict[str, Array]:
    """The cosmology's canonical parameters of values under any of their names."""
    found = resolve(values, (), settings)
    return {name: found[name] for name in COSMOLOGY_NAMES if name in found}


def check_given(params: Mapping[str, Any]) -> None:
    """ParameterError on a value or a prior in Cobaya's block `params` that is nowhere possible."""
    found = []
    for name, info in params.items():
        try:
            found.append(parameter_from(name, info))
        except ConfigError:
            continue  # a form that is Cobaya's alone
    check_plausible([one for one in found if one is not None], Names(()))


def interpolated(request: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of an interpolator of P(k, z), at redshifts enough for Cobaya's.

    It refuses fewer than four; those that are added change nothing at those that are asked for.
    """
    z = np.unique(np.asarray(request["z"], float))
    more = np.max(z, initial=1.0) * _Z_INTERPOLATED if z.size < 4 else ()
    return {**request, "z": np.union1d(z, more)}


def settings_from(given: Mapping[str, object]) -> Settings:
    """Settings of the options of the theory; ConfigError names a bad one.

    A provider of power stands in the place of `linear` at its default, as Cobaya hands it over.
    """
    given = dict(given)
    if given["power"] == "host":
        raise bad_value("power", "host", "jaxlike, {provider: NAME}")
    if given["power"] != "jaxlike" and given["linear"] == TheoryOptions.linear:
        del given["linear"]
    options = theory_options(given)
    return Settings(**{name: getattr(options, name) for name in THEORY_OPTIONS})


Product = Callable[[Cosmology], Array]


def largest_redshift(name: str | tuple[Any, ...], settings: Settings) -> float:
    """Largest redshift of a product; a tuple is the name of a power spectrum."""
    of_power = isinstance(name, tuple) or name in _OF_POWER
    emulated = settings.linear == "emulator" and settings.neutrinos != "massless"
    if not of_power:
        return Z_MAX_DISTANCE
    return emulator.Z_MAX if emulated else Z_MAX


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


def Omega_b(z: NDArray) -> Product:
    """Density parameter of baryons, (n_z,)."""
    return _density(z, lambda cosmo, a: cosmo.Omega_b / a**3)


def Omega_cdm(z: NDArray) -> Product:
    """Density parameter of cold dark matter, (n_z,)."""
    return _density(z, lambda cosmo, a: (cosmo.Omega_cb - cosmo.Omega_b) / a**3)


def Omega_nu_massive(z: NDArray) -> Product:
    """Density parameter of massive neutrinos, (n_z,)."""
    return _density(z, lambda cosmo, a: background.massive_neutrinos(cosmo, jnp.asarray(a)))


def _density(z: NDArray, of: Callable[[Cosmology, NDArray], ArrayLike]) -> Product:
    a = 1 / (1 + z)
    return lambda cosmo: jnp.asarray(of(cosmo, a)) / background.E_squared(cosmo, a)


OF_REDSHIFT: dict[str, Callable[[NDArray], Product]] = {
    "Hubble": hubble,
    "comoving_radial_distance": comoving_radial_distance,
    "angular_diameter_distance": angular_diameter_distance,
    "angular_diameter_distance_2": angular_diameter_distance_2,
    "Omega_b": Omega_b,
    "Omega_cdm": Omega_cdm,
    "Omega_nu_massive": Omega_nu_massive,
}
"""What the background alone makes, by Cobaya's names."""


def sigma8_z(z: NDArray, settings: Settings) -> Product:
    """sigma8(z) of the linear total-matter field, (n_z,)."""
    return lambda cosmo: linear.sigma8(cosmo, z, model=settings.linear)


def fsigma8(z: NDArray, settings: Settings) -> Product:
    """f sigma8(z) as CAMB has it, (n_z,)."""
    return lambda cosmo: linear.fsigma8(cosmo, z, model=settings.linear)


def wavenumbers(k_max: float) -> NDArray:
    """Wavenumbers in 1/Mpc, log-spaced from K_MIN to `k_max`."""
    n = int(np.ceil(np.log(k_max / K_MIN) * _K_PER_E_FOLD)) + 1
    return np.geomspace(K_MIN, k_max, n)


def matter_power(
    k: NDArray, z: NDArray, nonlinear: bool, settings: Settings, pair: tuple[str, str]
) -> Product:
    """P(k, z) of a pair of fields in Mpc^3, (n_z, n_k), at k (n_k,) in 1/Mpc.

    Nonlinear evolution multiplies all by one factor, as CAMB has it.
    """
    cold = pair.count(COLD)
    grid = growth.GrowthGrid.build(z)

    def product(cosmo: Cosmology) -> Array:
        power = nonlinear_power(
            cosmo,
            k / cosmo.h,
            z,
            linear=settings.linear,
            model=settings.matter if nonlinear else "linear",
        )
        if cold and cosmo.omega_nu is not None:
            at_z, _ = grid.growth(cosmo)
            total, without = (
                linear.ln_free_streaming(cosmo, k / cosmo.h, at_z, settings.linear, field, z=z)
                for field in emulator.FIELDS
            )
            power *= jnp.exp(cold / 2 * (without - total))
        return power / cosmo.h**3

    return product


def sigma_R(radius: NDArray, z: NDArray, settings: Settings, pair: tuple[str, str]) -> Product:
    """RMS linear fluctuation (n_z, n_R) in spheres of `radius` (n_R,) in Mpc."""
    power = matter_power(K, z, nonlinear=False, settings=settings, pair=pair)
    weights = np.stack([linear.top_hat_weights(R) for R in radius], axis=1)
    return lambda cosmo: jnp.sqrt(power(cosmo) @ weights)
