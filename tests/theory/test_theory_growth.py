"""Linear growth: closed forms, an independent integration, CCL."""

from functools import partial

import jax
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import hyp2f1

from jaxlike.theory.universe import background
from jaxlike.theory.universe.growth import GrowthGrid, growth_factor, growth_rate

Z = np.array([0.0, 0.1, 0.5, 1.0, 3.0, 10.0, 100.0])
E_squared = jax.jit(background.E_squared)


@jax.jit
def growth_of(cosmo, grid):
    """D (n_z,), and D today."""
    return grid.growth(cosmo)


@partial(jax.jit, static_argnums=1)
def factor_and_rate(cosmo, z):
    """D(z) / D(0) and f at redshifts in tuples."""
    return growth_factor(cosmo, np.array(z)), growth_rate(cosmo, np.array(z))


def test_against_ccl(ccl):
    z = 1 / ccl.tables["a"] - 1
    factor, rate = factor_and_rate(ccl.cosmo, tuple(z))
    np.testing.assert_allclose(factor, ccl["D"], rtol=3e-5)
    np.testing.assert_allclose(rate, ccl["f"], rtol=3e-5)


def test_einstein_de_sitter_grows_as_the_scale_factor(universe):
    c = universe(Omega_m=1.0, radiation=False)
    factor, rate = factor_and_rate(c, tuple(Z))
    np.testing.assert_allclose(factor, 1 / (1 + Z), rtol=1e-10)
    np.testing.assert_allclose(rate, 1.0, rtol=1e-10)
    growth, today = growth_of(c, GrowthGrid.build(Z))
    np.testing.assert_allclose(growth * (1 + Z), 1.0, rtol=1e-10)
    assert today == pytest.approx(1, rel=1e-10)


def test_flat_universe_with_a_cosmological_constant(universe):
    """D = a 2F1(1/3, 1; 11/6; -a^3 Omega_Lambda / Omega_m)."""
    c = universe(radiation=False)
    a = 1 / (1 + Z)
    expected = a * hyp2f1(1 / 3, 1, 11 / 6, -(a**3) * 0.7 / 0.3)
    growth, today = growth_of(c, GrowthGrid.build(Z))
    np.testing.assert_allclose(growth, expected, rtol=3e-6)
    assert today == pytest.approx(expected[0], rel=3e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"w0": -0.6, "wa": 0.3},
        {"Omega_k": 0.1},
        {"Omega_k": -0.1},
        {"w0": -1.9, "wa": -0.5},
        {"w0": -2.0, "Omega_m": 0.1},
        {"w0": -0.5, "wa": -3.0},
    ],
)
def test_against_an_integration_of_the_growth_equation(universe, changes):
    """D'' + (2 + dlnH/dlna) D' = 3/2 Omega_m(a) D, started long before the collocation."""
    c = universe(**changes, radiation=False)

    def slopes(x, y):
        step = 1e-4
        a = np.exp(x + np.array([-step, 0.0, step]))
        e2 = np.asarray(E_squared(c, a))
        dlnh = np.log(e2[2] / e2[0]) / 4 / step
        omega = c.Omega_m / a[1] ** 3 / e2[1]
        return [y[1], 1.5 * omega * y[0] - (2 + dlnh) * y[1]]

    start = np.log(1e-4)
    x = np.sort(-np.log1p(Z[:-1]))
    found = solve_ivp(slopes, (start, 0), [1e-4, 1e-4], t_eval=x, rtol=1e-9, atol=1e-14)
    D, slope = found.y[:, ::-1]
    # started with D = a, which at a = 1e-4 leaves out 4/7 Omega_k a / Omega_m < 2e-5
    factor, rate = factor_and_rate(c, tuple(Z[:-1]))
    np.testing.assert_allclose(factor, D / D[0], rtol=2e-5)
    np.testing.assert_allclose(rate, slope / D, rtol=2e-5)


def test_radiation_slows_early_growth_as_meszaros_found(universe):
    """D ~ a + 2 a_eq / 3 while radiation and matter are all there is."""
    c = universe(Omega_m=0.3)
    a = np.array([2e-3, 5e-3, 1e-2, 2e-2])
    a_eq = float(c.Omega_r / c.Omega_m)
    growth, _ = growth_of(c, GrowthGrid.build(1 / a - 1))
    np.testing.assert_allclose(growth, a + 2 / 3 * a_eq, rtol=1e-4)


def test_light_neutrinos_are_the_limit_of_massless_ones(universe):
    """The massive eigenstate is relativistic when growth starts: no step as its mass vanishes."""
    grid = GrowthGrid.build([0.0])
    _, massless = growth_of(universe(), grid)
    for omega_nu, tolerance in ((1e-8, 1e-5), (1e-6, 1e-4), (1e-5, 5e-4)):
        _, massive = growth_of(universe(omega_nu=omega_nu), grid)
        assert massive == pytest.approx(float(massless), rel=tolerance)


def test_growth_follows_the_shape_of_redshifts(universe):
    factor, rate = factor_and_rate(universe(), tuple(map(tuple, Z[:6].reshape(2, 3))))
    assert factor.shape == rate.shape == (2, 3)
    assert factor_and_rate(universe(), 0.0)[0] == 1
