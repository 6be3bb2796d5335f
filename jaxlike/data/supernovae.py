"""Distance moduli of supernovae: a table with a header, and the covariance, as CosmoMC has them."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.covariance_text import (
    checked_covariance,
    lines_of,
    number,
    read_covariance,
    text_of,
)
from jaxlike.errors import DataError

_FILES = Path(__file__).resolve().parent / "files"

_COLUMNS = {
    "z_cmb": ("zcmb", "zhd"),
    "z_hel": ("zhel",),
    "magnitude": ("mb", "mag", "m_b_corr", "mu"),
}
"""What is read -> what the header may call it, in any case."""


@dataclass(frozen=True, eq=False)
class SupernovaData:
    """Magnitudes (n,), whose zero point is arbitrary, at redshifts z_cmb (of the expansion) and
    z_hel (as seen), (n,), with their covariance (n, n). DataError on what is none of that."""

    z_cmb: NDArray
    z_hel: NDArray
    magnitude: NDArray
    covariance: NDArray
    source: str = "supernovae"

    def __post_init__(self) -> None:
        n = np.size(self.magnitude)
        vectors = np.shape(self.z_cmb), np.shape(self.z_hel), np.shape(self.magnitude)
        if vectors != ((n,),) * 3 or np.shape(self.covariance) != (n, n) or not n:
            shapes = ", ".join(map(str, (*vectors, np.shape(self.covariance))))
            raise DataError(
                f"{self.source}: z_cmb, z_hel, magnitude and covariance have the shapes {shapes}"
            )
        for z in (self.z_cmb, self.z_hel):
            if not np.all(np.asarray(z) > 0):
                raise DataError(f"{self.source}: has z = {np.min(z):g}, but must be above 0")
        checked_covariance(np.asarray(self.covariance, float), self.source)


def read_supernovae(
    table: str | os.PathLike[str], covariance: str | os.PathLike[str]
) -> SupernovaData:
    """Read a table whose first line names its columns, with or without `#`: zcmb (or zHD), mb (or
    mag, m_b_corr, mu), and zhel, without which it is zcmb; and the covariance in its order.

    DataError names file and line.
    """
    text = text_of(table, "supernovae")
    header = text.partition("\n")[0].lstrip("#").lower().split()
    wanted = {
        what: next((header.index(name) for name in names if name in header), None)
        for what, names in _COLUMNS.items()
    }
    for what in ("z_cmb", "magnitude"):
        if wanted[what] is None:
            raise DataError(
                f"{table}: the first line names no column {' or '.join(_COLUMNS[what])}, but "
                f"{', '.join(header) or 'nothing'}"
            )
    if wanted["z_hel"] is None:
        wanted["z_hel"] = wanted["z_cmb"]
    columns = [column for column in wanted.values() if column is not None]
    rows = []
    for i, words in lines_of(text):
        if [word.lower() for word in words] == header:
            continue
        if len(words) <= max(columns):
            raise DataError(
                f"{table}: line {i} has {len(words)} columns, but {header[max(columns)]} is column "
                f"{max(columns) + 1}"
            )
        rows.append([number(words[j], table, i, header[j]) for j in columns])
    if not rows:
        raise DataError(f"{table}: has no supernovae")
    z_cmb, z_hel, magnitude = np.array(rows).T
    return SupernovaData(
        z_cmb, z_hel, magnitude, read_covariance(covariance, len(rows)), str(table)
    )


def union3() -> SupernovaData:
    """The 22 binned distance moduli of Union3 and UNITY1.5 (arXiv:2311.12098), which come with the
    package."""
    return read_supernovae(_FILES / "union3_magnitudes.txt", _FILES / "union3_cov.txt")
