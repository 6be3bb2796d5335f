"""P(k, z) by other people's functions: what a function is given, what it gives, where it holds."""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_derivatives import SymbolicZero
from jax.typing import ArrayLike

from jaxlike.errors import ConfigError
from jaxlike.theory.power import cosmopower, emu_pk
from jaxlike.theory.power.emulator import MatterField
from jaxlike.theory.universe.cosmology import Cosmology, Scalar

Parameters: TypeAlias = Mapping[str, Array]
"""What a function of somebody else is told of a universe: the names of PARAMETERS."""

Power: TypeAlias = Callable[[Parameters, Array, Array], Array]
"""(parameters, k (n_k,) in h/Mpc, z (n_z,)) -> P (n_z, n_k) in (Mpc/h)^3, in jax.numpy."""

PARAMETERS: dict[str, str] = {
    "Omega_m": "all matter today: cold dark matter, baryons, massive neutrinos",
    "Omega_b": "baryons today",
    "omega_b": "Omega_b h^2",
    "omega_cdm": "cold dark matter, Omega_c h^2",
    "omega_nu": "massive neutrinos, Omega_nu h^2",
    "h": "Hubble constant over 100 km/s/Mpc",
    "n_s": "slope of the primordial spectrum",
    "A_s": "its amplitude at 0.05/Mpc",
    "ln10A_s": "ln(10^10 A_s)",
    "mnu": "sum of the neutrinos' masses in eV",
    "m_nu": "(3,) their masses in eV, ascending",
    "w0": "equation of state of dark energy today",
    "wa": "its change, w = w0 + wa (1 - a)",
    "Omega_k": "curvature, positive in open universes",
    "N_eff": "effective number of neutrinos",
    "T_cmb": "temperature of the CMB in K",
}
"""Name -> what it is: arrays of shape () that may be traced, m_nu of shape (3,)."""

A_S_REFERENCE = 2.1e-9
"""A_s at which the shape of the linear power is asked for where sigma8 is given instead."""

FIDUCIAL = Cosmology(
    Omega_m=0.31, Omega_b=0.049, h=0.68, n_s=0.966, A_s=A_S_REFERENCE, omega_nu=6.4e-4
)  # fmt: skip
"""Where a provider is tried before it is used, if that is within its ranges."""


@dataclass(frozen=True)
class Provider:
    """Somebody else's matter power.

    linear: of total matter.  cold: the same of cold dark matter and baryons (None: by Eisenstein &
    Hu's ratio).  nonlinear: of total matter (None: by the core's models).  k_range: wavenumbers in
    h/Mpc that it answers for; beyond, P goes on as Eisenstein & Hu's without wiggles.  z_max:
    redshift beyond which P goes on by the growth factor.  ranges: name of PARAMETERS -> (low, high)
    beyond which a universe has posterior zero.

    Example:
        >>> from jaxlike.theory.power.provider import Provider
        >>> def power(parameters, k, z):  # (k,) in h/Mpc, (z,) -> P (z, k) in (Mpc/h)^3
        ...     shape = k ** parameters["n_s"] / (1 + (k / 0.15) ** 4)
        ...     return 1e13 * parameters["A_s"] * shape / (1 + z[:, None]) ** 2
        >>> narrow = Provider(power, k_range=(1e-4, 10.0), z_max=3.0, ranges={"h": (0.6, 0.8)})

        An input names it by its dotted path, `power: {provider: package.module.narrow}`.
    """

    linear: Power
    cold: Power | None = None
    nonlinear: Power | None = None
    k_range: tuple[float, float] = (0.0, math.inf)
    z_max: float = math.inf
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def of(self, matter: MatterField) -> Power | None:
        """The function of a field."""
        return self.linear if matter == "total" else self.cold


def forward_mode(function: Power) -> Power:
    """The same function with derivatives in the parameters that are taken forwards.

    For one that has no others, as solvers with while loops have not. Each derivative is a pass of
    its own, once where the power is wanted with its gradient. k and z are held fixed.

    Example:
        >>> from jaxlike.theory.power.provider import Provider, forward_mode
        >>> solver = Provider(forward_mode(lambda p, k, z: p["A_s"] * k / (1 + z[:, None])))
    """

    @jax.custom_jvp
    def power(parameters: Parameters, k: Array, z: Array) -> Array:
        return function(parameters, k, z)

    def with_slopes(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Array, Array]:
        parameters, k, z = primals
        changes, *others = tangents
        if not all(isinstance(other, SymbolicZero) for other in others):
            raise ConfigError(
                f"{getattr(function, '__name__', 'a function')} is differentiated in k or z, but "
                "forward_mode gives derivatives in its parameters only"
            )
        changes = {
            name: change for name, change in changes.items() if not isinstance(change, SymbolicZero)
        }
        varied = {name: parameters[name] for name in changes}

        def at(varied: dict[str, Array]) -> Array:
            return function({**parameters, **varied}, k, z)

        # as numbers, so that what is left is linear in the changes and can be transposed
        slopes = jax.jacfwd(at)(varied)
        moved = [jnp.tensordot(slopes[name], changes[name], changes[name].ndim) for name in changes]
        found = at(varied)
        return found, sum(moved, jnp.zeros_like(found))

    power.defjvp(with_slopes, symbolic_zeros=True)
    return power


