"""Chebyshev collocation: exact on polynomials, spectrally accurate on smooth functions."""

import numpy as np
import pytest

from jaxlike.numerics import chebyshev

LOW, HIGH, N = -0.7, 2.3, 12
X_NODES = chebyshev.nodes(N, LOW, HIGH)
X = np.linspace(LOW, HIGH, 37)
POLYNOMIAL = np.polynomial.Polynomial([0.3, -1.2, 0.5, 2.0, -0.7, 0.1, 0.0, 0.05])


def test_nodes_ascend_between_the_end_points():
    assert X_NODES.shape == (N,)
    assert np.all(np.diff(X_NODES) > 0)
    np.testing.assert_allclose(X_NODES[[0, -1]], [LOW, HIGH], rtol=1e-15)
    np.testing.assert_allclose(X_NODES + X_NODES[::-1], LOW + HIGH)


def test_interpolation_is_exact_on_polynomials():
    matrix = chebyshev.interpolation_matrix(X_NODES, X)
    np.testing.assert_allclose(matrix @ POLYNOMIAL(X_NODES), POLYNOMIAL(X), atol=1e-12)


def test_interpolation_at_the_nodes_is_the_identity():
    np.testing.assert_array_equal(chebyshev.interpolation_matrix(X_NODES, X_NODES), np.eye(N))


def test_interpolation_takes_a_scalar():
    matrix = chebyshev.interpolation_matrix(X_NODES, 0.1)
    assert matrix.shape == (1, N)
    assert matrix.sum() == pytest.approx(1, abs=1e-14)


def test_derivative_is_exact_on_polynomials_and_kills_constants():
    matrix = chebyshev.derivative_matrix(X_NODES)
    expected = POLYNOMIAL.deriv()(X_NODES)
    np.testing.assert_allclose(matrix @ POLYNOMIAL(X_NODES), expected, atol=1e-11)
    np.testing.assert_allclose(matrix @ np.ones(N), 0, atol=1e-12)


def test_integral_is_exact_on_polynomials_and_zero_at_the_first_node():
    matrix = chebyshev.integration_matrix(X_NODES, X)
    antiderivative = POLYNOMIAL.integ()
    expected = antiderivative(X) - antiderivative(LOW)
    np.testing.assert_allclose(matrix @ POLYNOMIAL(X_NODES), expected, atol=1e-12)
    np.testing.assert_allclose(matrix[0], 0, atol=1e-15)


def test_errors_fall_exponentially_on_a_smooth_function():
    def error(n: int) -> float:
        nodes = chebyshev.nodes(n, LOW, HIGH)
        return np.abs(chebyshev.interpolation_matrix(nodes, X) @ np.exp(nodes) - np.exp(X)).max()

    assert error(8) < 1e-4
    assert error(16) < 1e-13
