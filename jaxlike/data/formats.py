"""What a file is, by its first bytes and not by its name; compressed files as plain ones."""

import gzip
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

from jaxlike.errors import DataError

_GZIP = b"\x1f\x8b"
_MAGIC = {"fits": b"SIMPLE  =", "hdf5": b"\x89HDF\r\n\x1a\n"}
_LONGEST = 200  # characters of a name that messages repeat


def path_of(path: str | PathLike[str]) -> Path:
    """The path with ~ expanded; DataError for what can be no file's name."""
    name = str(path) if len(str(path)) < _LONGEST else str(path)[:_LONGEST] + "..."
    if set(str(path)) & set("\0\n\r"):
        raise DataError(f"{name!r} cannot be the name of a file")
    try:
        file = Path(path).expanduser()
        file.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{name!r} cannot be the name of a file ({reason})") from error
    return file


def format_of(file: Path) -> str | None:
    """ "fits" or "hdf5", compressed or not; None for any other file and for what is not there."""
    try:
        with _opened(file) as handle:
            start = handle.read(max(map(len, _MAGIC.values())))
    except (OSError, EOFError, zlib.error):
        return None
    return next((name for name, magic in _MAGIC.items() if start.startswith(magic)), None)


@contextmanager
def plain_file(file: Path, *, ending: str | None = None) -> Iterator[Path]:
    """The file itself, or its content without compression while the block lasts.

    With `ending` it has a name that ends so, for packages that go by names. DataError for content
    that cannot be decompressed.
    """
    packed = _is_packed(file)
    if not packed and (ending is None or file.name.endswith(ending)):
        yield file
        return
    with TemporaryDirectory() as folder:
        plain = Path(folder) / f"file{ending or ''}"
        if packed:
            _unpack(file, plain)
        else:
            plain.symlink_to(file.resolve())
        yield plain


def _is_packed(file: Path) -> bool:
    try:
        with file.open("rb") as handle:
            return handle.read(len(_GZIP)) == _GZIP
    except OSError:
        return False


@contextmanager
def _opened(file: Path) -> Iterator:
    with gzip.open(file) if _is_packed(file) else file.open("rb") as handle:
        yield handle


def _unpack(file: Path, target: Path) -> None:
    try:
        with gzip.open(file) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{file}: cannot be decompressed ({error})") from error
