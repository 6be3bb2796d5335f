"""Distance moduli of supernovae: a table with a header, and the covariance, as CosmoMC has them."""

import os
from collections.abc import Mapping, Sequence
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
    z_hel (as seen), (n,), with their covariance (n, n).

    calibrated: (n,) distance moduli that are known otherwise, by Cepheids, NaN where they are not;
    None: of none. DataError on what is none of that.
    """

    z_cmb: NDArray
    z_hel: NDArray
    magnitude: NDArray
    covariance: NDArray
    source: str = "supernovae"
    calibrated: NDArray | None = None

    def __post_init__(self) -> None:
        n = np.size(self.magnitude)
        vectors = np.shape(self.z_cmb), np.shape(self.z_hel), np.shape(self.magnitude)
        if vectors != ((n,),) * 3 or np.shape(self.covariance) != (n, n) or not n:
            shapes = ", ".join(map(str, (*vectors, np.shape(self.covariance))))
            raise DataError(
                f"{self.source}: z_cmb, z_hel, magnitude and covariance have the shapes {shapes}"
            )
        if self.calibrated is not None and np.shape(self.calibrated) != (n,):
            raise DataError(
                f"{self.source}: calibrated has the shape {np.shape(self.calibrated)}, but there "
                f"are {n} magnitudes"
            )
        if self.calibrated is not None and not np.any(np.isnan(self.calibrated)):
            raise DataError(f"{self.source}: every modulus is known otherwise")
        for z in (self.z_cmb, self.z_hel):
            if not np.all(np.asarray(z) > 0):
                raise DataError(f"{self.source}: has z = {np.min(z):g}, but must be above 0")
        checked_covariance(np.asarray(self.covariance, float), self.source)


def read_columns(
    table: str | os.PathLike[str],
    wanted: Mapping[str, Sequence[str]],
    *,
    separator: str | None = None,
    optional: Sequence[str] = (),
) -> dict[str, NDArray]:
    """Columns (n,) of a table whose first line names them, with or without `#`.

    wanted: what is read -> what the header may call it, in small letters; separator: between
    columns, None: space. DataError names file and line.
    """
    text = text_of(table, "supernovae")
    first = text.partition("\n")[0].lstrip("#").lower().split(separator)
    header = [name.strip() for name in first]
    columns: dict[str, int] = {}
    for what, names in wanted.items():
        found = next((header.index(name) for name in names if name in header), None)
        if found is not None:
            columns[what] = found
        elif what not in optional:
            raise DataError(
                f"{table}: the first line names no column {' or '.join(names)}, but "
                f"{', '.join(filter(None, header)) or 'nothing'}"
            )
    rows = []
    last = max(columns.values())
    for i, line in lines_of(text):
        words = line if separator is None else " ".join(line).split(separator)
        words = [word.strip() for word in words]
        if [word.lower() for word in words] == header:
            continue
        if len(words) <= last:
            raise DataError(
                f"{table}: line {i} has {len(words)} columns, but {header[last]} is column "
                f"{last + 1}"
            )
        rows.append([number(words[j], table, i, header[j]) for j in columns.values()])
    if not rows:
        raise DataError(f"{table}: has no supernovae")
    return dict(zip(columns, np.array(rows).T, strict=True))


def read_supernovae(
    table: str | os.PathLike[str], covariance: str | os.PathLike[str]
) -> SupernovaData:
    """Read a table whose first line names its columns, with or without `#`: zcmb (or zHD), mb (or
    mag, m_b_corr, mu), and zhel, without which it is zcmb; and the covariance in its order.

    DataError names file and line.
    """
    found = read_columns(table, _COLUMNS, optional=("z_hel",))
    return SupernovaData(
        found["z_cmb"],
        found.get("z_hel", found["z_cmb"]),
        found["magnitude"],
        read_covariance(covariance, found["z_cmb"].size),
        str(table),
    )


def union3() -> SupernovaData:
    """The 22 binned distance moduli of Union3 and UNITY1.5 (arXiv:2311.12098), which come with the
    package."""
    return read_supernovae(_FILES / "union3_magnitudes.txt", _FILES / "union3_cov.txt")
