"""HDUs of a FITS file: opened whatever the file is called, with columns, keywords and units."""

import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import fitsio
import numpy as np

from jaxlike.data.checks import check_real
from jaxlike.errors import DataError

_ANGLE_UNITS = ("arcmin", "arcsec", "deg", "rad")
_LONG = 20 * 2880  # bytes of a header
_MOST_COLUMNS = 999
_BLOCK = 2880  # every FITS file is a whole number of blocks of this many bytes

Hdu: TypeAlias = tuple[str, Any, Any]
"""Name, fitsio HDU and fitsio header."""


@contextmanager
def open_fits(file: Path) -> Iterator[Any]:
    """The fitsio.FITS of a file, which is closed afterwards.

    cfitsio reads brackets, signs and wildcards of a name as instructions ("x[1].fits", "x+1"): a
    file of such a name is opened by a link of a plain one. DataError for what cfitsio reports
    obscurely, or not at all.
    """
    _check_container(file)
    plain = file.resolve()
    with ExitStack() as stack:
        if re.search(r"[^\w/. -]| $", str(plain)):
            link = Path(stack.enter_context(TemporaryDirectory())) / "file.fits"
            link.symlink_to(plain)
            plain = link
        try:
            fits = fitsio.FITS(str(plain))
        except OSError:
            raise
        except Exception as error:  # fitsio looks for the names of all HDUs
            reason = " ".join(str(error).split()) or type(error).__name__
            raise DataError(f"is damaged: its headers cannot be read ({reason})") from error
        yield stack.enter_context(fits)


def header_of(hdu: Any, file: Path) -> Any:
    """The header of an HDU of a plain file, whose keywords `in` and `get` find.

    cfitsio takes minutes for some 10,000 cards: a long header is read as text.
    """
    place = hdu.get_offsets()
    size = place["data_start"] - place["header_start"]
    if size < _LONG:
        return hdu.read_header()
    with file.open("rb") as handle:
        from astropy.io import fits  # few files need it, and it takes a fifth of a second

        handle.seek(place["header_start"])
        return fits.Header.fromstring(handle.read(size))


def check_fits(file: Path) -> None:
    """DataError where a plain file is none, or says of itself what would fill all memory."""
    try:
        with open_fits(file) as fits:
            hdus_of(fits, file)
    except OSError as error:
        reason = " ".join(str(error).split())
        raise DataError(f"cannot be read as FITS ({reason})") from error


def hdus_of(fits: Any, file: Path) -> list[Hdu]:
    """Name, HDU and header of all in an open plain file; DataError where a header cannot be read,
    and where an HDU is longer than the file, which a reader would make room for in memory."""
    found: list[Hdu] = []
    end = 0
    size = file.stat().st_size
    try:
        for hdu in fits:
            end = hdu.get_offsets()["data_end"]
            found.append((hdu.get_extname(), hdu, header_of(hdu, file)))
            columns = found[-1][2].get("TFIELDS") or 0
            if not (isinstance(columns, int) and 0 <= columns <= _MOST_COLUMNS):
                raise DataError(
                    f"is damaged: HDU {found[-1][0]!r} is said to have {columns} columns, and FITS"
                    f" has up to {_MOST_COLUMNS}"
                )
            if not 0 <= end <= size:
                raise DataError(
                    f"is truncated or damaged: HDU {found[-1][0]!r} is said to end at byte {end},"
                    f" and the file has {size}"
                )
    except DataError:
        raise
    except Exception as error:  # of what fitsio stumbles over in a header that is none any more
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"is damaged: the header of HDU {len(found)} cannot be read ({reason})"
        ) from error
    # cfitsio takes an HDU that it cannot read for the end of the file
    with file.open("rb") as handle:
        handle.seek(end)
        if handle.read(_BLOCK).strip(b"\0 "):
            raise DataError(
                f"is damaged: what follows HDU {found[-1][0]!r}, from byte {end} on, is no HDU"
            )
    return found


