"""Text that is not that of two-point data: its lines, settings, tables, covariance matrices."""

import gzip
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.errors import DataError


def text_of(path: str | os.PathLike[str], what: str) -> str:
    """What a text file says, compressed where its name ends in .gz; DataError, with `what` it is
    wanted as, where it cannot be read."""
    file = Path(path).expanduser()
    try:
        if file.suffix == ".gz":
            with gzip.open(file, "rt", encoding="utf-8") as opened:
                return opened.read()
        return file.read_text(encoding="utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{file}: cannot be read as {what} ({reason})") from error


def settings_of(
    path: str | os.PathLike[str], changed: Mapping[str, object] | None = None
) -> dict[str, str]:
    """Keys -> values of a .dataset file, as CosmoMC has them, of which some are changed."""
    found = {}
    for line in text_of(path, "a .dataset file").splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.lstrip().startswith("#"):
            found[key.strip()] = value.strip()
    return found | {key: str(value) for key, value in (changed or {}).items()}


def lines_of(text: str) -> list[tuple[int, list[str]]]:
    """(Line number, words) of every line that says something; `#` begins a comment."""
    words = ((i, line.partition("#")[0].split()) for i, line in enumerate(text.splitlines(), 1))
    return [(i, found) for i, found in words if found]


def number(word: str, path: str | os.PathLike[str], line: int, what: str) -> float:
    """A finite number; DataError names file and line."""
    return finite(word, f"{path}: line {line}", what)


def finite(word: str, where: str, what: str) -> float:
    """A finite number; DataError says where it stands."""
    try:
        found = float(word)
    except ValueError:
        found = np.nan
    if not np.isfinite(found):
        raise DataError(f"{where} has the {what} {word!r}, which is no number")
    return found


def read_table(path: str | os.PathLike[str], what: str) -> NDArray:
    """The numbers (n_line, n_column) of a file, each one a `what`; DataError names the line at
    fault."""
    rows = [
        (line, [number(word, path, line, what) for word in words])
        for line, words in lines_of(text_of(path, f"{what}s"))
    ]
    if not rows:
        raise DataError(f"{path}: has no {what}s")
    for line, row in rows:
        if len(row) != len(rows[0][1]):
            raise DataError(
                f"{path}: line {line} has {len(row)} columns, but the first has {len(rows[0][1])}"
            )
    return np.array([row for _, row in rows])


def read_covariance(path: str | os.PathLike[str], n: int) -> NDArray:
    """Covariance (n, n) of n data from text; see `read_matrix`; DataError where it is none."""
    return checked_covariance(read_matrix(path, n), path)


def read_matrix(path: str | os.PathLike[str], n: int) -> NDArray:
    """Matrix (n, n) from text: n lines of n numbers, or all of them after the number n itself, as
    CosmoMC has it; DataError on another size and on what is no number."""
    found = _numbers(text_of(path, "a covariance matrix"), path)
    if found.size == n**2 + 1 and found[0] == n:
        found = found[1:]
    if found.size != n**2:
        raise DataError(
            f"{path}: has {found.size} numbers, but the covariance of {n} data has {n} x {n}"
        )
    return found.reshape(n, n)


def read_triangle(path: str | os.PathLike[str], n: int) -> NDArray:
    """Symmetric matrix (n, n) from text: the number n, then its upper triangle by rows."""
    found = _numbers(text_of(path, "a covariance matrix"), path)
    size = n * (n + 1) // 2
    if found.size != size + 1 or found[0] != n:
        raise DataError(
            f"{path}: has {found.size} numbers, but the triangle of the covariance of {n} data has "
            f"{size} after the number {n}"
        )
    return of_triangle(found[1:], n)


def of_triangle(upper: NDArray, n: int) -> NDArray:
    """Symmetric matrix (n, n) of its upper triangle by rows."""
    matrix = np.zeros((n, n))
    matrix[np.triu_indices(n)] = upper
    return matrix + np.triu(matrix, 1).T


def _numbers(text: str, path: str | os.PathLike[str]) -> NDArray:
    """All numbers of a text; at once where it has nothing else, for there may be millions."""
    if "#" not in text:
        try:
            found = np.array(text.split(), float)
            if np.all(np.isfinite(found)):
                return found
        except ValueError:
            pass  # it is said below which line it is
    lines = lines_of(text)
    return np.array([number(word, path, i, "element") for i, words in lines for word in words])


def checked_covariance(covariance: NDArray, source: str | os.PathLike[str]) -> NDArray:
    """The same matrix (n, n), exactly symmetric; DataError unless it is positive definite."""
    scale = np.sqrt(np.abs(np.diag(covariance)))
    if not np.all(np.abs(covariance - covariance.T) <= 1e-6 * np.outer(scale, scale)):
        raise DataError(f"{source}: the covariance matrix is not symmetric")
    covariance = (covariance + covariance.T) / 2
    try:
        np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise DataError(f"{source}: the covariance matrix is not positive definite") from error
    return covariance
