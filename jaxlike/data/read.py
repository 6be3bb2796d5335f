"""Two-point data of any format, recognised by what a file holds and not by its name."""

import os
from pathlib import Path

import fitsio

from jaxlike.data.fits2pt.reader import read_two_point_fits
from jaxlike.data.sacc.reader import read_sacc
from jaxlike.data.twopoint import TwoPointData

_HDF5 = b"\x89HDF\r\n\x1a\n"
_FITS = b"SIMPLE  ="


def read_two_point(path: str | os.PathLike[str]) -> TwoPointData:
    """Read a 2pt FITS file or a SACC file (FITS or HDF5); DataError says what is wrong with it."""
    file = Path(path).expanduser()
    return read_sacc(file) if is_sacc(file) else read_two_point_fits(file)


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
        with fitsio.FITS(str(file)) as fits:
            return "SACCFVER" in fits[0].read_header() or any(
                "SACCTYPE" in hdu.read_header() for hdu in fits
            )
    except OSError:
        return False
