"""Files that are kept from one process to the next: whole, of their key, and of a bounded size.

They stand where JAX keeps compiled functions, so that one choice is about both; without such a
folder nothing is kept. JAXLIKE_KEEP=no leaves JAX's own alone there.
"""

import hashlib
import os
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import jax

from jaxlike.files import atomic_writer

MAX_BYTES = 500_000_000
"""Of all files together: the ones that were used longest ago go first."""

SWITCH = "JAXLIKE_KEEP"
"""Environment variable that, as `no`, has nothing kept here."""

_FOLDER, _SUFFIX, _FIRST_LINE = "jaxlike", ".kept", b"kept by jaxlike, 1\n"

T = TypeVar("T")


def folder() -> Path | None:
    """Where files are kept; None where nothing is."""
    if os.environ.get(SWITCH, "").lower() in ("no", "off", "false", "0"):
        return None
    config = jax.config
    own = config.jax_compilation_cache_dir  # type: ignore[attr-defined]
    if not own or "://" in str(own) or not config.jax_enable_compilation_cache:  # type: ignore[attr-defined]
        return None
    return Path(own) / _FOLDER


def has(kind: str, key: str | None) -> bool:
    """Whether there is a file of this kind and key, whatever is in it."""
    path = _path(kind, key)
    return path is not None and path.is_file()


def read(kind: str, key: str | None, restored: Callable[[bytes], T]) -> T | None:
    """What `restored` makes of what `write` has kept of this kind and key; None where there is
    nothing, and, with a warning, where a file is damaged or of something else.

    key: a fingerprint; None where there is none, which finds nothing.
    """
    path = _path(kind, key)
    if path is None or key is None:
        return None
    try:
        content, owner = path.read_bytes(), path.stat().st_uid
    except OSError:
        return None
    try:
        if owner != _user():  # a program is run as it stands there, and folders may be shared
            raise ValueError("it is another user's")
        found = restored(_payload(content, key))
    except Exception as error:  # of any kind: it only spares work
        reason = " ".join(str(error).split()) or type(error).__name__
        warnings.warn(f"{path} is left unused: {reason}", stacklevel=2)
        return None
    with suppress(OSError):
        os.utime(path)
    return found


def write(kind: str, key: str | None, payload: bytes) -> None:
    """Keep something, whole or not at all; a warning where the folder does not take it."""
    path = _path(kind, key)
    if path is None or key is None:
        return
    body = key.encode() + b"\n" + payload
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with atomic_writer(path) as file:
            file.write(_FIRST_LINE + _digest(body) + b"\n" + body)
        _keep_within(path.parent, MAX_BYTES)
    except OSError as error:
        warnings.warn(f"{path} is not kept: {error.strerror or error}", stacklevel=2)


def _path(kind: str, key: str | None) -> Path | None:
    there = folder()
    return None if there is None or key is None else there / f"{kind}-{key[:40]}{_SUFFIX}"


def _payload(content: bytes, key: str) -> bytes:
    """What a file holds; ValueError says why it is not to be used."""
    if not content.startswith(_FIRST_LINE):
        raise ValueError("it is no file of this version's")
    digest, _, body = content[len(_FIRST_LINE) :].partition(b"\n")
    if _digest(body) != digest:
        raise ValueError("it is damaged")
    own, _, payload = body.partition(b"\n")
    if own != key.encode():
        raise ValueError("it is of something else")
    return payload


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0  # where every file is of user 0


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


def _keep_within(there: Path, most: int) -> None:
    """Remove the files used longest ago until the rest is no larger than `most` bytes."""
    found = []
    for path in there.glob(f"*{_SUFFIX}"):
        with suppress(OSError):  # another process may have removed it
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= most:
            break
        with suppress(OSError):
            path.unlink()
        total -= size
