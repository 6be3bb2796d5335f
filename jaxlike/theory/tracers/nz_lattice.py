"""The lattice in redshift that n(z) of several tables stand on, so that products can be formed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaxlike.theory.tracers.curves import NzModel
from jaxlike.theory.tracers.histogram import TAIL, Histogram

BEYOND = 0.03
"""By how much the lattice is longer than its galaxies need."""

_STEP = 0.0125  # the widest between samples: products of splines through jagged n(z) need as much


@dataclass(frozen=True, eq=False)
class NzLattice:
    """Points z (n,) of one step, and the rule (n,) that integrates products of n(z) over them.

    parts: how many steps lie between the samples of histograms, the last point of each cell being
    one; 1 where there are no histograms. samples: the rule that sums over these alone.
    """

    z: NDArray
    weights: NDArray
    samples: NDArray
    step: float
    parts: int

    def norm(self, model: NzModel) -> NDArray:
        """The rule (n,) that normalises one n(z): CosmoSIS has trapezia on the samples."""
        return self.samples if model == "histogram" else self.weights


def lattice_of(
    tables: Sequence[Histogram],
    models: Sequence[NzModel],
    bandwidth: float,
    tail: float = TAIL,
) -> NzLattice:
    """The common lattice of tables, each with its model; samples of histograms stand on it.

    It ends where no bin has more than a share `tail` of its galaxies beyond.
    """
    z_max = max(table.z_max(tail) for table in tables)
    coarse = [table for table, model in zip(tables, models, strict=True) if model == "histogram"]
    smooth = [table for table, model in zip(tables, models, strict=True) if model != "histogram"]
    step = np.inf
    if smooth:
        step = min(table.width for table in smooth) / 2
        if "kde" in models:
            step = float(min(step, 2 * bandwidth))
        if "spline" in models:  # which has corners where it begins and ends
            step = step / 2
    if not coarse:
        # an even number of points, as pairs of samples have
        n = 2 * int(np.ceil((z_max + BEYOND) / step / 2))
        weights = np.full(n, step)
        weights[:3] *= 3 / 8, 7 / 6, 23 / 24  # Gregory: a kernel may leave galaxies at z = 0
        return NzLattice(step * np.arange(n), weights, weights, step, 1)
    finest = min(coarse, key=lambda table: table.width)
    # an even number, for Simpson's rule
    parts = 2 * int(np.ceil(finest.width / min(step, _STEP) / 2 - 1e-6))
    return _through_samples(finest, parts, z_max)


def _through_samples(table: Histogram, parts: int, z_max: float) -> NzLattice:
    spacing = table.width
    step = spacing / parts
    n = parts * int(np.ceil((z_max + BEYOND) / step / parts))
    # where in [0, spacing) the samples start, to hold the table's own
    first = float(table.middle[-1] - spacing * np.floor(table.middle[-1] / spacing + 1e-6))
    # where nothing but rounding lies between, z = 0 itself, at which f_k has its zero
    places = spacing / parts * np.arange(parts)
    first = next((float(at) for at in places if abs(first - at) < 1e-9), first)
    z = step * np.arange(n) + (first - (parts - 1) * step)
    # Simpson between samples for products, and from n(0) = 0 to the first points
    weights = np.where(np.arange(n) % 2, 2 * step / 3, 4 * step / 3)
    before = (parts - 1 - np.arange(parts)) * step
    lead = int(np.argmax(first - before >= 0))
    at = first - before[lead]
    weights[:lead] = 0.0
    weights[lead] = (at + step) / 3 if lead % 2 else step / 6 + at * 7 / 6
    samples = np.where(np.arange(n) % parts == parts - 1, spacing, 0.0)
    samples[parts - 1] = spacing / 2 + first / 2
    return NzLattice(z, weights, samples, step, parts)
