"""Chebyshev collocation on an interval: nodes, interpolation, derivative and integral matrices.

Nodes are the Chebyshev points of the second kind (end points included), in ascending order.
Source: Trefethen, "Spectral Methods in MATLAB" (2000), chapters 6 and 12; Berrut & Trefethen,
SIAM Review 46, 501 (2004), for the barycentric form.
"""

from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray


def nodes(n: int, low: float, high: float) -> NDArray:
    """Chebyshev points of the second kind, ascending, shape (n,), on [low, high]."""
    unit = -np.cos(np.pi * np.arange(n) / (n - 1))
    return low + (high - low) * (unit + 1) / 2


def numpy_of(x: object) -> ModuleType:
    """JAX's numpy where `x` is traced, else NumPy, whose results are constants of a program."""
    return jnp if isinstance(x, jax.core.Tracer) else np


def interpolation_matrix(x_nodes: NDArray, x: Any) -> Any:
    """Matrix (n_x, n) that takes values at Chebyshev nodes to values at `x`, which may be
    traced."""
    xp = numpy_of(x)
    x = xp.atleast_1d(xp.asarray(x, float))
    n = x_nodes.size
    weights = (-1.0) ** np.arange(n)
    weights[[0, -1]] /= 2
    difference = x[:, None] - x_nodes[None, :]
    hit = difference == 0
    terms = weights / xp.where(hit, 1.0, difference)
    matrix = terms / terms.sum(axis=1, keepdims=True)
    return xp.where(hit.any(axis=1, keepdims=True), hit, matrix)


def derivative_matrix(x_nodes: NDArray) -> NDArray:
    """Matrix (n, n) that takes values at the nodes to the interpolant's derivative there."""
    n = x_nodes.size
    scale = np.ones(n)
    scale[[0, -1]] = 2
    scale *= (-1.0) ** np.arange(n)
    difference = x_nodes[:, None] - x_nodes[None, :] + np.eye(n)
    matrix = np.outer(scale, 1 / scale) / difference
    np.fill_diagonal(matrix, 0.0)
    # rows sum to zero: the derivative of a constant ("negative sum trick", stable in rounding)
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix


def integration_matrix(x_nodes: NDArray, x: ArrayLike) -> NDArray:
    """Matrix (n_x, n) that takes values at the nodes to the integral from the first node to `x`."""
    n = x_nodes.size
    low, high = x_nodes[0], x_nodes[-1]
    unit_nodes = 2 * (x_nodes - low) / (high - low) - 1
    unit = 2 * (np.atleast_1d(np.asarray(x, float)) - low) / (high - low) - 1
    to_series = np.linalg.inv(chebyshev.chebvander(unit_nodes, n - 1))
    integral = chebyshev.chebint(np.eye(n), lbnd=-1, axis=0)
    return chebyshev.chebvander(unit, n) @ integral @ to_series * (high - low) / 2
