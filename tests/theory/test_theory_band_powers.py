"""Band powers against integrals over correlation functions that are known in closed form."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from checks import made_once
from scipy.special import jv

from jaxlike.theory.statistics import STATISTICS, band_powers
from jaxlike.theory.statistics.band_powers import apodisation
from jaxlike.theory.statistics.registry import Points

ARCMIN = np.pi / 180 / 60
ELL = np.geomspace(0.1, 7e4, 600)
EDGES = np.geomspace(100, 1500, 9)  # KiDS-1000's
SETTINGS = ((0.5, 300.0, 0.5), (2.0, 100.0, 0.2), (0.5, 300.0, 0.0))
NAMES = ("bandpower_EE", "bandpower_BB", "bandpower_nE", "bandpower_nn")
WIDTHS = np.geomspace(60, 6000, 9)
SIZES = WIDTHS**-1.6


def spectrum(ell):
    """sum_i size_i (ell / width_i)^2 exp(-ell^2 / (2 width_i^2)): nothing on the largest scales."""
    x = ell[:, None] / WIDTHS
    return (x**2 * np.exp(-(x**2) / 2)) @ SIZES


def transform(order, theta):
    """Its int ell dell / (2 pi) J_order(ell theta) C_ell, for order 0, 2 and 4."""
    square = (theta[:, None] * WIDTHS) ** 2
    gauss = np.exp(-square / 2)
    # int x^3 J_m(u x) exp(-x^2 / 2) dx with u^2 = square
    if order == 0:
        moment = (2 - square) * gauss
    elif order == 2:
        moment = square * gauss
    else:
        s = np.where(square > 0.04, square, 1.0)
        e = np.exp(-s / 2)
        far = 24 * (2 - (s + 2) * e) / s**2 - (6 + s) * e
        near = square**2 / 8 * (1 - 0.4 * square + square**2 / 12)
        moment = np.where(square > 0.04, far, near)
    return moment @ (SIZES * WIDTHS**2) / (2 * np.pi)


def rule(edges, n):
    """Gauss-Legendre points and weights on panels."""
    x, weight = np.polynomial.legendre.leggauss(n)
    half = np.diff(edges)[:, None] / 2
    return ((edges[1:] + edges[:-1])[:, None] / 2 + half * x).ravel(), (half * weight).ravel()


@pytest.fixture(scope="module", autouse=True)
def transforms():
    """Statistics of the same angles and multipoles have the same Hankel transforms: made once."""
    with made_once(band_powers, "hankel"):
        yield


@cache
def integrals(order, low, high, width):
    """pi/N int dtheta/theta T g_m times the transform of order m, g_m integrated numerically, of
    each band."""
    ends = np.array([low, high])[:, None] * ARCMIN * np.exp(width / 2 * np.array([-1, 1]))
    corners = np.unique(ends)
    edges = np.unique([np.geomspace(a, b, 110) for a, b in pairwise(corners)])
    theta, weight = rule(edges, 8)
    weight = weight / theta * apodisation(theta, low * ARCMIN, high * ARCMIN, width)
    found = []
    for first, last in pairwise(EDGES):
        ell, of_ell = rule(np.linspace(first, last, 4), 12)
        g = theta**2 * ((of_ell * ell) @ jv(order, np.outer(ell, theta)))
        integral = weight @ (g * transform(order, theta))
        found.append(np.pi / np.log(last / first) * integral)
    return np.array(found)


def expected_of(name, *settings):
    """Of g_0 xi_+ +- g_4 xi_-, and so on."""
    orders = {"EE": {0: 1, 4: 1}, "BB": {0: 1, 4: -1}, "nE": {2: 2}, "nn": {0: 2}}
    of = orders[name.split("_")[1]]
    return sum(factor * integrals(order, *settings) for order, factor in of.items())


def points(low, high, width):
    return Points(
        np.sqrt(EDGES[1:] * EDGES[:-1]),
        (EDGES[:-1], EDGES[1:]),
        theta_range=(low * ARCMIN, high * ARCMIN),
        apodisation=width,
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("settings", SETTINGS)
def test_band_powers_are_integrals_over_correlation_functions(name, settings):
    """Eight bands, to 1e-5 of a spectrum of one sign."""
    found = STATISTICS[name].operator(points(*settings), ELL) @ spectrum(ELL)
    expected = expected_of(name, *settings)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * np.abs(found).max())


def test_of_a_wide_range_they_are_means_of_the_spectrum():
    """1/N int ell dell C_ell, and B modes of E modes vanish."""
    wide = points(0.2, 600.0, 0.5)
    ell, weight = rule(EDGES, 12)
    mean = (weight * ell * spectrum(ell)).reshape(8, 12).sum(axis=1) / np.log(EDGES[1] / EDGES[0])
    for name in ("bandpower_EE", "bandpower_nE", "bandpower_nn"):
        np.testing.assert_allclose(
            STATISTICS[name].operator(wide, ELL[::4]) @ spectrum(ELL[::4]), mean, rtol=0.02
        )
    leaked = STATISTICS["bandpower_BB"].operator(wide, ELL[::4]) @ spectrum(ELL[::4])
    assert np.all(np.abs(leaked) < 0.02 * mean)


def test_e_and_b_modes_change_places():
    EE, BB = STATISTICS["bandpower_EE"], STATISTICS["bandpower_BB"]
    where = points(5.0, 100.0, 0.3)
    same, other = EE.operator(where, ELL[::8]), BB.operator(where, ELL[::8])
    np.testing.assert_array_equal(BB.b_operator(where, ELL[::8]), same)
    np.testing.assert_array_equal(EE.b_operator(where, ELL[::8]), other)
    assert np.abs(other).max() > 1e-3 * np.abs(same).max()


@pytest.mark.parametrize("width", [0.0, 0.5])
def test_apodisation(width):
    theta = np.array([0.1, 0.38, 0.5, 0.7, 10.0, 230.0, 300.0, 390.0, 1000.0])
    found = apodisation(theta, 0.5, 300.0, width)
    outside = [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0] if width else [0, 0, 1, 1, 1, 1, 1, 0, 0]
    np.testing.assert_allclose(found, outside, atol=1e-12)
    rising = apodisation(np.geomspace(0.38, 0.65, 50), 0.5, 300.0, width)
    assert np.all(np.diff(rising) >= 0)
