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


def cumulative_matrix(x: ArrayLike, start: ArrayLike) -> NDArray:
    """Matrix (n_start, n) of the integral from each `start` to x[-1] of what is given at x (n,).

    Through each panel and its neighbours goes a cubic: fourth order in the step. From before x[0]
    it is the whole integral, from beyond x[-1] nothing.
    """
    x, start = np.asarray(x, float), np.asarray(start, float)
    n = min(4, x.size)
    first = np.clip(np.arange(x.size - 1) - (n - 2) // 2, 0, x.size - n)  # of a panel's points
    points = x[first[:, None] + np.arange(n)]
    panel = np.clip(np.searchsorted(x, start, side="right") - 1, 0, x.size - 2)
    whole = _cubic_integrals(points, x[:-1], x[1:])
    part = _cubic_integrals(points[panel], np.clip(start, x[panel], x[panel + 1]), x[panel + 1])
    matrix = np.zeros((x.size, start.size))
    behind = np.arange(x.size - 1)[:, None] > panel
    for i in range(n):
        np.add.at(matrix, first + i, whole[:, i, None] * behind)
        matrix[first[panel] + i, np.arange(start.size)] += part[:, i]
    return np.asarray(matrix.T)


def _cubic_integrals(points: NDArray, low: NDArray, high: NDArray) -> NDArray:
    """Integrals (n_panel, 4) from `low` to `high` of the cubics that are 1 at one of four points
    (n_panel, 4) and 0 at the others (as many points, so many orders)."""
    unit, weights = _gauss_legendre(2)
    half, n = (high - low) / 2, points.shape[1]
    at = (low + high)[:, None] / 2 + half[:, None] * unit
    found = np.empty(points.shape)
    for i in range(n):
        others = np.delete(points, i, axis=1)
        factors = (at[:, :, None] - others[:, None]) / (points[:, i, None] - others)[:, None]
        found[:, i] = half * (factors.prod(axis=2) @ weights)
    return found
