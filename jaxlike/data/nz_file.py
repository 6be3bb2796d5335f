"""n(z) that stand in another file than the measurements: 2pt FITS, SACC, or columns of text."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from jaxlike.data.fits2pt.reader import names_of_nz, read_redshift_distributions
from jaxlike.data.formats import format_of, path_of
from jaxlike.data.recognised import is_sacc
from jaxlike.data.redshift_distribution import RedshiftDistribution, edges_between
from jaxlike.data.sacc.reader import read_sacc_nz
from jaxlike.errors import DataError

NzFile = str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]]
"""A file, or files by the names that the measurements give their n(z)."""

Readers = dict[str, Callable[[], RedshiftDistribution]]


def nz_in(path: str | os.PathLike[str]) -> Readers:
    """What the n(z) in a file are called, and what reads each; DataError where there are none.

    Text has columns z, n1, n2, ..., n being that at z: one n(z), called as the file is.
    """
    file = path_of(path)
    if not file.is_file():
        raise DataError(f"{file}: there is no such file of n(z)")
    if format_of(file) is None:
        return {file.stem: partial(_of_text, file)}
    if is_sacc(file):
        found: Readers = {name: partial(_same, one) for name, one in read_sacc_nz(file).items()}
    else:
        found = {name: partial(_of_fits, file, name) for name in names_of_nz(file)}
    if not found:
        raise DataError(f"{file}: has no n(z)")
    return found


def tables_from(given: NzFile, kernels: Sequence[str]) -> dict[str, RedshiftDistribution]:
    """Name of a kernel -> its n(z) from another file, for those of `kernels` that are found there.

    By their names (any case); a file of one n(z) for the only kernel, or for that which it is given
    for, whatever its name. DataError where that tells of none.
    """
    if isinstance(given, Mapping):
        return _by_kernel(given, kernels)
    readers = nz_in(given)
    same = {k: r for k in kernels if (r := _called(readers, k)) is not None}
    if not same and len(readers) == len(kernels) == 1:
        same = {kernels[0]: next(iter(readers.values()))}
    if not same:
        way = f"nz_file as {{{kernels[0]}: {given}}}"
        if len(readers) > 1:
            way = f"kernels, such as {{{kernels[0]}: {next(iter(readers))}}}"
        raise DataError(
            f"{given}: has the n(z) {', '.join(readers)}, and the tables in use name"
            f" {', '.join(kernels)}: say which is meant by the option {way}"
        )
    return {kernel: _renamed(read, kernel) for kernel, read in same.items()}


def _by_kernel(
    given: Mapping[str, str | os.PathLike[str]], kernels: Sequence[str]
) -> dict[str, RedshiftDistribution]:
    known = {kernel.lower(): kernel for kernel in kernels}
    found = {}
    for name, path in given.items():
        if name.lower() not in known:
            raise DataError(
                f"option nz_file has {name!r}, which has no effect: the tables in use name"
                f" {', '.join(kernels)}"
            )
        readers = nz_in(path)
        read = _called(readers, name)
        if read is None and len(readers) == 1:
            read = next(iter(readers.values()))
        if read is None:
            raise DataError(
                f"{path}: has no n(z) {name!r}, but {', '.join(readers)}: say which is meant by"
                f" option kernels, such as {{{name}: {next(iter(readers))}}}, and by nz_file"
            )
        found[known[name.lower()]] = _renamed(read, known[name.lower()])
    return found


def _called(readers: Readers, name: str) -> Callable[[], RedshiftDistribution] | None:
    return next((read for own, read in readers.items() if own.lower() == name.lower()), None)


def _renamed(read: Callable[[], RedshiftDistribution], name: str) -> RedshiftDistribution:
    """The n(z) under the name that the measurements have for it."""
    return read().called(name)


def _same(table: RedshiftDistribution) -> RedshiftDistribution:
    return table


def _of_fits(file: Path, name: str) -> RedshiftDistribution:
    return read_redshift_distributions(file, [name])[0]


def _of_text(file: Path) -> RedshiftDistribution:
    try:
        lines = file.read_text(encoding="utf-8-sig").replace(",", " ").splitlines()
        columns = np.loadtxt(lines, ndmin=2)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{file}: cannot be read as n(z) ({' '.join(str(error).split())}); accepted are 2pt"
            " FITS, SACC, and text with the columns z, n1, n2, ..."
        ) from error
    if columns.shape[0] < 3 or columns.shape[1] < 2:
        raise DataError(
            f"{file}: has {columns.shape[0]} rows of {columns.shape[1]} columns; three or more rows"
            " of z, n1, n2, ... are needed"
        )
    z, rows = columns[:, 0], columns[:, 1:].T
    edges = edges_between(z)
    try:
        return RedshiftDistribution(file.stem, edges[:-1], z, edges[1:], rows)
    except DataError as error:
        raise DataError(f"{file}: as a table with Z_MID, BIN1, ...: {error}") from error
