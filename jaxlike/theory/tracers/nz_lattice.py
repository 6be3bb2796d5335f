"""The lattice in redshift that n(z) of several tables stand on, so that products can be formed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from jaxlike.errors import ConfigError, DataError
from jaxlike.numerics.quadrature import cumulative_matrix
from jaxlike.theory.tracers.curves import NzModel, through
from jaxlike.theory.tracers.histogram import TAIL, Histogram

BEYOND = 0.03
"""By how much the lattice is longer than its galaxies need."""

_COARSER = (4, 2)  # steps that smooth curves may do with, in those that any curve does with
_SHAPE, _PRODUCT, _BEHIND = 5e-5, 1e-5, 1e-4  # what that may cost, see `resolves`
_MOST = 50_000  # points, of which a kernel's matrix has a column for each cell
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

    It ends where no bin has more than a share `tail` of its galaxies beyond. Splines that are
    smooth for all their tables stand on as few points as have them (see `resolves`).
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
        if not coarse and "kde" not in models:
            coarser = (factor * step for factor in _COARSER)
            smooth_enough = (h for h in coarser if all(resolves(h, step, t) for t in smooth))
            step = next(smooth_enough, step)
    _check_size(z_max, min(step, *(table.width for table in coarse)) if coarse else step, bandwidth)
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


def _check_size(z_max: float, step: float, bandwidth: float) -> None:
    """JaxlikeError where the lattice would have more points than there is memory for."""
    n = (z_max + BEYOND) / step
    if n <= _MOST:
        return
    if step == 2 * bandwidth:
        raise ConfigError(
            f"option 'nz_bandwidth' is {bandwidth:g}, with which n(z) to z = {z_max:.3g} need"
            f" {n:.2g} points; accepted are up to {_MOST}: give a wider one, or nz = histogram"
        )
    raise DataError(
        f"n(z) to z = {z_max:.3g} in cells as narrow as theirs need {n:.2g} points; accepted are up"
        f" to {_MOST}: the columns of redshifts, or their units, are not what is meant"
    )


def resolves(step: float, fine: float, table: Histogram) -> bool:
    """Whether a lattice of this step has the splines through a table as one of a fine step has.

    Between its points no more than a share _SHAPE of the galaxies is elsewhere, integrals over the
    product of two curves are right to _PRODUCT of those of each with itself, and the lensing
    efficiency int_z n(z') (1 - z / z') dz' to _BEHIND of the largest.
    """
    z = fine * np.arange(int(np.ceil((table.middle[-1] + BEYOND) / fine)))
    every = round(step / fine)
    rows = table.counts if table.modes is None else np.vstack([table.counts, *table.modes])
    n = through(z, table.middle, rows)
    there = n[:, ::every]
    galaxies = np.abs(n).sum(axis=1)
    curve = CubicSpline(z[::every], there, axis=1, bc_type="natural")
    last = (there.shape[1] - 1) * every + 1
    if np.any(np.abs(curve(z[:last]) - n[:, :last]).sum(axis=1) > _SHAPE * galaxies):
        return False
    whole, coarse = fine * n @ n.T, step * there @ there.T
    width = np.sqrt(np.diag(whole))
    if np.any(np.abs(whole - coarse) > _PRODUCT * np.outer(width, width)):
        return False
    behind = _efficiency(z[:last], n[:, :last], z[::every])
    difference = np.abs(_efficiency(z[::every], there, z[::every]) - behind)
    return bool(np.all(difference <= _BEHIND * np.abs(behind).max(axis=1, keepdims=True)))


def _efficiency(z: NDArray, n: NDArray, at: NDArray) -> NDArray:
    """int_z n(z') (1 - z / z') dz' (n_row, n_at) of n(z) (n_row, n_z)."""
    rule = cumulative_matrix(z, at).T
    return np.asarray(n @ rule - at * (n / np.where(z > 0, z, np.inf) @ rule))


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
