"""Windows of the points of a SACC file: bandpowers over ell, and edges of angular bins."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxlike.data.windows import BandpowerWindows
from jaxlike.errors import DataError

_LARGEST = 1e5  # beyond which there are no C_ell


def _kinds(points: Sequence[Any]) -> set[str | None]:
    """Type names of the points' windows, None for a point without."""
    windows = (point.tags.get("window") for point in points)
    return {
        None if window is None else getattr(window, "type_name", type(window).__name__)
        for window in windows
    }


def _one_kind(points: Sequence[Any], accepted: tuple[str, ...]) -> str | None:
    name, kinds = points[0].data_type, _kinds(points)
    if kinds == {None}:
        return None
    for kind in kinds - {None}:
        if kind not in accepted:
            raise DataError(
                f"{name} has a window of type {kind!r}; accepted are"
                f" {' and '.join(map(repr, accepted))}"
            )
    if len(kinds) > 1:
        some = " and ".join(
            "none" if kind is None else repr(kind) for kind in sorted(kinds, key=str)
        )
        raise DataError(f"{name} has windows of different types, {some}; one for all is needed")
    return kinds.pop()


def bandpower_windows(points: Sequence[Any]) -> BandpowerWindows | None:
    """The windows of C_ell points, or None where they are C_ell at single multipoles.

    Those of type Bandpower are taken as they are; TopHat is the mean over the multipoles from its
    min up to its max, which is not one of them.
    """
    kind = _one_kind(points, ("Bandpower", "TopHat"))
    if kind is None:
        return None
    where = f"windows of {points[0].data_type}"
    pieces = [
        _bandpower(point, where) if kind == "Bandpower" else _top_hat(point, where)
        for point in points
    ]
    # grids may differ from pair to pair: a window is zero where it is not given
    grids = {ell.tobytes(): ell for ell, _ in pieces}
    ell = np.unique(np.concatenate(list(grids.values())))
    at = {key: np.searchsorted(ell, grid) for key, grid in grids.items()}
    known: dict[bytes, int] = {}
    rows: list[int] = []
    weights: list[np.ndarray] = []
    for grid, weight in pieces:
        full = np.zeros(ell.size)
        full[at[grid.tobytes()]] = weight
        row = known.setdefault(full.tobytes(), len(known))
        if row == len(weights):
            weights.append(full)
        rows.append(row)
    return BandpowerWindows(ell, np.stack(weights), np.array(rows), where)


def _bandpower(point: Any, where: str) -> tuple[np.ndarray, np.ndarray]:
    window, index = point.tags["window"], point.tags.get("window_ind")
    weight = np.asarray(window.weight, float)
    if weight.ndim != 2:
        raise DataError(f"{where} must be of shape (n_ell, n_window); one is {weight.shape}")
    if index is None or not 0 <= int(index) < weight.shape[1]:
        raise DataError(
            f"{where}: tag window_ind is {index}; accepted are 0 to {weight.shape[1] - 1}"
        )
    ell = np.asarray(window.values, float)
    if np.unique(ell).size < ell.size:
        raise DataError(f"{where}: a multipole is there twice; each must be there once")
    return ell, weight[:, int(index)]


def _top_hat(point: Any, where: str) -> tuple[np.ndarray, np.ndarray]:
    low, high = float(point.tags["window"].min), float(point.tags["window"].max)
    if not (low >= 0 and high <= _LARGEST):
        raise DataError(
            f"{where}: one is {low:g} <= ell < {high:g}; accepted are ends from 0 to {_LARGEST:g}"
        )
    ell = np.arange(np.ceil(low), np.ceil(high))
    if ell.size == 0:
        raise DataError(f"{where}: no multipole is in 0 <= {low:g} <= ell < {high:g}")
    return ell, np.full(ell.size, 1 / ell.size)


def angular_edges(points: Sequence[Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """Edges [arcmin] of the angular bins of points with windows of type TopHat, else None."""
    if _one_kind(points, ("TopHat",)) is None:
        return None
    windows = [point.tags["window"] for point in points]
    return np.array([float(w.min) for w in windows]), np.array([float(w.max) for w in windows])
