"""Reader of the DES "2pt FITS" format (MacCrann & Zuntz; used in arXiv:1708.01530).

The order of the covariance is the one its STRT_i and NAME_i keywords give, which need not be
the order of the tables; HDU and column names are taken in either case. The column ANG of a table
of C_ell holds ell. Modes of an n(z) table, which the format does not know, are an image
(n_mode, n_bin, n_z) whose name is the table's with _MODES at its end. HDUs that nobody needs are
not looked at, as the n(z) at last scattering that some files have for the CMB's convergence.
"""

import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.data.checks import check_shape, symmetrised
from jaxlike.data.convergence import Convergence
from jaxlike.data.cutting import read_points
from jaxlike.data.fits2pt.hdus import (
    Hdu,
    arcmin,
    hdus_of,
    keyword,
    logical,
    multipole,
    open_fits,
    read_columns,
    read_image,
    rows,
)
from jaxlike.data.fits2pt.kernels import check_options, kernels_of
from jaxlike.data.fits2pt.quantities import BAND_POWERS, known_statistic, statistic_of
from jaxlike.data.formats import path_of, plain_file
from jaxlike.data.measurement import Measurement
from jaxlike.data.redshift_distribution import RedshiftDistribution
from jaxlike.data.scale_cuts import ScaleCuts
from jaxlike.data.stamp import STAMP
from jaxlike.data.statistics import (
    COLUMNS,
    KINDS,
    STATISTICS,
    chosen_probes,
    scale_columns,
    scale_of,
)
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError

MODES = "_MODES"
"""End of the name of an image of the modes of an n(z) table."""


def read_two_point_fits(
    path: str | os.PathLike[str],
    *,
    probes: Iterable[str] | None = None,
    kernels: Mapping[str, str] | None = None,
    elsewhere: Callable[[list[str]], Mapping[str, RedshiftDistribution]] | None = None,
    cuts: ScaleCuts | None = None,
) -> TwoPointData:
    """Read measurements, n(z) and covariance of a 2pt FITS file; DataError says what is wrong.

    Args:
        path: The file, compressed by gzip or not.
        probes: Statistics; tables of others are not looked at, and may be of what is unknown here.
        kernels: A name that KERNEL_1 or KERNEL_2 has -> the HDU that is meant, for files in which
            they differ; a key TABLE.NAME is for one table.
        elsewhere: Takes the names that the kernels then have and gives the n(z) that another file
            has of these.
        cuts: Points outside are left out, whatever their values and covariance are.

    Example:
        >>> [table.n_bin for table in jaxlike.read_two_point_fits("small.fits").nz]
        [4, 5]
    """
    file = path_of(path)
    with _hdus_of(file) as hdus:
        return _read_tables(hdus, str(file), probes, kernels or {}, elsewhere, cuts)


@contextmanager
def two_point_hdus(path: str | os.PathLike[str]) -> Iterator[list[Hdu]]:
    """The two-point tables of a file while it is open, of known quantities or not."""
    with _hdus_of(path_of(path)) as hdus:
        yield [hdu for hdu in hdus if logical(hdu, "2PTDATA")]


def names_of_nz(path: str | os.PathLike[str]) -> list[str]:
    """What the n(z) of a 2pt FITS file are called."""
    with _hdus_of(path_of(path)) as hdus:
        return [hdu[0] for hdu in hdus if logical(hdu, "NZDATA")]


def read_redshift_distributions(
    path: str | os.PathLike[str], names: Container[str] | None = None
) -> tuple[RedshiftDistribution, ...]:
    """All n(z) of a 2pt FITS file, or those of `names`, whatever its measurements are; DataError
    says what is wrong."""
    with _hdus_of(path_of(path)) as hdus:
        return tuple(
            _read_nz(hdu, hdus)
            for hdu in hdus
            if logical(hdu, "NZDATA") and (names is None or hdu[0] in names)
        )


@contextmanager
def _hdus_of(file: Path) -> Iterator[list[Hdu]]:
    """The HDUs of a file while it is open; what is wrong in there is a DataError with its name."""
    try:
        with plain_file(file) as plain, open_fits(plain) as fits:
            yield hdus_of(fits, plain)
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise DataError(f"{file}: cannot be read as FITS ({reason})") from error


