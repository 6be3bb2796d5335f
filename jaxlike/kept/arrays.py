"""Arrays of NumPy that are kept, alone or by names."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxlike.kept import store
from jaxlike.kept.fingerprint import fingerprint


def packed(arrays: Mapping[str, Any]) -> bytes:
    """Arrays and numbers by name, as what `store.write` keeps."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def unpacked(payload: bytes) -> dict[str, NDArray]:
    """The arrays of `packed`, numbers as those of shape ()."""
    with np.load(io.BytesIO(payload), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def kept_array(kind: str, about: tuple[Any, ...], make: Callable[[], NDArray]) -> NDArray:
    """What `make` gives, or gave before for the same; about: all that it depends on besides the
    package."""
    key = None if store.folder() is None else fingerprint(kind, about)
    found = store.read(kind, key, unpacked)
    if found is not None:
        return found["array"]
    made = make()
    store.write(kind, key, packed({"array": made}))
    return made
