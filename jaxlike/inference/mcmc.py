"""Chains of a gradient sampler: a warm-up shared by all methods and chains, then draws to be kept.

Every few seconds the state of the run is on disk: one that is killed goes on from there.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxlike.inference.adaptation import Advance, nuts_kernel
from jaxlike.inference.blocks import (
    LENGTH,
    Draws,
    Kernel,
    compile_block,
    first_states,
    group_size,
    joined,
    run_block,
)
from jaxlike.inference.carry import Carrier
from jaxlike.inference.chains import Chains, Cost
from jaxlike.inference.checkpoint import Checkpoint
from jaxlike.inference.comparison import compared
from jaxlike.inference.laplace import gradient_batch
from jaxlike.inference.options import SEED, check_between, check_whole
from jaxlike.inference.pilot import Method, warmed_up
from jaxlike.inference.posterior import Posterior
from jaxlike.inference.progress import progress_bar, stopwatch

_BLOCK_S = 1.0  # seconds between two reports, so that an interrupt is soon obeyed
_SAVE_S = 5.0  # seconds between two calls of `save`, and two checkpoints


def run_mcmc(
    model: Posterior,
    *,
    method: Callable[[], Method] | None,
    chains: int = 4,
    warmup: int = 500,
    samples: int = 1000,
    seed: int = 0,
    target_accept: float | None = None,
    max_tree_depth: int = 10,
    dense_mass: bool = True,
    progress: bool = True,
    save: Callable[[Chains], None] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Chains:
    """Sample `model` with `chains` chains of `samples` draws each, after `warmup` that are dropped.

    By `method`, or NUTS where it is None.  target_accept is the acceptance rate that its step size
    is tuned to (None: what was found to suit it); max_tree_depth is that of NUTS.
    `save` is called with all draws so far every few seconds and at the end; also when there is a
    KeyboardInterrupt, which is then passed on.  `checkpoint` is written just before; with `resume`
    the run goes on from it, to the same draws as if it had never stopped, or to more of them.
    One seed gives the same draws on one machine.  Raises ConfigError on an option out of range or
    another run's checkpoint, JaxlikeError if the posterior is finite nowhere.
    """
    check_run(chains, warmup, samples, seed, target_accept, max_tree_depth)
    settings = {
        "parameters": list(model.parameters), "chains": chains, "warmup": warmup, "seed": seed,
        "target_accept": target_accept, "max_tree_depth": max_tree_depth, "dense_mass": dense_mass,
    }  # fmt: skip
    chosen = method() if method else None
    settings["method"] = chosen.name if chosen else "nuts"
    stored = None
    if resume and checkpoint:
        stored = Checkpoint.read(checkpoint, settings)
    tuning_draws = chosen.tuning_draws if chosen else 0
    n, group = len(model.parameters), group_size(chains)
    keys = jax.random.split(jax.random.key(seed), chains)
    cpu_start = time.process_time() - (stored.cost.cpu_s if stored else 0.0)
    clock = stopwatch()
    total = warmup + tuning_draws + samples
    with ThreadPoolExecutor(max(chains, 3)) as pool, progress_bar(total, progress) as bar:
        # XLA compiles on one core, so the samplers are compiled beside the fit.
        def compiled(kernel: Kernel) -> Future:
            return pool.submit(
                compile_block, kernel, model.log_density, model.from_unconstrained, n, group
            )

        carrying = pool.submit(Carrier.compile, model)
        compiling_chosen = compiled(chosen.kernel) if chosen else None
        if stored and checkpoint:
            compiling = compiling_chosen or compiled(nuts_kernel(max_tree_depth))
            evaluate = gradient_batch(model.log_density, n)
            stored.check_density(evaluate(stored.position)[0], checkpoint)
            bar.update(warmup + tuning_draws + stored.u.shape[1])
            cost = replace(stored.cost, compile_s=stored.cost.compile_s + clock())
            done = replace(stored, cost=cost)
        else:
            compiling = compiled(nuts_kernel(max_tree_depth))
            done = warmed_up(
                model,
                chosen,
                settings,
                compiling,
                compiling_chosen,
                carrying,
                pool,
                keys,
                group,
                bar,
            )
            compiling = compiling_chosen or compiling
        carrier = carrying.result()
        advance = partial(run_block, compiling.result(), pool, keys)

        clock()
        bar.set_description("sampling")
        unsaved_s = 0.0

        def finish() -> Chains:
            return _chains(carrier, done, samples)

        def keep() -> None:
            if checkpoint:
                done.save(checkpoint)
            if save:
                save(finish())

        try:
            for states, draws in _sample(advance, warmup + tuning_draws, samples, done, group):
                seconds = clock()
                cost = replace(
                    done.cost,
                    sampling_gradients=done.cost.sampling_gradients + int(draws.gradients.sum()),
                    sampling_s=done.cost.sampling_s + seconds,
                    cpu_s=time.process_time() - cpu_start,
                )
                done = _extended(done, states, draws, cost)
                unsaved_s += seconds
                bar.set_postfix(divergent=int(done.divergent.sum()), refresh=False)
                bar.update(draws.u.shape[1])
                if unsaved_s > _SAVE_S:
                    keep()
                    unsaved_s = 0.0
        except KeyboardInterrupt:
            if done.u.size:
                keep()
            raise
    if checkpoint:
        done.save(checkpoint)
    result = finish()
    if chosen and not chosen.exact:
        result = compared(result, done.u, done.exact)
    if save:
        save(result)
    return result


def check_run(
    chains: int,
    warmup: int,
    samples: int,
    seed: int,
    target_accept: float | None,
    max_tree_depth: int,
) -> None:
    """ConfigError on an option of `run_mcmc` that is out of range."""
    check_whole("chains", chains, 1, 1024)
    check_whole("warmup", warmup, 0)
    check_whole("samples", samples, 1)
    check_whole("seed", seed, *SEED)
    check_whole("max_tree_depth", max_tree_depth, 1, 20)
    if target_accept is not None:
        check_between("target_accept", target_accept, 0, 1)


def _sample(
    advance: Advance, first: int, samples: int, start: Checkpoint, group: int
) -> Iterator[tuple[Any, Draws]]:
    """Make draws of every chain until there are `samples`, as many at a time as take a second."""
    done, count = start.u.shape[1], 1
    states = first_states(start.position, start.value, start.gradient, group)
    while done < samples:
        began = time.perf_counter()
        count = min(count, samples - done)
        states, draws = advance(first + done, count, states, start.tuning)
        done += count
        yield states, draws
        count = int(np.clip(_BLOCK_S * count / (time.perf_counter() - began), 1, LENGTH))


def _extended(run: Checkpoint, states: Any, draws: Draws, cost: Cost) -> Checkpoint:
    position, value, gradient = joined(states)
    return replace(
        run,
        position=position,
        value=value,
        gradient=gradient,
        u=np.concatenate([run.u, draws.u], axis=1),
        log_density=np.concatenate([run.log_density, draws.log_density], axis=1),
        divergent=np.concatenate([run.divergent, draws.divergent], axis=1),
        cost=cost,
    )


def _chains(carrier: Carrier, run: Checkpoint, wanted: int) -> Chains:
    """The draws so far."""
    return carrier.chains(
        run.u,
        run.log_density,
        run.constant,
        divergent=run.divergent,
        step_size=float(run.tuning.step_size),
        cost=run.cost,
        wanted=wanted,
        method=run.settings["method"],
    )
