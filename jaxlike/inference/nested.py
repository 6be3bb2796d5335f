"""Nested sampling (Skilling 2006): the evidence, and draws of the posterior, without gradients.

BlackJAX's nested slice sampling (Yallup, Kroupa & Handley 2026, arXiv:2601.23252): the live points
of lowest likelihood are replaced by slice sampling among points of higher likelihood.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from scipy.special import logsumexp

from jaxlike.errors import JaxlikeError
from jaxlike.inference.carry import Carrier
from jaxlike.inference.chains import Chains, Cost, Evidence
from jaxlike.inference.options import SEED, check_between, check_whole
from jaxlike.inference.posterior import Posterior
from jaxlike.inference.progress import progress_bar, stopwatch
from jaxlike.numerics.batches import few_at_a_time, in_blocks

_BATCH = 200  # prior draws evaluated by one call
_MAX_PRIOR_DRAWS = 1000  # for every live point
_VOLUMES = 200  # simulated sequences of prior volumes, for weights and error of the evidence
_BLOCK = 0.05  # of the live points replaced between two reports
_LEAST_DRAWS = 8  # of a chain, so that diagnostics are defined

#: u (n,) -> log-likelihood, up to a constant; -inf where it is zero
LogLikelihood = Callable[[Array], Array]


@dataclass(frozen=True)
class Live:
    """Points u (live, n) drawn from the prior where the likelihood is not zero, and its logarithm.

    `possible` of `drawn` prior draws were of that kind.
    """

    u: np.ndarray
    log_likelihood: np.ndarray
    possible: int
    drawn: int

    @property
    def log_fraction(self) -> tuple[float, float]:
        """ln of the prior's fraction where the likelihood is not zero, and its error.

        Points of zero likelihood are part of the prior: the evidence is this fraction times the
        evidence of the prior without them.
        """
        fraction = self.possible / self.drawn
        return float(np.log(fraction)), float(np.sqrt((1.0 - fraction) / self.possible))


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
    progress: bool = True,
    save: Callable[[Chains], None] | None = None,
) -> Chains:
    """Sample with `live` points until they hold less than `tolerance` of the evidence.

    A new point is `inner_steps` slices away from the point it began as, by default twice the
    number of parameters; fewer bias the evidence.  `delete` points are replaced at once: by default
    few on a CPU, a quarter of all on an accelerator.  `chains` times `samples` equal-weight draws
    are taken by the points' weights; by default as many as these are worth, though points that
    descend from each other are less than independent.  External priors count as part of the
    likelihood here, in the evidence too.  After a KeyboardInterrupt `save` gets what
    is known by then.  Raises ConfigError on an option out of range, JaxlikeError if the
    likelihood is zero nearly everywhere.
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

    began, clock = time.process_time(), stopwatch()
    keys = jax.random.split(jax.random.key(seed), 3)
    with progress_bar(None, progress, unit="point") as bar:
        log_likelihood = few_at_a_time(partial(_log_likelihood, model))
        carrier = Carrier.compile(model)
        first = _live_points(log_likelihood, live, n, keys[0])
        run = _Run(log_likelihood, first, inner_steps, delete)
        cost = Cost(values=first.drawn + live, compile_s=clock())

        def finish(stopped: bool) -> Chains:
            used = replace(cost, sampling_s=clock(), values=cost.values + run.values)
            used = replace(used, cpu_s=time.process_time() - began)
            u, value = first.u[0], float(first.log_likelihood[0])
            constant = carrier.constant(u, value - 0.5 * float(u @ u))
            result = _chains(run, carrier, constant, keys[2], chains, samples)
            if stopped:
                share = 100.0 * np.exp(-np.logaddexp(0.0, run.log_z - run.log_z_live))
                caution = f"stopped early: the live points hold {share:.2g}% of the evidence still"
                result = replace(result, cautions=(caution, *result.cautions))
            result = replace(result, cost=used)
            if save:
                save(result)
            return result

        bar.set_description("sampling")
        key = keys[1]
        try:
            while run.log_z_live > np.logaddexp(run.log_z, run.log_z_live) + np.log(tolerance):
                key, here = jax.random.split(key)
                run.advance(here)
                left = f"{run.log_z_live:.2f}"
                bar.set_postfix({"ln Z": f"{run.log_z:.2f}", "ln Z of live": left}, refresh=False)
                bar.update(run.n_dead - bar.n)
        except KeyboardInterrupt:
            finish(stopped=True)
            raise
        return finish(stopped=False)


