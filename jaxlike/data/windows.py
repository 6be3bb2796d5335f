"""Bandpower windows: the weights with which a measured C_b sums the C_ell of a spectrum."""

from dataclasses import dataclass, replace

import numpy as np

from jaxlike.data.checks import finite_array
from jaxlike.errors import DataError

_NEGLIGIBLE = 1e-3  # of a window's largest weight


@dataclass(frozen=True, eq=False)
class BandpowerWindows:
    """Windows of the points of one table: C_b = sum_l weight[row[b], l] C_ell(ell[l]).

    ell: (n_ell,) increasing multipoles; weight: (n_window, n_ell); row: (n,) the window of each
    point, so that pairs of bins can share one. DataError, opened by `where`, for unusable arrays.
    """

    ell: np.ndarray
    weight: np.ndarray
    row: np.ndarray
    where: str = "bandpower windows"

    def __post_init__(self) -> None:
        ell = finite_array(self.ell, f"{self.where}: multipoles")
        if ell.size == 0 or ell[0] < 0 or np.any(np.diff(ell) <= 0):
            raise DataError(f"{self.where}: multipoles must be >= 0 and increase")
        weight = finite_array(self.weight, f"{self.where}: weights", ndim=2)
        if weight.shape[1] != ell.size:
            raise DataError(
                f"{self.where}: weights of {weight.shape[1]} multipoles are given for {ell.size}"
            )
        row = finite_array(self.row, f"{self.where}: rows", integer=True)
        if row.size and not 0 <= row.min() <= row.max() < len(weight):
            raise DataError(f"{self.where}: rows must be those of the {len(weight)} windows")
        if not weight[row].any(axis=1).all():
            at = int(np.argmin(weight[row].any(axis=1))) + 1
            raise DataError(f"{self.where}: the window of point {at} is zero at every multipole")
        for name, array in (("ell", ell), ("weight", weight), ("row", row)):
            object.__setattr__(self, name, array)

    def take(self, mask: np.ndarray) -> "BandpowerWindows":
        """The windows of the points where `mask` (n,) is true."""
        return replace(self, row=self.row[mask])

    def extents(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """First and last multipole at which each window (n_window,) is not negligible; its sum."""
        size = np.abs(self.weight)
        counts = size > _NEGLIGIBLE * size.max(axis=1, keepdims=True)
        last = counts.shape[1] - 1 - counts[:, ::-1].argmax(axis=1)
        return self.ell[counts.argmax(axis=1)], self.ell[last], self.weight.sum(axis=1)

    def span(self) -> tuple[float, float]:
        """The lowest and the highest multipole that any point depends on."""
        used = self.ell[self.weight[np.unique(self.row)].any(axis=0)]
        return float(used[0]), float(used[-1])
