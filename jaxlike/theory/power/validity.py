"""Which cosmologies the theory has a solution for, and why the others have none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.theory.power.linear import LinearModel, linear_model
from jaxlike.theory.universe.background import DistanceGrid, E_squared
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.densities import Densities

_A = np.exp(np.linspace(np.log(1e-3), 0.0, 25))
_FAR = DistanceGrid.build(3.5)


def conditions(
    cosmo: Cosmology, linear: LinearModel = "eisenstein_hu", last: DistanceGrid | None = None
) -> dict[str, Array]:
    """Boolean scalars, all true for a cosmology with a solution; keys say what must hold.

    last: to last scattering, where the data see it.
    """
    amplitude = cosmo.sigma8 if cosmo.A_s is None else cosmo.A_s
    assert amplitude is not None  # Cosmology takes exactly one of them
    today = Densities.of(cosmo)
    held = {
        "h > 0 (where theta_MC sets it, 0.3 < h < 1.5)": cosmo.h > 0,
        "Omega_b > 0": cosmo.Omega_b > 0,
        "Omega_b < Omega_m - Omega_nu (room for cold dark matter)": cosmo.Omega_b < cosmo.Omega_cb,
        "amplitude (A_s or sigma8) > 0": amplitude > 0,
        "N_eff >= 0": cosmo.N_eff >= 0,
        "w0 + wa < 0 (no dark energy at early times)": cosmo.w0 + cosmo.wa < 0,
        "H^2 > 0 at every redshift": jnp.all(E_squared(today, _A) > 1e-3),
        "sqrt(-Omega_k) chi < pi H0 to z = 3.5 (a closed universe ends)": _in_radii(today, _FAR)
        < 9.0,
    }
    if last is not None:
        held["sqrt(-Omega_k) chi < pi H0 to last scattering (a closed universe ends)"] = (
            _in_radii(today, last) < 9.0
        )
    if cosmo.omega_nu is not None:
        held["omega_nu >= 0"] = cosmo.omega_nu >= 0
        held["Omega_nu < 0.2 Omega_m"] = cosmo.Omega_nu < 0.2 * cosmo.Omega_m
    if cosmo.A_bary is not None:
        held["A_bary > 0 (concentrations of haloes)"] = cosmo.A_bary > 0
    held |= range_conditions(cosmo, linear)
    return {name: jnp.asarray(value) for name, value in held.items()}


def _in_radii(today: Densities, grid: DistanceGrid) -> Array:
    """(chi / curvature radius)^2 of the grid's redshift, with 1/H kept finite where there is no
    H; negative in open universes."""
    z = jnp.asarray(grid.node_z)
    inverse = (1 + z) / jnp.sqrt(jnp.maximum(E_squared(today, 1 / (1 + z)), 1e-3))
    return -today.curvature * jnp.dot(grid.matrix[0], inverse) ** 2


def range_conditions(cosmo: Cosmology, linear: LinearModel) -> dict[str, Array]:
    """Those of `conditions` that a universe may break, but not the model of its linear power."""
    return linear_model(linear).conditions(cosmo)


def has_solution(
    cosmo: Cosmology, linear: LinearModel = "eisenstein_hu", last: DistanceGrid | None = None
) -> Array:
    """Boolean scalar: every one of `conditions` holds."""
    return jnp.all(jnp.stack(list(conditions(cosmo, linear, last).values())))


def reason_of_failure(
    cosmo: Cosmology, linear: LinearModel = "eisenstein_hu", last: DistanceGrid | None = None
) -> str | None:
    """The first condition that fails at concrete values, or None."""
    return _held(cosmo, linear, last).first_broken


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Held:
    """Conditions in their order, which a dictionary loses in compiled functions."""

    names: tuple[str, ...] = field(metadata={"static": True})
    holds: tuple[Array, ...]

    @classmethod
    def of(cls, held: Mapping[str, Array]) -> "Held":
        """Conditions by what they say."""
        return cls(tuple(held), tuple(held.values()))

    @property
    def first_broken(self) -> str | None:
        """The first one that fails at concrete values, or None."""
        both = zip(self.names, self.holds, strict=True)
        return next((name for name, one in both if not one), None)


@partial(jax.jit, static_argnums=1)
def _held(cosmo: Cosmology, linear: LinearModel, last: DistanceGrid | None) -> Held:
    return Held.of(conditions(cosmo, linear, last))
