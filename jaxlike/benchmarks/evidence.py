"""The evidence of posteriors by nested slice sampling, and by nautilus for an independent judge."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.inference import run_nested
from jaxlike.inference.runs.progress import stopwatch
from jaxlike.inference.target import Posterior

_BATCH = 100  # points that nautilus asks for at once


@dataclass(frozen=True)
class Estimate:
    """ln Z by one method, its error (NaN where the method has none), and what it took."""

    config: str
    method: str
    ln_z: float
    error: float
    values: int
    seconds: float


def nested(
    config: str, model: Posterior, options: dict[str, Any], progress: bool, folder: Path
) -> Estimate:
    """BlackJAX's nested slice sampling."""
    checkpoint = folder / f"{Path(config).stem}.nested.checkpoint.npz"
    chains = run_nested(model, **options, progress=progress, checkpoint=checkpoint)
    assert chains.evidence is not None  # nested sampling has one
    cost = chains.cost
    return Estimate(config, "nested", *chains.evidence, cost.values, round(cost.total_s, 1))


def nautilus(
    config: str,
    model: Posterior,
    live: int,
    seed: int,
    progress: bool,
    *,
    n_eff: int = 10_000,
    networks: int = 4,
) -> Estimate:
    """Nautilus (Lange 2023, arXiv:2306.16923): importance nested sampling with neural networks.

    It goes on until its points are worth `n_eff`; each bound is learned by `networks` of them.
    """
    try:
        from nautilus import Prior, Sampler
    except ImportError as error:
        raise ConfigError(
            "the independent estimate needs nautilus: pip install 'jaxlike[benchmark]'"
        ) from error

    def log_likelihood(q: jax.Array) -> jax.Array:
        # the edges of the unit cube are infinitely far away in u
        u = jax.scipy.special.ndtri(jnp.clip(q, 1e-15, 1 - 1e-15))
        value = model.log_density(u) + 0.5 * (u @ u)  # external priors count as likelihood
        return jnp.where(jnp.isfinite(value), value, -1e30)

    few = jax.jit(partial(jax.lax.map, log_likelihood, batch_size=4))
    count = 0

    def values(points: np.ndarray) -> np.ndarray:
        nonlocal count
        count += len(points)
        padded = np.concatenate([points, np.repeat(points[:1], -len(points) % _BATCH, axis=0)])
        blocks = padded.reshape(-1, _BATCH, points.shape[1])
        return np.concatenate([np.asarray(few(block)) for block in blocks])[: len(points)]

    prior, clock = Prior(), stopwatch()
    for name in model.parameters:
        prior.add_parameter(name, dist=(0.0, 1.0))
    sampler = Sampler(
        prior, values, n_live=live, seed=seed, vectorized=True, pass_dict=False, n_batch=_BATCH,
        n_networks=networks,
    )  # fmt: skip
    sampler.run(verbose=progress, n_eff=n_eff)
    # the error of importance nested sampling, from the effective number of points
    spread = 1.0 / np.sqrt(sampler.n_eff)
    found, seconds = float(sampler.log_z), round(clock(), 1)
    return Estimate(config, "nautilus", found, float(spread), count, seconds)


def table(estimates: Sequence[Estimate]) -> str:
    """The estimates as Markdown, and ln Z of each configuration less that of the first."""
    lines = [
        "| | method | ln Z | less that of the first | values | s |",
        "|---|---|---|---|---|---|",
    ]
    first = {e.method: e for e in reversed(estimates)}
    for e in estimates:
        lines.append(
            f"| {Path(e.config).stem} | {e.method} | {e.ln_z:.2f} +- {e.error:.2f} "
            f"| {e.ln_z - first[e.method].ln_z:+.2f} | {e.values:,} | {e.seconds:.0f} |"
        )
    return "\n".join(lines)


def write(estimates: Sequence[Estimate], folder: Path) -> list[Path]:
    """Write evidence.json and evidence.md; each is replaced as a whole."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "evidence.json": json.dumps([asdict(e) for e in estimates], indent=1),
        "evidence.md": f"{table(estimates)}\n",
    }
    for name, text in texts.items():
        with atomic_writer(folder / name) as handle:
            handle.write(text.encode())
    return [folder / name for name in texts]
