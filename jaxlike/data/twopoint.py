"""The container of two-point data: measurements, n(z) tables and their joint covariance.

The containers check themselves: one that exists is usable. Their messages name the HDU and
column that an array comes from (names of the DES 2pt FITS format); readers add the file.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from jaxlike.data.checks import check_covariance, check_shape, finite_array, store
from jaxlike.data.measurement import Measurement
from jaxlike.data.redshift_distribution import RedshiftDistribution
from jaxlike.data.statistics import check_statistic
from jaxlike.errors import DataError

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
        store(self, "measurements", tuple(self.measurements))
        store(self, "nz", tuple(self.nz))
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
        store(self, "covariance", covariance)

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
