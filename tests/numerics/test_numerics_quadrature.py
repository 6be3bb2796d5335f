"""Composite Gauss-Legendre panels and cumulative integrals."""

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from jaxlike.numerics.quadrature import cumulative_matrix, gauss_legendre_panels

EDGES = np.array([0.0, 0.3, 1.1, 1.2, 4.0])


@pytest.mark.parametrize("order", [1, 3, 5])
def test_panels_integrate_polynomials_of_degree_two_order_minus_one(order):
    x, weight = gauss_legendre_panels(EDGES, order)
    assert x.shape == weight.shape == ((EDGES.size - 1) * order,)
    assert np.all(np.diff(x) > 0)
    for degree in range(2 * order):
        expected = EDGES[-1] ** (degree + 1) / (degree + 1)
        assert weight @ x**degree == pytest.approx(expected, rel=1e-13)


def test_panels_converge_on_an_oscillating_function():
    x, weight = gauss_legendre_panels(np.linspace(0, 50, 51), 6)
    assert weight @ np.cos(3 * x) == pytest.approx(np.sin(150) / 3, abs=1e-8)


def test_cumulative_integrals_of_cubics_are_exact():
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 3, 15))
    polynomial = Polynomial([0.3, -1.0, 2.0, 0.7])
    start = np.concatenate([rng.uniform(x[0], x[-1], 6), x[[0, 1, 4, -2, -1]]])
    found = cumulative_matrix(x, start) @ polynomial(x)
    expected = polynomial.integ()(x[-1]) - polynomial.integ()(start)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_cumulative_integrals_converge_to_fourth_order():
    start = np.linspace(0.1, 2.9, 17)
    expected = np.cos(5 * start) / 5 - np.cos(15.0) / 5
    error = []
    for n in (61, 121):
        x = np.linspace(0.0, 3.0, n)
        error.append(np.abs(cumulative_matrix(x, start) @ np.sin(5 * x) - expected).max())
    assert error[1] < error[0] / 12


@pytest.mark.parametrize("n", [2, 3, 5])
def test_cumulative_integrals_from_beyond_the_ends(n):
    x = np.linspace(1.0, 2.0, n)
    matrix = cumulative_matrix(x, [0.0, 1.25, 2.5])
    np.testing.assert_allclose(matrix @ np.ones(n), [1.0, 0.75, 0.0], atol=1e-14)
    np.testing.assert_allclose(matrix @ x, [1.5, 2 - 1.25**2 / 2, 0.0], atol=1e-14)