def _check_container(file: Path) -> None:
    """Raise DataError for no FITS, and for a cut file."""
    if not file.is_file():
        raise DataError("there is no such file; a 2pt FITS file is needed")
    with file.open("rb") as handle:
        is_fits = handle.read(9) == b"SIMPLE  ="
    if not is_fits:
        raise DataError("is not a FITS file; a 2pt FITS file is needed, compressed by gzip or not")
    size = file.stat().st_size
    if size % _BLOCK:
        raise DataError(
            f"is truncated: its {size} bytes are not a multiple of the {_BLOCK} of a FITS file"
        )


def logical(hdu: Hdu, key: str) -> bool:
    """Whether a keyword is there and true; written as text ('T') it is as good."""
    value = hdu[2].get(key)
    return value.strip().upper() in ("T", "TRUE") if isinstance(value, str) else bool(value)


def rows(hdu: Hdu) -> int:
    """Number of rows of a table."""
    if not isinstance(hdu[1], fitsio.hdu.TableHDU):
        raise DataError(f"HDU {hdu[0]!r} is an image, but must be a table")
    return int(hdu[1].get_nrows())


def keyword(hdu: Hdu, key: str) -> str:
    """A keyword as text; DataError where it is missing."""
    value = hdu[2].get(key)
    if value is None:
        raise DataError(f"HDU {hdu[0]!r} has no keyword {key}, which a 2pt FITS file needs")
    return str(value).strip()


def _read(hdu: Hdu) -> Any:
    try:
        return hdu[1].read()
    except OSError as error:
        raise DataError(f"is truncated or damaged: HDU {hdu[0]!r} cannot be read") from error


def read_image(hdu: Hdu) -> np.ndarray:
    """The array of an image."""
    if not isinstance(hdu[1], fitsio.hdu.ImageHDU):
        raise DataError(f"HDU {hdu[0]!r} is a table, but must be an image")
    return np.asarray(_read(hdu))


def read_columns(hdu: Hdu, needed: list[str]) -> dict[str, np.ndarray]:
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


def numbers(hdu: Hdu, column: str, values: np.ndarray) -> np.ndarray:
    """A column of real numbers; DataError for text, logicals and complex numbers."""
    check_real(values, f"HDU {hdu[0]!r} column {column}")
    return values


def _unit(hdu: Hdu, column: str) -> str:
    """The TUNIT keyword of a column, empty where there is none."""
    index = [name.upper() for name in hdu[1].get_colnames()].index(column) + 1
    return str(hdu[2].get(f"TUNIT{index}") or "").strip().lower()


def multipole(hdu: Hdu, column: str, values: np.ndarray) -> np.ndarray:
    """A column of ell, which is a pure number."""
    unit = _unit(hdu, column)
    if unit:
        raise DataError(
            f"HDU {hdu[0]!r} column {column} has the unit {unit!r}; it holds the multipoles of a"
            " C_ell, so none is accepted (band powers of correlation functions have BANDPOW = T)"
        )
    return values


def arcmin(hdu: Hdu, column: str, values: np.ndarray) -> np.ndarray:
    """An angle column in arcmin, by its TUNIT keyword (arcmin, with a warning, without it)."""
    numbers(hdu, column, values)
    unit = _unit(hdu, column)
    if not unit:
        unit = "arcmin"
        warnings.warn(
            f"HDU {hdu[0]!r} column {column} has no unit (TUNIT): {unit} is taken for it",
            stacklevel=2,
        )
    if unit not in _ANGLE_UNITS:
        raise DataError(
            f"HDU {hdu[0]!r} column {column} has the unit {unit!r};"
            f" accepted are {', '.join(_ANGLE_UNITS)}"
        )
    if unit == "arcmin":
        return np.asarray(values * 1.0)
    from astropy import units

    return np.asarray(values * getattr(units, unit).to(units.arcmin))
