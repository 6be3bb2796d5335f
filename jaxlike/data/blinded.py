"""Copies of data files with other values, which say who blinded them, and back again.

What a file holds besides (n(z), covariance, tables that nobody reads) stays as it is. The change is
kept as the bits in which values differ, so that it is undone exactly.
"""

import base64
import hashlib
import os
import shutil
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fitsio
import numpy as np
from numpy.typing import NDArray

from jaxlike.data.formats import path_of, plain_file
from jaxlike.data.recognised import is_lensing_dataset, is_sacc
from jaxlike.data.sacc.reader import from_sacc, load_sacc
from jaxlike.data.stamp import STAMP
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError
from jaxlike.files import atomic_writer


def digest(values: NDArray) -> str:
    """SHA-256 of numbers (n,)."""
    return hashlib.sha256(np.ascontiguousarray(values, "<f8").tobytes()).hexdigest()


def difference(one: NDArray, other: NDArray) -> str:
    """Where the bits of two arrays (n,) differ, as text."""
    bits = _bits(one) ^ _bits(other)
    return base64.b64encode(zlib.compress(bits.tobytes())).decode()


def undone(values: NDArray, difference: str) -> NDArray:
    """The one array (n,) from the other and `difference`; ValueError where it is none of them."""
    try:
        bits = np.frombuffer(zlib.decompress(base64.b64decode(difference)), "<u8")
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if bits.shape != np.shape(values):
        raise ValueError(f"of {bits.size} numbers, not of {np.size(values)}")
    return (_bits(values) ^ bits).view("<f8")


def _bits(values: NDArray) -> NDArray:
    return np.ascontiguousarray(values, "<f8").view("<u8")


def write_with_values(
    data: TwoPointData,
    values: NDArray,
    output: str | os.PathLike[str],
    stamp: str,
    *,
    overwrite: bool = False,
) -> NDArray:
    """Write a copy of the file that all of `data` is from with values (n_data,), and a stamp (""
    for none); returns the values as they stand in the copy, which may be in single precision.

    DataError where the output is there, unless `overwrite`, or is the input.
    """
    file, target = path_of(data.source), path_of(output)
    if is_lensing_dataset(file):
        raise DataError(f"{file}: is text; a 2pt FITS file or a SACC file can be blinded")
    if target.exists() and (target.samefile(file) or not overwrite):
        what = "is the input" if target.samefile(file) else "exists already"
        raise DataError(f"{target}: {what}; choose another name")
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.fits"  # sacc goes by the ending
        if is_sacc(file):
            found = _change_sacc(file, copy, values, stamp)
        else:
            with plain_file(file) as plain:
                shutil.copyfile(plain, copy)
            copy.chmod(0o600)
            found = _change_fits(copy, data, values, stamp)
        with atomic_writer(target) as handle, copy.open("rb") as opened:
            shutil.copyfileobj(opened, handle)
    return found


def _change_fits(copy: Path, data: TwoPointData, values: NDArray, stamp: str) -> NDArray:
    ends = np.cumsum([m.value.size for m in data.measurements])
    found = []
    with fitsio.FITS(str(copy), "rw") as fits:
        for m, own in zip(data.measurements, np.split(values, ends[:-1]), strict=True):
            hdu = fits[m.name]
            column = next(name for name in hdu.get_colnames() if name.upper() == "VALUE")
            if not np.array_equal(_numbers(hdu, column), m.value):
                raise DataError(
                    f"{data.source}: HDU {m.name!r} has its values in another order than is read"
                )
            hdu.write_column(column, own)
            found.append(_numbers(hdu, column))
        if stamp:
            fits[0].write_key(STAMP, stamp, comment="values are blinded; name of the key")
        elif STAMP in fits[0].read_header():
            fits[0].write_key(STAMP, "", comment="values were blinded, and are not any more")
    return np.concatenate(found)


def _numbers(hdu: Any, column: str) -> NDArray:
    return np.asarray(hdu.read_column(column), float)


def _change_sacc(file: Path, copy: Path, values: NDArray, stamp: str) -> NDArray:
    content: Any = load_sacc(file)
    for i, point in enumerate(content.data):
        point.value = float(i)
    # all points are read, so that each of them has its new value below
    places = from_sacc(content, str(file)).value.astype(int)
    for place, value in zip(places, values, strict=True):
        content.data[place].value = float(value)
    content.metadata[STAMP.lower()] = stamp
    content.save_fits(str(copy), overwrite=True)
    return np.asarray(values, float)
