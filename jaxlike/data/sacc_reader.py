"""Reader of SACC files (https://sacc.readthedocs.io), through the package of that name.

Tracers are numbered within the lenses and within the sources in the order of the file: parameter
b1 is the bias of the first lens tracer. The tag ell is the nominal multipole of a bandpower, theta
an angle in arcmin. Tracer uncertainties are not read: priors are a matter of the configuration.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.data.checks import check_covariance, finite_array
from jaxlike.data.sacc_types import SAMPLES, TYPES, check_type, ordered_tracers, tracer_fields
from jaxlike.data.sacc_windows import angular_edges, bandpower_windows
from jaxlike.data.statistics import FOURIER_SPACE, STATISTICS
from jaxlike.data.twopoint import Measurement, RedshiftDistribution, TwoPointData
from jaxlike.errors import DataError

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, IndexError, RuntimeError)


def sacc_module(file: Path) -> Any:
    """The package sacc, or one sentence on how to get it."""
    try:
        import sacc
    except ImportError as error:
        raise DataError(f"{file}: SACC files need sacc: pip install jaxlike[sacc]") from error
    return sacc


def read_sacc(path: str | os.PathLike[str]) -> TwoPointData:
    """Read measurements, windows, n(z) and covariance of a SACC file; DataError says what is wrong.

    The accepted data types are those of `sacc_types.TYPES`; all must be of NZ tracers.
    """
    file = Path(path).expanduser()
    sacc = sacc_module(file)
    try:
        content = sacc.Sacc.load(str(file))
    except _UNREADABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{file}: cannot be read as SACC ({reason})") from error
    try:
        return from_sacc(content, str(file))
    except DataError as error:
        raise DataError(f"{file}: {error}") from error


def from_sacc(content: Any, source: str) -> TwoPointData:
    """The data in a `sacc.Sacc` object; `source` is its file, for messages."""
    points = content.data
    if not points:
        raise DataError("has no data points; at least one is needed")
    for data_type in dict.fromkeys(point.data_type for point in points):
        check_type(data_type)
    if not content.has_covariance():
        raise DataError("has no covariance; add one with sacc's add_covariance")
    fields = tracer_fields(content.tracers, points)
    pairs = [ordered_tracers(point, fields) for point in points]
    samples: dict[str, list[str]] = {field: [] for field in SAMPLES}
    used: dict[str, set[str]] = {field: set() for field in SAMPLES}
    for point, pair in zip(points, pairs, strict=True):
        for field, name in zip(STATISTICS[TYPES[point.data_type][0]], pair, strict=True):
            used[field].add(name)
    for field, names in samples.items():
        names += [t for t, own in fields.items() if t in used[field] or own == {field}]
    nz = tuple(
        _sample(SAMPLES[field][0], [content.tracers[name] for name in names])
        for field, names in samples.items()
        if names
    )

    order: list[int] = []
    measurements = []
    for statistic in dict.fromkeys(TYPES[point.data_type][0] for point in points):
        rows = [i for i, point in enumerate(points) if TYPES[point.data_type][0] == statistic]
        order += rows
        measurements.append(
            _measurement(statistic, [points[i] for i in rows], [pairs[i] for i in rows], samples)
        )
    covariance = np.asarray(content.covariance.dense, float)
    if covariance.shape != (len(points), len(points)):
        raise DataError(
            f"the covariance is {' x '.join(map(str, covariance.shape))}, but there are"
            f" {len(points)} points"
        )
    covariance = finite_array(covariance[np.ix_(order, order)], "the covariance", ndim=2)
    check_covariance(covariance, "the covariance")
    return TwoPointData(tuple(measurements), nz, covariance, source)


def _measurement(
    statistic: str,
    points: Sequence[Any],
    pairs: Sequence[tuple[str, str]],
    samples: dict[str, list[str]],
) -> Measurement:
    name = points[0].data_type
    first, second = STATISTICS[statistic]
    scale = _tag(points, "ell" if statistic in FOURIER_SPACE else "theta")
    scales: dict[str, Any] = {"theta_arcmin": scale}
    if statistic in FOURIER_SPACE:
        scales = {"theta_arcmin": None, "ell": scale, "windows": bandpower_windows(points)}
    elif (edges := angular_edges(points)) is not None:
        scales |= {"theta_min_arcmin": edges[0], "theta_max_arcmin": edges[1]}
    return Measurement(
        name=name,
        statistic=statistic,
        kernel1=SAMPLES[first][0],
        kernel2=SAMPLES[second][0],
        bin1=np.array([samples[first].index(pair[0]) + 1 for pair in pairs]),
        bin2=np.array([samples[second].index(pair[1]) + 1 for pair in pairs]),
        angle_bin=np.unique(scale, return_inverse=True)[1] + 1,
        value=finite_array([point.value for point in points], f"{name}: values"),
        **scales,
    )


def _tag(points: Sequence[Any], tag: str) -> np.ndarray:
    where = f"{points[0].data_type}: tag {tag}"
    values = [point.tags.get(tag) for point in points]
    if any(value is None for value in values):
        raise DataError(f"{where} is missing in point {values.index(None) + 1}")
    array = finite_array(values, where)
    if np.any(array <= 0):
        raise DataError(f"{where} must be > 0")
    return array


def _sample(name: str, tracers: Sequence[Any]) -> RedshiftDistribution:
    """One table of n(z) from the tracers of a sample of galaxies."""
    grids, rows = zip(*(_checked(tracer) for tracer in tracers), strict=True)
    z = grids[0]
    if any(grid.size != z.size or not np.allclose(grid, z, rtol=0, atol=1e-9) for grid in grids):
        z, rows = _resampled(grids, rows)
    edges = (z[1:] + z[:-1]) / 2
    low, high = 2 * z[0] - edges[0], 2 * z[-1] - edges[-1]
    if low < 0 and not any(row[0] for row in rows):
        # a sample at z = 0 has half a cell only, and no galaxies
        z, rows = z[1:], [row[1:] for row in rows]
        edges, low = edges[1:], edges[0]
    edges = np.concatenate([[max(low, 0.0)], edges, [high]])
    return RedshiftDistribution(
        name,
        edges[:-1],
        z,
        edges[1:],
        np.stack(rows),
        n_gal=_metadata(tracers, "n_gal"),
        sigma_e=_metadata(tracers, "sigma_e"),
    )


def _checked(tracer: Any) -> tuple[np.ndarray, np.ndarray]:
    where = f"tracer {tracer.name!r}"
    z = finite_array(tracer.z, f"{where}: z")
    dndz = finite_array(tracer.nz, f"{where}: nz", size=z.size)
    if z.size < 3 or z[0] < 0 or np.any(np.diff(z) <= 0):
        raise DataError(f"{where}: z must be at least three increasing redshifts >= 0")
    if np.any(dndz < 0) or not dndz.any():
        raise DataError(f"{where}: nz must be >= 0, and not zero everywhere")
    return z, dndz


def _resampled(
    grids: Iterable[np.ndarray], rows: Iterable[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Tracers with redshifts of their own, on the finest of the grids, extended to the last one."""
    grids = list(grids)
    step = min(float(np.median(np.diff(grid))) for grid in grids)
    z = step * np.arange(1, int(np.ceil(max(grid[-1] for grid in grids) / step)) + 1)
    return z, [
        np.interp(z, grid, row, left=0, right=0) for grid, row in zip(grids, rows, strict=True)
    ]


def _metadata(tracers: Sequence[Any], key: str) -> np.ndarray | None:
    values = [tracer.metadata.get(key) for tracer in tracers]
    if any(value is None for value in values):
        return None
    return finite_array(values, f"metadata {key} of the tracers {tracers[0].name!r}, ...")
