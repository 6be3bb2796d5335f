"""Files of named NumPy arrays (.npz), as surveys publish tables that no other format has."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.checks import finite_array
from jaxlike.data.pickled import is_pickle
from jaxlike.errors import DataError
from jaxlike.files import DAMAGED_ARRAYS


def read_arrays(
    path: str,
    option: str,
    *choices: Sequence[str],
    of_pickle: str = "a .npz file as numpy.savez writes it is needed",
) -> dict[str, NDArray]:
    """Finite arrays in the file that an option names, of the first of these lists of names that it
    has all of; DataError, naming file and array, on what it lacks.

    of_pickle: what to do about a file that is a pickle, in words.
    """
    where = f"{option} '{path}'"
    if is_pickle(path):
        raise DataError(
            f"{where} is a pickle, which is not loaded because that runs what it says: {of_pickle}"
        )
    try:
        with np.load(Path(path), allow_pickle=False) as file:
            there = list(file)
            names = next((one for one in choices if set(one) <= set(there)), choices[0])
            found = {name: file[name] for name in names if name in there}
    except DAMAGED_ARRAYS as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{where} cannot be read as a .npz file: {reason}") from error
    for name in names:
        if name not in found:
            raise DataError(f"{where} has no array '{name}'; it has {', '.join(there) or 'none'}")
    return {
        name: finite_array(array, f"{where}: {name}", ndim=np.ndim(array))
        for name, array in found.items()
    }


def check_angles(array: NDArray, where: str) -> None:
    """DataError unless these are two or more ascending angles."""
    if array.ndim != 1 or array.size < 2 or array[0] <= 0 or np.any(np.diff(array) <= 0):
        raise DataError(f"{where} must be two or more ascending angles > 0")


def check_shape(array: NDArray, shape: Sequence[int], where: str) -> None:
    """DataError unless the array has this shape."""
    if array.shape != tuple(shape):
        raise DataError(f"{where} has shape {array.shape}, but must have {tuple(shape)}")
