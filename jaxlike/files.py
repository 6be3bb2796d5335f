"""Files: yaml whose keys stand once, and what is either complete or not there at all."""

import hashlib
import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import yaml

try:
    import fcntl
except ImportError:  # no Unix: what a killed process leaves is not removed there
    fcntl = None  # type: ignore[assignment]

DAMAGED_ARRAYS = (
    *(OSError, ValueError, TypeError, AttributeError, LookupError, SyntaxError, EOFError),
    *(ArithmeticError, MemoryError, RuntimeError, zlib.error, struct.error, BadZipFile),
)
"""What NumPy and zipfile raise on reading what is no .npz or .npy file, or no longer one."""

_MOST_NODES = 2_000_000  # of a yaml, each alias with all that it stands for
_PART = ".part"
_LONGEST = 200  # bytes of the target's name in that of its partial file, of 255 in all


@contextmanager
def atomic_writer(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a binary file that takes the name `path` when the block ends without an exception.

    Until then it is a file beside it of a name that nobody can know before. One that a killed
    process has left is removed by the next that writes the same. An OSError, such as that of a full
    disk, names `path`.
    """
    target = Path(path)
    partial: Path | None = None
    try:
        _remove_abandoned(target)
        partial, handle = _new_partial(target)
        with handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, target)
    except OSError as error:
        if error.filename in (None, *([] if partial is None else [str(partial)])):
            # which is what tells a user where there is no more room
            raise OSError(error.errno, error.strerror or str(error), str(target)) from error
        raise
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)


def _new_partial(target: Path) -> tuple[Path, BinaryIO]:
    """A new file beside the target, locked while it is open."""
    stem = os.fsdecode(os.fsencode(target.name)[:_LONGEST])
    while True:
        partial = target.with_name(f".{stem}.{secrets.token_hex(8)}{_PART}")
        try:
            handle = partial.open("xb")  # never through a link, nor what is there
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(target)) from error
        # somebody may have taken it for abandoned before it was locked
        if _locked(handle) is not False and partial.exists():
            return partial, handle
        handle.close()


def _locked(handle: Any) -> bool | None:
    """Lock an open file without waiting; False if it is locked, None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # file systems without locks
        return None
    return True


def _remove_abandoned(target: Path) -> None:
    """Remove partial files of this target that nobody is writing any more."""
    stem = os.fsdecode(os.fsencode(target.name)[:_LONGEST])
    with suppress(OSError):
        for name in os.listdir(target.parent):
            if name.startswith(f".{stem}.") and name.endswith(_PART):
                with suppress(OSError):
                    _remove_unless_locked(target.with_name(name))


def _remove_unless_locked(file: Path) -> None:
    # whatever lies there: no link is followed, nor is a pipe waited for
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if _locked(handle):
            file.unlink()
    finally:
        os.close(handle)


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's bytes, in 64 hexadecimal digits."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class YamlError(ValueError):
    """What is wrong with a text that is no YAML, and in which line, as far as that is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line


def parse_yaml(text: str) -> Any:
    """What a YAML text says, read as Cobaya does; YamlError where it says nothing, or it twice."""
    try:
        content = _load(text)
        _check_size(content)
        return content
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise YamlError(problem, mark.line + 1 if mark else None) from error
    except RecursionError as error:
        raise YamlError("brackets nest too deep") from error
    except YamlError:
        raise
    except (ValueError, TypeError, OverflowError) as error:  # a date or number that there is not
        raise YamlError(" ".join(str(error).split())) from error


def _check_size(content: Any) -> None:
    """YamlError where aliases repeat what they stand for without an end, or millions of times."""
    sizes: dict[int, int] = {}

    def size(node: Any, above: tuple[int, ...]) -> int:
        if not isinstance(node, dict | list):
            return 1
        if id(node) in above:
            raise YamlError("an alias stands for what it is in")
        if id(node) not in sizes:
            inner = node.values() if isinstance(node, dict) else node
            sizes[id(node)] = 1 + sum(size(one, (*above, id(node))) for one in inner)
        return sizes[id(node)]

    if size(content, ()) > _MOST_NODES:
        raise YamlError(f"with its aliases it has more than {_MOST_NODES} entries")


def _load(text: str) -> Any:
    """By the library in C where it is, ten times as fast; the one in Python says best what is
    wrong."""
    if _QuickLoader is not None:
        with suppress(yaml.YAMLError):
            return yaml.load(text, _QuickLoader)
    return yaml.load(text, _Loader)


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    known = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        try:
            twice = key in known
            known.add(key)
        except TypeError:  # a list or mapping, which the loader itself refuses
            continue
        if twice:
            mark = key_node.start_mark
            raise yaml.constructor.ConstructorError(None, None, f"key '{key}' is given twice", mark)
    mapping: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return mapping


def _as_cobaya(loader: Any) -> Any:
    """A YAML loader that reads as Cobaya's does: 1e-9 is a number, a repeated key is an error."""
    own: Any = type(f"_{loader.__name__}", (loader,), {})
    number = re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$")
    own.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+0123456789"))
    own.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
    return own


_Loader = _as_cobaya(yaml.SafeLoader)
_QuickLoader = _as_cobaya(yaml.CSafeLoader) if hasattr(yaml, "CSafeLoader") else None
