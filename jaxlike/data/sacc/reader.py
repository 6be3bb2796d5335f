"""Reader of SACC files (https://sacc.readthedocs.io), through the package of that name.

Tracers are numbered within the lenses and within the sources in the order of the file: parameter
b1 is the bias of the first lens tracer. The tag ell is the nominal multipole of a bandpower, theta
an angle in arcmin. Of the tracer uncertainties those by modes are read; shifts and widths are not,
for their priors are a matter of the configuration.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.data.checks import check_covariance, finite_array
from jaxlike.data.measurement import Measurement
from jaxlike.data.sacc.nz import sample
from jaxlike.data.sacc.types import SAMPLES, TYPES, check_type, ordered_tracers, tracer_fields
from jaxlike.data.sacc.windows import angular_edges, bandpower_windows
from jaxlike.data.statistics import FOURIER_SPACE, STATISTICS
from jaxlike.data.twopoint import TwoPointData
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
    uncertainties = list(content.tracer_uncertainties.values())
    nz = tuple(
        sample(SAMPLES[field][0], [content.tracers[name] for name in names], uncertainties)
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
