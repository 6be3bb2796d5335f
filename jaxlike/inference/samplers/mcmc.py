"""Chains of a gradient sampler: a warm-up shared by all methods and chains, then draws to keep."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from jaxlike.inference.geometry.adaptation import mass_pattern
from jaxlike.inference.results.chains import Chains, Cost
from jaxlike.inference.results.comparison import compared
from jaxlike.inference.runs.beginning import keep, kept, key_of
from jaxlike.inference.runs.checkpoint import check_same_density, restoring, stored
from jaxlike.inference.runs.compiled_functions import CompiledFunctions
from jaxlike.inference.runs.drive import Keeping, Sampler, drive
from jaxlike.inference.runs.initial_points import (
    Start,
    bounded_parameters,
    check_start,
    first_run,
    start_point,
)
from jaxlike.inference.runs.options import SEED, check_between, check_whole
from jaxlike.inference.runs.progress import Shown, progress_bar, stopwatch
from jaxlike.inference.runs.run_state import Run
from jaxlike.inference.runs.stages import plan
from jaxlike.inference.runs.transitions import first_states, random_words, run_segment
from jaxlike.inference.samplers.kernels import Method
from jaxlike.inference.target import Posterior, check_sampled, context_of


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
    mass: str = "dense",
    straighten: bool = True,
    start: Start = "reference",
    progress: Shown = True,
    save: Callable[[Chains], None] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    compiled: CompiledFunctions | None = None,
) -> Chains:
    """Sample `model` with `chains` chains of `samples` draws each, after `warmup` that are dropped.

    By `method`, or NUTS where it is None.  target_accept is the acceptance rate that its step size
    is tuned to (None: what was found to suit it); max_tree_depth is that of NUTS; mass: see
    `mass_pattern`; straighten: whether a straightening is tried; start: where the search for the
    best fit begins, the "reference" point, the best of some draws of the "prior", or a point x.
    `save` is called with all draws so far every few seconds and at the end; also when there is a
    KeyboardInterrupt, which is then passed on.  `checkpoint` is written just before; with `resume`
    the run goes on from it if it is there, to the same draws as if it had never stopped, or to
    more of them.  `compiled` holds functions of an earlier run, of a posterior of the same form.
    One seed gives the same draws on one machine.  Raises ConfigError on an option out of range or
    another run's checkpoint, JaxlikeError if the posterior is finite nowhere.
    """
    check_run(chains, warmup, samples, seed, target_accept, max_tree_depth)
    check_start(start)
    check_sampled(model)
    pattern = mass_pattern(mass, model.parameters)
    chosen = method() if method else None
    name = chosen.name if chosen else "nuts"
    settings = {
        "method": name, "parameters": list(model.parameters), "chains": chains, "warmup": warmup,
        "seed": seed, "target_accept": target_accept, "max_tree_depth": max_tree_depth,
        "mass": mass, "straighten": straighten,
        "start": start,
    }  # fmt: skip
    keeping = Keeping(settings, checkpoint, save)
    before = stored(checkpoint, resume, settings)
    run: Run | None = None
    if before and checkpoint:
        with restoring(checkpoint):
            run = Run.of_checkpoint(before, chains, len(model.parameters))
    stages = plan(chosen, len(model.parameters), warmup, samples, target_accept)
    context, cpu_start, clock = context_of(model), time.process_time(), stopwatch()
    total = sum(stage.draws for stage in stages)
    with ThreadPoolExecutor(max(chains, 4)) as pool, progress_bar(total, progress) as bar:
        warm = run is not None and run.done >= warmup
        # posteriors that share what is compiled are many, each of data of its own
        key = None if compiled or before else key_of(model, chains, seed, start)
        begun = kept(key)
        if not (begun or before):
            start_point(model, start)  # which, once others are compiled, would wait for them
        functions = compiled or CompiledFunctions.start(
            model, chosen, chains, max_tree_depth, pool, warm=warm, fitted=begun is not None
        )
        cost = Cost(compile_s=clock())
        if run and checkpoint:
            assert functions.evaluate is not None
            evaluate = functions.evaluate.result()(context)
            cost = cost + Cost(compile_s=clock())
            check_same_density(checkpoint, evaluate(run.position)[0], run.value)
            cpu_start -= run.cost.cpu_s
            run = replace(run, cost=run.cost + cost)
        else:
            bar.set_description("best fit")
            run, first = first_run(model, functions, begun, chains, seed, pattern, start, cost)
            if begun is None:
                keep(key, first)
            clock()
        space = functions.space.result().within(context)
        warm_up_placement, own_placement = functions.placements
        sampler = Sampler(
            stages=stages,
            warm_up=partial(run_segment, functions.warm_up.result(), pool, warm_up_placement),
            own=partial(run_segment, functions.own.result(), pool, own_placement),
            context=context,
            words=random_words(seed, chains),
            space=space,
            mass=pattern,
            bounded=bounded_parameters(model) if straighten else [],
        )
        run = replace(run, cost=run.cost + Cost(compile_s=clock()))
        states = first_states(run.position, run.value, run.gradient, warm_up_placement)

        def finish(run: Run) -> Chains:
            return run.chains(space, samples, name)

        run = drive(sampler, run, states, bar, keeping, finish, cpu_start)
    result = finish(run)
    if chosen and not chosen.exact:
        result = compared(result, run.u, run.warm_u)
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