def _read_tables(
    hdus: list[Hdu],
    source: str,
    probes: Iterable[str] | None,
    kernels: Mapping[str, str],
    elsewhere: Callable[[list[str]], Mapping[str, RedshiftDistribution]] | None,
    cuts: ScaleCuts | None,
) -> TwoPointData:
    tables = [hdu for hdu in hdus if logical(hdu, "2PTDATA")]
    if not tables:
        raise DataError("has no two-point HDU (a table with the keyword 2PTDATA = T)")
    wanted = _wanted(tables, probes)
    check_options(kernels, [hdu for hdu, _ in wanted])
    values, layout = [], []
    for hdu, statistic in wanted:
        kernels_here = kernels_of(
            hdu, STATISTICS[statistic], hdus, kernels, tables, elsewhere=elsewhere is not None
        )
        found, table = _read_table(hdu, statistic, kernels_here)
        values.append(found)
        layout.append(table)
    used: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
    for m in layout:
        for kernel, kind in zip((m.kernel1, m.kernel2), STATISTICS[m.statistic], strict=True):
            used[kind][kernel] = None
    galaxies = {**used["counts"], **used["shear"]}
    others = {} if elsewhere is None else elsewhere([*galaxies])
    own = [h for h in hdus if logical(h, "NZDATA") and h[0] in galaxies and h[0] not in others]
    nz = (*(_read_nz(hdu, hdus) for hdu in own), *others.values())
    maps = tuple(Convergence(name) for name in used["convergence"])
    measurements, keep = read_points(layout, values, nz, maps, cuts)
    return TwoPointData(
        measurements,
        nz,
        _read_covariance(hdus, tables, layout, keep, source),
        source,
        maps,
        n_cut=int(np.sum(~keep)),
        blinded=str(hdus[0][2].get(STAMP) or "").strip(),
    )


def _wanted(tables: list[Hdu], probes: Iterable[str] | None) -> list[tuple[Hdu, str]]:
    """Tables to be read and their statistics: all, or those of `probes`."""
    if probes is None:
        return [(hdu, known_statistic(hdu)) for hdu in tables]
    known = [(hdu, statistic_of(hdu)) for hdu in tables]
    probes = chosen_probes(probes, tuple(dict.fromkeys(s for _, s in known if s is not None)))
    wanted = [(hdu, s) for hdu, s in known if s is not None and s in probes]
    if not wanted:
        raise DataError("none of its two-point HDUs is left; name at least one probe")
    return wanted


def _read_nz(hdu: Hdu, others: list[Hdu]) -> RedshiftDistribution:
    name, _, header = hdu
    modes = next((h for h in others if h[0].upper() == f"{name.upper()}{MODES}"), None)
    table = read_columns(hdu, ["Z_LOW", "Z_MID", "Z_HIGH", "BIN1"])
    bins: list[np.ndarray] = []
    while f"BIN{len(bins) + 1}" in table:
        bins.append(table[f"BIN{len(bins) + 1}"])

    def per_bin(keyword: str) -> list[Any] | None:
        values = [header.get(f"{keyword}_{i}") for i in range(1, len(bins) + 1)]
        if any(value is None for value in values) and any(value is not None for value in values):
            raise DataError(f"HDU {name!r} must have the keyword {keyword}_i for all bins or none")
        return None if values[0] is None else values

    return RedshiftDistribution(
        name=name,
        z_low=table["Z_LOW"],
        z_mid=table["Z_MID"],
        z_high=table["Z_HIGH"],
        dndz=bins,  # type: ignore[arg-type]  # the container makes the array
        n_gal=per_bin("NGAL"),  # type: ignore[arg-type]
        sigma_e=per_bin("SIG_E"),  # type: ignore[arg-type]
        modes=None if modes is None else read_image(modes),
    )


