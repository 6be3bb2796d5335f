"""Reader of SACC files (https://sacc.readthedocs.io), through the package of that name.

Tracers are numbered within their sample in the order of their names' numbers (`samples.py`):
parameter b1 is the bias of the first lens tracer. The tag ell is the nominal multipole of a
bandpower, theta an angle in arcmin, n the mode of a COSEBI, whose theta_min and theta_max may be
there. Of the tracer uncertainties those by modes are read; shifts and widths are not, for their
priors are a matter of the configuration.
"""

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.utils.exceptions import AstropyUserWarning

from jaxlike.data.checks import check_covariance, finite_array, symmetrised
from jaxlike.data.convergence import Convergence
from jaxlike.data.cutting import read_points
from jaxlike.data.fits2pt.hdus import check_fits
from jaxlike.data.formats import format_of, path_of, plain_file
from jaxlike.data.measurement import Measurement
from jaxlike.data.redshift_distribution import RedshiftDistribution
from jaxlike.data.sacc.nz import sample
from jaxlike.data.sacc.samples import all_samples, samples_of
from jaxlike.data.sacc.types import (
    RANGE_TAGS,
    SCALE_TAGS,
    TYPES,
    check_type,
    ordered_tracers,
    statistic_of,
    tracer_fields,
)
from jaxlike.data.sacc.windows import angular_edges, bandpower_windows
from jaxlike.data.scale_cuts import ScaleCuts
from jaxlike.data.stamp import STAMP
from jaxlike.data.statistics import FOURIER_SPACE, KINDS, STATISTICS, chosen_probes, scale_of
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError


def sacc_module(file: Path) -> Any:
    """The package sacc, or one sentence on how to get it."""
    try:
        import sacc
    except ImportError as error:
        raise DataError(f"{file}: SACC files need sacc: pip install jaxlike[sacc]") from error
    return sacc


def read_sacc(
    path: str | os.PathLike[str],
    *,
    probes: Iterable[str] | None = None,
    cuts: ScaleCuts | None = None,
) -> TwoPointData:
    """Read measurements, windows, n(z) and covariance of a SACC file; DataError says what is wrong.

    The accepted data types are those of `types.TYPES`; with `probes`, statistics, points of others
    are not looked at, with `cuts` not the values of those outside. Tracers must be NZ, or maps of
    the CMB's convergence.
    """
    file = path_of(path)
    content = load_sacc(file)
    try:
        return from_sacc(content, str(file), probes=probes, cuts=cuts)
    except DataError as error:
        raise DataError(f"{file}: {error}") from error


def read_sacc_nz(path: str | os.PathLike[str]) -> dict[str, RedshiftDistribution]:
    """All n(z) of a SACC file by the names of their samples, whatever its points are.

    Tracers of one quantity are one sample as those in use are: "lens", "source", or, where the
    quantity is generic, called as their names begin.
    """
    file = path_of(path)
    content = load_sacc(file)
    uncertainties = content.tracer_uncertainties.values()
    try:
        return {
            name: sample(name, [content.tracers[one] for one in bins], uncertainties)
            for name, bins in all_samples(content.tracers).items()
        }
    except DataError as error:
        raise DataError(f"{file}: {error}") from error


def load_sacc(file: Path) -> Any:
    """The `sacc.Sacc` object of a file, compressed or not, whatever its name ends in."""
    sacc = sacc_module(file)
    # sacc goes by the ending before it looks into a file
    with plain_file(file, ending=f".{format_of(file)}") as plain, warnings.catch_warnings():
        warnings.filterwarnings("error", ".*(truncated|corrupted)", AstropyUserWarning)
        try:
            if format_of(file) == "fits":
                check_fits(plain)
            return sacc.Sacc.load(str(plain))
        except Exception as error:  # of what sacc and astropy stumble over in a spoilt file
            reason = str(error).splitlines()[0] if str(error).strip() else type(error).__name__
            raise DataError(f"{file}: cannot be read as SACC ({reason})") from error


def from_sacc(
    content: Any,
    source: str,
    *,
    probes: Iterable[str] | None = None,
    cuts: ScaleCuts | None = None,
) -> TwoPointData:
    """The data in a `sacc.Sacc` object.

    Args:
        content: The object.
        source: Its file, for messages.
        probes: Statistics; points of others are not looked at.
        cuts: Points outside are left out, whatever their values and covariance are.

    Example:
        >>> from pathlib import Path
        >>> content = jaxlike.data.to_sacc(model.data, Path("in memory"))
        >>> jaxlike.data.from_sacc(content, "in memory").statistics
        ('w',)
    """
    n_point = len(content.data)
    if n_point == 0:
        raise DataError("has no data points; at least one is needed")
    tracers = content.tracers
    rows = _wanted(content, probes)
    points = [content.data[i] for i in rows]
    if not content.has_covariance():
        raise DataError("has no covariance; add one with sacc's add_covariance")
    fields = tracer_fields(tracers, points)
    statistics = [statistic_of(point, tracers)[0] for point in points]
    pairs = [ordered_tracers(point, tracers, fields) for point in points]
    used: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
    for statistic, pair in zip(statistics, pairs, strict=True):
        for kind, name in zip(STATISTICS[statistic], pair, strict=True):
            used[kind][name] = None
    samples = samples_of(tracers, used)
    in_use = {name for own in samples.values() for bins in own.values() for name in bins}
    unused = {name: tracer for name, tracer in tracers.items() if name not in in_use}
    nz = tuple(
        sample(name, [tracers[b] for b in bins], content.tracer_uncertainties.values(), unused)
        for own in samples.values()
        for name, bins in own.items()
    )
    maps = tuple(_convergence(tracers[name]) for name in tracers if name in used["convergence"])
    samples["convergence"] = {map_.name: [map_.name] for map_ in maps}
    groups = _tables(statistics, pairs, samples)
    types = [points[members[0][0]].data_type for members in groups.values()]
    layout, values = [], []
    for name, ((statistic, *ends), members) in zip(types, groups.items(), strict=True):
        full = "_".join([name, *ends]) if types.count(name) > 1 else name
        numbers = np.array(members)
        some = [points[i] for i in numbers[:, 0]]
        layout.append(_layout(full, statistic, some, ends, numbers[:, 1:].T))
        # astropy masks what is NaN in a file
        own = [np.nan if point.value is np.ma.masked else point.value for point in some]
        values.append(np.asarray(own))
    measurements, keep = read_points(layout, values, nz, maps, cuts)
    order = np.array([rows[i] for members in groups.values() for i, *_ in members])[keep]
    covariance = np.asarray(content.covariance.dense, float)
    if covariance.shape != (n_point, n_point):
        raise DataError(
            f"the covariance is {' x '.join(map(str, covariance.shape))}, but there are"
            f" {n_point} points"
        )
    covariance = finite_array(covariance[np.ix_(order, order)], "the covariance", ndim=2)
    covariance = symmetrised(covariance, "the covariance", source)
    check_covariance(covariance, "the covariance")
    return TwoPointData(
        measurements,
        nz,
        covariance,
        source,
        maps,
        n_cut=int(np.sum(~keep)),
        blinded=str(content.metadata.get(STAMP.lower()) or ""),
        is_covariance=True,
    )


