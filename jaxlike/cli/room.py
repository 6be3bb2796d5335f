"""Whether there is room for the draws of a run: a word before it takes its days."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxlike.errors import ConfigError

_BYTES = 14  # of a number in a chain's file
_COPIES = 3  # of the draws in memory while new ones are put behind them
_TELLING = 1e9  # bytes of chains that are worth a word


def check_room(prefix: str, n: int, n_derived: int, options: Mapping[str, Any]) -> None:
    """ConfigError where the chains of a run need more disk or memory than there is; a line where
    they need much.

    n, n_derived: numbers of sampled and of derived parameters; options: the method's, with chains,
    samples (None: as many as there will be) and, of some, warmup.
    """
    chains, samples = options.get("chains") or 1, options.get("samples") or 0
    warmup = options.get("warmup") or 0
    disk = chains * samples * (n + n_derived + 6) * _BYTES
    memory = 8 * n * chains * (samples + 2 * warmup) * _COPIES
    free, there = _free(prefix), _memory()
    if disk > free or (there is not None and memory > there):
        after = f" after {warmup} of warm-up" if warmup else ""
        of_memory = "" if there is None else f" and {_size(there)} of memory"
        raise ConfigError(
            f"{chains} chains of {samples} draws{after} in {n} parameters are {_size(disk)} on disk"
            f" and {_size(memory)} in memory, and there are {_size(free)}{of_memory}: ask for fewer"
        )
    if disk > _TELLING:
        print(f"{chains} chains of {samples} draws will be {_size(disk)} on disk", flush=True)


def _free(prefix: str) -> int:
    """Bytes that are free where files of this prefix go."""
    path = Path(prefix).absolute()
    folder = next(one for one in path.parents if one.is_dir())
    return shutil.disk_usage(folder).free


def _memory() -> int | None:
    """Bytes of memory of this machine, None where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _size(n_bytes: float) -> str:
    """In words: 1.5 GB."""
    for unit in ("B", "kB", "MB", "GB", "TB", "PB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} EB"
