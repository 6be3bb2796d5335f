"""Scale cuts applied to data: which points stay, and the edges of their angular bins."""

import warnings
from dataclasses import replace

import numpy as np

from jaxlike.data.measurement import Measurement
from jaxlike.data.scale_cuts import AngularBins, ScaleCuts, keys_of, pair_text
from jaxlike.data.statistics import STATISTICS, scale_of
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError

_SHOWN = 6  # pairs of bins in a sentence


def apply_scale_cuts(data: TwoPointData, cuts: ScaleCuts) -> TwoPointData:
    """The points of `data` that `cuts` keep, with the edges of their angular bins if stated.

    Raises DataError if nothing is left, if the angles do not fit the stated angular bins and if
    the data have not got a sample or bin that the cuts name.
    """
    keep = kept_by(data, cuts)
    if not keep.any():
        raise DataError(
            f"{data.source}: the scale cuts {cuts.source} leave none of its {data.n_data} points;"
            " cuts that keep at least one are needed"
        )
    kept = data.select(keep)
    if cuts.angular_bins is None:
        return kept
    try:
        binned = tuple(_with_edges(m, cuts.angular_bins) for m in kept.measurements)
    except DataError as error:
        raise DataError(f"{data.source}: {error} of {cuts.source}") from error
    return replace(kept, measurements=binned, is_covariance=True)


def kept_by(data: TwoPointData, cuts: ScaleCuts) -> np.ndarray:
    """Which points (n_data,) are inside; DataError where cuts name what is not there."""
    known = [table.name for table in data.nz] + [map_.name for map_ in data.convergence]
    absent = cuts.samples_of(data.statistics) - {name.lower() for name in known}
    if absent:
        raise DataError(
            f"{data.source}: the scale cuts {cuts.source} name the sample {min(absent)!r}, which"
            f" is not there; there are {', '.join(known)}"
        )
    if not cuts.published:
        for m in data.measurements:
            _check_bins(m, data, cuts)
    return np.concatenate([_inside(m, cuts) for m in data.measurements])


def _check_bins(m: Measurement, data: TwoPointData, cuts: ScaleCuts) -> None:
    """DataError where a limit is for bins that the samples of a measurement have not got; a warning
    where the bins are there, but no points of the pair: files of cuts may be shared."""
    numbers = {table.name: table.n_bin for table in data.nz}
    counts = [numbers.get(kernel, 1) for kernel in (m.kernel1, m.kernel2)]
    first, second = STATISTICS[m.statistic]
    same = first == second and m.kernel1 == m.kernel2
    there = set(zip(m.bin1.tolist(), m.bin2.tolist(), strict=True))
    for own in (*keys_of(m.statistic, (m.kernel1, m.kernel2)), m.statistic):
        stated = cuts.pairs_of(own)
        for pair in stated:
            for number, n_bin in zip(pair, counts, strict=True):
                if number is not None and not 1 <= number <= n_bin:
                    raise DataError(
                        f"{data.source}: the scale cuts {cuts.source} have {own} of bins"
                        f" {pair_text(pair)}, but"
                        f" {m.name!r} has bins up to {counts[0]}-{counts[1]}"
                    )
        idle = [
            pair_text(pair)
            for pair in sorted(p for p in stated if None not in p)
            if pair not in there and not (same and pair[::-1] in there)
        ]
        if idle:
            more = ", ..." if len(idle) > _SHOWN else ""
            warnings.warn(
                f"{data.source}: the scale cuts {cuts.source} have {own} of bins"
                f" {', '.join(idle[:_SHOWN])}{more}, of which {m.name!r} has no points",
                stacklevel=2,
            )


def _inside(measurement: Measurement, cuts: ScaleCuts) -> np.ndarray:
    limits = np.array(
        [
            cuts.interval(
                measurement.statistic,
                int(bin1),
                int(bin2),
                (measurement.kernel1, measurement.kernel2),
            )
            for bin1, bin2 in zip(measurement.bin1, measurement.bin2, strict=True)
        ]
    )
    low, high = limits.T
    if scale_of(measurement.statistic) == "mode":
        return (low <= measurement.scale) & (measurement.scale <= high)
    return (low < measurement.scale) & (measurement.scale < high)


def _with_edges(measurement: Measurement, bins: AngularBins) -> Measurement:
    """Edges for a measurement without any: those of the bin that the tabulated angle is in."""
    if measurement.theta_min_arcmin is not None or scale_of(measurement.statistic) != "theta":
        return measurement
    where = f"HDU {measurement.name!r} column ANG"
    edges = bins.edges()
    index = np.searchsorted(edges, measurement.scale) - 1
    if np.any((index < 0) | (index >= bins.number)):
        raise DataError(f"{where} has values outside the angular_bins, {bins.min} to {bins.max},")
    points = np.stack([measurement.bin1, measurement.bin2, index])
    if np.unique(points, axis=1).shape[1] != index.size:
        raise DataError(f"{where} has two values of one pair in one of the angular_bins")
    return replace(measurement, theta_min_arcmin=edges[index], theta_max_arcmin=edges[index + 1])
