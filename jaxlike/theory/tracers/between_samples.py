"""Samples on a uniform lattice, and the cubic spline through them at points in between."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics.splines import cardinal_splines

HALF_TAPS = 12
"""Samples on either side that the spline between two of them is made of."""


def fractions(parts: int) -> NDArray:
    """Where (parts - 1,) the points between two samples stand, in units of their distance."""
    return np.arange(1, parts) / parts


def _filters(parts: int) -> NDArray:
    """Weights (parts - 1, 2 HALF_TAPS) of a cubic spline between samples on a uniform grid."""
    points = np.arange(4 * HALF_TAPS)
    spline = cardinal_splines(points, 2 * HALF_TAPS - 1 + fractions(parts))
    return spline[:, HALF_TAPS : 3 * HALF_TAPS]


def first_between(first: float, parts: int) -> NDArray:
    """What n(0) = 0 adds (parts - 1, HALF_TAPS, HALF_TAPS) to the first points between samples.

    The spline begins there, as CosmoSIS's does: the first sample stands at `first` steps. Points
    below z = 0 get nothing.
    """
    points, n = np.arange(HALF_TAPS), 4 * HALF_TAPS
    knots = np.append(0.0, first + np.arange(n)) if first > 1e-6 else np.arange(float(n))
    index = points - points[:, None] + HALF_TAPS
    found = []
    for taps, fraction in zip(_filters(parts), fractions(parts), strict=True):
        at = first + points - 1 + fraction
        spline = cardinal_splines(knots, np.maximum(at, 0.0))[:, -n:][:, :HALF_TAPS]
        filtered = np.where(index < 2 * HALF_TAPS, taps[np.minimum(index, 2 * HALF_TAPS - 1)], 0.0)
        found.append(np.where(at[:, None] > 0, spline, 0.0) - filtered)
    return np.stack(found)


def last_between(parts: int) -> NDArray:
    """Points between the last samples (parts - 1, HALF_TAPS, HALF_TAPS) from these samples alone.

    The spline ends at the last one, as CosmoSIS's does: galaxies that shifts bring beyond are lost.
    """
    n = 4 * HALF_TAPS
    before = n - 1 - HALF_TAPS + np.arange(HALF_TAPS)
    each = [cardinal_splines(np.arange(n), before + fraction) for fraction in fractions(parts)]
    return np.stack(each)[..., n - HALF_TAPS :]


def interleaved(samples: Array, start: ArrayLike, end: ArrayLike | None = None) -> Array:
    """Lattice points between samples (spline) and samples, the last of each cell, in turn, from
    padded samples.

    start: (parts - 1, HALF_TAPS, HALF_TAPS) of `first_between`; end: of `last_between` where the
    last sample is that of the table.
    """
    count, parts = samples.shape[1] - 2 * HALF_TAPS, np.shape(start)[0] + 1
    inside = samples[:, HALF_TAPS : HALF_TAPS + count]
    taps = _filters(parts)
    windows = [samples[:, i : i + count, None] for i in range(2 * HALF_TAPS)]
    between = windows[0] * taps[:, 0]  # (n_bin, count, parts - 1)
    for window, tap in zip(windows[1:], taps.T[1:], strict=True):
        between = between + window * tap
    first = between[:, :HALF_TAPS] + _mixed(inside[:, :HALF_TAPS], start)
    if end is None:
        between = jnp.concatenate([first, between[:, HALF_TAPS:]], axis=1)
    else:
        last = _mixed(inside[:, -HALF_TAPS:], end)
        between = jnp.concatenate([first, between[:, HALF_TAPS:-HALF_TAPS], last], axis=1)
    points = jnp.concatenate([between, inside[:, :, None]], axis=-1)
    return points.reshape(samples.shape[0], parts * count)


def _mixed(samples: Array, matrices: ArrayLike) -> Array:
    """Samples (n_bin, n) by matrices (parts - 1, m, n), (n_bin, m, parts - 1)."""
    return jnp.einsum("bi,kmi->bmk", samples, jnp.asarray(matrices))
