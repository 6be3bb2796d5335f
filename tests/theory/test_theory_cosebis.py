"""COSEBIs: their filters by what defines them, E_n and B_n against direct integration."""

import numpy as np
import pytest
from scipy.special import j0

from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.statistics.cosebis import MAX_MODE, filters
from jaxlike.theory.statistics.registry import Points

ARCMIN = np.pi / 180 / 60
RANGES = ((0.5, 300.0), (2.0, 300.0), (1.0, 30.0), (10.0, 400.0))
MODES = np.arange(1.0, MAX_MODE + 1)
ELL = np.geomspace(0.1, 7e4, 800)
# C_ell = sum_i size_i exp(-ell^2 / (2 width_i^2)), about ell^-1.6, whose xi+ is known
WIDTHS = np.geomspace(20, 6000, 11)
SIZES = WIDTHS**-1.6


def spectrum(ell):
    return np.exp(-(ell[:, None] ** 2) / (2 * WIDTHS**2)) @ SIZES


def xi_plus(theta):
    return np.exp(-((theta[:, None] * WIDTHS) ** 2) / 2) @ (SIZES * WIDTHS**2) / (2 * np.pi)


def rule(edges, n):
    """Gauss-Legendre points and weights on panels."""
    x, weight = np.polynomial.legendre.leggauss(n)
    half = np.diff(edges)[:, None] / 2
    return ((edges[1:] + edges[:-1])[:, None] / 2 + half * x).ravel(), (half * weight).ravel()


def points(theta_range, modes=MODES):
    low, high = theta_range
    return Points(modes, theta_range=(low * ARCMIN, high * ARCMIN))


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_filters_are_what_defines_them(low, high):
    """Polynomials of degree n + 1 in ln(theta), orthonormal, without the two ambiguous modes."""
    z, weight = rule(np.linspace(0, np.log(high / low), 9), 40)
    theta = low * np.exp(z)
    t = filters(theta, low, high)
    measure = weight * theta
    np.testing.assert_allclose((t * measure) @ t.T / (high - low), np.eye(MAX_MODE), atol=1e-10)
    for power in (1, 3):
        size = np.sum(np.abs(t) * measure * theta**power, axis=1)
        assert np.all(np.abs(t @ (measure * theta**power)) < 1e-12 * size)
    basis = np.polynomial.legendre.legvander(2 * z / z.max() - 1, MAX_MODE + 1)
    coefficients = np.abs(np.linalg.lstsq(basis, t.T, rcond=None)[0].T)
    assert np.triu(coefficients, 3).max() < 1e-9
    assert np.all(np.diag(coefficients, 2) > 1e-3)
    assert np.all(filters(np.array([high]), low, high) > 0)


def test_the_first_filters_have_the_published_roots():
    """Those of KiDS's tables for 0.5' to 300': normalisation and roots in z of T_+1 and T_+3."""
    z = np.linspace(0, np.log(600), 30)
    found = filters(0.5 * np.exp(z), 0.5, 300.0, 3)
    first = 0.37596958358331 * (z - 5.0883097) * (z - 6.2059688)
    third = 0.22067831304332 * np.prod(
        [z - root for root in (0.96618408, 3.2727066, 5.4342462, 6.2413333)], axis=0
    )
    np.testing.assert_allclose(found[0], first, atol=1e-6)
    np.testing.assert_allclose(found[2], third, atol=1e-5)


@pytest.mark.parametrize("theta_range", RANGES)
def test_modes_are_integrals_over_the_correlation_function(theta_range):
    """20 modes: to 1e-5 each, but for those that nearly vanish, to 1e-8 of the largest."""
    low, high = theta_range
    z, weight = rule(np.linspace(0, np.log(high / low), 9), 40)
    theta = low * ARCMIN * np.exp(z)
    t = filters(theta, low * ARCMIN, high * ARCMIN)
    expected = t @ (weight * theta**2 * xi_plus(theta))
    found = STATISTICS["E_n"].operator(points(theta_range), ELL) @ spectrum(ELL)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("peak", [100.0, 400.0, 1500.0, 6000.0])
def test_a_narrow_spectrum_shows_the_weight_function(peak):
    """int ell dell / (2 pi) C_ell W_n(ell), W_n = int theta dtheta T_+n(theta) J_0(ell theta)."""
    low, high = 2.0, 60.0
    # a peak of 10 %, with as many nodes as its spline needs
    fine = np.geomspace(0.1, 7e4, 1500)

    def narrow(ell):
        return np.exp(-((np.log(ell / peak) / 0.1) ** 2) / 2)

    ell, of_ell = rule(peak * np.linspace(0.55, 1.8, 60), 8)
    theta, of_theta = rule(np.linspace(low, high, 400) * ARCMIN, 6)
    t = filters(theta, low * ARCMIN, high * ARCMIN)
    window = (t * theta * of_theta) @ j0(np.outer(theta, ell))
    expected = window @ (of_ell * ell * narrow(ell)) / (2 * np.pi)
    found = STATISTICS["E_n"].operator(points((low, high)), fine) @ narrow(fine)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_modes_are_chosen_and_b_modes_apart():
    some = points((0.5, 300.0), np.array([2.0, 5.0, 20.0]))
    E, B = STATISTICS["E_n"], STATISTICS["B_n"]
    every = E.operator(points((0.5, 300.0)), ELL[::8])
    np.testing.assert_allclose(E.operator(some, ELL[::8]), every[[1, 4, 19]], rtol=1e-9)
    assert E.b_operator is None
    assert E.b_modes == B.b_modes == 0
    np.testing.assert_array_equal(B.operator(some, ELL[::8]), np.zeros((3, 100)))
    np.testing.assert_array_equal(B.b_operator(some, ELL[::8]), E.operator(some, ELL[::8]))


def test_a_constant_and_a_parabola_in_xi_are_no_signal():
    """What no finite field can tell: C_ell at multipoles far below 1/theta_max."""
    operator = STATISTICS["E_n"].operator(points((1.0, 30.0)), ELL)
    large = np.exp(-((ELL / 8) ** 2) / 2)  # xi+ falls by 0.2 % in the range
    size = np.abs(operator) @ spectrum(ELL) / spectrum(ELL)[0]
    assert np.all(np.abs(operator @ large) < 1e-6 * size)
