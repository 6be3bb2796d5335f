"""Containers for two-point data: measurements, n(z) tables and their joint covariance.

The containers check themselves: one that exists is usable. Their messages name the HDU and
column that an array comes from (names of the DES 2pt FITS format); readers add the file.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from jaxlike.data.checks import check_covariance, check_shape, finite_array
from jaxlike.data.statistics import (
    ANGLE_COLUMNS,
    COLUMNS,
    ELL_COLUMNS,
    FOURIER_SPACE,
    check_statistic,
    scale_columns,
)
from jaxlike.data.windows import BandpowerWindows
from jaxlike.errors import DataError


@dataclass(frozen=True, eq=False)
class RedshiftDistribution:
    """Tabulated n(z) of one galaxy sample: cell edges and centres (n_z,), dndz (n_bin, n_z).

    `dndz` is as tabulated, not normalised; `n_gal` (n_bin,) is per arcmin^2 and `sigma_e`
    (n_bin,) the shape noise per component; `modes` (n_mode, n_bin, n_z), in the units of `dndz`,
    are what amplitudes of order one add to it. Raises DataError for what is no distribution.
    """

    name: str
    z_low: np.ndarray
    z_mid: np.ndarray
    z_high: np.ndarray
    dndz: np.ndarray
    n_gal: np.ndarray | None = None
    sigma_e: np.ndarray | None = None
    modes: np.ndarray | None = None

    def __post_init__(self) -> None:
        where = f"HDU {self.name!r}"
        n_z = np.size(self.z_mid)
        for field in ("z_low", "z_mid", "z_high"):
            column = f"{where} column {field.upper()}"
            _store(self, field, finite_array(getattr(self, field), column, size=n_z))
        rows = [
            finite_array(row, f"{where} column BIN{i}", size=n_z)
            for i, row in enumerate(self.dndz, start=1)
        ]
        if not rows or n_z < 2:
            raise DataError(f"{where} needs a column BIN1 and at least two rows")
        low, mid, high = self.z_low, self.z_mid, self.z_high
        cells = (low >= 0) & (low <= mid) & (mid <= high) & (low < high)
        if not (cells.all() and np.all(np.diff(mid) > 0)):
            raise DataError(
                f"{where} columns Z_LOW, Z_MID, Z_HIGH must increase from row to row and satisfy"
                " 0 <= Z_LOW <= Z_MID <= Z_HIGH with Z_LOW < Z_HIGH"
            )
        for i, row in enumerate(rows, start=1):
            if np.any(row < 0):
                at = int(np.argmax(row < 0)) + 1
                raise DataError(f"{where} column BIN{i} is negative in row {at}; n(z) must be >= 0")
            if not row.any():
                raise DataError(f"{where} column BIN{i} is zero in every row; an n(z) must not be")
        _store(self, "dndz", finite_array(rows, f"{where} n(z)", ndim=2))
        for field, keyword in (("n_gal", "NGAL"), ("sigma_e", "SIG_E")):
            if getattr(self, field) is not None:
                values = finite_array(
                    getattr(self, field), f"{where} keywords {keyword}_i", size=self.n_bin
                )
                if np.any(values < 0):
                    raise DataError(f"{where} keywords {keyword}_i must be >= 0")
                _store(self, field, values)
        if self.modes is not None:
            modes = finite_array(self.modes, f"{where}: the array of its modes", ndim=3)
            if modes.shape[1:] != self.dndz.shape:
                raise DataError(
                    f"{where}: its modes are {modes.shape[1]} bins x {modes.shape[2]} redshifts,"
                    f" but n(z) is {self.n_bin} x {n_z}"
                )
            _store(self, "modes", modes)

    @property
    def n_bin(self) -> int:
        """Number of tomographic bins."""
        return len(self.dndz)

    @property
    def n_mode(self) -> int:
        """Number of modes by which it can change."""
        return 0 if self.modes is None else len(self.modes)


@dataclass(frozen=True, eq=False)
class Measurement:
    """One table of two-point points, arrays of shape (n,): bin pairs, angles or ell, values.

    Bins count from 1; angles are in arcmin, `theta_min_arcmin` and `theta_max_arcmin` being the
    edges of each point's angular bin where known. A C_ell has `ell` in their place, and no angles
    (None); with `windows` it is a bandpower, and `ell` its nominal multipole, which scale cuts and
    plots go by. Raises DataError for unusable columns.
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
            _store(self, field, values)
        for field in ("bin1", "bin2"):
            if np.any(getattr(self, field) < 1):
                raise DataError(f"{where} column {COLUMNS[field]} must count bins from 1")
        if np.any(self.scale <= 0):
            raise DataError(f"{where} column ANG must be > 0")
        low, high = self.theta_min_arcmin, self.theta_max_arcmin
        if low is not None and high is not None and not np.all((low >= 0) & (low < high)):
            raise DataError(f"{where} columns must satisfy 0 <= ANGLEMIN < ANGLEMAX")
        if self.windows is not None and self.statistic not in FOURIER_SPACE:
            raise DataError(f"{where} is {self.statistic}; only a C_ell has bandpower windows")
        if self.windows is not None and self.windows.row.size != n:
            raise DataError(f"{where} has {n} points, but {self.windows.row.size} windows")

    def _check_scales(self, where: str) -> None:
        own = scale_columns(self.statistic)
        needed = next(iter(own))
        for field in (*ANGLE_COLUMNS, *ELL_COLUMNS):
            given = getattr(self, field) is not None
            if (given and field not in own) or (field == needed and not given):
                wrong = f"and {field} is given" if given else f"and {needed} is None"
                raise DataError(f"{where} is {self.statistic}, a function of {needed}, {wrong}")

    @property
    def scale(self) -> np.ndarray:
        """What the points are at (n,): ell of a C_ell, theta [arcmin] of the others."""
        scale = self.ell if self.statistic in FOURIER_SPACE else self.theta_arcmin
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


