"""What a run tells while it lasts: a progress bar or lines of JSON, and the seconds of phases."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

Shown = bool | Literal["json"]
"""Whether progress is shown as a bar; or as JSON, an object a line, for programs."""


def stopwatch() -> Callable[[], float]:
    """A function that returns the seconds since it was last called."""
    last = time.perf_counter()

    def lap() -> float:
        nonlocal last
        before, last = last, time.perf_counter()
        return last - before

    return lap


def progress_bar(total: int | None, shown: Shown, *, unit: str = "draw") -> Any:
    """A bar on standard error, or what stands for it; `total` None where no end is known."""
    if shown == "json":
        return JsonLines(total, unit)
    from tqdm import tqdm

    interval = 0.5 if sys.stderr.isatty() else 20.0  # few lines in a log file
    return tqdm(total=total, desc="compiling", unit=unit, disable=not shown, mininterval=interval)


def tell(event: str, **about: Any) -> None:
    """Write one JSON object in a line on standard error; what is not finite is null."""
    plain = {k: None if isinstance(v, float) and v != v else v for k, v in about.items()}
    print(json.dumps({"event": event, **plain}), file=sys.stderr, flush=True)


class JsonLines:
    """The methods of a bar of tqdm; a line at each new stage, every few seconds and at the end.

    A line has the stage, how many of `unit` are done, of how many in all (null where that is not
    known), the seconds since the start, and those left at the pace of this stage.
    """

    def __init__(self, total: int | None, unit: str, *, every_s: float = 2.0) -> None:
        self.total, self.unit, self.n = total, unit, 0
        self._stage, self._more, self._every_s = "compiling", dict[str, Any](), every_s
        self._begin = self._since = time.monotonic()
        self._first, self._told = 0, float("-inf")

    def __enter__(self) -> "JsonLines":
        self._tell()
        return self

    def __exit__(self, *_: object) -> None:
        self._tell()

    def reset(self, total: int | None = None) -> None:
        """Count from 0 again, and the time left from now."""
        self.total = self.total if total is None else total
        self.n = self._first = 0
        self._since = time.monotonic()

    def update(self, n: int = 1) -> None:
        """Count `n` more."""
        self.n += int(n)
        if time.monotonic() - self._told >= self._every_s:
            self._tell()

    def set_description(self, stage: str, refresh: bool = True) -> None:
        """Name what is done from now on."""
        if stage != self._stage:
            self._stage, self._first, self._since = stage, self.n, time.monotonic()
            self._tell()

    def set_postfix(
        self, ordered: Mapping[str, Any] | None = None, refresh: bool = True, **more: Any
    ) -> None:
        """Numbers that go into each line from now on, which may be given as text."""
        found = {**(ordered or {}), **more}
        self._more = {k: float(v) if isinstance(v, str) else v for k, v in found.items()}

    def close(self) -> None:
        """The end of what is counted, of which `with` tells."""

    def _tell(self) -> None:
        self._told = now = time.monotonic()
        done, left = self.n - self._first, None
        if self.total and done > 0:
            left = round((now - self._since) / done * max(0, self.total - self.n), 1)
        tell(
            "progress",
            stage=self._stage,
            done=self.n,
            total=self.total,
            unit=self.unit,
            seconds=round(now - self._begin, 1),
            seconds_left=left,
            **self._more,
        )
