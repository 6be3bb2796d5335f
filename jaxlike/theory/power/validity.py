"""Which cosmologies the theory has a solution for, and why the others have none."""

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.theory.power import emulator
from jaxlike.theory.power.linear import LinearModel
from jaxlike.theory.universe.background import DistanceGrid, E_squared
from jaxlike.theory.universe.cosmology import Cosmology

_A = np.exp(np.linspace(np.log(1e-3), 0.0, 25))
_FAR = DistanceGrid.build(3.5)
_FAR_A = 1 / (1 + _FAR.node_z)


def conditions(cosmo: Cosmology, linear: LinearModel = "eisenstein_hu") -> dict[str, Array]:
    """Boolean scalars, all true for a cosmology with a solution; keys say what must hold."""
    amplitude = cosmo.sigma8 if cosmo.A_s is None else cosmo.A_s
    assert amplitude is not None  # Cosmology takes exactly one of them
    E2 = E_squared(cosmo, _A)
    # (curvature radius)^-2 chi^2, with 1/H kept finite where there is no H
    inverse = (1 + _FAR.node_z) / jnp.sqrt(jnp.maximum(E_squared(cosmo, _FAR_A), 1e-3))
    round_trip = -cosmo.Omega_k * jnp.dot(_FAR.matrix[0], inverse) ** 2
    held = {
        "h > 0": cosmo.h > 0,
        "Omega_b > 0": cosmo.Omega_b > 0,
        "Omega_b < Omega_m - Omega_nu (room for cold dark matter)": cosmo.Omega_b < cosmo.Omega_cb,
        "amplitude (A_s or sigma8) > 0": amplitude > 0,
        "N_eff >= 0": cosmo.N_eff >= 0,
        "w0 + wa < 0 (no dark energy at early times)": cosmo.w0 + cosmo.wa < 0,
        "H^2 > 0 at every redshift": jnp.all(E2 > 1e-3),
        "sqrt(-Omega_k) chi < pi H0 to z = 3.5 (a closed universe ends)": round_trip < 9.0,
    }
    if cosmo.omega_nu is not None:
        held["omega_nu >= 0"] = cosmo.omega_nu >= 0
        held["Omega_nu < 0.2 Omega_m"] = cosmo.Omega_nu < 0.2 * cosmo.Omega_m
    held |= range_conditions(cosmo, linear)
    return {name: jnp.asarray(value) for name, value in held.items()}


def range_conditions(cosmo: Cosmology, linear: LinearModel) -> dict[str, Array]:
    """Those of `conditions` that a universe may break, but not the model of its linear power."""
    return emulator.conditions(cosmo) if linear == "emulator" else {}


def has_solution(cosmo: Cosmology, linear: LinearModel = "eisenstein_hu") -> Array:
    """Boolean scalar: every one of `conditions` holds."""
    return jnp.all(jnp.stack(list(conditions(cosmo, linear).values())))


def reason_of_failure(cosmo: Cosmology, linear: LinearModel = "eisenstein_hu") -> str | None:
    """The first condition that fails at concrete values, or None."""
    return next((name for name, held in conditions(cosmo, linear).items() if not held), None)
