"""Arrays in pickles, read without running what a pickle can ask for.

A pickle is a program: loading one calls whatever it names. Here it may name NumPy's arrays alone,
and even for these nothing of NumPy is called but `frombuffer`, on numbers that are checked.
"""

import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from jaxlike.errors import DataError

_LARGEST = 1 << 28  # bytes
_NUMBERS = ("f4", "f8", "i4", "i8", "u4", "u8")
_REFUSED = (
    pickle.UnpicklingError, AttributeError, EOFError, IndexError, KeyError, TypeError, ValueError,
    MemoryError, OverflowError, RecursionError, ImportError,
)  # fmt: skip


class _Type:
    """Stands for numpy.dtype: of numbers alone."""

    def __init__(self, name: str, *_: object) -> None:
        if name not in _NUMBERS:
            raise ValueError(f"arrays of type {name!r}")
        self.type = np.dtype(name)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] == ">":
            self.type = self.type.newbyteorder(">")
        elif state[1] != "<":
            raise ValueError(f"numbers of byte order {state[1]!r}")


class _Array:
    """Stands for numpy.ndarray."""

    value: NDArray

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, content = state
        if not isinstance(kind, _Type) or not isinstance(content, bytes):
            raise ValueError("arrays of other than numbers")
        flat: NDArray = np.frombuffer(content, kind.type)
        self.value = np.array(np.reshape(flat, shape, order="F" if fortran else "C"), float)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        # made anew, for a pickle may change what it has named
        array, kind = type("Array", (_Array,), {}), type("Type", (_Type,), {})

        def reconstruct(*_: object) -> _Array:
            return array()

        self._admitted: dict[tuple[str, str], object] = {
            ("numpy", "ndarray"): array,
            ("numpy", "dtype"): kind,
            ("numpy.core.multiarray", "_reconstruct"): reconstruct,
            ("numpy._core.multiarray", "_reconstruct"): reconstruct,
        }

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name; UnpicklingError on any but those of arrays."""
        if (module, name) not in self._admitted:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return self._admitted[module, name]


def is_pickle(path: str) -> bool:
    """Whether a file begins as pickles do (protocol 2 and later)."""
    try:
        with Path(path).open("rb") as file:
            return file.read(1) == b"\x80"
    except (OSError, ValueError):
        return False


def arrays_of_pickle(path: str) -> dict[str, Any]:
    """A dictionary of NumPy arrays, numbers and text; DataError, naming the file, on a pickle of
    anything else, which is not carried out."""
    file = Path(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise DataError(f"'{path}' is larger than a file of ratios can be")
        with file.open("rb") as handle:
            found = _Unpickler(handle).load()
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}") from error
    except _REFUSED as error:
        reason = " ".join(str(error).split())
        raise DataError(f"'{path}' is no pickle of arrays of numbers alone: {reason}") from error
    if not isinstance(found, dict):
        raise DataError(f"'{path}' is a pickle of other than a dictionary of arrays")
    return {str(name): _plain(value) for name, value in found.items()}


def _plain(value: object) -> object:
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
