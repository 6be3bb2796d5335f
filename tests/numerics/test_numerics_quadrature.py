"""Composite Gauss-Legendre panels and the cumulative trapezoid matrix."""

import numpy as np
import pytest
from scipy.integrate import quad

from jaxlike.numerics.quadrature import cumulative_trapezoid_matrix, gauss_legendre_panels

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


def test_cumulative_trapezoid_is_the_integral_of_the_linear_interpolant():
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 3, 15))
    y = rng.normal(size=15)
    start = np.concatenate([rng.uniform(x[0], x[-1], 6), x[[0, 4, -1]]])
    found = cumulative_trapezoid_matrix(x, start) @ y
    expected = [
        quad(lambda t: np.interp(t, x, y), s, x[-1], points=x[x > s], limit=200)[0] for s in start
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_cumulative_trapezoid_beyond_the_ends():
    x = np.linspace(1.0, 2.0, 5)
    matrix = cumulative_trapezoid_matrix(x, [0.0, 2.5])
    np.testing.assert_allclose(matrix @ np.ones(5), [1.0, 0.0])