def _tables(
    statistics: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    samples: Mapping[str, Mapping[str, Sequence[str]]],
) -> dict[tuple[str, str, str], list[tuple[int, int, int]]]:
    """(Statistic, sample, sample) -> number and two bins of each of the points."""
    places = {
        kind: {
            tracer: (order, name, i)
            for order, (name, bins) in enumerate(own.items())
            for i, tracer in enumerate(bins, start=1)
        }
        for kind, own in samples.items()
    }
    groups: dict[tuple[str, str, str], list[tuple[int, int, int]]] = {}
    for statistic in dict.fromkeys(statistics):
        kinds = STATISTICS[statistic]
        for i, (own, pair) in enumerate(zip(statistics, pairs, strict=True)):
            if own != statistic:
                continue
            one, two = (places[kind][name] for kind, name in zip(kinds, pair, strict=True))
            if kinds[0] == kinds[1] and one[0] > two[0]:
                one, two = two, one  # one table of two samples, whichever is named first
            groups.setdefault((statistic, one[1], two[1]), []).append((i, one[2], two[2]))
    return groups


def _wanted(content: Any, probes: Iterable[str] | None) -> list[int]:
    """Numbers of the points to be read: all, or those of the statistics `probes`."""
    points = content.data
    if probes is None:
        for data_type in dict.fromkeys(point.data_type for point in points):
            check_type(data_type)
        return list(range(len(points)))
    known = [
        statistic_of(point, content.tracers)[0] if point.data_type in TYPES else ""
        for point in points
    ]
    probes = chosen_probes(probes, [name for name in dict.fromkeys(known) if name])
    rows = [i for i, statistic in enumerate(known) if statistic in probes]
    if not rows:
        raise DataError("none of its points is left; name at least one probe")
    return rows


def _convergence(tracer: Any) -> Convergence:
    name, fwhm = str(tracer.name), tracer.metadata.get("fwhm_arcmin")
    if tracer.type_name == "Map":
        return Convergence(name, tracer.ell, tracer.beam)
    return Convergence(name, fwhm_arcmin=None if fwhm is None else float(fwhm))


def _layout(
    name: str,
    statistic: str,
    points: Sequence[Any],
    samples: Sequence[str],
    bins: np.ndarray,
) -> Measurement:
    """The table of some points, with zeros in the place of their values."""
    of = scale_of(statistic)
    scale = _tag(points, SCALE_TAGS[of])
    angle_bin = np.unique(scale, return_inverse=True)[1] + 1
    scales: dict[str, Any] = {"theta_arcmin": scale if of == "theta" else None}
    if of == "mode":
        angle_bin, scales = scale, scales | _theta_range(points)
    elif of == "ell":
        windows = bandpower_windows(points) if statistic in FOURIER_SPACE else None
        scales |= {"ell": scale, "windows": windows}
    elif (edges := angular_edges(points)) is not None:
        scales |= {"theta_min_arcmin": edges[0], "theta_max_arcmin": edges[1]}
    return Measurement(
        name=name,
        statistic=statistic,
        kernel1=samples[0],
        kernel2=samples[1],
        bin1=bins[0],
        bin2=bins[1],
        angle_bin=angle_bin,
        value=np.zeros(len(points)),
        **scales,
    )


def _theta_range(points: Sequence[Any]) -> dict[str, np.ndarray]:
    """Angles that COSEBIs are between, where any point has them."""
    if not any(tag in point.tags for point in points for tag in RANGE_TAGS):
        return {}
    return {f"{tag}_arcmin": _tag(points, tag) for tag in RANGE_TAGS}


def _tag(points: Sequence[Any], tag: str) -> np.ndarray:
    where = f"{points[0].data_type}: tag {tag}"
    values = [point.tags.get(tag) for point in points]
    if any(value is None for value in values):
        raise DataError(f"{where} is missing in point {values.index(None) + 1}")
    array = finite_array(values, where)
    if np.any(array <= 0):
        raise DataError(f"{where} must be > 0")
    return array
