"""Scale cuts applied to data: which points stay, and the edges of their angular bins."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from jaxlike.data.convergence import Convergence
from jaxlike.data.measurement import Measurement
from jaxlike.data.redshift_distribution import RedshiftDistribution
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
        raise DataError(f"{data.source}: {_nothing_left(keep, cuts)}")
    return with_angular_bins(data.select(keep), cuts)


def with_angular_bins(kept: TwoPointData, cuts: ScaleCuts) -> TwoPointData:
    """Data after cuts with the edges of their angular bins, if the cuts state them."""
    if cuts.angular_bins is None:
        return kept
    try:
        binned = tuple(_with_edges(m, cuts.angular_bins) for m in kept.measurements)
    except DataError as error:
        raise DataError(f"{kept.source}: {error} of {cuts.source}") from error
    return replace(kept, measurements=binned, is_covariance=True)


def kept_by(data: TwoPointData, cuts: ScaleCuts) -> np.ndarray:
    """Which points (n_data,) are inside; DataError where cuts name what is not there."""
    try:
        return _kept(data.measurements, data.nz, data.convergence, cuts)
    except DataError as error:
        raise DataError(f"{data.source}: {error}") from error


def read_points(
    layout: Sequence[Measurement],
    values: Sequence[np.ndarray],
    nz: Sequence[RedshiftDistribution],
    convergence: Sequence[Convergence],
    cuts: ScaleCuts | None,
) -> tuple[tuple[Measurement, ...], np.ndarray]:
    """What a reader makes of tables of points whose values it has not looked at.

    Args:
        layout: The tables, whatever their values.
        values: Those of each of them.
        nz, convergence: What the tables refer to.
        cuts: Points outside are left out before their values are looked at: they may be anything.

    Returns:
        The tables with their values, and which points (n_data,) they are of. DataError where cuts
        leave nothing, or name what is not there.
    """
    sizes = [m.value.size for m in layout]
    if cuts is None:
        keep = np.ones(sum(sizes), dtype=bool)
    elif not (keep := _kept(layout, nz, convergence, cuts)).any():
        raise DataError(_nothing_left(keep, cuts))
    parts = np.split(keep, np.cumsum(sizes)[:-1])
    found = []
    for m, own, part in zip(layout, values, parts, strict=True):
        if part.all() or own.shape != part.shape:
            found.append(replace(m, value=own))
        elif part.any():  # rows that are wrong are named by their number in the file
            found.append(replace(m, value=np.where(part, own, np.zeros(1, own.dtype))).take(part))
    return tuple(found), keep


def _nothing_left(keep: np.ndarray, cuts: ScaleCuts) -> str:
    return (
        f"the scale cuts {cuts.source} leave none of its {keep.size} points;"
        " cuts that keep at least one are needed"
    )


def _kept(
    measurements: Sequence[Measurement],
    nz: Sequence[RedshiftDistribution],
    convergence: Sequence[Convergence],
    cuts: ScaleCuts,
) -> np.ndarray:
    known = [table.name for table in nz] + [map_.name for map_ in convergence]
    absent = cuts.samples_of({m.statistic for m in measurements}) - {n.lower() for n in known}
    if absent:
        raise DataError(
            f"the scale cuts {cuts.source} name the sample {min(absent)!r}, which"
            f" is not there; there are {', '.join(known)}"
        )
    if not cuts.published:
        for m in measurements:
            _check_bins(m, {table.name: table.n_bin for table in nz}, cuts)
        _warn_of_idle_pairs(measurements, cuts)
    return np.concatenate([_inside(m, cuts) for m in measurements])


def _check_bins(m: Measurement, numbers: Mapping[str, int], cuts: ScaleCuts) -> None:
    """DataError where a limit is for bins that the samples of a measurement have not got.

    numbers: how many bins the samples have.
    """
    counts = [numbers.get(kernel, 1) for kernel in (m.kernel1, m.kernel2)]
    for own in _keys(m):
        for pair in cuts.pairs_of(own):
            for number, n_bin in zip(pair, counts, strict=True):
                if number is not None and not 1 <= number <= n_bin:
                    raise DataError(
                        f"the scale cuts {cuts.source} have {own} of bins {pair_text(pair)}, but"
                        f" {m.name!r} has bins up to {counts[0]}-{counts[1]}"
                    )


def _warn_of_idle_pairs(measurements: Sequence[Measurement], cuts: ScaleCuts) -> None:
    """A warning where a limit is for a pair of bins of which there are no points: the bins are
    there, and files of cuts may be shared."""
    there: dict[str, set[tuple[int, int]]] = {}
    for m in measurements:
        first, second = STATISTICS[m.statistic]
        pairs = {*zip(m.bin1.tolist(), m.bin2.tolist(), strict=True)}
        if first == second and m.kernel1 == m.kernel2:
            pairs |= {(j, i) for i, j in pairs}
        for key in _keys(m):
            there[key] = there.get(key, set()) | pairs
    for key, pairs in there.items():
        stated = sorted(p for p in cuts.pairs_of(key) if None not in p)
        idle = [pair_text(pair) for pair in stated if pair not in pairs]
        if idle:
            more = ", ..." if len(idle) > _SHOWN else ""
            warnings.warn(
                f"the scale cuts {cuts.source} have {key} of bins {', '.join(idle[:_SHOWN])}{more},"
                " of which there are no points",
                stacklevel=2,
            )


def _keys(m: Measurement) -> list[str]:
    """What cuts may call the points of a measurement."""
    return [*keys_of(m.statistic, (m.kernel1, m.kernel2)), m.statistic]


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
