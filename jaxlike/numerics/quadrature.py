"""Composite quadrature rules."""

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray


def gauss_legendre_panels(edges: ArrayLike, order: int) -> tuple[NDArray, NDArray]:
    """Points and weights (n_panel * order,) of Gauss-Legendre on every panel between `edges`."""
    edges = np.asarray(edges, float)
    unit, weight = _gauss_legendre(order)
    half = np.diff(edges)[:, None] / 2
    centre = (edges[1:] + edges[:-1])[:, None] / 2
    return (centre + half * unit).ravel(), (half * weight).ravel()


@functools.cache
def _gauss_legendre(order: int) -> tuple[NDArray, NDArray]:
    return np.polynomial.legendre.leggauss(order)


def cumulative_trapezoid_matrix(x: ArrayLike, start: ArrayLike) -> NDArray:
    """Matrix (n_start, n) of the integral from each `start` to x[-1] of the linear interpolant."""
    x = np.asarray(x, float)
    start = np.asarray(start, float)
    left, right = x[:-1], x[1:]
    low = np.clip(start[:, None], left, right)
    width = right - left
    # integral of the two hat functions of a panel from `low` to its right edge
    rising = (width**2 - (low - left) ** 2) / (2 * width)
    falling = (right - low) ** 2 / (2 * width)
    matrix = np.zeros((start.size, x.size))
    matrix[:, :-1] += falling
    matrix[:, 1:] += rising
    return matrix
