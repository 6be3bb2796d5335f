"""NUTS (Hoffman & Gelman 2014) on a posterior: fit, short warm-up shared by all chains, sampling.

The start is the best-fit point, found from the reference with the posterior's gradients.  The
Gaussian around it disperses the chains and is their first mass matrix.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.inference.adaptation import (
    Advance,
    diagonal,
    first_step_size,
    learn_coordinates,
    warm_up,
)
from jaxlike.inference.blocks import (
    LENGTH,
    Draws,
    Tuning,
    compile_block,
    first_states,
    group_size,
    run_block,
)
from jaxlike.inference.chains import Chains, Cost
from jaxlike.inference.laplace import (
    Laplace,
    dispersed_starts,
    fit_laplace,
    gradient_batch,
)
from jaxlike.inference.posterior import Derived, Posterior
from jaxlike.inference.shear import no_shear

_BLOCK_S = 1.0  # seconds between two reports, so that an interrupt is soon obeyed
_SAVE_S = 5.0  # seconds between two calls of `save`

#: u (LENGTH, n) -> parameters (LENGTH, n) and their log-prior (LENGTH,)
Transform = Callable[[np.ndarray], tuple[Any, Any]]


def run_nuts(
    model: Posterior,
    *,
    chains: int = 4,
    warmup: int = 500,
    samples: int = 1000,
    seed: int = 0,
    target_accept: float = 0.95,
    max_tree_depth: int = 10,
    dense_mass: bool = True,
    progress: bool = True,
    save: Callable[[Chains], None] | None = None,
) -> Chains:
    """Sample `model` with `chains` chains of `samples` draws each, after `warmup` that are dropped.

    `save` is called with all draws so far every few seconds and at the end; also when there is a
    KeyboardInterrupt, which is then passed on.  One seed gives the same draws on one machine.
    Raises ConfigError on an option out of range, JaxlikeError if the posterior is finite nowhere.
    """
    _check_options(chains, warmup, samples, seed, target_accept, max_tree_depth)
    n, group = len(model.parameters), group_size(chains)
    rng, keys = np.random.default_rng(seed), jax.random.split(jax.random.key(seed), chains)
    clock = _stopwatch()
    with ThreadPoolExecutor(chains) as pool, _progress_bar(warmup + samples, progress) as bar:
        # XLA compiles on one core, so the sampler is compiled beside the fit.
        compiling = pool.submit(
            compile_block, model.log_density, model.from_unconstrained, n, group, max_tree_depth
        )
        densities = pool.submit(_compile_densities, model, n)
        evaluate = gradient_batch(model.log_density, n)
        cost = Cost(compile_s=clock())

        bar.set_description("best fit")
        reference = np.asarray(model.to_unconstrained(jnp.asarray(model.reference)))
        laplace = fit_laplace(evaluate, reference, rng)
        starts = dispersed_starts(evaluate, laplace, chains, rng)
        states = first_states(starts, *evaluate(starts), group)
        cost = replace(cost, fit_gradients=laplace.n_gradients, fit_s=clock())

        advance, transform, offset = _finish_compiling(compiling, densities, pool, keys, laplace)
        cost = replace(cost, compile_s=cost.compile_s + clock())

        bar.reset()  # the time left is extrapolated from draws, not from the compilation
        bar.set_description("warm-up")
        covariance = laplace.covariance if dense_mass else diagonal(laplace.covariance)
        tuning = Tuning(first_step_size(n), covariance, no_shear(n))
        learn = partial(
            learn_coordinates,
            parameters=lambda u: _at_points(transform, u)[0],
            bounded=[i for i, s in enumerate(model.specs) if "min" in s.prior.as_cobaya()],
            dense=dense_mass,
        )
        tuned = warm_up(
            advance, states, tuning, warmup=warmup, target_accept=target_accept, learn=learn
        )
        for stage in tuned:
            states, tuning, draws = stage
            gradients = cost.warmup_gradients + int(draws.steps.sum())
            cost = replace(cost, warmup_gradients=gradients, warmup_s=cost.warmup_s + clock())
            bar.update(draws.u.shape[1])

        bar.set_description("sampling")
        collected: list[Draws] = []
        unsaved_s = 0.0
        finish = partial(_chains, model, transform, offset, tuning.step_size, samples)
        try:
            for draws in _sample(advance, warmup, samples, states, tuning):
                collected.append(draws)
                seconds = clock()
                gradients = cost.sampling_gradients + int(draws.steps.sum())
                cost = replace(
                    cost, sampling_gradients=gradients, sampling_s=cost.sampling_s + seconds
                )
                unsaved_s += seconds
                divergent = sum(int(d.divergent.sum()) for d in collected)
                bar.set_postfix(divergent=divergent, refresh=False)
                bar.update(draws.u.shape[1])
                if save and unsaved_s > _SAVE_S:
                    save(finish(collected, cost))
                    unsaved_s = 0.0
        except KeyboardInterrupt:
            if save and collected:
                save(finish(collected, cost))
            raise
    result = finish(collected, cost)
    if save:
        save(result)
    return result


def with_derived(model: Derived, chains: Chains) -> Chains:
    """The same chains with the model's derived parameters, computed draw by draw."""
    n = chains.draws.shape[-1]
    values = jax.lax.map(model.derived, jnp.asarray(chains.draws.reshape(-1, n)), batch_size=LENGTH)
    shape = (chains.n_chains, chains.n_draws, -1)
    return replace(
        chains,
        derived_latex=dict(model.derived_parameters),
        derived=np.asarray(values).reshape(shape),
    )


