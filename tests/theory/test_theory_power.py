"""Matter power at the Limber points against the same models evaluated point by point."""

from functools import partial

import jax
import numpy as np
import pytest

from jaxlike.theory.power.limber_grid import PowerGrid
from jaxlike.theory.power.limber_power import limber_power
from jaxlike.theory.power.nonlinear import nonlinear_power
from jaxlike.theory.universe.background import transverse_distance
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes

NODES = Nodes.build(0.01 * np.arange(300), 24, np.arange(0, N_LATTICE, 4), z_max=2.8)
GRID = PowerGrid.build(NODES)


@partial(jax.jit, static_argnums=(1, 2))
def compute(cosmo, linear_model, nonlinear):
    """P (n_q, n_ell) at the Limber points and the line of sight, the points k = (ell + 1/2) / f_k,
    and P there at each redshift without interpolation."""
    power, los = limber_power(cosmo, NODES, GRID, linear=linear_model, nonlinear=nonlinear)
    k = (NODES.ell + 0.5) / transverse_distance(cosmo, NODES.z)[:, None]
    direct = nonlinear_power(cosmo, k.ravel(), NODES.z, linear=linear_model, model=nonlinear)
    every = np.arange(NODES.z.size)
    return power, los, k, direct.reshape(every.size, *k.shape)[every, every]


@pytest.mark.parametrize(
    ("changes", "linear_model", "nonlinear"),
    [
        ({}, "eisenstein_hu", "linear"),
        ({}, "eisenstein_hu", "takahashi"),
        ({"A_s": 2e-9, "omega_nu": 5e-3}, "eisenstein_hu", "takahashi"),
        ({"Omega_k": 0.1, "w0": -0.8, "wa": 0.3}, "eisenstein_hu", "smith"),
        ({"Omega_k": -0.1}, "eisenstein_hu_no_wiggle", "takahashi"),
    ],
)
def test_limber_power_is_the_models(universe, changes, linear_model, nonlinear):
    found, _, k, expected = compute(universe(**changes), linear_model, nonlinear)
    k = np.asarray(k)
    # beyond the ends of the k lattice (5e-5 and 2e4 h/Mpc) nothing is read by any data
    used = (k > 1e-4) & (k < 5e3)
    difference = np.log(np.asarray(found)[used] / np.asarray(expected)[used])
    # acoustic wiggles at k > 0.2 h/Mpc are the hardest for a spline on the k lattice
    assert np.abs(difference).max() < 5e-4
    assert np.sqrt(np.mean(difference**2)) < 6e-5


def test_curvature_moves_the_limber_points(universe):
    """The wave number belongs to f_k: at the same chi, another k."""
    flat, curved = (compute(universe(Omega_k=x), "eisenstein_hu", "linear")[:2] for x in (0.0, 0.1))
    assert np.abs(np.asarray(curved[1].f_k / curved[1].chi) - 1)[-1] > 0.01
    assert np.abs(np.asarray(curved[0] / flat[0]) - 1).max() > 0.01
