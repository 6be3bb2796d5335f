"""Redshift and multipole nodes, and the geometry along them."""

import jax
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf

from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.linear import LN_K_STEP
from jaxlike.theory.universe import background
from jaxlike.theory.universe.growth import growth_factor
from jaxlike.theory.universe.line_of_sight import (
    N_LATTICE,
    Z_MIN,
    Lattice,
    LineOfSight,
    Nodes,
    z_nodes,
)

Z_FINE = 0.005 * np.arange(500)


@pytest.fixture(scope="module")
def nodes() -> Nodes:
    return Nodes.build(Z_FINE, 30, np.arange(0, N_LATTICE, 3), z_max=2.0)


@pytest.fixture(scope="module")
def lattice(nodes) -> Lattice:
    """That of the one survey."""
    return nodes.lattices[0]


def test_redshift_nodes():
    z = z_nodes(25, 1.8)
    assert z[0] == pytest.approx(Z_MIN)
    assert z[-1] == pytest.approx(1.8)
    np.testing.assert_allclose(np.diff(np.log(0.3 + z)), np.log(2.1 / (0.3 + Z_MIN)) / 24)
    # the first node is at 5 Mpc/h in any universe
    distance = HUBBLE_DISTANCE * Z_MIN
    assert distance == pytest.approx(5, rel=0.03)


def test_multipole_nodes_step_with_the_wave_numbers(nodes):
    np.testing.assert_allclose(np.diff(np.log(nodes.ell + 0.5)), 3 * LN_K_STEP)
    assert nodes.ell[0] == pytest.approx(0.1)
    assert Nodes.build(Z_FINE, 5, np.array([N_LATTICE - 1])).ell[0] > 6.5e4


def test_nodes_integrate_smooth_functions(nodes):
    def f(z):
        return np.exp(-z) * np.sin(1 + 2 * z)

    expected, _ = quad(f, nodes.z[0], nodes.z[-1], epsrel=1e-12)
    assert nodes.dz @ f(nodes.z) == pytest.approx(expected, rel=1e-5)
    assert nodes.dz.sum() == pytest.approx(nodes.z[-1] - nodes.z[0], rel=1e-9)


def test_a_jagged_distribution_is_integrated_against_the_nodes(nodes, lattice):
    """int n G dz = sum_q w_q G(z_q), n on the lattice, G smooth."""
    n = np.random.default_rng(1).uniform(size=lattice.n_used)

    def f(z):
        return np.exp(-z) * np.sin(1 + 2 * z)

    weights = n @ lattice.splines[: lattice.n_used]
    first = Z_FINE[: lattice.n_used] > Z_MIN
    expected = np.sum((n * f(Z_FINE[: lattice.n_used]))[first])
    assert weights @ f(nodes.z) == pytest.approx(expected + n[0] * f(Z_MIN), rel=1e-5)


def test_lattice_points_in_reach_of_the_nodes(nodes, lattice):
    assert Z_FINE[lattice.n_used - 1] <= nodes.z[-1] + 1e-12
    assert Z_FINE[lattice.n_used] > nodes.z[-1]


def test_galaxies_beyond_each_node(nodes, lattice):
    n = np.exp(-(((Z_FINE - 0.7) / 0.2) ** 2))
    ends = [erf((z - 0.7) / 0.2) for z in (Z_FINE[-1], nodes.z)]
    expected = np.sqrt(np.pi) / 2 * 0.2 * (ends[0] - ends[1])
    np.testing.assert_allclose(n @ lattice.beyond, expected, atol=1e-7)


@pytest.fixture(scope="module")
def geometry(nodes):
    """A function of a universe: its line of sight, and what that must be, compiled together."""

    @jax.jit
    def compute(c):
        growth = growth_factor(c, nodes.z)
        expected = {
            "chi": background.comoving_distance(c, nodes.z),
            "f_k": background.transverse_distance(c, nodes.z),
            "hubble": background.hubble(c, nodes.z),
            "growth": growth,
        }
        fine = background.transverse_distance(c, Z_FINE[1:])
        return LineOfSight.of(c, nodes, growth), expected, fine

    return compute


@pytest.mark.parametrize("Omega_k", [0.0, 0.1, -0.1])
def test_geometry_is_the_backgrounds(universe, geometry, Omega_k):
    found = geometry(universe(Omega_k=Omega_k, w0=-0.8))
    los, expected, fine = jax.tree.map(np.asarray, found)
    np.testing.assert_allclose(los.chi, expected["chi"], rtol=1e-8)
    np.testing.assert_allclose(los.f_k, expected["f_k"], rtol=1e-8)
    np.testing.assert_allclose(los.hubble, expected["hubble"])
    np.testing.assert_allclose(los.growth, expected["growth"])
    K = -Omega_k / HUBBLE_DISTANCE**2
    np.testing.assert_allclose(los.c_k**2 + K * los.f_k**2, 1, rtol=1e-10)
    np.testing.assert_allclose(los.cot_fine[0][1:], np.sqrt(1 - K * fine**2) / fine, rtol=1e-7)
    assert np.isfinite(los.cot_fine[0][0])


def test_some_of_the_lattices_are_seen_as_among_all(universe):
    short = Z_FINE[:200]
    both = Nodes.build([Z_FINE, short], 20, np.arange(0, N_LATTICE, 9))

    @jax.jit
    def compute(cosmo):
        whole = LineOfSight.of(cosmo, both, growth_factor(cosmo, both.z))
        some = (1,), ()
        return whole, *(LineOfSight.of(cosmo, both.with_lattices(*i), whole.growth) for i in some)

    whole, alone, none = compute(universe())
    np.testing.assert_allclose(alone.chi, whole.chi, rtol=1e-14)
    np.testing.assert_allclose(alone.f_k_fine[0], whole.f_k_fine[1], rtol=1e-14)
    np.testing.assert_allclose(alone.cot_fine[0], whole.cot_fine[1], rtol=1e-14)
    assert none.f_k_fine == ()
