"""Text files that share a prefix: none is replaced unasked, each is written as a whole."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from jaxlike.files import atomic_writer
from jaxlike.inference.results.chain_files import check_prefix, check_replaced


def existing_texts(prefix: str | os.PathLike[str], endings: Iterable[str]) -> list[Path]:
    """The files of this prefix that are there; ConfigError if none can be written."""
    path = check_prefix(prefix)
    files = [path.with_name(path.name + ending) for ending in endings]
    return [file for file in files if file.exists()]


def check_unused_texts(prefix: str | os.PathLike[str], endings: Iterable[str]) -> None:
    """Raise ConfigError if a file of this prefix exists already, or none can be written."""
    check_replaced(prefix, existing_texts(prefix, endings))


def write_texts(prefix: str | os.PathLike[str], texts: Mapping[str, str]) -> list[Path]:
    """Write PREFIX + ending for each (ending -> text); returns their paths."""
    path = check_prefix(prefix)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for ending, text in texts.items():
        file = path.with_name(path.name + ending)
        with atomic_writer(file) as handle:
            handle.write(text.encode())
        written.append(file)
    return written
