"""Nested sampling (Skilling 2006): the evidence, and draws of the posterior, without gradients.

BlackJAX's nested slice sampling (Yallup, Kroupa & Handley 2026, arXiv:2601.23252): the live points
of lowest likelihood are replaced by slice sampling among points of higher likelihood.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.special import logsumexp

from jaxlike.inference.results.chains import Chains, Cost, Evidence
from jaxlike.inference.runs.checkpoint import check_same_density, restoring, stored
from jaxlike.inference.runs.options import SEED, check_between, check_whole
from jaxlike.inference.runs.parameter_space import ParameterSpace
from jaxlike.inference.runs.progress import Shown, progress_bar, stopwatch
from jaxlike.inference.samplers.nested_run import NestedRun, draw_live
from jaxlike.inference.target import Posterior
from jaxlike.numerics.batches import few_at_a_time

_LEAST_DRAWS = 8  # of a chain, so that diagnostics are defined
_SAVE_S = 5.0  # seconds between two checkpoints


def run_nested(
    model: Posterior,
    *,
    live: int = 500,
    inner_steps: int | None = None,
    delete: int | None = None,
    tolerance: float = 0.01,
    chains: int = 4,
    samples: int | None = None,
    seed: int = 0,
    progress: Shown = True,
    save: Callable[[Chains], None] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Chains:
    """Sample with `live` points until they hold less than `tolerance` of the evidence.

    A new point is `inner_steps` slices away from the point it began as, by default twice the
    number of parameters; fewer bias the evidence.  `delete` points are replaced at once: by default
    few on a CPU, a quarter of all on an accelerator.  `chains` times `samples` equal-weight draws
    are taken by the points' weights; by default as many as these are worth, though points that
    descend from each other are less than independent.  External priors count as part of the
    likelihood here, in the evidence too.  After a KeyboardInterrupt `save` gets what is known by
    then.  `checkpoint` is written every few seconds, from where `resume` goes on; there the
    tolerance may be another.  Raises ConfigError on an option out of range or another run's
    checkpoint, JaxlikeError if the likelihood is zero nearly everywhere.
    """
    n = len(model.parameters)
    inner_steps = max(5, 2 * n) if inner_steps is None else inner_steps
    check_whole("live", live, max(4, n + 1))
    check_whole("inner_steps", inner_steps, 1)
    if delete is None:
        delete = min(4, live // 4) if jax.default_backend() == "cpu" else live // 4
    check_whole("delete", delete, 1, live // 2)
    check_between("tolerance", tolerance, 0, 1)
    check_whole("chains", chains, 1, 1024)
    if samples is not None:
        check_whole("samples", samples, 1)
    check_whole("seed", seed, *SEED)

    settings = {
        "method": "nested", "parameters": list(model.parameters), "live": live,
        "inner_steps": inner_steps, "delete": delete, "seed": seed,
    }  # fmt: skip
    before = stored(checkpoint, resume, settings)
    cpu_start, clock = time.process_time(), stopwatch()
    keys = jax.random.split(jax.random.key(seed), 3)
    with progress_bar(None, progress, unit="point") as bar:
        log_likelihood = few_at_a_time(partial(_log_likelihood, model))
        space = ParameterSpace.compile(model)
        first = draw_live(log_likelihood, live, n, keys[0])
        cost = Cost(values=first.drawn + live)
        if before and checkpoint:  # to compile takes long
            with restoring(checkpoint):
                there = before.array("first_log_likelihood", live)
            check_same_density(checkpoint, first.log_likelihood, there)
        run = NestedRun(log_likelihood, first, inner_steps, delete)
        if before and checkpoint:
            with restoring(checkpoint):
                run.restore(before)
                cost = Cost(**before.numbers["cost"])
            cpu_start -= cost.cpu_s
        cost = replace(cost, compile_s=cost.compile_s + clock())

        def spend() -> None:
            nonlocal cost
            cpu_s = time.process_time() - cpu_start
            cost = replace(cost, sampling_s=cost.sampling_s + clock(), cpu_s=cpu_s)

        def finish(stopped: bool) -> Chains:
            spend()
            u, value = first.u[0], float(first.log_likelihood[0])
            constant = space.constant(u, value - 0.5 * float(u @ u))
            result = _chains(run, space, constant, keys[2], chains, samples)
            if stopped:
                share = 100.0 * np.exp(-np.logaddexp(0.0, run.log_z - run.log_z_live))
                caution = f"stopped early: the live points hold {share:.2g}% of the evidence still"
                result = replace(result, cautions=(caution, *result.cautions))
            result = replace(result, cost=replace(cost, values=cost.values + run.values))
            if save:
                save(result)
            return result

        def keep() -> None:
            if checkpoint:
                run.checkpoint(settings, cost).save(checkpoint)

        bar.set_description("sampling")
        saved_s = cost.sampling_s
        try:
            while run.log_z_live > np.logaddexp(run.log_z, run.log_z_live) + np.log(tolerance):
                run.advance(keys[1])
                spend()
                if cost.sampling_s - saved_s > _SAVE_S:
                    keep()
                    saved_s = cost.sampling_s
                left = f"{run.log_z_live:.2f}"
                bar.set_postfix({"ln Z": f"{run.log_z:.2f}", "ln Z of live": left}, refresh=False)
                bar.update(run.n_dead - bar.n)
        except KeyboardInterrupt:
            keep()
            finish(stopped=True)
            raise
        keep()
        return finish(stopped=False)


def _log_likelihood(model: Posterior, u: Array) -> Array:
    value = model.log_density(u) + 0.5 * (u @ u)
    return jnp.where(jnp.isnan(value), -jnp.inf, value)


def _chains(
    run: NestedRun,
    space: ParameterSpace,
    constant: float,
    key: Array,
    chains: int,
    samples: int | None,
) -> Chains:
    """Equal-weight draws of a run, and its evidence."""
    from blackjax.smc.resampling import systematic

    simulate, draw, shuffle = jax.random.split(key, 3)
    points, log_weight = run.weighted(simulate)
    log_z = logsumexp(log_weight, axis=0)
    weight = np.exp(log_weight - log_z).mean(axis=1)
    weight /= weight.sum()
    worth = 1.0 / np.sum(weight**2)
    if samples is None:
        samples = max(_LEAST_DRAWS, int(worth / chains))
    wanted = chains * samples
    chosen = np.asarray(jax.random.permutation(shuffle, systematic(draw, weight, wanted)))
    u = np.asarray(points.position)[chosen].reshape(chains, samples, -1)
    log_likelihood = np.asarray(points.loglikelihood)[chosen].reshape(chains, samples)
    log_fraction, fraction_error = run.first.log_fraction
    error = float(np.hypot(log_z.std(), fraction_error))
    cautions = []
    if wanted > 1.1 * worth + chains:
        cautions.append(
            f"the {wanted} draws repeat points whose weights are worth {worth:.0f}: take more live "
            "points"
        )
    return space.chains(
        u,
        log_likelihood - 0.5 * np.sum(u**2, axis=-1),
        constant,
        wanted=samples,
        method="nested",
        evidence=Evidence(float(log_z.mean()) + log_fraction + constant, error),
        cautions=tuple(cautions),
    )
