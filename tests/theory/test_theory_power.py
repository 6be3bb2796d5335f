"""Matter power at the Limber points against the same models evaluated point by point."""

import jax
import numpy as np
import pytest

from jaxlike.theory.power import halofit, linear
from jaxlike.theory.power.limber_grid import PowerGrid
from jaxlike.theory.power.limber_power import limber_power
from jaxlike.theory.universe.background import transverse_distance
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes

NODES = Nodes.build(0.01 * np.arange(300), 24, np.arange(0, N_LATTICE, 4), z_max=2.8)
GRID = PowerGrid.build(NODES)


def direct(cosmo, linear_model, nonlinear):
    """P at k = (ell + 1/2) / f_k, one redshift at a time, no interpolation."""
    rows = []
    for z, f_k in zip(NODES.z, transverse_distance(cosmo, NODES.z), strict=True):
        k = (NODES.ell + 0.5) / f_k
        if nonlinear == "linear":
            rows.append(linear.linear_power(cosmo, k, z, model=linear_model)[0])
        else:
            power = halofit.nonlinear_power(cosmo, k, z, linear=linear_model, model=nonlinear)
            rows.append(power[0])
    return np.stack(rows)


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
    cosmo = universe(**changes)
    compute = jax.jit(
        lambda c: limber_power(c, NODES, GRID, linear=linear_model, nonlinear=nonlinear)[0]
    )
    expected = direct(cosmo, linear_model, nonlinear)
    k = (NODES.ell + 0.5) / np.asarray(transverse_distance(cosmo, NODES.z))[:, None]
    # beyond the ends of the k lattice (5e-5 and 2e4 h/Mpc) nothing is read by any data
    used = (k > 1e-4) & (k < 5e3)
    difference = np.log(np.asarray(compute(cosmo))[used] / expected[used])
    # acoustic wiggles at k > 0.2 h/Mpc are the hardest for a spline on the k lattice
    assert np.abs(difference).max() < 5e-4
    assert np.sqrt(np.mean(difference**2)) < 6e-5


def test_curvature_moves_the_limber_points(universe):
    """The wave number belongs to f_k: at the same chi, another k."""
    flat, curved = (
        limber_power(universe(Omega_k=x), NODES, GRID, linear="eisenstein_hu", nonlinear="linear")
        for x in (0.0, 0.1)
    )
    assert np.abs(np.asarray(curved[1].f_k / curved[1].chi) - 1)[-1] > 0.01
    assert np.abs(np.asarray(curved[0] / flat[0]) - 1).max() > 0.01
