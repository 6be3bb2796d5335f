"""Samples on a uniform lattice, and the cubic spline through them half-way between."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics.splines import cardinal_splines

HALF_TAPS = 12
"""Samples on either side that the spline between two of them is made of."""


def _midpoint_filter() -> NDArray:
    """Weights (2 * HALF_TAPS,) of a cubic spline half-way between samples on a uniform grid."""
    points = np.arange(4 * HALF_TAPS)
    return cardinal_splines(points, [2 * HALF_TAPS - 0.5])[0][HALF_TAPS : 3 * HALF_TAPS]


def first_midpoints(first: float) -> NDArray:
    """What n(0) = 0 adds (HALF_TAPS, HALF_TAPS) to the first points between samples.

    The spline begins there, as CosmoSIS's does: the first sample stands at `first` steps. Points
    below z = 0 get nothing.
    """
    taps, points = _midpoint_filter(), np.arange(HALF_TAPS)
    n = 4 * HALF_TAPS
    middle = first + points - 0.5
    knots = np.append(0.0, first + np.arange(n)) if first > 1e-6 else np.arange(float(n))
    spline = cardinal_splines(knots, np.maximum(middle, 0.0))[:, -n:][:, :HALF_TAPS]
    index = points - points[:, None] + HALF_TAPS
    filtered = np.where(index < 2 * HALF_TAPS, taps[np.minimum(index, 2 * HALF_TAPS - 1)], 0.0)
    return np.where(middle[:, None] > 0, spline, 0.0) - filtered


def last_midpoints() -> NDArray:
    """Points between the last samples (HALF_TAPS, HALF_TAPS) from these samples alone.

    The spline ends at the last one, as CosmoSIS's does: galaxies that shifts bring beyond are lost.
    """
    n = 4 * HALF_TAPS
    return cardinal_splines(np.arange(n), n - HALF_TAPS - 0.5 + np.arange(HALF_TAPS))[
        :, n - HALF_TAPS :
    ]


def interleaved(samples: Array, start: ArrayLike, end: ArrayLike | None = None) -> Array:
    """Even lattice points (spline) and odd ones (samples) in turn, from padded samples.

    start: (HALF_TAPS, HALF_TAPS) of `first_midpoints`; end: of `last_midpoints` where the last
    sample is that of the table.
    """
    count = samples.shape[1] - 2 * HALF_TAPS
    taps = _midpoint_filter()
    between = sum(taps[i] * samples[:, i : i + count] for i in range(2 * HALF_TAPS))
    inside = samples[:, HALF_TAPS : HALF_TAPS + count]
    start = between[:, :HALF_TAPS] + inside[:, :HALF_TAPS] @ jnp.asarray(start).T
    if end is None:
        between = jnp.concatenate([start, between[:, HALF_TAPS:]], axis=1)
    else:
        last = inside[:, -HALF_TAPS:] @ jnp.asarray(end).T
        between = jnp.concatenate([start, between[:, HALF_TAPS:-HALF_TAPS], last], axis=1)
    pairs = jnp.stack([between, inside], axis=-1)
    return pairs.reshape(samples.shape[0], 2 * count)
