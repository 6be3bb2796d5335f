"""Wigner d-functions against Wigner's sum, Legendre functions and orthogonality."""

from math import factorial

import numpy as np
import pytest
from scipy.special import eval_legendre, lpmv

from jaxlike.numerics.wigner import six_j, three_j_zero, wigner_d

SPINS = [(0, 0), (2, 0), (2, 2), (2, -2)]
X = np.cos(np.linspace(0.02, np.pi - 0.02, 23))


def all_d(m: int, n: int, ell_max: int, x: np.ndarray = X) -> dict[int, np.ndarray]:
    return dict(wigner_d(m, n, x, ell_max))


def explicit_sum(ell: int, m: int, n: int, x: np.ndarray) -> np.ndarray:
    """Wigner's own sum over factorials (Varshalovich et al. 1988, eq. 4.3.1)."""
    half = np.arccos(x) / 2
    root = np.sqrt(
        float(factorial(ell + m) * factorial(ell - m) * factorial(ell + n) * factorial(ell - n))
    )
    total = np.zeros_like(x)
    for s in range(max(0, n - m), min(ell + n, ell - m) + 1):
        bottom = factorial(ell + n - s) * factorial(s) * factorial(m - n + s)
        bottom *= factorial(ell - m - s)
        powers = np.cos(half) ** (2 * ell + n - m - 2 * s) * np.sin(half) ** (m - n + 2 * s)
        total += (-1) ** (m - n + s) * root / bottom * powers
    return total


@pytest.mark.parametrize(("m", "n"), SPINS)
def test_small_multipoles_are_wigners_sum(m, n):
    found = all_d(m, n, 12)
    assert sorted(found) == list(range(max(abs(m), abs(n)), 13))
    for ell, d in found.items():
        np.testing.assert_allclose(d, explicit_sum(ell, m, n, X), atol=1e-12)


def test_scalar_functions_are_legendre_polynomials():
    found = all_d(0, 0, 3000)
    for ell in (0, 1, 2, 50, 700, 3000):
        np.testing.assert_allclose(found[ell], eval_legendre(ell, X), atol=1e-11)


def test_spin_two_functions_are_associated_legendre_functions():
    found = all_d(2, 0, 120)
    for ell in (2, 3, 30, 120):
        norm = np.sqrt(factorial(ell - 2) / factorial(ell + 2))
        np.testing.assert_allclose(found[ell], norm * lpmv(2, ell, X), atol=1e-11)


def test_closed_forms_of_the_quadrupole():
    theta = np.arccos(X)
    for (m, n), closed in {
        (2, 0): np.sqrt(6) / 4 * np.sin(theta) ** 2,
        (2, 2): np.cos(theta / 2) ** 4,
        (2, -2): np.sin(theta / 2) ** 4,
    }.items():
        np.testing.assert_allclose(all_d(m, n, 2)[2], closed, atol=1e-14)


@pytest.mark.parametrize(("m", "n"), SPINS)
def test_orthogonality(m, n):
    x, weight = np.polynomial.legendre.leggauss(80)
    rows = np.stack(list(all_d(m, n, 40, x).values()))
    ell = np.arange(max(abs(m), abs(n)), 41)
    gram = (rows * weight) @ rows.T
    np.testing.assert_allclose(gram, np.diag(2 / (2 * ell + 1)), atol=1e-12)


@pytest.mark.parametrize(("m", "n"), SPINS)
def test_forward_limit_and_bound_at_high_multipoles(m, n):
    found = all_d(m, n, 2000, np.array([1.0, 0.3]))
    assert found[2000][0] == pytest.approx(float(m == n), abs=1e-9)
    assert max(np.abs(d).max() for d in found.values()) <= 1 + 1e-9


def test_any_shape_of_argument():
    assert all_d(2, 0, 3, X[:6].reshape(2, 3))[3].shape == (2, 3)


SYMBOLS = {
    "3j 110": (three_j_zero(1, 1, 0), -((1 / 3) ** 0.5)),
    "3j 222": (three_j_zero(2, 2, 2), -((2 / 35) ** 0.5)),
    "3j 422": (three_j_zero(4, 2, 2), (2 / 35) ** 0.5),
    "3j odd": (three_j_zero(1, 1, 1), 0.0),
    "3j no triangle": (three_j_zero(1, 1, 4), 0.0),
    "6j ones": (six_j(1, 1, 1, 1, 1, 1), 1 / 6),
    "6j twos": (six_j(2, 2, 2, 2, 2, 2), -3 / 70),
    "6j with zero": (six_j(2, 3, 4, 3, 2, 0), (-1) ** 9 / 35**0.5),
    "6j no triangle": (six_j(1, 1, 4, 1, 1, 1), 0.0),
}


@pytest.mark.parametrize(("found", "expected"), SYMBOLS.values(), ids=SYMBOLS.keys())
def test_symbols_of_varshalovich(found, expected):
    assert found == pytest.approx(expected, abs=1e-15)


def test_products_of_legendre_polynomials_are_sums_of_three_j():
    for a, b in ((2, 3), (4, 4)):
        terms = [(2 * c + 1) * three_j_zero(a, b, c) ** 2 * eval_legendre(c, X) for c in range(9)]
        np.testing.assert_allclose(
            sum(terms), eval_legendre(a, X) * eval_legendre(b, X), atol=1e-13
        )


def test_six_j_are_orthogonal():
    a, b, c, d = 2, 3, 3, 2
    matrix = np.array(
        [
            [((2 * e + 1) * (2 * f + 1)) ** 0.5 * six_j(a, b, e, d, c, f) for e in range(1, 6)]
            for f in range(1, 6)
        ]
    )
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(5), atol=1e-13)
