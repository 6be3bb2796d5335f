"""Which of the formats of two-point data a file has."""

from pathlib import Path

from jaxlike.data.covariance_text import text_of
from jaxlike.data.fits2pt.hdus import hdus_of, open_fits
from jaxlike.data.formats import format_of, plain_file
from jaxlike.errors import DataError

_KEYS_OF_DATASET = ("cl_hat_file", "bin_window_files", "covmat_fiducial", "DEFAULT(")


def is_lensing_dataset(file: Path) -> bool:
    """Whether a file is text with the keys of a .dataset of CMB spectra, as CosmoMC has it.

    False for what is unreadable.
    """
    if format_of(file) is not None:
        return False
    try:
        text = text_of(file, "a .dataset file")
    except DataError:
        return False
    return any(line.lstrip().startswith(_KEYS_OF_DATASET) for line in text.splitlines())


def is_sacc(file: Path) -> bool:
    """Whether a file is SACC: HDF5, or FITS with SACC's keywords, compressed or not.

    False for what is unreadable.
    """
    found = format_of(file)
    if found != "fits":
        return found == "hdf5"
    try:
        with plain_file(file) as plain, open_fits(plain) as fits:
            hdus = hdus_of(fits, plain)
            return "SACCFVER" in hdus[0][2] or any("SACCTYPE" in header for *_, header in hdus)
    except (OSError, DataError):
        return False
