"""The nodes that were chosen for data sets and options, kept for the next time."""

from collections.abc import Callable, Sequence

from jaxlike.data import TwoPointData
from jaxlike.kept import store
from jaxlike.kept.arrays import packed, unpacked
from jaxlike.kept.fingerprint import fingerprint
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
        store.write(_KIND, key, packed(vars(found)))
    return found


def _restored(payload: bytes) -> NodeChoice:
    found = unpacked(payload)
    numbers = int(found["n_z"]), float(found["z_max"])
    return NodeChoice(*numbers, found["ell_lattice"], float(found["error"]))
