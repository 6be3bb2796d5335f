"""Cosmologies without a solution: every one is named, and no other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.validity import conditions, has_solution, reason_of_failure
from jaxlike.theory.universe.background import DistanceGrid, comoving_distance
from jaxlike.theory.universe.line_of_sight import Z_LAST_SCATTERING

IMPOSSIBLE = {
    "h > 0 (where theta_MC sets it, 0.3 < h < 1.5)": {"h": -0.7},
    "Omega_b > 0": {"Omega_b": 0.0},
    "Omega_b < Omega_m - Omega_nu": {"Omega_b": 0.31},
    "amplitude (A_s or sigma8) > 0": {"sigma8": -0.1},
    "N_eff >= 0": {"N_eff": -1.0},
    "w0 + wa < 0": {"w0": -0.5, "wa": 0.6},
    "H^2 > 0": {"Omega_k": -0.9, "Omega_m": 0.1},
    "a closed universe ends": {"Omega_k": -1.0},
    "omega_nu >= 0": {"omega_nu": -1e-3},
    "Omega_nu < 0.2 Omega_m": {"omega_nu": 0.04},
}
POSSIBLE = [
    {},
    {"radiation": False},
    {"Omega_k": 0.2},
    {"Omega_k": -0.2},
    {"w0": -2.0, "wa": -1.0},
    {"w0": -0.34, "wa": 0.3},
    {"omega_nu": 0.01},
    {"omega_nu": 0.0},
    {"Omega_m": 0.1, "Omega_b": 0.03, "A_s": 5e-9},
    {"Omega_m": 0.9, "Omega_b": 0.07, "h": 0.91},
]


@pytest.mark.parametrize(("reason", "changes"), IMPOSSIBLE.items())
def test_impossible(universe, reason, changes):
    cosmo = universe(**changes)
    assert not has_solution(cosmo)
    assert any(reason in name and not held for name, held in conditions(cosmo).items())
    assert reason_of_failure(cosmo) is not None


@pytest.mark.parametrize("changes", POSSIBLE)
def test_possible(universe, changes):
    assert has_solution(universe(**changes))
    assert reason_of_failure(universe(**changes)) is None


def test_the_big_bounce_is_no_solution(universe):
    """Much dark energy, little matter: H^2 < 0 in the past."""
    cosmo = universe(Omega_m=0.05, Omega_b=0.04, Omega_k=-1.0)
    assert "H^2 > 0" in str(reason_of_failure(cosmo))


def test_last_scattering_must_be_this_side_of_the_antipode(universe):
    """Where data see it: galaxies alone do not."""
    last = DistanceGrid.build(Z_LAST_SCATTERING, n_nodes=64)
    near, far = universe(Omega_k=-0.4), universe(Omega_k=-0.7)
    assert has_solution(near, last=last)
    assert has_solution(far)
    assert not has_solution(far, last=last)
    assert "to last scattering (a closed" in str(reason_of_failure(far, last=last))
    radii = [
        np.sqrt(-cosmo.Omega_k) * float(comoving_distance(cosmo, Z_LAST_SCATTERING))
        for cosmo in (near, far)
    ]
    assert radii[0] < np.pi * HUBBLE_DISTANCE < radii[1]


def test_nan_is_no_solution(universe):
    assert not has_solution(universe(h=jnp.nan))


def test_under_jit_and_vmap(universe):
    Omega_b = jnp.array([0.046, 0.4, -0.1])
    found = jax.jit(jax.vmap(lambda x: has_solution(universe(Omega_b=x))))(Omega_b)
    assert found.tolist() == [True, False, False]
