"""DES-Y1's two-point functions in text, in the layout that CosmoMC and Cobaya have them in.

A `.dataset` file names the others: correlations (bin, bin, angle, value), one file a statistic; the
covariance of all of them one after another; angles; n(z); and which angles of which pair count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.covariance_text import (
    checked_covariance,
    lines_of,
    number,
    read_matrix,
    settings_of,
    text_of,
)
from jaxlike.errors import DataError

STATISTICS = ("xip", "xim", "gammat", "wtheta")
"""Names of the statistics, in the order in which files have them."""

LENSING, GALAXIES = ("xip", "xim", "gammat"), ("gammat", "wtheta")
"""Those that see shapes, and those that see positions of galaxies."""

_NECESSARY = (
    *("data_types", "cov_file", "theta_bins_file", "data_selection", "nz_file", "num_z_bins"),
)


@dataclass(frozen=True)
class DesData:
    """What is left of the data after the selection, in the order of the covariance.

    statistic, bin1, bin2, angle: (n,) index in STATISTICS, zero-based bins and indices of angles;
    value: (n,); covariance: (n, n); theta_arcmin: (n_theta,); z: (n_z,) at which n_source (n_bin,
    n_z) and n_lens, of any normalisation, are given.
    """

    statistic: NDArray
    bin1: NDArray
    bin2: NDArray
    angle: NDArray
    value: NDArray
    covariance: NDArray
    theta_arcmin: NDArray
    z: NDArray
    n_source: NDArray
    n_lens: NDArray
    source: str

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the statistics that are in use."""
        return tuple(name for i, name in enumerate(STATISTICS) if i in self.statistic)


def read_des_dataset(file: Path, changed: Mapping[str, object] | None = None) -> DesData:
    """The data of a .dataset file with some of its settings changed; DataError, naming file and
    setting, on what it lacks."""
    said = settings_of(file, changed)
    for key in _NECESSARY:
        if not said.get(key):
            raise DataError(f"{file}: says no {key}")

    def place(key: str) -> Path:
        return file.parent / said[key]

    types = said["data_types"].split()
    used = said.get("used_data_types", said["data_types"]).split()
    for name in (*types, *used):
        if name not in STATISTICS:
            known = ", ".join(STATISTICS)
            raise DataError(f"{file}: has the statistic '{name}'; known are {known}")
        if name not in types:
            raise DataError(f"{file}: uses '{name}', which is not among its data_types")
    theta = _table(place("theta_bins_file"), 1)[:, 0]
    ranges = _ranges(place("data_selection"), used)
    columns, kept, first = [], [], 0
    for name in types:
        key = f"measurements[{name}]"
        if key not in said:
            raise DataError(f"{file}: says no {key}")
        table = _table(place(key), 4)
        pairs = [ranges.get((name, int(i), int(j))) for i, j in table[:, :2]]
        index = table[:, 2].astype(int) - 1
        if index.min() < 0 or index.max() >= theta.size:
            raise DataError(f"{place(key)}: has an angle that {place('theta_bins_file')} has not")
        inside = [
            pair is not None and pair[0] < at < pair[1]
            for pair, at in zip(pairs, theta[index], strict=True)
        ]
        rows = np.flatnonzero(inside)
        kept.append(first + rows)
        first += len(table)
        columns.append(
            np.column_stack(
                [np.full(rows.size, STATISTICS.index(name)), table[rows, :2] - 1, index[rows]]
            )
        )
        columns[-1] = np.column_stack([columns[-1], table[rows, 3]])
    chosen, rows = np.concatenate(columns), np.concatenate(kept)
    if not rows.size:
        raise DataError(f"{file}: has no point that its data_selection leaves")
    covariance = read_matrix(place("cov_file"), first)[np.ix_(rows, rows)]
    statistic, bin1, bin2, angle = chosen[:, :4].astype(int).T
    z, n_source = _nz(place("nz_file"), int(said["num_z_bins"]))
    n_lens = np.zeros((0, z.size))
    if said.get("num_gal_bins", "0") != "0":
        z_lens, n_lens = _nz(place("nz_gal_file"), int(said["num_gal_bins"]))
        if not np.array_equal(z_lens, z):
            raise DataError(f"{place('nz_gal_file')}: has other redshifts than {place('nz_file')}")
    return DesData(
        *(statistic, bin1, bin2, angle),
        chosen[:, 4],
        checked_covariance(covariance, place("cov_file")),
        theta,
        z,
        n_source,
        n_lens,
        str(file),
    )


def _table(file: Path, columns: int) -> NDArray:
    """Numbers (n, columns) of a text file, of the first columns of its lines."""
    rows = []
    for i, words in lines_of(text_of(file, "a table")):
        if len(words) < columns:
            raise DataError(f"{file}: line {i} has {len(words)} numbers, but must have {columns}")
        rows.append([number(word, file, i, "number") for word in words[:columns]])
    if not rows:
        raise DataError(f"{file}: has no numbers")
    return np.array(rows)


def _ranges(file: Path, used: list[str]) -> dict[tuple[str, int, int], tuple[float, float]]:
    """(Statistic, bin, bin) -> angles [arcmin] between which its points count."""
    found = {}
    for i, words in lines_of(text_of(file, "a selection of angles")):
        if len(words) != 5:
            raise DataError(f"{file}: line {i} must be: statistic, two bins, two angles")
        if words[0] in used:
            low, high = (number(word, file, i, "angle") for word in words[3:])
            found[words[0], int(words[1]), int(words[2])] = (low, high)
    return found


def _nz(file: Path, n_bin: int) -> tuple[NDArray, NDArray]:
    """Middles (n_z,) and n(z) (n_bin, n_z) of a table z_low, z_mid, z_high, n_1, n_2, ..."""
    table = _table(file, 3 + n_bin)
    if np.any(np.diff(table[:, 1]) <= 0) or len(table) < 4:
        raise DataError(f"{file}: its redshifts must be four or more ascending numbers")
    return table[:, 1], table[:, 3 : 3 + n_bin].T
