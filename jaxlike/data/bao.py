"""Distances and growth at single redshifts, from baryon acoustic oscillations: Cobaya's two files.

One has a line `z value quantity` for each number, the other their covariance.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.covariance_text import (
    checked_covariance,
    finite,
    lines_of,
    read_covariance,
    text_of,
)
from jaxlike.errors import DataError

BAO_QUANTITIES = (
    "DV_over_rs",
    "rs_over_DV",
    "DM_over_rs",
    "DA_over_rs",
    "DH_over_rs",
    "Hz_rs",
    "F_AP",
    "f_sigma8",
)
"""What may be measured, by Cobaya's names."""

_FILES = Path(__file__).resolve().parent / "files"

DESI_DR2 = {
    "desi_bao_all": None,
    "desi_bao_bgs": 0.295,
    "desi_bao_lrg1": 0.51,
    "desi_bao_lrg2": 0.706,
    "desi_bao_lrg3pluselg1": 0.934,
    "desi_bao_elg2": 1.321,
    "desi_bao_qso": 1.484,
    "desi_bao_lya": 2.33,
}
"""Name of a sample of DESI's second data release, as in Cobaya, -> its redshift; None: all.

Of different redshifts they are independent (arXiv:2503.14738, table IV; Lyman alpha:
arXiv:2503.14739)."""


@dataclass(frozen=True, eq=False)
class BaoData:
    """Numbers at single redshifts: z, value (n,), quantity (n,) of BAO_QUANTITIES, covariance
    (n, n); H(z) is in km/s/Mpc and r_drag in Mpc. DataError on what is none of that."""

    z: NDArray
    value: NDArray
    quantity: tuple[str, ...]
    covariance: NDArray
    source: str = "BAO"

    def __post_init__(self) -> None:
        n = len(self.quantity)
        shapes = np.shape(self.z), np.shape(self.value), np.shape(self.covariance)
        if shapes != ((n,), (n,), (n, n)) or not n:
            raise DataError(
                f"{self.source}: {n} quantities are of z, value and covariance of shapes "
                f"{', '.join(map(str, shapes))}"
            )
        for one in self.quantity:
            _check_quantity(one, f"{self.source}: has the quantity {one!r}")
        if not np.all(np.asarray(self.z) > 0):
            raise DataError(f"{self.source}: has z = {np.min(self.z):g}, but must be above 0")
        checked_covariance(np.asarray(self.covariance, float), self.source)

    def of_redshift(self, z: float) -> "BaoData":
        """What was measured at one redshift; DataError where nothing was."""
        chosen = np.flatnonzero(np.abs(self.z - z) < 1e-6)
        if not chosen.size:
            every = ", ".join(f"{one:g}" for one in np.unique(self.z))
            raise DataError(f"{self.source}: has nothing at z = {z:g}; it has {every}")
        return BaoData(
            self.z[chosen],
            self.value[chosen],
            tuple(self.quantity[i] for i in chosen),
            self.covariance[np.ix_(chosen, chosen)],
            self.source,
        )


def _check_quantity(quantity: str, fault: str) -> None:
    if quantity not in BAO_QUANTITIES:
        raise DataError(f"{fault}; accepted are {', '.join(BAO_QUANTITIES)}")


def read_bao(
    measurements: str | os.PathLike[str],
    covariance: str | os.PathLike[str] | None = None,
    *,
    inverse_covariance: str | os.PathLike[str] | None = None,
) -> BaoData:
    """Read a file of lines `z value quantity`, and one of their covariance, or of its inverse, in
    the same order.

    Without the second, lines are `z value error quantity`, whose errors do not count beside it.
    DataError names file and line.
    """
    lines = lines_of(text_of(measurements, "BAO measurements"))
    rows = [(f"{measurements}: line {i}", words) for i, words in lines]
    return _of_rows(rows, str(measurements), covariance, inverse_covariance)


