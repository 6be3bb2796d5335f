"""Cost of one posterior by stages: load, compile, value, gradient, batches; beside other codes."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import jaxlike
from jaxlike.benchmarks.peers import Peer, PeerTiming, compared, peers_of
from jaxlike.benchmarks.timing import Clock, Stage, Timing, available_bytes, measure
from jaxlike.files import atomic_writer

FEW = (4, 16, 64)
"""Batches of a short look on a CPU."""
FEW_ON_GPU = (16, 256, 4096)
MANY = (1, 4, 16, 64, 256, 1024, 4096)
"""Batches of the whole table."""
_SHARE = 0.5  # of the free memory that a batch may take


@dataclass(frozen=True)
class Speed:
    """What was measured: of which input and machine (words), of what size (numbers), the stages,
    the functions, and other codes beside the value."""

    about: Mapping[str, str]
    size: Mapping[str, float]
    stages: Sequence[Stage]
    timings: Sequence[Timing]
    peers: Sequence[PeerTiming] = ()

    @property
    def value(self) -> Timing:
        """That of one value."""
        return self.timings[0]

    @property
    def gradient(self) -> Timing:
        """That of one value with its gradient."""
        return self.timings[1]


def run(
    config: str,
    overrides: Mapping[str, Any],
    *,
    batches: Sequence[int] | None = None,
    longest_s: float = np.inf,
    vs: Sequence[str] = (),
) -> Speed:
    """Load a configuration and measure it, on one core where the system can choose it.

    batches: how many points at once, those left out whose one call would take more than `longest_s`
    or more than half of the free memory; None: a few, as large as the device is made for. vs: names
    of `peers.PEERS`. ConfigError where one of these is not installed or cannot do it.
    """
    on_cpu = jax.default_backend() == "cpu"
    if hasattr(os, "sched_setaffinity") and on_cpu:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    clock = Clock()
    model = jaxlike.load(config, **overrides)
    stages = [clock.stage("load")]
    others = peers_of(model, vs)  # before what takes minutes
    clock = Clock()
    x = jnp.asarray(model.reference)
    timings = [
        measure("value", model.log_posterior, x),
        measure("value and gradient", jax.value_and_grad(model.log_posterior), x),
    ]
    stages.append(clock.stage("value, gradient: compiled, timed"))
    for n in (FEW if on_cpu else FEW_ON_GPU) if batches is None else batches:
        for name, function, alone in (
            ("values", model.log_posterior_batch, timings[0]),
            ("gradients", model.value_and_gradient_batch, timings[1]),
        ):
            short = alone.wall_s * n <= longest_s
            small = alone.memory_bytes * n <= _SHARE * available_bytes()
            if short and small and (batches is not None or name == "gradients"):
                timings.append(measure(f"batch of {n} {name}", function, _around(x, n), points=n))
    stages.append(clock.stage("batches: compiled, timed"))
    posterior = jax.jit(model.log_posterior)

    def ours(turn: int) -> float:
        return float(posterior(x * (1 + 1e-9 * turn)))

    first = Peer("jaxlike", "the whole posterior, one value", ours)
    peers = compared([first, *others]) if others else ()
    return Speed(_about(config, model), _size(model), stages, timings, peers)


def _around(x: Array, n: int) -> Array:
    """Points (n, n_parameter) near x, which differ, or the compiler could share their work."""
    return x * (1 + 1e-3 * np.random.default_rng(0).standard_normal((n, x.size)))


def _about(config: str, model: "jaxlike.Model") -> dict[str, str]:
    return {
        "input": config,
        "data": ", ".join(one.data.source for one in model.measured.values()),
        "device": str(jax.devices()[0]),
        "processor": _processor(),
        "jax": jax.__version__,
        "jaxlike": jaxlike.__version__,
        "precision": str(model.log_posterior(model.reference).dtype),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _size(model: "jaxlike.Model") -> dict[str, float]:
    nodes = model.density.grid.nodes
    return {
        "points": model.value.size,
        "parameters": len(model.parameters),
        "redshift_nodes": nodes.z.size,
        "multipole_nodes": nodes.ell.size,
        "node_error": max((one.node_error for one in model.measured.values()), default=0.0),
        "points_at_once": model.points_at_once,
    }


def table(found: Speed) -> str:
    """What was measured, in lines of text."""
    about, size = found.about, found.size
    lines = [
        f"{about['data'] or about['input']}: {size['points']} points, {size['parameters']} "
        "parameters",
        f"{size['redshift_nodes']} redshift x {size['multipole_nodes']} multipole nodes, estimated "
        f"error {size['node_error']:.1e} in chi^2; batches in pieces of {size['points_at_once']}",
        f"{about['device']}, {about['processor']}, jax {about['jax']}, {about['precision']}",
        "",
        f"{'':34s}{'time':>10s}{'CPU':>10s}{'peak memory':>14s}",
    ]
    lines += [
        f"{s.name:34s}{s.wall_s:8.1f} s{s.cpu_s:8.1f} s{s.peak_bytes / 1e6:11.0f} MB"
        for s in found.stages
    ]
    lines += [
        "",
        f"{'':26s}{'compile':>10s}{'a point':>12s}{'CPU':>12s}{'/ one':>8s}{'memory':>12s}"
        f"{'Gflop/s':>10s}{'GB/s':>8s}",
    ]
    for t in found.timings:
        one = found.value if t.name.endswith("value") or "values" in t.name else found.gradient
        lines.append(
            f"{t.name:26s}{t.compile_s:8.1f} s{1e3 * t.wall_s:9.3f} ms{1e3 * t.cpu_s:9.3f} ms"
            f"{t.cpu_s / one.cpu_s:8.2f}{t.memory_bytes / 1e6:9.2f} MB"
            f"{1e-9 * t.operations / t.wall_s:10.2f}{1e-9 * t.bytes_moved / t.wall_s:8.1f}"
        )
    lines.append(f"gradient / value: {found.gradient.cpu_s / found.value.cpu_s:.2f}")
    if found.peers:
        lines += ["", f"{'one value, in turns':26s}{'time':>12s}{'CPU':>12s}{'/ jaxlike':>12s}  of"]
        first = found.peers[0]
        lines += [
            f"{p.name:26s}{1e3 * p.wall_s:9.2f} ms{1e3 * p.cpu_s:9.2f} ms"
            f"{p.cpu_s / first.cpu_s:12.1f}  {p.what}"
            for p in found.peers
        ]
    return "\n".join(lines)


def write(found: Speed, folder: Path) -> list[Path]:
    """The same as numbers: speed.json, and the lines: speed.txt."""
    content = {**asdict(found), "units": "seconds and bytes, of a point where there are several"}
    files = [folder / "speed.json", folder / "speed.txt"]
    for file, text in zip(files, (json.dumps(content, indent=1), table(found)), strict=True):
        with atomic_writer(file) as handle:
            handle.write(f"{text}\n".encode())
    return files
