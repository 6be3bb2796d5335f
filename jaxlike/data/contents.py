"""What is in a file of data, as far as it can be read: also in one that no likelihood can use."""

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from jaxlike.data.fits2pt.hdus import keyword, rows
from jaxlike.data.fits2pt.kernels import KEYWORDS
from jaxlike.data.fits2pt.quantities import statistic_of
from jaxlike.data.fits2pt.reader import read_two_point_fits, two_point_hdus
from jaxlike.data.formats import format_of, path_of
from jaxlike.data.nz_file import NzFile, nz_in, tables_from
from jaxlike.data.read import read_two_point
from jaxlike.data.recognised import is_lensing_dataset, is_sacc
from jaxlike.data.redshift_distribution import RedshiftDistribution
from jaxlike.data.sacc.reader import load_sacc
from jaxlike.data.sacc.types import TYPES
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError

_MANY = 50  # bins of what stands for an n(z) that is not there


@dataclass(frozen=True)
class Table:
    """A table of points: its name, what it is of ("" where that is unknown here), between what."""

    name: str
    quantities: str
    statistic: str
    kernels: tuple[str, ...]
    n_rows: int


@dataclass(frozen=True)
class Contents:
    """What is in a file.

    tables: of points, known or not.  nz: those that can be read.  data: the points of known
    statistics with their covariance, None where they cannot be read; of what `without_nz` names it
    has no n(z) but a stand-in.  problems: why it is no likelihood as it is.  notes: what a reader
    warns of.
    """

    source: Path
    format: str
    tables: tuple[Table, ...] = ()
    nz: tuple[RedshiftDistribution, ...] = ()
    data: TwoPointData | None = None
    without_nz: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def contents(
    path: str | os.PathLike[str],
    *,
    kernels: Mapping[str, str] | None = None,
    nz_file: NzFile | None = None,
) -> Contents:
    """All that can be read of a file, with `kernels` and `nz_file` as `read_two_point` has them.

    DataError only for a file that is not there.
    """
    file = path_of(path)
    if not file.is_file():
        raise DataError(f"{file}: there is no such file")
    sacc, kind = is_sacc(file), format_of(file)
    problems: list[str] = []
    if is_lensing_dataset(file):
        return _of_dataset(file)
    if kind is None:
        return Contents(file, "text", nz=_distributions(file, problems), problems=(*problems,))
    tables = _gathered(problems, lambda: _tables_of_sacc(file) if sacc else _tables_of_fits(file))
    nz = _distributions(file, problems)
    data: TwoPointData | None = None
    absent: tuple[str, ...] = ()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            data = read_two_point(file, kernels=kernels, nz_file=nz_file)
        except DataError as error:
            problems.append(str(error).removeprefix(f"{file}: "))
            known = {table.statistic for table in tables} - {""}
            if known:
                data, absent = _what_is_known(file, sacc, known, kernels, nz_file, problems)
    if data is not None:
        read = tuple(table for table in data.nz if table.name not in absent)
        nz = (*read, *(one for one in nz if one.name not in {own.name for own in data.nz}))
    name = f"SACC in {kind.upper()}" if sacc else "2pt FITS"
    notes = dict.fromkeys(str(one.message).removeprefix(f"{file}: ") for one in caught)
    return Contents(
        file,
        name,
        tuple(tables),
        nz,
        data,
        tuple(absent),
        tuple(dict.fromkeys(problems)),
        (*notes,),
    )


def _of_dataset(file: Path) -> Contents:
    """Band powers of CMB lensing, where they can be read."""
    try:
        data = read_two_point(file)
    except DataError as error:
        return Contents(file, ".dataset", problems=(str(error).removeprefix(f"{file}: "),))
    tables = (Table("PP", "PP", "C_ell_kappa", (), data.n_data),)
    return Contents(file, ".dataset", tables, data=data)


def signal_to_noise(data: TwoPointData) -> dict[str, float]:
    """Statistic -> sqrt(d^T C^-1 d - n) of its n points alone, and "all" of them together.

    0 where there is less than noise.
    """
    own = np.concatenate([np.full(m.value.size, m.statistic) for m in data.measurements])
    masks = {name: own == name for name in data.statistics} | {"all": np.full(own.size, True)}
    found = {}
    for name, mask in masks.items():
        value = data.value[mask]
        weighted = np.linalg.solve(data.covariance[np.ix_(mask, mask)], value)
        found[name] = max(float(value @ weighted) - value.size, 0.0) ** 0.5
    return found


def _gathered(problems: list[str], read: Callable[[], list[Table]]) -> list[Table]:
    try:
        return read()
    except DataError as error:
        problems.append(str(error))
        return []


def _tables_of_fits(file: Path) -> list[Table]:
    found = []
    with two_point_hdus(file) as hdus:
        for hdu in hdus:
            first, second = (str(hdu[2].get(key) or "?").strip() for key in ("QUANT1", "QUANT2"))
            statistic = statistic_of(hdu) or ""
            kernels = tuple(keyword(hdu, key) for key in KEYWORDS if hdu[2].get(key) is not None)
            found.append(Table(hdu[0], f"{first} {second}", statistic, kernels, rows(hdu)))
    return found


def _tables_of_sacc(file: Path) -> list[Table]:
    content = load_sacc(file)
    types = [point.data_type for point in content.data]
    return [
        Table(name, name, TYPES.get(name, ("", None))[0], (), types.count(name))
        for name in dict.fromkeys(types)
    ]


def _distributions(file: Path, problems: list[str]) -> tuple[RedshiftDistribution, ...]:
    found = []
    try:
        readers = nz_in(file)
    except DataError as error:
        problems.append(str(error).removeprefix(f"{file}: "))
        return ()
    for read in readers.values():
        try:
            found.append(read())
        except DataError as error:
            problems.append(str(error).removeprefix(f"{file}: "))
    return tuple(found)


def _what_is_known(
    file: Path,
    sacc: bool,
    known: Iterable[str],
    kernels: Mapping[str, str] | None,
    nz_file: NzFile | None,
    problems: list[str],
) -> tuple[TwoPointData | None, tuple[str, ...]]:
    """Points of the known statistics; what has no n(z), of which there is a stand-in then."""
    absent: list[str] = []
    own = {name.lower() for name in _names_of_nz(file)}

    def elsewhere(names: list[str]) -> dict[str, RedshiftDistribution]:
        given = {} if nz_file is None else tables_from(nz_file, names)
        absent.extend(name for name in names if name.lower() not in own and name not in given)
        return {**given, **{name: _stand_in(name) for name in absent}}

    try:
        if sacc:
            return read_two_point(file, probes=known, nz_file=nz_file), ()
        data = read_two_point_fits(file, probes=known, kernels=kernels, elsewhere=elsewhere)
    except DataError as error:
        problems.append(str(error).removeprefix(f"{file}: "))
        return None, ()
    return data, tuple(absent)


def _names_of_nz(file: Path) -> Iterable[str]:
    """The names of n(z) in a file, of which there may be none."""
    try:
        return nz_in(file)
    except DataError:
        return ()


def _stand_in(name: str) -> RedshiftDistribution:
    z = np.array([0.25, 0.75])
    return RedshiftDistribution(name, z - 0.25, z, z + 0.25, np.ones((_MANY, 2)))
