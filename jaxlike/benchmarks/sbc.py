"""Simulation-based calibration: do the posteriors of simulated data hold the truth as they should?

Talts et al. 2018 (arXiv:1804.06788). Parameters are drawn from the prior, data from the likelihood;
the rank of each true value among draws of the posterior is then uniform, if and only if sampler and
densities are right.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.stats import chisquare

import jaxlike
from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.inference import run_nuts, summarise
from jaxlike.inference.runs.checkpoint import Checkpoint, restoring, stored
from jaxlike.inference.runs.compiled_functions import CompiledFunctions
from jaxlike.inference.runs.progress import progress_bar
from jaxlike.likelihoods.protocol import Other, Simulated

DRAWS = 63
"""Draws of a posterior, evenly spaced, among which the truth has a rank from 0 to this number."""

BINS = 8
"""Bins of ranks, each of eight."""

DEFAULTS: dict[str, Any] = {
    "chains": 2, "warmup": 150, "samples": 126, "seed": 0, "target_accept": 0.95,
    "max_tree_depth": 10, "start": "truth",
}  # fmt: skip
"""Options of NUTS: short chains.  Longer steps get stuck in the posteriors of some mocks.

The search for the best fit starts from the "truth", itself a draw of the posterior: from the
"prior" it can end in a far lesser maximum where data draw a narrow, bent posterior.
"""


@dataclass(frozen=True)
class Calibration:
    """ranks (mock, n) of the true parameters; r_hat (mock,), the largest; divergent (mock,)."""

    names: tuple[str, ...]
    ranks: np.ndarray
    r_hat: np.ndarray
    divergent: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Mocks in each bin of ranks (BINS, n)."""
        edges = np.linspace(-0.5, DRAWS + 0.5, BINS + 1)
        return np.stack([np.histogram(r, edges)[0] for r in self.ranks.T], axis=1)

    @property
    def p_values(self) -> np.ndarray:
        """Probability (n,) of counts as uneven as these, or more, if ranks are uniform."""
        return np.asarray(chisquare(self.counts, axis=0).pvalue)


def calibrate(
    model: "jaxlike.Model",
    mocks: int,
    *,
    options: Mapping[str, Any] | None = None,
    progress: bool = True,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Calibration:
    """Ranks of the truths of `mocks` simulated data vectors, whose posteriors NUTS samples.

    `options` are those of NUTS, in the place of DEFAULTS. All share one compilation. After each
    mock the ranks so far are in `checkpoint`, from which `resume` goes on. JaxlikeError as of
    `run_nuts`; ConfigError where the prior has factors that are not of single parameters, and where
    a likelihood's data cannot be drawn.
    """
    if model.external_priors:
        raise ConfigError(
            "simulation-based calibration draws from the prior, which it cannot where there are "
            f"external priors: leave out {', '.join(model.external_priors)}"
        )
    names, n = model.parameters, len(model.parameters)
    chosen = DEFAULTS | dict(options or {})
    seed = chosen.pop("seed")
    settings = {"method": "sbc", "parameters": list(names), "seed": seed, **chosen}
    before = stored(checkpoint, resume, settings)
    rows = np.zeros((0, n + 2))
    if before and checkpoint:
        with restoring(checkpoint):
            rows = before.array("rows", None, n + 2)
    simulate = _simulator(model)
    with ThreadPoolExecutor(4) as pool, progress_bar(mocks, progress, unit="mock") as bar:
        compiled = CompiledFunctions.start(
            model, None, chosen["chains"], chosen["max_tree_depth"], pool
        )
        compiled.warm_up.result()
        bar.reset()
        bar.set_description("calibrating")
        bar.update(len(rows))
        for i in range(len(rows), mocks):
            truth, data, drawn = simulate(np.random.default_rng((seed, i)))
            mock = model.with_others(drawn) if drawn else model
            mock = mock.with_context(data) if data.size else mock
            begin = tuple(truth.tolist()) if chosen["start"] == "truth" else chosen["start"]
            run = {**chosen, "start": begin, "seed": i}
            chains = run_nuts(mock, **run, progress=False, compiled=compiled)
            flat = chains.draws.reshape(-1, n)
            kept = flat[np.linspace(0, len(flat) - 1, DRAWS).astype(int)]
            ranks = (kept < truth).sum(axis=0)
            row = [*ranks, summarise(chains).r_hat.max(), chains.divergent.sum()]
            rows = np.vstack([rows, row])
            if checkpoint:
                Checkpoint(settings, {}, {"rows": rows}).save(checkpoint)
            bar.update(1)
    return Calibration(names, rows[:, :n].astype(int), rows[:, n], rows[:, n + 1].astype(int))


def _simulator(
    model: "jaxlike.Model",
) -> Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray, dict[str, Any]]]:
    """A function that draws parameters x (n,) of the prior, data (n_data,) of their likelihood, and
    likelihoods of other data that are drawn, by name.

    Where the likelihood is zero for any data, parameters are drawn again: the posterior does not
    know of them either.
    """
    root = np.linalg.cholesky(model.covariance)
    others = _others(model)
    theory = jax.jit(lambda x: model.theory_vector(model.params_dict(x)))
    density, inward = jax.jit(model.log_density), jax.jit(model.from_unconstrained)

    @jax.jit
    def others_of(x: Array, noise: dict[str, Array]) -> dict[str, Any]:
        parameters = model.density.canonical(x)
        universe = model.density.universe(parameters)
        return {n: one.with_noise(parameters, universe, noise[n]) for n, one in others.items()}

    def simulate(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
        while True:
            u = jnp.asarray(rng.standard_normal(len(model.parameters)))
            if np.isfinite(density(u)):
                break
        x = inward(u)
        noise = {n: jnp.asarray(rng.standard_normal(one.n_noise)) for n, one in others.items()}
        drawn = others_of(x, noise) if others else {}
        data = root @ rng.standard_normal(len(root))
        return np.asarray(x), np.asarray(theory(x)) + data, drawn

    return simulate


def _others(model: "jaxlike.Model") -> dict[str, Any]:
    """Likelihoods of other than two-point data; ConfigError where data cannot be drawn."""
    every = getattr(model, "parts", {})  # a posterior that is no Model has one likelihood
    found = {name: one.arrays for name, one in every.items() if isinstance(one, Other)}
    for name, one in found.items():
        if not isinstance(one, Simulated):
            raise ConfigError(
                f"simulation-based calibration draws data, but likelihood '{name}' cannot: leave "
                "it out, or give it n_noise and with_noise"
            )
    return found


def table(calibration: Calibration) -> str:
    """p-value and counts of each parameter, as Markdown."""
    lines = ["| parameter | p | mocks in each eighth of the ranks |", "|---|---|---|"]
    columns = zip(calibration.names, calibration.p_values, calibration.counts.T, strict=True)
    for name, p, counts in columns:
        lines.append(f"| {name} | {p:.3f} | {', '.join(map(str, counts))} |")
    return "\n".join(lines)


def write(calibration: Calibration, folder: Path) -> list[Path]:
    """Write sbc.md and sbc.json; each is replaced as a whole."""
    record = {
        "names": calibration.names,
        "p_values": calibration.p_values.tolist(),
        "ranks": calibration.ranks.tolist(),
        "r_hat": calibration.r_hat.tolist(),
        "divergent": calibration.divergent.tolist(),
    }
    texts = {"sbc.json": json.dumps(record), "sbc.md": f"{table(calibration)}\n"}
    for name, text in texts.items():
        with atomic_writer(folder / name) as handle:
            handle.write(text.encode())
    return [folder / name for name in texts]
