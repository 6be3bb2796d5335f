"""n(z) of a sample of galaxies as files tabulate it: cells in redshift and what is in them."""

from dataclasses import dataclass, replace

import numpy as np

from jaxlike.data.checks import check_density, finite_array, store
from jaxlike.errors import DataError

_TILING = 1e-2  # of a cell: by how much the next may begin elsewhere, as rounded edges do


@dataclass(frozen=True, eq=False)
class RedshiftDistribution:
    """Tabulated n(z) of one galaxy sample: cell edges and centres (n_z,), dndz (n_bin, n_z).

    The cells are kept as they are read, which need not be without gaps or overlaps: `tiled` is.
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
            store(self, field, finite_array(getattr(self, field), column, size=n_z))
        rows = [
            finite_array(row, f"{where} column BIN{i}", size=n_z)
            for i, row in enumerate(self.dndz, start=1)
        ]
        if not rows or n_z < 2:
            raise DataError(f"{where} needs a column BIN1 and at least two rows")
        low, mid, high = self.z_low, self.z_mid, self.z_high
        cells = (mid >= 0) & (low <= mid) & (mid <= high) & (low < high)
        if not (cells.all() and np.all(np.diff(mid) > 0)):
            raise DataError(
                f"{where} columns Z_LOW, Z_MID, Z_HIGH must increase from row to row and satisfy"
                " Z_LOW <= Z_MID <= Z_HIGH with Z_LOW < Z_HIGH and Z_MID >= 0"
            )
        for i, row in enumerate(rows, start=1):
            check_density(row, f"{where} column BIN{i}")
        store(self, "dndz", finite_array(rows, f"{where} n(z)", ndim=2))
        for field, keyword in (("n_gal", "NGAL"), ("sigma_e", "SIG_E")):
            if getattr(self, field) is not None:
                values = finite_array(
                    getattr(self, field), f"{where} keywords {keyword}_i", size=self.n_bin
                )
                if np.any(values < 0):
                    raise DataError(f"{where} keywords {keyword}_i must be >= 0")
                store(self, field, values)
        if self.modes is not None:
            modes = finite_array(self.modes, f"{where}: the array of its modes", ndim=3)
            if modes.shape[1:] != self.dndz.shape:
                raise DataError(
                    f"{where}: its modes are {modes.shape[1]} bins x {modes.shape[2]} redshifts,"
                    f" but n(z) is {self.n_bin} x {n_z}"
                )
            store(self, "modes", modes)

    def __repr__(self) -> str:
        modes = f", {self.n_mode} modes" if self.n_mode else ""
        return (
            f"RedshiftDistribution {self.name}: {self.n_bin} bins, {self.z_mid.size} cells from "
            f"z = {self.z_low[0]:g} to {self.z_high[-1]:g}{modes}"
        )

    @property
    def n_bin(self) -> int:
        """Number of tomographic bins."""
        return len(self.dndz)

    @property
    def n_mode(self) -> int:
        """Number of modes by which it can change."""
        return 0 if self.modes is None else len(self.modes)

    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean redshift and standard deviation (n_bin,) of the galaxies of each bin."""
        cells = self.tiled()
        share = cells.dndz * (cells.z_high - cells.z_low)
        share = share / share.sum(axis=1, keepdims=True)
        mean = share @ cells.z_mid
        return mean, np.sqrt(np.maximum(share @ cells.z_mid**2 - mean**2, 0.0))

    def called(self, name: str) -> "RedshiftDistribution":
        """The same under another name."""
        return replace(self, name=name)

    def tiled(self) -> "RedshiftDistribution":
        """The same galaxies in cells from z >= 0 on, each of which ends where the next begins.

        Where the cells do not, it is the middles that say where galaxies are, as CosmoSIS and CCL
        read them: edges are put half-way between middles, the first and the last as far from
        theirs on either side. A cell that reaches below z = 0 keeps its galaxies, and goes if it
        has none. `self` where nothing is to be done.
        """
        low, mid, high = self.z_low, self.z_mid, self.z_high
        slack = _TILING * np.minimum(high - low, np.roll(high - low, 1))[1:]
        if low[0] >= 0 and np.all(np.abs(low[1:] - high[:-1]) <= slack):
            return self
        edges = edges_between(mid)
        if edges[0] < 0 and mid.size > 2 and not self._first_rows().any():
            # else a narrow cell stands at z = 0, of which there is nothing to say
            modes = None if self.modes is None else self.modes[..., 1:]
            dndz = self.dndz[:, 1:]
            rest = replace(
                self, z_low=low[1:], z_mid=mid[1:], z_high=high[1:], dndz=dndz, modes=modes
            )
            return rest.tiled()
        width = np.diff(edges)
        edges[0] = max(edges[0], 0.0)
        scale = width / np.diff(edges)
        return replace(
            self,
            z_low=edges[:-1],
            z_high=edges[1:],
            dndz=self.dndz * scale,
            modes=None if self.modes is None else self.modes * scale,
        )

    def _first_rows(self) -> np.ndarray:
        """What the first cell holds, of n(z) and of modes."""
        modes = np.zeros(0) if self.modes is None else self.modes[..., 0].ravel()
        return np.concatenate([self.dndz[:, 0], modes])


def edges_between(z: np.ndarray) -> np.ndarray:
    """Edges (n + 1,) half-way between samples z (n,), n >= 2; the ends mirror their neighbours."""
    between = (z[1:] + z[:-1]) / 2
    return np.concatenate([[2 * z[0] - between[0]], between, [2 * z[-1] - between[-1]]])
