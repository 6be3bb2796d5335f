"""Writer of the DES "2pt FITS" format, of which `fits2pt` is the reader.

A covariance of mostly zeros, as that of C_ell is, is written as a losslessly compressed image.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import fitsio
import numpy as np

from jaxlike.data.fits2pt.quantities import keywords_of
from jaxlike.data.fits2pt.reader import MODES
from jaxlike.data.statistics import scale_of
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError
from jaxlike.files import atomic_writer

_LARGE, _ROWS = 10**7, 100  # elements of a covariance in tiles of so many rows
_SPARSE = 0.5  # fraction of non-zero elements below which a covariance is compressed

# CosmoSIS wants an n(z) of every kernel, which for the convergence it does not use
_LAST_SCATTERING = {
    "Z_LOW": np.array([0.0, 1099.0]),
    "Z_MID": np.array([1.0, 1100.0]),
    "Z_HIGH": np.array([2.0, 1101.0]),
    "BIN1": np.array([0.0, 1.0]),
}


def write_two_point_fits(
    data: TwoPointData,
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    header: Mapping[str, str | int | float | bool] | None = None,
) -> None:
    """Write `data` so that reading it back gives the same arrays and writing twice the same bytes.

    Args:
        data: Measurements, n(z) and covariance.
        path: Of the file.
        overwrite: Whether one that exists is replaced; else that is a DataError.
        header: What goes to the primary HDU.

    Example:
        >>> jaxlike.write_two_point_fits(model.data, "cut.fits")
        >>> jaxlike.read_two_point("cut.fits").n_data == model.data.n_data
        True
    """
    file = Path(path).expanduser()
    for m in data.measurements:
        if m.windows is not None:
            raise DataError(
                f"{file}: a 2pt FITS file has no place for the bandpower windows of {m.name!r};"
                " SACC has"
            )
    for map_ in data.convergence:
        if map_.has_beam:
            raise DataError(
                f"{file}: a 2pt FITS file has no place for the beam of {map_.name!r}; SACC has"
            )
    if file.exists() and not overwrite:
        raise DataError(f"{file}: exists already; choose another name or ask to overwrite it")
    content = _fits_bytes(data, header or {})
    try:
        with atomic_writer(file) as handle:
            handle.write(content)
    except OSError as error:
        raise DataError(f"{file}: cannot be written ({error.strerror})") from error


def _fits_bytes(data: TwoPointData, header: Mapping[str, Any]) -> bytes:
    n_bin = {table.name: table.n_bin for table in data.nz}
    n_bin |= {map_.name: 1 for map_ in data.convergence}
    with fitsio.FITS("mem://", "rw") as fits:
        fits.write(None, header=dict(header))
        layout: dict[str, Any] = {"COVDATA": True}
        start = 0
        for i, m in enumerate(data.measurements):
            layout |= {f"STRT_{i}": start, f"NAME_{i}": m.name}
            start += m.value.size
        covariance = np.array(data.covariance)
        sparse = np.count_nonzero(covariance) < _SPARSE * covariance.size
        # qlevel 0 keeps every bit of a float; of a large one tiles of some rows are read faster
        tile = (_ROWS, len(covariance)) if covariance.size > _LARGE else covariance.shape
        lossless = {"compress": "GZIP_1", "qlevel": 0, "tile_dims": tile}
        packing = lossless if sparse else {}
        fits.write(covariance, extname="COVMAT", header=layout, **packing)
        for m in data.measurements:
            keywords = {
                "2PTDATA": True,
                **keywords_of(m.statistic),
                "KERNEL_1": m.kernel1,
                "KERNEL_2": m.kernel2,
                "WINDOWS": "SAMPLE",
                "N_ZBIN_1": n_bin[m.kernel1],
                "N_ZBIN_2": n_bin[m.kernel2],
                "N_ANG": np.unique(m.angle_bin).size,
            }
            columns = {column: getattr(m, field) for field, column in m.columns().items()}
            if scale_of(m.statistic) == "mode":  # CosmoSIS wants a scale, whatever it is
                columns["ANG"] = m.scale.astype(float)
            arcmin = {column for f, column in m.columns().items() if f.endswith("_arcmin")}
            _write_table(fits, m.name, columns, keywords, arcmin)
        for nz in data.nz:
            columns = {"Z_LOW": nz.z_low, "Z_MID": nz.z_mid, "Z_HIGH": nz.z_high}
            columns |= {f"BIN{i}": row for i, row in enumerate(nz.dndz, start=1)}
            keywords = {"NZDATA": True}
            for keyword, values in (("NGAL", nz.n_gal), ("SIG_E", nz.sigma_e)):
                if values is not None:
                    keywords |= {f"{keyword}_{i}": float(v) for i, v in enumerate(values, start=1)}
            _write_table(fits, nz.name, columns, keywords)
            if nz.modes is not None:
                fits.write(np.array(nz.modes), extname=f"{nz.name}{MODES}")
        for map_ in data.convergence:
            _write_table(fits, map_.name, _LAST_SCATTERING, {"NZDATA": True})
        return bytes(fits.read_raw())


def _write_table(
    fits: Any,
    name: str,
    columns: Mapping[str, np.ndarray],
    keywords: Mapping[str, Any],
    arcmin: Collection[str] = (),
) -> None:
    """A table of `columns`, of which those named in `arcmin` are angles."""
    rows = len(next(iter(columns.values())))
    table = np.empty(rows, dtype=[(column, values.dtype) for column, values in columns.items()])
    for column, values in columns.items():
        table[column] = values
    column_units = ["arcmin" if column in arcmin else "" for column in columns]
    fits.write(table, extname=name, header=dict(keywords), units=column_units)