def bao_of_rows(
    rows: Sequence[Sequence[object]],
    covariance: str | os.PathLike[str] | None = None,
    *,
    inverse_covariance: str | os.PathLike[str] | None = None,
    source: str = "BAO",
) -> BaoData:
    """The same of rows [z, value, quantity] or [z, value, error, quantity], or of a single one."""
    every = [rows] if rows and isinstance(rows[0], int | float) else rows
    if any(isinstance(row, str) or not isinstance(row, Sequence) for row in every):
        raise DataError(f"{source}: data is {rows!r}, but must be rows [z, value, error, quantity]")
    words = [(f"{source}: row {i}", [str(x) for x in row]) for i, row in enumerate(every, 1)]
    return _of_rows(words, source, covariance, inverse_covariance)


_COLUMNS = ("z value quantity", "z value error quantity")


def _of_rows(
    rows: Sequence[tuple[str, Sequence[str]]],
    source: str,
    covariance: str | os.PathLike[str] | None,
    inverse: str | os.PathLike[str] | None,
) -> BaoData:
    """Data of rows of words, each with where it stands."""
    accepted = _COLUMNS[1:] if covariance is None and inverse is None else _COLUMNS
    columns = " or ".join(f"`{one}`" for one in accepted)
    if not rows:
        raise DataError(f"{source}: has no line {columns}")
    numbers, quantities = [], []
    for where, words in rows:
        names = next((one.split() for one in accepted if len(one.split()) == len(words)), None)
        if names is None or len(words) != len(rows[0][1]):
            raise DataError(f"{where} has {len(words)} columns, not {columns}")
        quantity = words[-1].removeprefix("bao_")
        _check_quantity(quantity, f"{where} has the quantity {words[-1]!r}")
        numbers.append([finite(x, where, what) for x, what in zip(words[:-1], names, strict=False)])
        quantities.append(quantity)
    found = np.array(numbers)
    if covariance is not None:
        matrix = read_covariance(covariance, len(rows))
    elif inverse is not None:
        matrix = np.linalg.inv(read_covariance(inverse, len(rows)))
    else:
        matrix = np.diag(found[:, 2] ** 2)
    return BaoData(found[:, 0], found[:, 1], tuple(quantities), matrix, source)


def desi_dr2_bao(sample: str = "desi_bao_all") -> BaoData:
    """DESI's second data release (arXiv:2503.14738), which comes with the package: all, or one of
    the samples of DESI_DR2."""
    every = read_bao(_FILES / "desi_dr2_bao_mean.txt", _FILES / "desi_dr2_bao_cov.txt")
    return _sample(every, sample)


def desi_dr2_bao_of_cosmosis(sample: str = "desi_bao_all") -> BaoData:
    """The same by the numbers of the module desi_dr2 of CosmoSIS's standard library: rounded, with
    errors that are smaller by up to 5 % and other correlations (at z = 0.934 -0.425 for -0.347)."""
    return _sample(_of_table(_FILES / "desi_dr2_bao_cosmosis.txt"), sample)


def _sample(every: BaoData, sample: str) -> BaoData:
    if sample not in DESI_DR2:
        raise DataError(f"DESI DR2 has no sample {sample!r}; they are {', '.join(DESI_DR2)}")
    z = DESI_DR2[sample]
    return every if z is None else every.of_redshift(z)


def _of_table(file: Path) -> BaoData:
    """Lines `z quantity value error correlation`, of which those of one z are correlated."""
    rows = [words for _, words in lines_of(text_of(file, "BAO measurements"))]
    z, value, error, r = (np.array([float(row[i]) for row in rows]) for i in (0, 2, 3, 4))
    correlation = np.where(z[:, None] == z, r[:, None], 0.0)
    np.fill_diagonal(correlation, 1.0)
    covariance = correlation * np.outer(error, error)
    return BaoData(z, value, tuple(row[1] for row in rows), covariance, str(file))
