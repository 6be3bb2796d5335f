"""The nodes that were chosen for data sets and options, kept for the next time."""

import io
from collections.abc import Callable, Sequence

import numpy as np

from jaxlike.data import TwoPointData
from jaxlike.numerics.kept import store
from jaxlike.numerics.kept.fingerprint import fingerprint
from jaxlike.registry.looked_up import looked_up
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.statistics.node_choice import NodeChoice

_KIND = "nodes"


def kept_choice(
    data: Sequence[tuple[TwoPointData, TheoryOptions]],
    tolerance: float,
    choose: Callable[[], NodeChoice],
) -> NodeChoice:
    """What `choose` finds for data sets with their options, or has found before."""
    if store.folder() is None:
        return choose()
    known = [(one, options, looked_up(options)) for one, options in data]
    key = fingerprint(_KIND, known, tolerance)
    found = store.read(_KIND, key, _restored)
    if found is None:
        found = choose()
        store.write(_KIND, key, _stored(found))
    return found


def _stored(choice: NodeChoice) -> bytes:
    file = io.BytesIO()
    np.savez(file, **vars(choice))
    return file.getvalue()


def _restored(payload: bytes) -> NodeChoice:
    with np.load(io.BytesIO(payload)) as file:
        numbers = int(file["n_z"]), float(file["z_max"])
        return NodeChoice(*numbers, file["ell_lattice"], float(file["error"]))
