"""The container of two-point data: measurements, n(z) tables and their joint covariance.

The containers check themselves: one that exists is usable. Their messages name the HDU and
column that an array comes from (names of the DES 2pt FITS format); readers add the file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from jaxlike.data.checks import check_covariance, check_shape, finite_array, store
from jaxlike.data.convergence import Convergence
from jaxlike.data.measurement import Measurement
from jaxlike.data.redshift_distribution import RedshiftDistribution
from jaxlike.data.statistics import KINDS, STATISTICS, chosen_probes
from jaxlike.errors import DataError

_Table = TypeVar("_Table", Measurement, RedshiftDistribution, Convergence)


@dataclass(frozen=True, eq=False)
class TwoPointData:
    """Measurements, the n(z) they refer to and their joint covariance (n_data, n_data).

    A measurement's kernels name tables of `nz`, of which there may be several of one kind, or the
    maps of `convergence`, whichever its statistic correlates.
    Rows of the covariance follow the measurements one after another; `source` is the file, for
    messages; `n_cut` how many points of its statistics were left out; `blinded`: name of the key
    that the values are blinded with; `is_covariance`: known to be one, as a part of one is, and
    not looked through again. Raises DataError for bins without n(z)
    and for a covariance that is not one.
    """

    measurements: tuple[Measurement, ...]
    nz: tuple[RedshiftDistribution, ...]
    covariance: np.ndarray
    source: str
    convergence: tuple[Convergence, ...] = ()
    n_cut: int = 0
    blinded: str = ""
    is_covariance: InitVar[bool] = False

    def __post_init__(self, is_covariance: bool) -> None:
        store(self, "measurements", tuple(self.measurements))
        store(self, "nz", tuple(self.nz))
        if not self.measurements:
            raise DataError("there is no two-point measurement; at least one is needed")
        store(self, "convergence", tuple(self.convergence))
        names = [m.name for m in self.measurements] + self._kernels()
        for name in names:
            if names.count(name) > 1:
                raise DataError(f"HDU {name!r} is there {names.count(name)} times; only one may be")
        for measurement in self.measurements:
            self._check_kernels(measurement)
        self._check_tables()
        covariance = finite_array(self.covariance, "HDU 'COVMAT'", ndim=2)
        check_shape(covariance, [(m.name, m.value.size) for m in self.measurements])
        if not is_covariance:
            check_covariance(covariance)
        store(self, "covariance", covariance)

    def _check_kernels(self, measurement: Measurement) -> None:
        where = f"HDU {measurement.name!r}"
        for i, kind in enumerate(STATISTICS[measurement.statistic], start=1):
            kernel, bins = (getattr(measurement, f"kernel{i}"), getattr(measurement, f"bin{i}"))
            if kind == "convergence":
                self._check_convergence(kernel, bins, where, i)
                continue
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

    def _check_tables(self) -> None:
        """One table for each pair of bins: with two of them nobody knows which is meant."""
        owners: dict[tuple[str, frozenset[str], int, int], str] = {}
        for m in self.measurements:
            if "convergence" in STATISTICS[m.statistic]:
                continue  # files give maps of several surveys one name
            kernels = frozenset((m.kernel1.lower(), m.kernel2.lower()))
            for pair in {*zip(*(one.tolist() for one in m.pairs), strict=True)}:
                other = owners.setdefault((m.statistic, kernels, *pair), m.name)
                if other != m.name:
                    raise DataError(
                        f"HDUs {other!r} and {m.name!r} both have {m.statistic} of bins"
                        f" {pair[0]}-{pair[1]}; one table for each pair is needed"
                    )

    def _check_convergence(self, kernel: str, bins: np.ndarray, where: str, i: int) -> None:
        names = [map_.name for map_ in self.convergence]
        if kernel not in names:
            raise DataError(
                f"{where} keyword KERNEL_{i} names {kernel!r}, which is not a map of the"
                f" convergence; those are: {', '.join(names) or 'none'}"
            )
        if bins.max() > 1:
            raise DataError(
                f"{where} column BIN{i} has bin {bins.max()}; the convergence has bin 1 only"
            )

    def _kernels(self) -> list[str]:
        """What measurements may name."""
        return [table.name for table in self.nz] + [map_.name for map_ in self.convergence]

    @property
    def samples(self) -> tuple[tuple[str, str], ...]:
        """(Name, kind) of what the measurements correlate, a kind being one of KINDS.

        Lenses ("counts") stand before sources ("shear") and those before convergence, each in the
        order of the file. A table of n(z) that is used for both kinds is there twice.
        """
        used = {
            (kernel, kind)
            for m in self.measurements
            for kernel, kind in zip((m.kernel1, m.kernel2), STATISTICS[m.statistic], strict=True)
        }
        names = self._kernels()
        return tuple((name, kind) for kind in KINDS for name in names if (name, kind) in used)

    @property
    def n_data(self) -> int:
        """Number of points."""
        return len(self.covariance)

    @property
    def summary(self) -> str:
        """Points of each statistic and where they are from, in a line."""
        counts = dict.fromkeys(self.statistics, 0)
        for m in self.measurements:
            counts[m.statistic] += m.value.size
        each = ", ".join(f"{n} {statistic}" for statistic, n in counts.items())
        blind = f", blinded with key {self.blinded}" if self.blinded else ""
        return f"{self.n_data} points of {self.source} ({each}){blind}"

    def __repr__(self) -> str:
        tables = [f"{table.name} ({table.n_bin} bins)" for table in self.nz]
        tables += [f"{one.name} (convergence)" for one in self.convergence]
        return f"TwoPointData: {self.summary}\n  n(z): {', '.join(tables)}"

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

    def convergence_map(self, name: str) -> Convergence:
        """The map of convergence called `name` (any case); DataError lists those there are."""
        return self._find(self.convergence, name)

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
        if keep.all():
            return self
        ends = np.cumsum([m.value.size for m in self.measurements])
        parts = zip(self.measurements, np.split(keep, ends[:-1]), strict=True)
        kept = tuple(m.take(part) for m, part in parts if part.any())
        covariance = self.covariance[np.ix_(keep, keep)]
        left_out = self.n_cut + int(np.sum(~keep))
        return replace(
            self, measurements=kept, covariance=covariance, n_cut=left_out, is_covariance=True
        )

    def with_nz(self, tables: Mapping[str, RedshiftDistribution]) -> "TwoPointData":
        """The same with other n(z), by the names of those that they stand for."""
        nz = tuple(tables.get(table.name, table) for table in self.nz)
        return replace(self, nz=nz, is_covariance=True)

    def with_probes(self, probes: Iterable[str]) -> "TwoPointData":
        """The points of the statistics `probes`, in file order; DataError names an absent one."""
        try:
            wanted = chosen_probes(probes, self.statistics)
        except DataError as error:
            raise DataError(f"{self.source}: {error}") from error
        chosen = [np.full(m.value.size, m.statistic in wanted) for m in self.measurements]
        selected = self.select(np.concatenate(chosen))
        return replace(selected, n_cut=self.n_cut, is_covariance=True)
