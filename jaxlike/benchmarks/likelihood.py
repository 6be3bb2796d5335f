"""Time, memory and compile cost of one log-posterior, its gradient, and batches of both."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import jaxlike


@dataclass(frozen=True)
class Timing:
    """Cost of one compiled function: seconds to compile, median seconds a point, bytes a point."""

    name: str
    compile_s: float
    per_point_s: float
    memory_bytes: float


def measure(
    name: str, function: Callable[[Array], Any], argument: Array, *, points: int, repeats: int
) -> Timing:
    """Compile `function` for `argument` and time it; `points` are in one call."""
    start = time.perf_counter()
    compiled = jax.jit(function).lower(argument).compile()
    compile_s = time.perf_counter() - start
    analysis = compiled.memory_analysis()
    memory = analysis.temp_size_in_bytes / points if analysis is not None else np.nan
    jax.block_until_ready(compiled(argument))
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(compiled(argument))
        times.append(time.perf_counter() - start)
    return Timing(name, compile_s, float(np.median(times)) / points, memory)


def benchmark(
    model: "jaxlike.Model", *, batches: tuple[int, ...] | None = None, repeats: int = 200
) -> list[Timing]:
    """Timings of the value, of value and gradient, and of batches of gradients.

    Batches are as large as the device is made for, unless they are given.
    """
    if batches is None:
        batches = (4, 16, 64) if jax.default_backend() == "cpu" else (16, 256, 4096)
    x = jnp.asarray(model.reference)
    both = jax.value_and_grad(model.log_posterior)
    timings = [
        measure("value", model.log_posterior, x, points=1, repeats=repeats),
        measure("value and gradient", both, x, points=1, repeats=repeats),
    ]
    for n in batches:
        # points differ, or the compiler could share their work
        X = x * (1 + 1e-3 * np.random.default_rng(0).standard_normal((n, x.size)))
        label = f"batch of {n} gradients"
        few = max(10, repeats // n)
        timings.append(measure(label, model.value_and_gradient_batch, X, points=n, repeats=few))
    return timings


def run(config: str, overrides: Mapping[str, Any]) -> int:
    """Print the benchmark of a configuration, on one core where the system can choose it."""
    if hasattr(os, "sched_setaffinity") and jax.default_backend() == "cpu":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    start = time.perf_counter()
    model = jaxlike.load(config, **overrides)
    loaded = time.perf_counter() - start
    nodes, likelihoods = model.density.grid.nodes, model.measured.values()
    sources = ", ".join(one.data.source for one in likelihoods)
    print(f"{sources}: {model.value.size} points, {len(model.parameters)} parameters")
    print(
        f"{nodes.z.size} redshift x {nodes.ell.size} multipole nodes, estimated error "
        f"{max(one.node_error for one in likelihoods):.1e} in chi^2; loaded in {loaded:.1f} s"
    )
    precision = model.log_posterior(model.reference).dtype
    print(f"{jax.devices()[0]}, jax {jax.__version__}, {precision}")
    timings = benchmark(model)
    print(f"{'':24s}{'compile':>10s}{'per point':>12s}{'memory':>12s}")
    for t in timings:
        print(
            f"{t.name:24s}{t.compile_s:8.1f} s{1e3 * t.per_point_s:9.3f} ms"
            f"{t.memory_bytes / 1e6:9.2f} MB"
        )
    value, gradient = timings[0], timings[1]
    ratio = gradient.per_point_s / value.per_point_s
    print(f"gradient / value: {ratio:.2f}")
    for t in timings[2:]:
        print(f"{t.name} / single gradient: {t.per_point_s / gradient.per_point_s:.2f} a point")
    return 0
