"""One table of two-point points: bins, angles or multipoles, and values."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jaxlike.data.checks import finite_array, store
from jaxlike.data.statistics import (
    ANGLE_COLUMNS,
    COLUMNS,
    ELL_COLUMNS,
    FOURIER_SPACE,
    STATISTICS,
    check_statistic,
    scale_columns,
    scale_of,
)
from jaxlike.data.windows import BandpowerWindows
from jaxlike.errors import DataError

_ANGLES = 0.01, 1800.0  # [arcmin], beyond which a unit is wrong
_MULTIPOLES = 0.1, 6e4  # between which C_ell are computed
_ROUNDING = 1e-4  # of an edge that was written with few digits
_BESIDE = 3.0  # factor by which a nominal multipole may lie outside its window


@dataclass(frozen=True, eq=False)
class Measurement:
    """One table of two-point points, arrays of shape (n,): bin pairs, angles or ell, values.

    Bins count from 1; angles are in arcmin, `theta_min_arcmin` and `theta_max_arcmin` being the
    edges of each point's angular bin where known. A C_ell has `ell` in their place, and no angles
    (None); with `windows` it is a bandpower, and `ell` its nominal multipole, which scale cuts and
    plots go by. COSEBIs have neither: their modes are `angle_bin`, and the edges are the angles
    that they are between, where known. Raises DataError for unusable columns.
    """

    name: str
    statistic: str
    kernel1: str
    kernel2: str
    bin1: np.ndarray
    bin2: np.ndarray
    angle_bin: np.ndarray
    theta_arcmin: np.ndarray | None
    value: np.ndarray
    theta_min_arcmin: np.ndarray | None = None
    theta_max_arcmin: np.ndarray | None = None
    ell: np.ndarray | None = None
    windows: BandpowerWindows | None = None

    def __post_init__(self) -> None:
        where = f"HDU {self.name!r}"
        check_statistic(self.statistic)
        n = np.size(self.value)
        if n == 0:
            raise DataError(f"{where} has no rows; a two-point table needs at least one")
        self._check_scales(where)
        if (self.theta_min_arcmin is None) != (self.theta_max_arcmin is None):
            raise DataError(f"{where} must have both columns ANGLEMIN and ANGLEMAX, or neither")
        for field, column in self.columns().items():
            values = finite_array(
                getattr(self, field),
                f"{where} column {column}",
                size=n,
                integer=field in ("bin1", "bin2", "angle_bin"),
            )
            store(self, field, values)
        for field in ("bin1", "bin2"):
            if np.any(getattr(self, field) < 1):
                raise DataError(f"{where} column {COLUMNS[field]} must count bins from 1")
        if scale_of(self.statistic) == "mode" and np.any(self.angle_bin < 1):
            raise DataError(f"{where} column ANGBIN must count modes from 1")
        self._check_range(where)
        self._check_edges(where)
        self._check_once(where)
        if self.windows is not None and self.statistic not in FOURIER_SPACE:
            raise DataError(f"{where} is {self.statistic}; only a C_ell has bandpower windows")
        if self.windows is not None and self.windows.row.size != n:
            raise DataError(f"{where} has {n} points, but {self.windows.row.size} windows")
        if self.windows is not None:
            self._check_windows(self.windows)

    def __repr__(self) -> str:
        pairs = len({*zip(self.bin1.tolist(), self.bin2.tolist(), strict=True)})
        return (
            f"Measurement {self.name}: {self.value.size} points of {self.statistic} in {pairs} "
            f"pairs of bins, {self.variable} = {self.scale.min():.4g} to {self.scale.max():.4g}"
        )

    def _check_scales(self, where: str) -> None:
        own = scale_columns(self.statistic)
        mode = scale_of(self.statistic) == "mode"
        needed = "angle_bin" if mode else next(iter(own))
        for field in (*ANGLE_COLUMNS, *ELL_COLUMNS):
            given = getattr(self, field) is not None
            if (given and field not in own) or (field == needed and not given):
                wrong = f"and {field} is given" if given else f"and {needed} is None"
                raise DataError(f"{where} is {self.statistic}, a function of {needed}, {wrong}")

    def _check_range(self, where: str) -> None:
        scale = self.scale
        if np.any(scale <= 0):
            raise DataError(f"{where} column ANG must be > 0")
        if self.theta_arcmin is not None:
            (low, high), what = _ANGLES, "arcmin: is its unit (TUNIT) right?"
        elif self.statistic in FOURIER_SPACE:
            (low, high), what = _MULTIPOLES, "as multipoles"
        else:
            return
        if scale.min() < low or scale.max() > high:
            raise DataError(
                f"{where} column ANG goes from {scale.min():.4g} to {scale.max():.4g}, and accepted"
                f" are {low:g} to {high:g} {what}"
            )

    def _check_edges(self, where: str) -> None:
        low, high, theta = self.theta_min_arcmin, self.theta_max_arcmin, self.theta_arcmin
        if low is None or high is None or theta is None:
            return
        if not np.all((low >= 0) & (low < high)):
            raise DataError(f"{where} columns must satisfy 0 <= ANGLEMIN < ANGLEMAX")
        outside = (theta < low * (1 - _ROUNDING)) | (theta > high * (1 + _ROUNDING))
        if outside.any():
            i = int(np.argmax(outside))
            raise DataError(
                f"{where} column ANG is {theta[i]:.5g} arcmin in row {i + 1}, outside its bin,"
                f" ANGLEMIN {low[i]:.5g} to ANGLEMAX {high[i]:.5g}"
            )

    def _check_once(self, where: str) -> None:
        """One row for each pair of bins and scale; (1, 2) and (2, 1) are one pair of one sample."""
        first, second = self.pairs
        rows = np.stack([first, second, self.scale])
        _, index, count = np.unique(rows, axis=1, return_index=True, return_counts=True)
        if np.any(count > 1):
            i = int(index[count > 1].min())
            raise DataError(
                f"{where} has bins {self.bin1[i]}-{self.bin2[i]} at {self.scale[i]:.5g} more than"
                " once; one row for each is needed"
            )

    def _check_windows(self, windows: BandpowerWindows) -> None:
        low, high, total = windows.extents()
        for i, row in enumerate(windows.row):
            where = f"{windows.where}: the window of point {i + 1}"
            if not total[row] > 0:
                raise DataError(f"{where} sums to {total[row]:.3g}, and must sum to more than 0")
            if not low[row] / _BESIDE - 1 <= self.scale[i] <= high[row] * _BESIDE + 1:
                raise DataError(
                    f"{where} is of multipoles {low[row]:g} to {high[row]:g}, where its nominal"
                    f" ell, {self.scale[i]:g}, is not"
                )

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """The two bins of each point (n,), the lower first where both are of one sample."""
        kinds = STATISTICS[self.statistic]
        if self.kernel1.lower() != self.kernel2.lower() or kinds[0] != kinds[1]:
            return self.bin1, self.bin2
        return np.minimum(self.bin1, self.bin2), np.maximum(self.bin1, self.bin2)

    @property
    def variable(self) -> str:
        """What the points are at, in words."""
        return {"theta": "theta [arcmin]", "ell": "ell", "mode": "modes"}[scale_of(self.statistic)]

    @property
    def scale(self) -> np.ndarray:
        """What the points are at (n,): theta [arcmin], ell or the number of a mode."""
        field = {"theta": "theta_arcmin", "ell": "ell", "mode": "angle_bin"}
        scale: np.ndarray | None = getattr(self, field[scale_of(self.statistic)])
        assert scale is not None  # as checked above
        return scale

    def columns(self) -> dict[str, str]:
        """Array field -> FITS column, for the arrays that this measurement has."""
        own = scale_columns(self.statistic)
        return {**COLUMNS, **{f: c for f, c in own.items() if getattr(self, f) is not None}}

    def take(self, mask: np.ndarray) -> "Measurement":
        """The points where `mask` (n,) is true."""
        changes: dict[str, Any] = {field: getattr(self, field)[mask] for field in self.columns()}
        if self.windows is not None:
            changes["windows"] = self.windows.take(mask)
        return replace(self, **changes)
