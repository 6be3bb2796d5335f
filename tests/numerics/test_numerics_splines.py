"""Spline matrices against SciPy, and the shift-invariant B-spline filter on a lattice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline, make_interp_spline

from jaxlike.numerics import splines

RNG = np.random.default_rng(3)
X_NODES = np.sort(RNG.uniform(0, 5, 14))
VALUES = RNG.normal(size=14)


def test_cardinal_splines_are_the_not_a_knot_spline():
    x = np.linspace(X_NODES[0], X_NODES[-1], 50)
    expected = CubicSpline(X_NODES, VALUES, bc_type="not-a-knot")(x)
    np.testing.assert_allclose(splines.cardinal_splines(X_NODES, x) @ VALUES, expected, atol=1e-10)


def test_cardinal_splines_sum_to_one_and_reproduce_cubics():
    x = np.linspace(X_NODES[0], X_NODES[-1], 50)
    matrix = splines.cardinal_splines(X_NODES, x)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(matrix @ (X_NODES**3 - X_NODES), x**3 - x, atol=1e-9)


def test_cardinal_integrals_are_the_splines_integral():
    expected = make_interp_spline(X_NODES, VALUES, k=3).integrate(X_NODES[0], X_NODES[-1])
    assert splines.cardinal_integrals(X_NODES) @ VALUES == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize("taps", [splines.bspline_taps, splines.linear_taps])
def test_taps_sum_to_one_at_any_fraction(taps):
    weights = taps(jnp.linspace(0, 0.999, 20))
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=1e-14)
    assert weights.min() >= 0


def lattice_read(values: np.ndarray, position: float, length: int) -> np.ndarray:
    """Spline through `values` on the lattice 0, 1, ... at position, position + 1, ..."""
    coefficients = values @ splines.prefilter_matrix(values.size).T
    # coefficient 0 belongs to the point one step before the first: taps 0..3 span [0, 1)
    return np.asarray(
        splines.lattice_windows(jnp.asarray(coefficients[None]), jnp.array([position]), length)[0]
    )


@pytest.mark.parametrize("position", [0.0, 3.25, 7.999, 12.0])
def test_lattice_windows_are_the_natural_spline(position):
    values = RNG.normal(size=40)
    expected = CubicSpline(np.arange(40), values, bc_type="natural")(position + np.arange(20))
    np.testing.assert_allclose(lattice_read(values, position, 20), expected, atol=1e-12)


def test_natural_ends_keep_a_straight_line_straight():
    line = 2.0 - 0.3 * np.arange(30)
    read = lattice_read(line, 0.4, 25)
    np.testing.assert_allclose(read, 2.0 - 0.3 * (0.4 + np.arange(25)), atol=1e-12)


def test_windows_stay_on_the_lattice():
    values = RNG.normal(size=30)
    assert np.all(np.isfinite(lattice_read(values, -5.0, 10)))
    assert np.all(np.isfinite(lattice_read(values, 500.0, 10)))


def test_linear_windows_interpolate():
    rows = jnp.asarray(RNG.normal(size=(3, 30)))
    position = jnp.array([0.0, 4.5, 9.75])
    read = splines.lattice_windows(rows, position, 8, splines.linear_taps)
    for row, p, found in zip(rows, position, read, strict=True):
        np.testing.assert_allclose(found, np.interp(p + np.arange(8), np.arange(30), row))


def test_windows_are_differentiable_in_their_position():
    values = np.sin(0.3 * np.arange(40))
    coefficients = jnp.asarray(values @ splines.prefilter_matrix(40).T)[None]

    def read(position):
        return splines.lattice_windows(coefficients, position[None], 10)[0]

    slope = jax.jit(jax.jacfwd(read))(5.3)
    spline = CubicSpline(np.arange(40), values, bc_type="natural")
    np.testing.assert_allclose(slope, spline(5.3 + np.arange(10), 1), atol=1e-12)


@pytest.mark.parametrize("n", [5, 40])
def test_banded_prefilter_is_the_matrix(n):
    values = RNG.normal(size=(3, n))
    expected = values @ splines.prefilter_matrix(n).T
    np.testing.assert_allclose(splines.prefilter(values), expected, atol=1e-12)
