"""C_ell to xi+, xi-, gamma_t and w: Hankel transforms, Legendre sums, bin averages."""

import numpy as np
import pytest
from scipy.special import eval_legendre, lpmv

from jaxlike.numerics.wigner import wigner_d
from jaxlike.theory.power.linear import LN_K_STEP
from jaxlike.theory.statistics import STATISTICS as EVERY
from jaxlike.theory.statistics import projection
from jaxlike.theory.universe.line_of_sight import LN_ELL_START, N_LATTICE

ARCMIN = np.pi / 180 / 60
ELL_NODES = np.exp(LN_ELL_START + LN_K_STEP * np.arange(N_LATTICE)) - 0.5
THETA = np.geomspace(2.6, 250, 9) * ARCMIN
SPINS = {name: EVERY[name].spins for name in ("xi_plus", "xi_minus", "gamma_t", "w")}
STATISTICS = tuple(SPINS)


def spectrum(ell):
    """Something like a C_ell: rises, turns at ell ~ 30, falls as ell^-1.4, ends near ell = 8000."""
    ell = np.asarray(ell, float)
    return 1e-6 * (ell + 1) / (1 + (ell / 30) ** 2.4) * np.exp(-((ell / 8000) ** 2))


def direct_sum(statistic, cos_theta, ell_max=40000):
    """sum (2 ell + 1) / (4 pi) d^ell_mn C_ell from the quadrupole (w: the dipole) up."""
    m, n = SPINS[statistic]
    total = np.zeros_like(cos_theta)
    every = np.arange(ell_max + 1)
    sizes = (2 * every + 1) / (4 * np.pi) * spectrum(every)
    for ell, d in wigner_d(m, n, cos_theta, ell_max):
        if ell >= 1:
            total += sizes[ell] * d
    return total


def size(statistic):
    """Scale of each statistic at each angle, for absolute tolerances: no zero crossings."""
    return np.abs(
        projection.flat_sky(SPINS[statistic], THETA, ELL_NODES) @ np.abs(spectrum(ELL_NODES))
    )


def test_spectrum_between_and_beyond_the_nodes():
    nodes = ELL_NODES[::4]
    ell = np.geomspace(1, 3e4, 200)
    smooth = 1e-6 / (1 + (nodes / 30) ** 1.4)
    found = projection.cl_matrix(ell, nodes) @ smooth
    np.testing.assert_allclose(found, 1e-6 / (1 + (ell / 30) ** 1.4), rtol=2e-3)
    np.testing.assert_allclose(projection.cl_matrix(nodes, nodes) @ smooth, smooth, rtol=1e-10)
    beyond = projection.cl_matrix(np.array([1e5, 2e5]), nodes) @ smooth
    assert beyond[0] / beyond[1] == pytest.approx(2**2.6, rel=1e-3)


@pytest.mark.parametrize(("statistic", "order"), [("w", 0), ("gamma_t", 2), ("xi_minus", 4)])
def test_flat_sky_is_the_hankel_transform(statistic, order):
    """int ell^(n+1) J_n(ell theta) exp(-s^2 ell^2 / 2) dell = theta^n s^(-2n-2) exp(-theta^2/2s^2).

    The taper that closes the integral at ell theta ~ 500 smooths the result over 0.4 % of theta.
    """
    s = 10 * ARCMIN
    theta = np.array([2.0, 5.0, 10.0, 20.0, 30.0]) * ARCMIN
    nodes = np.exp(np.linspace(np.log(0.6), np.log(4e4), 1500)) - 0.5
    cl = 2 * np.pi * s**2 * (nodes * s) ** order * np.exp(-((s * nodes) ** 2) / 2)
    found = projection.flat_sky(SPINS[statistic], theta, nodes) @ cl
    expected = (theta / s) ** order * np.exp(-((theta / s) ** 2) / 2)
    smoothing = 2 * (0.004 * theta / s) ** 2 * (1 + (theta / s) ** 2)
    tolerance = (smoothing + 1e-6) * expected.max()
    assert np.all(np.abs(found - expected) < tolerance)


def test_xi_plus_and_w_share_the_flat_kernel():
    one, two = (projection.flat_sky(SPINS[s], THETA, ELL_NODES) for s in ("xi_plus", "w"))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_curved_sky_is_the_sum_over_multipoles(statistic):
    """Bins so narrow that their average is the value at the centre."""
    edges = THETA * (1 - 1e-4), THETA * (1 + 1e-4)
    found = projection.curved_sky(SPINS[statistic], *edges, ELL_NODES) @ spectrum(ELL_NODES)
    expected = direct_sum(statistic, np.cos(THETA))
    np.testing.assert_array_less(np.abs(found - expected), 1e-4 * size(statistic))


