"""From the counts of n(z) in cells of redshift to a curve on a lattice: one matrix for each model.

Histograms smoothed by a kernel, joined by straight lines, or with a spline through them are all
linear in the counts, so n(z) that is traced takes the same way as that of a file.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

from jaxlike.numerics.splines import prefilter

NzModel = Literal["kde", "histogram", "spline"]


def curve_matrix(edges: NDArray, points: NDArray, model: NzModel, bandwidth: float) -> NDArray:
    """Matrix (n_z, n) from what cells with these edges (n_z + 1,) hold to a curve at `points` (n,).

    kde: from shares of all galaxies, others: from counts per redshift; kde and spline: to B-spline
    coefficients on the uniform points, histogram: to samples.
    """
    middle = (edges[1:] + edges[:-1]) / 2
    if model == "histogram":
        return joined(points, middle, np.eye(middle.size))
    if model == "kde":
        return prefilter(np.ascontiguousarray(smoothing(edges, bandwidth, points).T))
    return prefilter(through(points, middle, np.eye(middle.size)))


def smoothing(edges: NDArray, bandwidth: float, z: NDArray) -> NDArray:
    """Density (n, n_z) at z (n,) of one galaxy in each cell, convolved with a Gaussian."""
    below = ndtr((z[:, None] - edges) / bandwidth)
    return np.asarray((below[:, :-1] - below[:, 1:]) / np.diff(edges))


def through(z: NDArray, middle: NDArray, counts: NDArray) -> NDArray:
    """Cubic splines (..., n) at z (n,) through counts (..., n_z) in the middles of their cells.

    They start at n(0) = 0, as CosmoSIS has it, and end at the last middle.
    """
    if middle[0] > 0:
        middle, counts = np.append(0.0, middle), np.insert(counts, 0, 0.0, axis=-1)
    inside = (z >= middle[0]) & (z <= middle[-1])
    return np.where(inside, CubicSpline(middle, counts, axis=-1)(np.where(inside, z, 0.0)), 0.0)


def joined(samples: NDArray, z: NDArray, counts: NDArray) -> NDArray:
    """Counts (..., n_z) at z (n_z,) joined by straight lines, (..., n)."""
    # n(0) = 0, as CosmoSIS has it
    z = np.append(0.0, z)
    rows = np.insert(counts, 0, 0.0, axis=-1).reshape(-1, z.size)
    lines = [np.interp(samples, z, row, left=0, right=0) for row in rows]
    return np.stack(lines).reshape(*counts.shape[:-1], samples.size)