PROVIDERS: dict[str, Callable[[], Provider]] = {
    "emu_pk": lambda: Provider(**emu_pk.provider()),
    "cosmopower_jax": lambda: Provider(**cosmopower.provider()),
}
"""Name -> what loads it; others are found by their dotted path."""


def is_provider(name: object) -> bool:
    """Whether a name can be of a provider: one of PROVIDERS or a dotted path."""
    if not isinstance(name, str):
        return False
    parts = name.split(".")
    return name in PROVIDERS or (len(parts) > 1 and all(part.isidentifier() for part in parts))


@functools.cache
def load_provider(name: str) -> Provider:
    """The provider of a name or of a dotted path, package.module.name; ConfigError without it."""
    if name in PROVIDERS:
        with jax.ensure_compile_time_eval():  # what it keeps outlives the function being compiled
            return PROVIDERS[name]()
    found = imported(name, "provider")
    if isinstance(found, Provider):
        return found
    if not callable(found):
        raise ConfigError(
            f"provider '{name}' is {type(found).__name__}, but must be a function (parameters, k, "
            "z) -> P or a jaxlike.theory.power.provider.Provider"
        )
    return Provider(found)


def imported(path: str, what: str) -> object:
    """What stands at a dotted path; ConfigError, with the reason, where nothing does."""
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except ImportError as error:
        reason = str(error)
    except AttributeError:
        reason = f"module '{module}' has no '{name}'"
    raise ConfigError(
        f"{what} '{path}' cannot be imported: {reason}; accepted are {', '.join(PROVIDERS)}, or"
        " package.module.name of a function that Python finds"
        if what == "provider"
        else f"{what} '{path}' cannot be imported: {reason}"
    )


def parameters_of(cosmo: Cosmology, A_s: Scalar | None = None) -> dict[str, Array]:
    """PARAMETERS of a cosmology; A_s: where sigma8 is given in its place."""
    amplitude = cosmo.A_s if cosmo.A_s is not None else A_s
    amplitude = A_S_REFERENCE if amplitude is None else amplitude
    h2 = cosmo.h**2
    total = cosmo.mnu
    each: list[Scalar] = []
    if cosmo.omega_nu is not None:
        per_density = total / jnp.maximum(cosmo.omega_nu, 1e-30)
        each = [density / n * per_density for n, density in cosmo.species for _ in range(n)]
    masses = [*[0.0] * (3 - len(each)), *each]
    values: dict[str, ArrayLike] = {
        "Omega_m": cosmo.Omega_m,
        "Omega_b": cosmo.Omega_b,
        "omega_b": cosmo.Omega_b * h2,
        "omega_cdm": (cosmo.Omega_cb - cosmo.Omega_b) * h2,
        "omega_nu": 0.0 if cosmo.omega_nu is None else cosmo.omega_nu,
        "h": cosmo.h,
        "n_s": cosmo.n_s,
        "A_s": amplitude,
        "ln10A_s": jnp.log(1e10 * amplitude),
        "mnu": total,
        "m_nu": jnp.stack([jnp.asarray(mass, float) for mass in masses]),
        "w0": cosmo.w0,
        "wa": cosmo.wa,
        "Omega_k": cosmo.Omega_k,
        "N_eff": cosmo.N_eff,
        "T_cmb": cosmo.T_cmb,
    }
    return {name: jnp.asarray(value, float) for name, value in values.items()}


def range_conditions(provider: Provider, name: str, cosmo: Cosmology) -> dict[str, Array]:
    """Boolean scalars, all true within the ranges of a provider; keys say what must hold.

    An amplitude that sigma8 sets is not looked at: the linear power is in proportion to it.
    """
    values = parameters_of(cosmo)
    of_amplitude = ("A_s", "ln10A_s") if cosmo.A_s is None else ()
    return {
        f"{low:g} <= {key} <= {high:g} (range of {name})": jnp.asarray(
            jnp.all((low <= values[key]) & (values[key] <= high))
        )
        for key, (low, high) in provider.ranges.items()
        if key not in of_amplitude
    }