class _Run:
    """A run of BlackJAX's sampler: the state of its live points, and all that have died."""

    def __init__(
        self, log_likelihood: LogLikelihood, first: Live, inner_steps: int, delete: int
    ) -> None:
        import blackjax

        algorithm = blackjax.nss(
            logprior_fn=lambda u: -0.5 * (u @ u),
            loglikelihood_fn=log_likelihood,
            num_inner_steps=inner_steps,
            num_delete=delete,
        )
        self.first = first
        self.values = 0
        self.dead: list[Any] = []
        positions = jnp.asarray(first.u)
        self.state = jax.jit(algorithm.init)(positions)
        count = max(1, round(_BLOCK * len(first.u) / delete))

        def block(state: Any, key: Array) -> tuple[Any, Any]:
            def step(state: Any, key: Array) -> tuple[Any, Any]:
                state, info = algorithm.step(key, state)
                slices = info.update_info
                # Both edges of a slice are tried before any expansion.
                tried = jnp.sum(2 + slices.num_expansions + slices.num_shrink)
                return state, (info.particles, tried)

            return jax.lax.scan(step, state, jax.random.split(key, count))

        self.block = jax.jit(block).lower(self.state, jax.random.key(0)).compile()

    def advance(self, key: Array) -> None:
        """Replace some of the live points."""
        state, (dead, tried) = jax.block_until_ready(self.block(self.state, key))
        flat = jax.tree.map(lambda a: np.asarray(a).reshape(-1, *a.shape[2:]), dead)
        self.state = state
        self.dead.append(flat)
        self.values += int(tried.sum())

    @property
    def n_dead(self) -> int:
        """Number of points that have been replaced."""
        return sum(len(d.loglikelihood) for d in self.dead)

    @property
    def log_z(self) -> float:
        """ln Z of the points that have died, up to the likelihood's constant."""
        return float(self.state.integrator.logZ)

    @property
    def log_z_live(self) -> float:
        """ln Z of the live points, up to the likelihood's constant."""
        return float(self.state.integrator.logZ_live)

    def weighted(self, key: Array) -> tuple[Any, np.ndarray]:
        """All points, and simulated ln(weight) (point, _VOLUMES) whose sums are the evidence."""
        from blackjax.ns.base import NSInfo
        from blackjax.ns.utils import finalise, log_weights

        every = finalise(self.state, [NSInfo(d, None) for d in self.dead], update_info=False)
        return every.particles, np.asarray(log_weights(key, every, shape=_VOLUMES))


def _log_likelihood(model: Posterior, u: Array) -> Array:
    value = model.log_density(u) + 0.5 * (u @ u)
    return jnp.where(jnp.isnan(value), -jnp.inf, value)


def _live_points(log_likelihood: LogLikelihood, live: int, n: int, key: Array) -> Live:
    """Draw from the prior until `live` points have a likelihood."""
    shape = jax.ShapeDtypeStruct((_BATCH, n), jnp.result_type(float))
    evaluate = jax.jit(jax.vmap(log_likelihood)).lower(shape).compile()
    points: list[np.ndarray] = []
    values: list[np.ndarray] = []
    possible, drawn = 0, 0
    while possible < live:
        if drawn >= _MAX_PRIOR_DRAWS * live:
            raise JaxlikeError(
                f"the likelihood is zero nearly everywhere: only {possible} of {drawn} draws from "
                f"the prior have one, and {live} live points are wanted"
            )
        u = np.asarray(jax.random.normal(jax.random.fold_in(key, drawn), (live, n)))
        value = in_blocks(evaluate, u, _BATCH)
        good = np.isfinite(value)
        points.append(u[good])
        values.append(value[good])
        possible, drawn = possible + int(good.sum()), drawn + live
    return Live(np.concatenate(points)[:live], np.concatenate(values)[:live], possible, drawn)


def _chains(
    run: _Run, carrier: Carrier, constant: float, key: Array, chains: int, samples: int | None
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
    return carrier.chains(
        u,
        log_likelihood - 0.5 * np.sum(u**2, axis=-1),
        constant,
        wanted=samples,
        method="nested",
        evidence=Evidence(float(log_z.mean()) + log_fraction + constant, error),
        cautions=tuple(cautions),
    )
