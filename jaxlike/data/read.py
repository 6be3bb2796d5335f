"""Two-point data of any format, recognised by what a file holds and not by its name."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from jaxlike.data.fits2pt.hdus import open_fits
from jaxlike.data.fits2pt.reader import read_two_point_fits
from jaxlike.data.sacc.reader import read_sacc
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_FITS = b"SIMPLE  ="


def read_two_point(
    path: str | os.PathLike[str],
    *,
    probes: Iterable[str] | None = None,
    kernels: Mapping[str, str] | None = None,
) -> TwoPointData:
    """Read a 2pt FITS file or a SACC file (FITS or HDF5); DataError says what is wrong with it.

    With `probes`, statistics, only those are read and checked. `kernels` is for 2pt FITS alone:
    it maps wrong names of n(z) to right ones, as `read_two_point_fits` has it.
    """
    file = Path(path).expanduser()
    if not is_sacc(file):
        return read_two_point_fits(file, probes=probes, kernels=kernels)
    if kernels:
        raise DataError(
            f"{file}: option kernels has no effect: a SACC file names the tracer of every point"
        )
    return read_sacc(file, probes=probes)


def is_sacc(file: Path) -> bool:
    """Whether a file is SACC: HDF5, or FITS with SACC's keywords; False for what is unreadable."""
    if not file.is_file():
        return False
    with file.open("rb") as handle:
        start = handle.read(len(_FITS))
    if start.startswith(_HDF5):
        return True
    if start != _FITS:
        return False
    try:
        with open_fits(file) as fits:
            return "SACCFVER" in fits[0].read_header() or any(
                "SACCTYPE" in hdu.read_header() for hdu in fits
            )
    except OSError:
        return False
