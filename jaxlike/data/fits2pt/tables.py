"""What the two-point tables of a file are, without their numbers and their covariance."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxlike.data.fits2pt.hdus import Hdu, arcmin, keyword, read_columns
from jaxlike.data.fits2pt.kernels import KEYWORDS
from jaxlike.data.fits2pt.quantities import statistic_of
from jaxlike.data.fits2pt.reader import two_point_hdus
from jaxlike.data.statistics import scale_of
from jaxlike.errors import DataError


class Table(NamedTuple):
    """A two-point table.

    name: of its HDU; statistic: None for one that is unknown here; kernels: as its keywords have
    them; pairs: of bins, in order; scale: (n,) angles [arcmin], multipoles or modes, sorted, each
    once; edges: whether it has those of its angular bins.
    """

    name: str
    statistic: str | None
    kernels: tuple[str, str]
    pairs: tuple[tuple[int, int], ...]
    scale: np.ndarray
    edges: bool


def two_point_tables(
    path: str | os.PathLike[str], names: Iterable[str] | None = None
) -> tuple[Table, ...]:
    """Those of a 2pt FITS file, of which bins and scales are read of `names` (any case) alone.

    DataError says what is wrong with the file.
    """
    wanted = None if names is None else {name.lower() for name in names}
    with two_point_hdus(Path(path)) as hdus:
        return tuple(_table(hdu, wanted is None or hdu[0].lower() in wanted) for hdu in hdus)


def _table(hdu: Hdu, whole: bool) -> Table:
    first, second = (keyword(hdu, key) for key in KEYWORDS)
    statistic = statistic_of(hdu)
    if not whole or statistic is None:
        return Table(hdu[0], statistic, (first, second), (), np.zeros(0), False)
    mode = scale_of(statistic) == "mode"
    columns = read_columns(hdu, ["BIN1", "BIN2", "ANGBIN" if mode else "ANG"])
    pairs = dict.fromkeys(zip(columns["BIN1"].tolist(), columns["BIN2"].tolist(), strict=True))
    scale = np.asarray(columns["ANGBIN" if mode else "ANG"], float)
    if scale_of(statistic) == "theta":
        scale = arcmin(hdu, "ANG", scale)
    edges = {"ANGLEMIN", "ANGLEMAX"} <= columns.keys()
    return Table(hdu[0], statistic, (first, second), tuple(pairs), np.unique(scale), edges)


def table_called(tables: Iterable[Table], name: str, source: str) -> Table:
    """The one of this name, in any case; DataError where there is none."""
    tables = tuple(tables)
    found = [one for one in tables if one.name.lower() == name.lower()]
    if not found:
        listed = ", ".join(one.name for one in tables) or "none"
        raise DataError(f"{source}: has no two-point table '{name}'; there are {listed}")
    return found[0]
