"""The late-adjusted parallel sampler: an ensemble burns in unadjusted, then draws adjusted.

Robnik & Seljak 2026 (arXiv:2601.16696). Beyond BlackJAX's own: the switch learns coordinates from
the ensemble, its covariance and a straightening, where BlackJAX takes variances.

Walkers come in chains: those of one chain begin at one point, so that R-hat between chains tells
whether they have forgotten it (the nested R-hat of Margossian et al. 2024, arXiv:2110.13017).
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax import Array
from scipy.linalg import solve_triangular

from jaxlike.inference.geometry.laplace import (
    Batch,
    Laplace,
    batch_program,
    batches_of,
    dispersed_starts,
)
from jaxlike.inference.results.chains import Chains, Cost
from jaxlike.inference.runs.checkpoint import (
    Checkpoint,
    check_same_density,
    leaves_of,
    restoring,
    stored,
    tree_like,
)
from jaxlike.inference.runs.device_placement import Placement
from jaxlike.inference.runs.drive import Keeping, Sampler, drive
from jaxlike.inference.runs.initial_points import (
    Start,
    best_fit_from,
    bounded_parameters,
    check_start,
)
from jaxlike.inference.runs.options import SEED, check_between, check_whole
from jaxlike.inference.runs.parameter_space import ParameterSpace
from jaxlike.inference.runs.progress import Shown, progress_bar, stopwatch
from jaxlike.inference.runs.run_state import Run
from jaxlike.inference.runs.stages import Stage
from jaxlike.inference.runs.transitions import (
    first_states,
    run_segment,
    segment_program,
)
from jaxlike.inference.samplers.burn_in import LENGTH, BurnIn, Ensemble
from jaxlike.inference.samplers.mclmc import walkers_kernel
from jaxlike.inference.target import (
    Posterior,
    context_of,
    fingerprint_of,
    sloped_density,
    trace_slope,
)

_TUNING_DRAWS = 12
_SAVE_S = 5.0  # seconds between two checkpoints of the burn-in


@dataclass(frozen=True)
class _Start:
    """Where an ensemble begins: the Gaussian around the best fit, and what has been spent."""

    mode: np.ndarray
    covariance: np.ndarray
    log_density: float
    cost: Cost
    ensemble: Ensemble

    @property
    def root(self) -> np.ndarray:
        """Cholesky root (n, n) of the covariance."""
        return np.linalg.cholesky(self.covariance)

    def points(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """u (walker, n), log-density (walker,) and its gradient in u (walker, n)."""
        w, _, value, gradient = map(np.asarray, self.ensemble.particles)
        return (
            self.mode + w @ self.root.T,
            value,
            solve_triangular(self.root, gradient.T, lower=True, trans=1).T,
        )

    def checkpoint(self, settings: Mapping[str, Any]) -> Checkpoint:
        """What goes into a file while the ensemble burns in."""
        numbers = {
            "burn_in": self.ensemble.done,
            "log_density": self.log_density,
            "cost": asdict(self.cost),
        }
        arrays = {"mode": self.mode, "covariance": self.covariance}
        state = self.ensemble.particles, self.ensemble.adaptation
        return Checkpoint(settings, numbers, {**arrays, **leaves_of("ensemble", state)})

    @classmethod
    def of_checkpoint(cls, before: Checkpoint, burn_in: BurnIn) -> "_Start":
        """What came out of a file."""
        numbers, arrays = before.numbers, before.arrays
        particles, adaptation = tree_like("ensemble", burn_in.example, arrays)
        ensemble = Ensemble(particles, adaptation, numbers["burn_in"], settled=False)
        cost = Cost(**numbers["cost"])
        return cls(arrays["mode"], arrays["covariance"], numbers["log_density"], cost, ensemble)


def run_laps(
    model: Posterior,
    *,
    chains: int = 8,
    walkers: int = 64,
    burn_in: int = 200,
    samples: int = 1000,
    seed: int = 0,
    target_accept: float = 0.8,
    straighten: bool = True,
    start: Start = "reference",
    progress: Shown = True,
    save: Callable[[Chains], None] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Chains:
    """Sample `model` with `chains` times `walkers` walkers side by side, `samples` draws a chain.

    The burn-in has at most `burn_in` steps, and ends where the ensemble settles; a walker then
    makes `samples / walkers` draws.  The other options are those of `run_mcmc`, errors too.
    """
    import blackjax  # noqa: F401, or two threads below would find it half imported

    check_whole("chains", chains, 2, 1024)
    check_whole("walkers", walkers, 2, 65536)
    check_whole("burn_in", burn_in, 10)
    check_whole("samples", samples, 1)
    check_whole("seed", seed, *SEED)
    check_between("target_accept", target_accept, 0, 1)
    check_start(start)
    n, context, total = len(model.parameters), context_of(model), chains * walkers
    each = -(-samples // walkers)
    settings = {
        "method": "laps", "parameters": list(model.parameters), "chains": chains,
        "walkers": walkers, "burn_in": burn_in, "seed": seed, "target_accept": target_accept,
        "straighten": straighten, "start": start,
    }  # fmt: skip
    keeping = Keeping(settings, checkpoint, save)
    before = stored(checkpoint, resume, settings)
    cpu_start, clock = time.process_time(), stopwatch()
    placement = Placement(total, Placement.of(total).devices)
    keys = jax.random.split(jax.random.key(seed), 2)
    with ThreadPoolExecutor(4) as pool, progress_bar(burn_in, progress, unit="step") as bar:
        density = sloped_density(model)
        moving = segment_program(walkers_kernel, model, density, placement)
        batch = batch_program(density, n, context, fingerprint_of(model))
        trace_slope(model, density, (moving, batch))
        compiling = pool.submit(moving.compiled)
        burnt_in = before is not None and "burn_in" not in before.numbers
        if not burnt_in:
            burning = pool.submit(BurnIn.compile, model, density, placement, burn_in)
        evaluate = batches_of(batch)(context)
        space = ParameterSpace.compile(model)
        segment = partial(run_segment, compiling.result(), pool, placement)
        spent = Cost(compile_s=clock())
        sampler = Sampler(
            stages=(
                Stage("tuning laps", _TUNING_DRAWS, True, target_accept, first_step=n**0.25),
                Stage("sampling", each, own=True),
            ),
            warm_up=segment,
            own=segment,
            context=context,
            words=np.asarray(jax.random.key_data(jax.random.split(keys[1], total))),
            space=space,
            mass=np.ones((n, n), bool),
            bounded=bounded_parameters(model) if straighten else [],
            tuned=1,
        )
        if before and burnt_in and checkpoint:
            with restoring(checkpoint):
                run = Run.of_checkpoint(before, total, n)
            check_same_density(checkpoint, evaluate(run.position[:2])[0], run.value[:2])
            cpu_start -= run.cost.cpu_s
            run = replace(run, cost=run.cost + spent)
        else:
            ensembles = burning.result()
            spent = replace(spent, compile_s=spent.compile_s + clock())
            if before and checkpoint:
                with restoring(checkpoint):
                    begun = _Start.of_checkpoint(before, ensembles)
                    u, value, _ = begun.points()
                check_same_density(checkpoint, evaluate(u[:2])[0], value[:2])
                cpu_start -= begun.cost.cpu_s
                begun = replace(begun, cost=begun.cost + spent)
            else:
                bar.set_description("best fit")
                rng = np.random.default_rng(seed)
                laplace = best_fit_from(model, evaluate, start, rng)
                starts = dispersed_starts(evaluate, laplace, chains, rng)
                begun = _begin(ensembles, laplace, evaluate, starts, walkers, spent)
            begun = _burn_in(ensembles, begun, context, keys[0], bar, keeping, cpu_start)
            run = _switch(begun, sampler, space.constant(begun.mode, begun.log_density))
        states = first_states(run.position, run.value, run.gradient, placement)

        def finish(run: Run) -> Chains:
            return run.chains(space, each * walkers, "laps", together=walkers)

        bar.unit, bar.total = "draw", sampler.total
        run = drive(sampler, run, states, bar, keeping, finish, cpu_start)
    result = finish(run)
    if save:
        save(result)
    return result


def _begin(
    burn_in: BurnIn,
    laplace: Laplace,
    evaluate: Batch,
    starts: np.ndarray,
    walkers: int,
    cost: Cost,
) -> _Start:
    """The ensemble at `starts` (chain, n), `walkers` at each."""
    root = np.linalg.cholesky(laplace.covariance)
    value, gradient = evaluate(starts)
    w = solve_triangular(root, (starts - laplace.mode).T, lower=True).T
    points = (np.repeat(a, walkers, axis=0) for a in (w, value, gradient @ root))
    cost = replace(cost, fit_gradients=laplace.n_gradients + len(starts))
    normal = laplace.mode, laplace.covariance, laplace.log_density
    return _Start(*normal, cost, burn_in.begin(*points))


def _burn_in(
    burn_in: BurnIn,
    begun: _Start,
    context: Any,
    key: Array,
    bar: Any,
    keeping: Keeping,
    cpu_start: float,
) -> _Start:
    """The same after the burn-in; on a KeyboardInterrupt its state is on disk."""
    bar.reset()
    bar.set_description("burn-in")
    bar.update(begun.ensemble.done)
    walkers = burn_in.placement.group
    keys = jax.random.split(key, walkers)
    clock, count, unsaved_s = stopwatch(), 1, 0.0

    def keep() -> None:
        if keeping.checkpoint:
            begun.checkpoint(keeping.settings).save(keeping.checkpoint)

    try:
        while not begun.ensemble.settled:
            ensemble = burn_in.advance(
                begun.ensemble, context, begun.mode, begun.root, keys, key, count
            )
            seconds, made = clock(), ensemble.done - begun.ensemble.done
            count = int(np.clip(made / seconds, 1, LENGTH))
            cost = begun.cost + Cost(warmup_gradients=made * walkers, warmup_s=seconds)
            cost = replace(cost, cpu_s=time.process_time() - cpu_start)
            begun = replace(begun, ensemble=ensemble, cost=cost)
            bar.update(made)
            unsaved_s += seconds
            if unsaved_s > _SAVE_S:
                keep()
                unsaved_s = 0.0
    except KeyboardInterrupt:
        keep()
        raise
    return begun


def _switch(begun: _Start, sampler: Sampler, constant: float) -> Run:
    """The walkers after the burn-in, in coordinates learned from where they are."""
    u, value, gradient = begun.points()
    run = Run.begin(
        u,
        value,
        gradient,
        step_size=1.0,
        inverse_mass=begun.covariance,
        constant=constant,
        cost=begun.cost,
    )
    tuning = sampler.learned(u[:, None], gradient[:, None], 1, run.tuning)
    return replace(run, tuning=tuning)
