"""Time, memory and compilation of one function of a point or of many."""

import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax import Array

_ENOUGH_S, _MOST, _FEWEST = 2.0, 200, 3  # of repeats: how long in all, how many


@dataclass(frozen=True)
class Timing:
    """Cost of one function: seconds to trace and compile, and of a point the median seconds, the
    median CPU seconds, bytes of temporary memory, and (as the compiler counts) operations and
    bytes that are moved; NaN is what is not known. points: in one call."""

    name: str
    points: int
    compile_s: float
    wall_s: float
    cpu_s: float
    memory_bytes: float
    operations: float = np.nan
    bytes_moved: float = np.nan


@dataclass(frozen=True)
class Stage:
    """What has been done so far: seconds and CPU seconds that it took, and the largest memory
    [bytes] of the process since its start."""

    name: str
    wall_s: float
    cpu_s: float
    peak_bytes: float


class Clock:
    """Wall and CPU time since it was made, or since the last `stage`."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Seconds, CPU seconds."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu

    def stage(self, name: str) -> Stage:
        """The time since the last one, which begins anew."""
        found = Stage(name, *self.read(), peak_bytes())
        self._start()
        return found


def peak_bytes() -> float:
    """The largest memory of this process since its start."""
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def available_bytes() -> float:
    """Memory that is free for use; infinite where the system does not say."""
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):
        return np.inf


def measure(
    name: str, function: Callable[[Array], Any], argument: Array, *, points: int = 1
) -> Timing:
    """Compile `function` for `argument` and time it; `points` are in one call."""
    clock = Clock()
    compiled = jax.jit(function).lower(argument).compile()
    compile_s, _ = clock.read()
    analysis, cost = compiled.memory_analysis(), compiled.cost_analysis() or {}
    memory = analysis.temp_size_in_bytes / points if analysis is not None else np.nan
    jax.block_until_ready(compiled(argument))
    wall, cpu = np.median(repeated(lambda: jax.block_until_ready(compiled(argument))), axis=0)
    return Timing(
        name,
        points,
        compile_s,
        float(wall) / points,
        float(cpu) / points,
        memory,
        cost.get("flops", np.nan) / points,
        cost.get("bytes accessed", np.nan) / points,
    )


def repeated(call: Callable[[], Any]) -> np.ndarray:
    """(n, 2): seconds and CPU seconds of each of as many calls as serve."""
    total = Clock()
    found: list[tuple[float, float]] = []
    while len(found) < _FEWEST or (total.read()[0] < _ENOUGH_S and len(found) < _MOST):
        clock = Clock()
        call()
        found.append(clock.read())
    return np.array(found)
