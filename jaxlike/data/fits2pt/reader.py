"""Reader of the DES "2pt FITS" format (MacCrann & Zuntz; used in arXiv:1708.01530).

The order of the covariance is the one its STRT_i and NAME_i keywords give, which need not be
the order of the tables; HDU and column names are taken in either case. The column ANG of a table
of C_ell holds ell. Modes of an n(z) table, which the format does not know, are an image
(n_mode, n_bin, n_z) whose name is the table's with _MODES at its end.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fitsio
import numpy as np
from astropy import units

from jaxlike.data.checks import check_shape
from jaxlike.data.measurement import Measurement
from jaxlike.data.redshift_distribution import RedshiftDistribution
from jaxlike.data.statistics import COLUMNS, scale_columns
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError

#: (QUANT1, QUANT2) keywords of a table -> statistic.
QUANTITIES: Mapping[tuple[str, str], str] = {
    ("G+R", "G+R"): "xi_plus",
    ("G-R", "G-R"): "xi_minus",
    ("GPR", "G+R"): "gamma_t",
    ("GPR", "GPR"): "w",
    ("GEF", "GEF"): "C_ell_shear",
    ("GPF", "GEF"): "C_ell_cross",
    ("GPF", "GPF"): "C_ell_counts",
}
MODES = "_MODES"
"""End of the name of an image of the modes of an n(z) table."""

_ANGLE_UNITS = {str(unit): unit for unit in (units.arcmin, units.arcsec, units.deg, units.rad)}
_BLOCK = 2880  # every FITS file is a whole number of blocks of this many bytes

_Hdu = tuple[str, Any, Any]  # name, fitsio HDU, fitsio header


def read_two_point_fits(path: str | os.PathLike[str]) -> TwoPointData:
    """Read measurements, n(z) and covariance of a 2pt FITS file; DataError says what is wrong."""
    file = Path(path).expanduser()
    try:
        _check_container(file)
        with fitsio.FITS(str(file)) as fits:
            return _read_tables(fits, str(file))
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise DataError(f"{file}: cannot be read as FITS ({reason})") from error


def _check_container(file: Path) -> None:
    """What cfitsio would report obscurely, or not at all when the cut falls in a header."""
    if not file.is_file():
        raise DataError("there is no such file; a 2pt FITS file is needed")
    with file.open("rb") as handle:
        is_fits = handle.read(9) == b"SIMPLE  ="
    if not is_fits:
        raise DataError("is not a FITS file; an uncompressed 2pt FITS file is needed")
    size = file.stat().st_size
    if size % _BLOCK:
        raise DataError(
            f"is truncated: its {size} bytes are not a multiple of the {_BLOCK} of a FITS file"
        )


def _read_tables(fits: Any, source: str) -> TwoPointData:
    hdus: list[_Hdu] = [(hdu.get_extname(), hdu, hdu.read_header()) for hdu in fits]
    nz = tuple(_read_nz(hdu, hdus) for hdu in hdus if hdu[2].get("NZDATA"))
    kernels = {table.name.lower(): table.name for table in nz}
    measurements = tuple(_read_measurement(hdu, kernels) for hdu in hdus if hdu[2].get("2PTDATA"))
    if not measurements:
        raise DataError("has no two-point HDU (a table with the keyword 2PTDATA = T)")
    return TwoPointData(measurements, nz, _read_covariance(hdus, measurements), source)


def _read_nz(hdu: _Hdu, others: list[_Hdu]) -> RedshiftDistribution:
    name, _, header = hdu
    modes = next((h for h in others if h[0].upper() == f"{name.upper()}{MODES}"), None)
    table = _read_columns(hdu, ["Z_LOW", "Z_MID", "Z_HIGH", "BIN1"])
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
        modes=None if modes is None else _read_image(modes),
    )


def _read_measurement(hdu: _Hdu, kernels: Mapping[str, str]) -> Measurement:
    name = hdu[0]
    quantities = (_keyword(hdu, "QUANT1"), _keyword(hdu, "QUANT2"))
    if quantities not in QUANTITIES:
        known = ", ".join(f"{a} {b} ({statistic})" for (a, b), statistic in QUANTITIES.items())
        raise DataError(
            f"HDU {name!r} holds an unknown probe: QUANT1, QUANT2 are {' '.join(quantities)};"
            f" accepted are {known}"
        )
    statistic = QUANTITIES[quantities]
    columns = _read_columns(hdu, [*COLUMNS.values(), "ANG"])
    fields: dict[str, Any] = {field: columns[column] for field, column in COLUMNS.items()}
    fields["theta_arcmin"] = None
    for field, column in scale_columns(statistic).items():
        if column in columns:
            convert = _multipole if field == "ell" else _arcmin
            fields[field] = convert(hdu, column, columns[column])
    kernel1, kernel2 = (_keyword(hdu, key) for key in ("KERNEL_1", "KERNEL_2"))
    return Measurement(
        name=name,
        statistic=statistic,
        kernel1=kernels.get(kernel1.lower(), kernel1),
        kernel2=kernels.get(kernel2.lower(), kernel2),
        **fields,
    )


def _read_covariance(hdus: list[_Hdu], measurements: tuple[Measurement, ...]) -> np.ndarray:
    """The covariance with its rows put in the order of `measurements`."""
    hdu = next((h for h in hdus if h[0].upper() == "COVMAT" or h[2].get("COVDATA")), None)
    if hdu is None:
        raise DataError("has no HDU 'COVMAT', the image of the covariance")
    covariance = _read_image(hdu)
    starts = _block_starts(hdu, [m.name for m in measurements])
    check_shape(covariance, [(m.name, m.value.size) for m in measurements])
    rows = []
    for measurement in measurements:
        start = starts[measurement.name.lower()]
        end = min((other for other in starts.values() if other > start), default=len(covariance))
        if end - start != measurement.value.size:
            raise DataError(
                f"HDU {hdu[0]!r} keywords STRT_i give {end - start} rows to {measurement.name!r},"
                f" but that HDU has {measurement.value.size}"
            )
        rows.append(np.arange(start, end))
    order = np.concatenate(rows)
    return covariance[np.ix_(order, order)]


def _block_starts(hdu: _Hdu, tables: list[str]) -> dict[str, int]:
    """First covariance row of each of the `tables`, by lower-case name."""
    starts: dict[str, int] = {}
    missing = {table.lower() for table in tables}
    while f"NAME_{len(starts)}" in hdu[2]:
        i = len(starts)
        block, start = _keyword(hdu, f"NAME_{i}").lower(), _keyword(hdu, f"STRT_{i}")
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


def _keyword(hdu: _Hdu, key: str) -> str:
    value = hdu[2].get(key)
    if value is None:
        raise DataError(f"HDU {hdu[0]!r} has no keyword {key}, which a 2pt FITS file needs")
    return str(value).strip()


def _read(hdu: _Hdu) -> Any:
    try:
        return hdu[1].read()
    except OSError as error:
        raise DataError(f"is truncated or damaged: HDU {hdu[0]!r} cannot be read") from error


def _read_image(hdu: _Hdu) -> np.ndarray:
    if not isinstance(hdu[1], fitsio.hdu.ImageHDU):
        raise DataError(f"HDU {hdu[0]!r} is a table, but must be an image")
    return np.asarray(_read(hdu))


def _read_columns(hdu: _Hdu, needed: list[str]) -> dict[str, np.ndarray]:
    """All columns of a table by upper-case name; those `needed` must be there."""
    is_table = isinstance(hdu[1], fitsio.hdu.TableHDU)
    names = [column.upper() for column in hdu[1].get_colnames()] if is_table else []
    for column in needed:
        if column not in names:
            raise DataError(
                f"HDU {hdu[0]!r} has no column {column}; needed are {', '.join(needed)}"
            )
    table = _read(hdu)
    return {column.upper(): table[column] for column in table.dtype.names}


def _unit(hdu: _Hdu, column: str) -> str:
    """The TUNIT keyword of a column, empty where there is none."""
    index = [name.upper() for name in hdu[1].get_colnames()].index(column) + 1
    return str(hdu[2].get(f"TUNIT{index}") or "").strip().lower()


def _multipole(hdu: _Hdu, column: str, values: np.ndarray) -> np.ndarray:
    """A column of ell, which is a pure number."""
    unit = _unit(hdu, column)
    if unit:
        raise DataError(
            f"HDU {hdu[0]!r} column {column} has the unit {unit!r}; it holds the multipoles of a"
            " C_ell, so none is accepted"
        )
    return values


def _arcmin(hdu: _Hdu, column: str, values: np.ndarray) -> np.ndarray:
    """An angle column in arcmin, by its TUNIT keyword (arcmin where there is none)."""
    unit = _unit(hdu, column) or "arcmin"
    if unit not in _ANGLE_UNITS:
        raise DataError(
            f"HDU {hdu[0]!r} column {column} has the unit {unit!r};"
            f" accepted are {', '.join(_ANGLE_UNITS)}"
        )
    return np.asarray(values * _ANGLE_UNITS[unit].to(units.arcmin))
