"""What a command may write: nothing that it reads, nothing that another run is writing."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jaxlike.errors import ConfigError

_LONGEST = 200  # characters of a prefix in the name of its lock


@contextmanager
def locked(prefix: str | os.PathLike[str], rank: int = 0) -> Iterator[None]:
    """Keep other processes from writing files of this prefix while the block lasts.

    ConfigError at once where one does. rank: of a process among those of one run, each of which has
    files of its own. Where files cannot be locked nothing is.
    """
    from filelock import FileLock, Timeout

    path = Path(prefix)
    own = f".{rank}" if rank else ""
    file = path.with_name(f".{path.name[:_LONGEST]}{own}.lock")
    missing = [one for one in (path.parent, *path.parent.parents) if not one.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file)
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            raise ConfigError(
                f"output '{prefix}' is being written by another run: wait for its end, or give "
                "another output"
            ) from error
        except (OSError, NotImplementedError):
            pass  # a file system without locks
        yield
    finally:
        if lock.is_locked:
            with suppress(OSError):
                file.unlink()  # before it is released: whoever comes next makes another
            lock.release()
        for folder in missing:  # where nothing was written
            with suppress(OSError):
                folder.rmdir()


def is_same(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Whether two paths are one file, by whatever names and links."""
    first, second = Path(one), Path(other)
    try:
        return first.samefile(second)
    except (OSError, ValueError):  # one of them is not there
        return False


def check_no_input(outputs: Iterable[Path], inputs: Iterable[str | os.PathLike[str]]) -> None:
    """ConfigError where a file that is to be written is one of those that are read."""
    read = [*inputs]
    for output in outputs:
        for one in read:
            if is_same(output, one):
                raise ConfigError(
                    f"output '{output}' is the input '{one}' itself, which would be lost: give "
                    "another output"
                )


def check_output_file(
    output: str | os.PathLike[str],
    inputs: Iterable[str | os.PathLike[str]] = (),
    *,
    force: bool,
) -> Path:
    """The path of one file to write; ConfigError, before anything is computed, where it is an
    input, a folder, in no folder that is there, or there already and not to be replaced."""
    path = Path(output).expanduser()
    if path.is_dir() or str(output).endswith(("/", os.sep)):
        raise ConfigError(f"output '{output}' is a folder; a file is needed")
    if not path.parent.is_dir():
        raise ConfigError(f"output '{output}': there is no folder '{path.parent}'")
    if not os.access(path.parent, os.W_OK):
        raise ConfigError(f"output '{output}': '{path.parent}' cannot be written to")
    check_no_input([path], inputs)
    if path.exists() and not force:
        raise ConfigError(
            f"output '{output}' exists already; give another name, or --force to replace it"
        )
    return path