def test_w_against_scipys_legendre_polynomials():
    ell = np.arange(1, 5000)
    theta = np.array([40.0, 120.0, 240.0]) * ARCMIN
    expected = [
        np.sum((2 * ell + 1) / (4 * np.pi) * eval_legendre(ell, np.cos(t)) * spectrum(ell))
        for t in theta
    ]
    every = np.arange(40001)
    sizes = (2 * every + 1) / (4 * np.pi) * spectrum(every)
    tail = sum(sizes[k] * d for k, d in wigner_d(0, 0, np.cos(theta), 40000) if k >= 5000)
    edges = theta * (1 - 1e-4), theta * (1 + 1e-4)
    found = projection.curved_sky(SPINS["w"], *edges, ELL_NODES) @ spectrum(ELL_NODES)
    np.testing.assert_allclose(found, np.add(expected, tail), rtol=2e-5, atol=1e-8)


def test_gamma_t_against_scipys_associated_legendre_functions():
    """d^ell_20 = sqrt((ell-2)!/(ell+2)!) P_ell^2."""
    theta, ell = 200 * ARCMIN, np.arange(2, 3000)
    norm = 1 / np.sqrt((ell + 2.0) * (ell + 1) * ell * (ell - 1))
    cut = spectrum(ell) * np.exp(-((ell / 500) ** 2))
    expected = np.sum((2 * ell + 1) / (4 * np.pi) * norm * lpmv(2, ell, np.cos(theta)) * cut)
    edges = np.array([theta * (1 - 1e-4)]), np.array([theta * (1 + 1e-4)])
    nodes_cut = spectrum(ELL_NODES) * np.exp(-((ELL_NODES / 500) ** 2))
    found = projection.curved_sky(SPINS["gamma_t"], *edges, ELL_NODES) @ nodes_cut
    assert found[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_bins_are_averages_over_solid_angle(statistic):
    """Against a trapezoidal average of the sum itself over each of DES's 20 logarithmic bins."""
    edges = np.geomspace(2.5, 250, 21)[[0, 1, 10, 11, 19, 20]] * ARCMIN
    low, high = edges[::2], edges[1::2]
    found = projection.curved_sky(SPINS[statistic], low, high, ELL_NODES) @ spectrum(ELL_NODES)
    x = np.linspace(np.cos(high), np.cos(low), 401)
    expected = np.trapezoid(direct_sum(statistic, x, 30000), x, axis=0) / (x[-1] - x[0])
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_flat_and_curved_agree_at_small_angles(statistic):
    """The flat sky takes ell for ell + 1/2: with that undone, they differ as theta^2."""
    theta = np.array([2.6, 10.0, 40.0]) * ARCMIN
    edges = theta * (1 - 1e-4), theta * (1 + 1e-4)
    curved = projection.curved_sky(SPINS[statistic], *edges, ELL_NODES) @ spectrum(ELL_NODES)
    flat = projection.flat_sky(SPINS[statistic], theta, ELL_NODES)
    shifted = spectrum(np.maximum(ELL_NODES - 0.5, 0.0))
    np.testing.assert_allclose(flat @ shifted, curved, rtol=1e-3)
    np.testing.assert_allclose(flat @ spectrum(ELL_NODES), curved, rtol=1e-2)


def test_mean_over_a_bin_weights():
    low, high = np.array([0.01, 0.03]), np.array([0.02, 0.05])
    x, weight = projection.bin_quadrature(low, high)
    assert weight.sum() == pytest.approx(1)
    np.testing.assert_allclose(x @ weight, (np.cos(low) + np.cos(high)) / 2, rtol=1e-13)
    assert np.all((np.cos(high)[:, None] < x) & (x < np.cos(low)[:, None]))


@pytest.mark.parametrize(("spins", "fields"), [((0, 0), 0), ((2, 0), 1), ((2, 2), 2)])
def test_shear_of_convergence(spins, fields):
    """sqrt((ell + 2)! / (ell - 2)!) / (ell (ell + 1)) per field of shear, 0 below ell = 2."""
    ell = np.array([1.0, 2.0, 3.0, 10.0, 1000.0])
    modes = (ell + 2) * (ell + 1) * ell * (ell - 1)
    expected = (np.sqrt(modes) / (ell * (ell + 1))) ** fields
    found = projection.shear_of_convergence(spins, ell)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    edges = THETA * (1 - 1e-4), THETA * (1 + 1e-4)
    shear, convergence = (
        projection.curved_sky(spins, *edges, ELL_NODES, convergence=of) @ spectrum(ELL_NODES)
        for of in (False, True)
    )
    assert np.array_equal(shear, convergence) == (fields == 0)
