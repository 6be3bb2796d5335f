"""Cubic splines as matrices, and cubic B-splines on a uniform lattice.

A spline is linear in the values it interpolates, so on nodes that are fixed it is one matrix.
On a uniform lattice the same spline is a 4-tap filter (Unser, IEEE SPM 16, 22 (1999)), whose
taps depend on the fractional offset only: many points at one common offset cost one slice.
"""

import functools
import operator
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import make_interp_spline
from scipy.linalg import solve_banded


def cardinal_splines(x_nodes: ArrayLike, x: ArrayLike) -> NDArray:
    """Matrix (n_x, n) from values at `x_nodes` to the not-a-knot cubic spline at `x`."""
    x_nodes = np.asarray(x_nodes, float)
    return make_interp_spline(x_nodes, np.eye(x_nodes.size), k=3)(np.asarray(x, float))


def cardinal_slopes(x_nodes: ArrayLike, x: ArrayLike) -> NDArray:
    """Matrix (n_x, n) from values at `x_nodes` to slopes of the not-a-knot cubic spline at `x`."""
    x_nodes = np.asarray(x_nodes, float)
    spline = make_interp_spline(x_nodes, np.eye(x_nodes.size), k=3)
    return spline.derivative()(np.asarray(x, float))


def cardinal_integrals(x_nodes: ArrayLike) -> NDArray:
    """Integrals (n,) of the cardinal splines over the whole range of `x_nodes`."""
    x_nodes = np.asarray(x_nodes, float)
    spline = make_interp_spline(x_nodes, np.eye(x_nodes.size), k=3)
    return spline.antiderivative()(x_nodes[-1]) - spline.antiderivative()(x_nodes[0])


def bspline_taps(t: Array) -> Array:
    """Weights (4, ...) of the four cubic B-splines around a point at fraction `t` in [0, 1)."""
    s = 1 - t
    t2 = t * t
    return jnp.stack(
        [
            s * s * s / 6,
            (3 * t2 * t - 6 * t2 + 4) / 6,
            (-3 * t2 * t + 3 * t2 + 3 * t + 1) / 6,
            t2 * t / 6,
        ]
    )


def prefilter_matrix(n: int) -> NDArray:
    """Matrix (n + 2, n) from values on a uniform lattice to cubic B-spline coefficients.

    Coefficient m belongs to the B-spline centred on lattice point m - 1; one coefficient on each
    side continues the curve so that its second derivative vanishes at the ends (a natural
    spline), hence data that are straight at the ends stay straight beyond them.
    """
    collocation = np.zeros((n + 2, n + 2))
    rows = np.arange(1, n + 1)
    collocation[rows, rows - 1] = collocation[rows, rows + 1] = 1 / 6
    collocation[rows, rows] = 4 / 6
    collocation[0, :3] = collocation[-1, -3:] = 1, -2, 1
    return np.linalg.inv(collocation)[:, 1:-1]


def prefilter(values: ArrayLike) -> NDArray:
    """Coefficients (n_row, n + 2) of values (n_row, n): `prefilter_matrix` without the matrix."""
    v = np.asarray(values, float)
    # the end conditions make the outermost coefficients on the lattice equal to the values
    right = 6 * v[:, 1:-1]
    right[:, 0] -= v[:, 0]
    right[:, -1] -= v[:, -1]
    bands = np.ones((3, right.shape[1]))
    bands[1] = 4
    c = np.column_stack([v[:, 0], solve_banded((1, 1), bands, right.T).T, v[:, -1]])
    return np.column_stack([2 * c[:, 0] - c[:, 1], c, 2 * c[:, -1] - c[:, -2]])


def linear_taps(t: Array) -> Array:
    """Weights (2, ...) of linear interpolation at fraction `t` in [0, 1)."""
    return jnp.stack([1 - t, t])


def lattice_windows(
    rows: Array, position: Array, length: int, taps: Callable[[Array], Array] = bspline_taps
) -> Array:
    """Values at `length` consecutive points, one lattice step apart, for each row.

    rows: (n_row, n), or (1, n) that serves all: samples (`linear_taps`) or coefficients from
    `prefilter_matrix` (`bspline_taps`; coefficient 1 is the first lattice point); position:
    (n_row,) the first point in lattice steps. Returns (n_row, length). Windows are kept on the
    lattice.
    """
    n_taps = taps(jnp.zeros(())).shape[0]
    last = rows.shape[-1] - length - n_taps + 1
    position = jnp.clip(position, 0.0, last + 1 - 1e-9)
    start = jnp.minimum(jnp.floor(lax.stop_gradient(position)), last)
    weights = taps(position - start)
    # One slice for each tap: their transposes add to the row at once, where those of slices of
    # one longer slice would be padded first.
    first = start.astype(int)
    terms = [weights[i][:, None] * _rows_from(rows, first + i, length) for i in range(n_taps)]
    return functools.reduce(operator.add, terms)


def lattice_points(
    rows: Array, position: Array, taps: Callable[[Array], Array] = bspline_taps
) -> Array:
    """Values (n_row, n_x) at points of each row's own, position (n_row, n_x) in lattice steps.

    rows: (n_row, n) as those of `lattice_windows`. Points beyond the lattice are zero.
    """
    n_taps = taps(jnp.zeros(())).shape[0]
    end = rows.shape[-1] - n_taps + 1  # the last point of the lattice
    inside = (position >= 0) & (position <= end)
    position = jnp.where(inside, position, 0.0)
    start = jnp.minimum(jnp.floor(lax.stop_gradient(position)), end - 1)
    weights = taps(position - start)
    first = start.astype(int)
    terms = [
        weights[i] * jnp.take_along_axis(rows, first + i, axis=1, mode="promise_in_bounds")
        for i in range(n_taps)
    ]
    return jnp.where(inside, functools.reduce(operator.add, terms), 0.0)


def lattice_values(rows: Array, position: Array) -> Array:
    """Values (n_row, n_x) of splines at any points of the lattice.

    rows: (n_row, n + 2) coefficients from `prefilter_matrix`; position: (n_x,) in lattice steps,
    kept on the lattice.
    """
    last = rows.shape[-1] - 4
    position = jnp.clip(position, 0.0, last + 1 - 1e-9)
    start = jnp.minimum(jnp.floor(lax.stop_gradient(position)), last).astype(int)
    taps = bspline_taps(position - start)
    return jnp.einsum("rxi,ix->rx", rows[:, start[:, None] + jnp.arange(4)], taps)


def _rows_from(rows: Array, start: Array, length: int) -> Array:
    """Slice (n_row, length) that begins at start[r] in row r."""
    columns = lax.GatherDimensionNumbers(
        offset_dims=(1,),
        collapsed_slice_dims=(0,),
        start_index_map=(0, 1),
    )
    row = jnp.arange(start.size) if rows.shape[0] > 1 else jnp.zeros_like(start)
    index = jnp.stack([row, start], axis=-1)
    return lax.gather(
        rows,
        index,
        columns,
        slice_sizes=(1, length),
        mode=lax.GatherScatterMode.PROMISE_IN_BOUNDS,
    )