_Table = TypeVar("_Table", Measurement, RedshiftDistribution)


@dataclass(frozen=True, eq=False)
class TwoPointData:
    """Measurements, the n(z) they refer to and their joint covariance (n_data, n_data).

    Rows of the covariance follow the measurements one after another; `source` is the file, for
    messages. Raises DataError for bins without n(z) and for a covariance that is not one.
    """

    measurements: tuple[Measurement, ...]
    nz: tuple[RedshiftDistribution, ...]
    covariance: np.ndarray
    source: str

    def __post_init__(self) -> None:
        _store(self, "measurements", tuple(self.measurements))
        _store(self, "nz", tuple(self.nz))
        if not self.measurements:
            raise DataError("there is no two-point measurement; at least one is needed")
        names = [m.name for m in self.measurements] + [nz.name for nz in self.nz]
        for name in names:
            if names.count(name) > 1:
                raise DataError(f"HDU {name!r} is there {names.count(name)} times; only one may be")
        for measurement in self.measurements:
            self._check_kernels(measurement)
        covariance = finite_array(self.covariance, "HDU 'COVMAT'", ndim=2)
        check_shape(covariance, [(m.name, m.value.size) for m in self.measurements])
        check_covariance(covariance)
        _store(self, "covariance", covariance)

    def _check_kernels(self, measurement: Measurement) -> None:
        where = f"HDU {measurement.name!r}"
        for i in (1, 2):
            kernel, bins = (getattr(measurement, f"kernel{i}"), getattr(measurement, f"bin{i}"))
            table = next((nz for nz in self.nz if nz.name == kernel), None)
            if table is None:
                raise DataError(
                    f"{where} keyword KERNEL_{i} names {kernel!r}, which is not an n(z) HDU;"
                    f" the n(z) HDUs are: {', '.join(nz.name for nz in self.nz) or 'none'}"
                )
            if bins.max() > table.n_bin:
                raise DataError(
                    f"{where} column BIN{i} has bin {bins.max()}, which has no n(z):"
                    f" HDU {kernel!r} has bins 1 to {table.n_bin}"
                )

    @property
    def n_data(self) -> int:
        """Number of points."""
        return len(self.covariance)

    @property
    def value(self) -> np.ndarray:
        """The data vector (n_data,)."""
        return np.concatenate([m.value for m in self.measurements])

    @property
    def statistics(self) -> tuple[str, ...]:
        """The statistics present, each once, in file order."""
        return tuple(dict.fromkeys(m.statistic for m in self.measurements))

    def measurement(self, name: str) -> Measurement:
        """The measurement called `name` (any case); raises DataError listing those there are."""
        return self._find(self.measurements, name)

    def distribution(self, name: str) -> RedshiftDistribution:
        """The n(z) table called `name` (any case); raises DataError listing those there are."""
        return self._find(self.nz, name)

    def _find(self, items: tuple[_Table, ...], name: str) -> _Table:
        for item in items:
            if item.name.lower() == name.lower():
                return item
        known = ", ".join(item.name for item in items) or "none"
        raise DataError(f"{self.source}: there is no HDU {name!r}; there are: {known}")

    def select(self, mask: ArrayLike) -> "TwoPointData":
        """The points where `mask` (n_data,) is true; emptied measurements go, the n(z) stay.

        Raises DataError for a mask of another shape or type and for one that leaves nothing.
        """
        keep = np.asarray(mask)
        if keep.dtype != bool or keep.shape != (self.n_data,):
            raise DataError(
                f"{self.source}: a mask of {keep.shape} {keep.dtype} values selects nothing here;"
                f" it must be {self.n_data} booleans"
            )
        if not keep.any():
            raise DataError(f"{self.source}: none of the {self.n_data} points is left; keep some")
        ends = np.cumsum([m.value.size for m in self.measurements])
        parts = zip(self.measurements, np.split(keep, ends[:-1]), strict=True)
        kept = tuple(m.take(part) for m, part in parts if part.any())
        return replace(self, measurements=kept, covariance=self.covariance[np.ix_(keep, keep)])

    def with_probes(self, probes: Iterable[str]) -> "TwoPointData":
        """The points of the statistics `probes`, in file order; DataError names an absent one."""
        wanted = tuple(probes)
        for probe in wanted:
            check_statistic(probe)
            if probe not in self.statistics:
                raise DataError(
                    f"{self.source}: there is no HDU of probe {probe!r};"
                    f" the file has {', '.join(self.statistics)}"
                )
        chosen = [np.full(m.value.size, m.statistic in wanted) for m in self.measurements]
        return self.select(np.concatenate(chosen))


def _store(container: object, field: str, value: object) -> None:
    object.__setattr__(container, field, value)  # how a frozen dataclass normalises its fields
