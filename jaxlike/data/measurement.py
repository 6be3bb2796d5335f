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
    check_statistic,
    scale_columns,
    scale_of,
)
from jaxlike.data.windows import BandpowerWindows
from jaxlike.errors import DataError


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
        if np.any(self.scale <= 0):
            raise DataError(f"{where} column ANG must be > 0")
        low, high = self.theta_min_arcmin, self.theta_max_arcmin
        if low is not None and high is not None and not np.all((low >= 0) & (low < high)):
            raise DataError(f"{where} columns must satisfy 0 <= ANGLEMIN < ANGLEMAX")
        if self.windows is not None and self.statistic not in FOURIER_SPACE:
            raise DataError(f"{where} is {self.statistic}; only a C_ell has bandpower windows")
        if self.windows is not None and self.windows.row.size != n:
            raise DataError(f"{where} has {n} points, but {self.windows.row.size} windows")

    def __repr__(self) -> str:
        pairs = len({*zip(self.bin1.tolist(), self.bin2.tolist(), strict=True)})
        what = {"theta": "theta [arcmin]", "ell": "ell", "mode": "modes"}[scale_of(self.statistic)]
        return (
            f"Measurement {self.name}: {self.value.size} points of {self.statistic} in {pairs} "
            f"pairs of bins, {what} = {self.scale.min():.4g} to {self.scale.max():.4g}"
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