def _sample(
    advance: Advance, first: int, samples: int, states: Any, tuning: Tuning
) -> Iterator[Draws]:
    """Make `samples` draws of every chain, as many at a time as take about a second."""
    done, count = 0, 1
    while done < samples:
        began = time.perf_counter()
        count = min(count, samples - done)
        states, draws = advance(first + done, count, states, tuning)
        done += count
        yield draws
        count = int(np.clip(_BLOCK_S * count / (time.perf_counter() - began), 1, LENGTH))


def _compile_densities(model: Posterior, n: int) -> tuple[Transform, Callable]:
    """Compile the transform of LENGTH points, and x (n,) -> log-posterior."""
    real = jnp.result_type(float)

    def transform(u: jax.Array) -> tuple[jax.Array, jax.Array]:
        x = model.from_unconstrained(u)
        return x, model.log_prior(x)

    many = jax.jit(jax.vmap(transform)).lower(jax.ShapeDtypeStruct((LENGTH, n), real)).compile()
    one = jax.jit(model.log_posterior).lower(jax.ShapeDtypeStruct((n,), real)).compile()
    return many, one


def _finish_compiling(
    compiling: Future, densities: Future, pool: ThreadPoolExecutor, keys: jax.Array, fit: Laplace
) -> tuple[Advance, Transform, float]:
    """The sampler's step, the transform, and the constant that `log_density` leaves out."""
    transform, log_posterior = densities.result()
    x, log_prior = transform(jnp.tile(fit.mode, (LENGTH, 1)))
    log_likelihood = float(log_posterior(x[0])) - float(log_prior[0])
    offset = log_likelihood - (fit.log_density + 0.5 * float(fit.mode @ fit.mode))
    return partial(run_block, compiling.result(), pool, keys), transform, offset


def _chains(
    model: Posterior,
    transform: Transform,
    offset: float,
    step_size: float,
    wanted: int,
    collected: Sequence[Draws],
    cost: Cost,
) -> Chains:
    """The draws so far, carried to the parameters, with their densities there."""
    u = np.concatenate([d.u for d in collected], axis=1)
    log_density = np.concatenate([d.log_density for d in collected], axis=1)
    x, log_prior = _at_points(transform, u.reshape(-1, u.shape[-1]))
    log_prior = log_prior.reshape(log_density.shape)
    log_likelihood = log_density + 0.5 * np.sum(u**2, axis=-1) + offset
    return Chains(
        names=tuple(model.parameters),
        latex=tuple(spec.latex for spec in model.specs),
        priors=tuple(spec.prior.as_cobaya() for spec in model.specs),
        draws=x.reshape(u.shape),
        log_posterior=log_likelihood + log_prior,
        log_prior=log_prior,
        divergent=np.concatenate([d.divergent for d in collected], axis=1),
        step_size=step_size,
        cost=cost,
        wanted=wanted,
    )


def _at_points(transform: Transform, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`transform`, which takes LENGTH points at once, of any number of points (m, n)."""
    m, n = u.shape
    padded = np.concatenate([u, np.zeros((-m % LENGTH, n))])
    parts = [transform(points) for points in padded.reshape(-1, LENGTH, n)]
    x, log_prior = (np.concatenate(arrays)[:m] for arrays in zip(*parts, strict=True))
    return x, log_prior


def _check_options(
    chains: int, warmup: int, samples: int, seed: int, target_accept: float, max_tree_depth: int
) -> None:
    for name, value, low, high in (
        ("chains", chains, 1, 1024),
        ("warmup", warmup, 0, None),
        ("samples", samples, 1, None),
        ("seed", seed, 0, 2**32 - 1),
        ("max_tree_depth", max_tree_depth, 1, 20),
    ):
        if not isinstance(value, int) or value < low or (high is not None and value > high):
            accepted = f"whole numbers from {low}" + (f" to {high}" if high is not None else "")
            raise ConfigError(f"option {name} is {value!r}; accepted are {accepted}")
    if not 0.0 < target_accept < 1.0:
        raise ConfigError(
            f"option target_accept is {target_accept!r}; accepted are numbers between 0 and 1"
        )


def _stopwatch() -> Callable[[], float]:
    """A function that returns the seconds since it was last called."""
    last = time.perf_counter()

    def lap() -> float:
        nonlocal last
        before, last = last, time.perf_counter()
        return last - before

    return lap


def _progress_bar(total: int, shown: bool) -> Any:
    from tqdm import tqdm

    interval = 0.5 if sys.stderr.isatty() else 20.0  # few lines in a log file
    return tqdm(total=total, desc="compiling", unit="draw", disable=not shown, mininterval=interval)
