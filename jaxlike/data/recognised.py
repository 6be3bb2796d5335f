"""Which of the formats of two-point data a file has."""

from pathlib import Path

from jaxlike.data.fits2pt.hdus import header_of, open_fits
from jaxlike.data.formats import format_of, plain_file
from jaxlike.errors import DataError


def is_sacc(file: Path) -> bool:
    """Whether a file is SACC: HDF5, or FITS with SACC's keywords, compressed or not.

    False for what is unreadable.
    """
    found = format_of(file)
    if found != "fits":
        return found == "hdf5"
    try:
        with plain_file(file) as plain, open_fits(plain) as fits:
            return "SACCFVER" in header_of(fits[0], plain) or any(
                "SACCTYPE" in header_of(hdu, plain) for hdu in fits
            )
    except (OSError, DataError):
        return False
