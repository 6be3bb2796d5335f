"""A Fisher matrix in files: Cobaya's .covmat, and the matrix itself."""

import os
from collections.abc import Callable
from pathlib import Path

from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.inference.chain_files import check_prefix
from jaxlike.inference.covmat import covmat_text
from jaxlike.inference.fisher import Fisher


def unused_checker(*endings: str) -> Callable[[str | os.PathLike[str]], None]:
    """Function that raises ConfigError where a file of a prefix with an ending exists already."""

    def check(prefix: str | os.PathLike[str]) -> None:
        path = check_prefix(prefix)
        for ending in endings:
            file = path.with_name(path.name + ending)
            if file.exists():
                raise ConfigError(
                    f"output '{prefix}': {file} exists already; give another --output, or --force "
                    "to replace it"
                )

    return check


def write_fisher(fisher: Fisher, prefix: str | os.PathLike[str]) -> list[Path]:
    """Write PREFIX.covmat, which Cobaya's samplers take, and PREFIX.fisher.txt; their paths.

    Both have a line of names, then a matrix. JaxlikeError, and no file, where it is singular.
    """
    path = check_prefix(prefix)
    texts = {
        ".covmat": covmat_text(fisher.covariance, fisher.names),
        ".fisher.txt": covmat_text(fisher.matrix, fisher.names),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for ending, text in texts.items():
        file = path.with_name(path.name + ending)
        with atomic_writer(file) as handle:
            handle.write(text.encode())
        written.append(file)
    return written
