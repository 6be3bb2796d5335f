"""How far n(z) are followed: to where a survey's own errors no longer see what lies beyond."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jaxlike.data import TwoPointData
from jaxlike.errors import DataError
from jaxlike.numerics.block_matrix import find_blocks, take_blocks
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.tracers import nz_lattice
from jaxlike.theory.tracers.histogram import TAIL, Histogram

FAINT = 1e-6
"""Share of a bin's galaxies that is left out where TAIL, which else is, can be seen."""

Z_LAST = 10.0
"""Redshift beyond which no galaxies are followed."""

_SEEN = 0.01  # Delta^T C^-1 Delta that leaving it out may cost
_WIDE = 0.15  # cosmic shear errs by 0.5 % with cells 0.1 wide, by 20 % with 0.4
_OMEGA_M = 0.3  # of the distances of this estimate


def check_reach(names: Sequence[str], histograms: Sequence[Histogram]) -> None:
    """DataError where more galaxies than can be left out are beyond Z_LAST."""
    for name, histogram in zip(names, histograms, strict=True):
        beyond = histogram.beyond(Z_LAST)
        if beyond > TAIL:
            raise DataError(
                f"HDU {name!r} has {100 * beyond:.3g} % of the galaxies of a bin beyond z ="
                f" {Z_LAST:g}, to which n(z) are followed; leave these bins out"
            )


def warn_of_wide_cells(source: str, named: Sequence[tuple[str, Histogram]]) -> None:
    """Warn where n(z), taken for constant within each cell, are told coarsely."""
    for name, histogram in named:
        width = float(np.diff(histogram.edges).max())
        if width > _WIDE:
            warnings.warn(
                f"{source}: n(z) of {name!r} has cells {width:.2g} wide, inside which it is taken"
                " for constant: nz = spline takes a curve through their middles",
                stacklevel=2,
            )


def tail_of(
    data: TwoPointData, samples: Sequence[tuple[str, str]], histograms: Sequence[Histogram]
) -> float:
    """Share of a bin's galaxies that the lattice of n(z) may end before: TAIL, unless leaving them
    out shows in the data, at their own signal to noise; then FAINT.

    samples: (name, kind) of each of the histograms.
    """
    end = max(one.z_max(TAIL) for one in histograms) + nz_lattice.BEYOND
    change = {
        sample: _lensing_lost(one, end) if sample[1] == "shear" else _counts_lost(one, end)
        for sample, one in zip(samples, histograms, strict=True)
    }
    if not any(lost.any() for lost in change.values()):
        return TAIL
    relative = np.concatenate(
        [
            _lost(change.get((m.kernel1, kinds[0])), m.bin1)
            + _lost(change.get((m.kernel2, kinds[1])), m.bin2)
            for m in data.measurements
            for kinds in [STATISTICS[m.statistic].tracers]
        ]
    )
    return FAINT if _seen(relative, data) > _SEEN else TAIL


def _lost(change: NDArray | None, bins: NDArray) -> NDArray:
    """The change (n,) at points of these bins; none for a map."""
    return np.zeros(bins.size) if change is None else change[bins - 1]


def _seen(relative: NDArray, data: TwoPointData) -> float:
    """Delta^T C^-1 Delta of a relative change (n_data,) of the signal, without what the noise of
    the data adds to it."""
    rows = find_blocks(data.covariance)
    if rows is None:
        rows = np.arange(data.n_data)[None]
    change = np.append(relative * data.value, 0.0)[rows]
    weighted = np.linalg.solve(take_blocks(data.covariance, rows), change[..., None])[..., 0]
    # tr(C^-1 E C E) of E = diag(relative) where neighbours change alike
    return float(np.sum(change * weighted) - np.sum(relative**2))


def _counts_lost(one: Histogram, end: float) -> NDArray:
    """By what share (n_bin,) an amplitude of counts rises where n(z) ends and is normalised."""
    return one.shares(one.counts)[:, one.edges[:-1] >= end].sum(axis=1)


def _lensing_lost(one: Histogram, end: float) -> NDArray:
    """What share (n_bin,) of its lensing signal a bin loses: the change of its efficiency q(chi),
    weighted with q as the power of its shear is."""
    z = one.middle
    fine = np.linspace(0.0, max(z[-1], 0.1), 400)
    chi_fine = np.append(0.0, np.cumsum(np.diff(fine) / _hubble((fine[1:] + fine[:-1]) / 2)))
    chi, lenses = np.interp(z, fine, chi_fine), np.linspace(0.02, chi_fine[-1], 120)
    weight = np.maximum(1 - lenses[:, None] / np.maximum(chi, 1e-9), 0.0) * lenses[:, None]
    shares = one.shares(one.counts)
    kept = np.where(one.edges[:-1] < end, shares, 0.0)
    kept = kept / kept.sum(axis=1, keepdims=True)
    whole, without = shares @ weight.T, kept @ weight.T
    return np.asarray(((whole - without) * whole).sum(axis=1) / (whole**2).sum(axis=1))


def _hubble(z: NDArray) -> NDArray:
    return np.sqrt(_OMEGA_M * (1 + z) ** 3 + 1 - _OMEGA_M)
