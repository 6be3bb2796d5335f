"""Numbers of somebody's own likelihood: a table in text, NumPy's files, or a mapping."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxlike.errors import DataError
from jaxlike.files import DAMAGED_ARRAYS

_ACCEPTED = "a table of numbers in text, .npy, .npz"


def read_numbers(path: str) -> NDArray | dict[str, NDArray]:
    """(n_row, n_column) of a table in text, lines beginning with # apart; the array of a .npy file,
    the arrays of a .npz file by name; DataError names a file that is none."""
    if not Path(path).is_file():
        raise DataError(f"data file '{path}' is not there; accepted are {_ACCEPTED}")
    try:
        if path.endswith(".npz"):
            with np.load(path) as file:
                return {name: as_numbers(file[name], name) for name in file.files}
        if path.endswith(".npy"):
            return as_numbers(np.load(path), path)
        return np.loadtxt(path, ndmin=2)
    except DataError:
        raise
    except DAMAGED_ARRAYS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"data file '{path}' cannot be read ({reason}); it may be {_ACCEPTED}"
        ) from error


def numbers_of(given: Mapping[Any, Any], where: str = "data") -> dict[str, Any]:
    """A mapping of numbers and of lists of such, also in mappings, as arrays; DataError names what
    is none."""
    return {
        str(name): numbers_of(value, f"{where}.{name}")
        if isinstance(value, Mapping)
        else as_numbers(value, f"{where}.{name}")
        for name, value in given.items()
    }


def as_numbers(value: Any, where: str) -> NDArray:
    """Finite numbers as an array of floats; DataError names what is none."""
    try:
        found = np.asarray(value)
        ok = found.dtype.kind in "fiu" and bool(np.isfinite(found).all())
    except ValueError:  # lists of several lengths
        ok = False
    if not ok:
        raise DataError(f"{where} is {value!r}, but must be finite numbers")
    return found.astype(float)
