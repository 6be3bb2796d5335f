"""What a run tells while it lasts: a progress bar, and the seconds of its phases."""

import sys
import time
from collections.abc import Callable
from typing import Any


def stopwatch() -> Callable[[], float]:
    """A function that returns the seconds since it was last called."""
    last = time.perf_counter()

    def lap() -> float:
        nonlocal last
        before, last = last, time.perf_counter()
        return last - before

    return lap


def progress_bar(total: int | None, shown: bool, *, unit: str = "draw") -> Any:
    """A bar on standard error; `total` None where the end is not known."""
    from tqdm import tqdm

    interval = 0.5 if sys.stderr.isatty() else 20.0  # few lines in a log file
    return tqdm(total=total, desc="compiling", unit=unit, disable=not shown, mininterval=interval)