def _read_table(
    hdu: Hdu, statistic: str, kernels: tuple[str, str]
) -> tuple[np.ndarray, Measurement]:
    """The values (n,) of a table, not looked at yet, and the table with zeros in their place."""
    windows = str(hdu[2].get("WINDOWS") or "SAMPLE").strip()
    if windows.upper() != "SAMPLE":
        raise DataError(
            f"HDU {hdu[0]!r} keyword WINDOWS is {windows!r}; accepted is SAMPLE, values at angles"
            " or multipoles: windows are read from SACC files"
        )
    scale = [] if scale_of(statistic) == "mode" else ["ANG"]
    columns = read_columns(hdu, [*COLUMNS.values(), *scale])
    fields: dict[str, Any] = {field: columns[column] for field, column in COLUMNS.items()}
    fields["theta_arcmin"] = None
    for field, column in scale_columns(statistic).items():
        if column in columns:
            values = columns[column]
            if field != "ell":
                values = arcmin(hdu, column, values)
            elif statistic not in BAND_POWERS.values():  # whose unit is wrong in KiDS's files
                values = multipole(hdu, column, values)
            fields[field] = values
    values = np.asarray(fields["value"])
    fields["value"] = np.zeros(len(values))
    return values, Measurement(
        name=hdu[0], statistic=statistic, kernel1=kernels[0], kernel2=kernels[1], **fields
    )


def _read_covariance(
    hdus: list[Hdu],
    tables: list[Hdu],
    measurements: Sequence[Measurement],
    keep: np.ndarray,
    source: str,
) -> np.ndarray:
    """The covariance of the points of `measurements` that `keep` (n_data,) has, in their order;
    `tables` are all that it has rows of, and `source` the file, for a warning."""
    found = [h for h in hdus if h[0].upper() == "COVMAT" or logical(h, "COVDATA")]
    if not found:
        raise DataError("has no HDU 'COVMAT', the image of the covariance")
    if len(found) > 1:
        raise DataError(
            f"has {len(found)} covariances, the HDUs {', '.join(repr(h[0]) for h in found)}; only"
            " one may be named COVMAT or have the keyword COVDATA"
        )
    hdu = found[0]
    covariance = read_image(hdu)
    starts = _block_starts(hdu, [table[0] for table in tables])
    check_shape(covariance, [(table[0], rows(table)) for table in tables])
    order = []
    for measurement in measurements:
        start = starts[measurement.name.lower()]
        end = min((other for other in starts.values() if other > start), default=len(covariance))
        if end - start != measurement.value.size:
            raise DataError(
                f"HDU {hdu[0]!r} keywords STRT_i give {end - start} rows to {measurement.name!r},"
                f" but that HDU has {measurement.value.size}"
            )
        order.append(np.arange(start, end))
    chosen = np.concatenate(order)[keep]
    if not np.array_equal(chosen, np.arange(len(covariance))):  # or a large one is copied
        covariance = covariance[np.ix_(chosen, chosen)]
    covariance = symmetrised(covariance, f"HDU {hdu[0]!r}", source)
    covariance.setflags(write=False)  # nobody else has it: data need no copy of their own
    return covariance


def _block_starts(hdu: Hdu, tables: list[str]) -> dict[str, int]:
    """First covariance row of each of the `tables`, by lower-case name."""
    starts: dict[str, int] = {}
    missing = {table.lower() for table in tables}
    while f"NAME_{len(starts)}" in hdu[2]:
        i = len(starts)
        block, start = keyword(hdu, f"NAME_{i}").lower(), keyword(hdu, f"STRT_{i}")
        if block not in missing:
            raise DataError(
                f"HDU {hdu[0]!r} keyword NAME_{i} is {block!r}, but the NAME_i must name each"
                f" two-point HDU once: {', '.join(tables)}"
            )
        if not start.isdecimal():
            raise DataError(f"HDU {hdu[0]!r} keyword STRT_{i} is {start}; a row number is needed")
        missing.remove(block)
        starts[block] = int(start)
    if missing:
        raise DataError(
            f"HDU {hdu[0]!r} has no keyword NAME_i for {min(missing)!r}; the NAME_i must name"
            f" each two-point HDU once: {', '.join(tables)}"
        )
    return starts
