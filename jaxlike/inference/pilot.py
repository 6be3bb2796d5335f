"""The beginning of every run of chains: best fit, warm-up, step size of the method.

The start is the best-fit point, found from the reference with the posterior's gradients.  The
Gaussian around it disperses the chains and is their first mass matrix.  The warm-up is by NUTS
(Hoffman & Gelman 2014) whatever the method: it finds the posterior, and coordinates that suit it,
with nothing to be set by hand.  Other methods go on from there with a step size of their own.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.inference.adaptation import (
    diagonal,
    first_step_size,
    learn_coordinates,
    tune_step_size,
    warm_up,
)
from jaxlike.inference.blocks import (
    Draws,
    Kernel,
    Tuning,
    first_states,
    joined,
    run_block,
)
from jaxlike.inference.chains import Cost
from jaxlike.inference.checkpoint import Checkpoint
from jaxlike.inference.laplace import dispersed_starts, fit_laplace, gradient_batch
from jaxlike.inference.posterior import Posterior, Transport
from jaxlike.inference.progress import stopwatch
from jaxlike.inference.shear import no_shear

_NUTS_ACCEPT = 0.95


@dataclass(frozen=True)
class Method:
    """A kernel that goes on where NUTS has warmed up.

    After `tuning_draws` that tune its step size to `target_accept`, from `first_step` (n -> step),
    its draws are kept.  Those of an inexact one are compared with the warm-up's.
    """

    name: str
    kernel: Kernel
    target_accept: float
    first_step: Callable[[int], float]
    tuning_draws: int = 100
    exact: bool = True


def warmed_up(
    model: Posterior,
    chosen: Method | None,
    settings: Mapping[str, Any],
    compiling: Future,
    compiling_chosen: Future | None,
    carrying: Future,
    pool: ThreadPoolExecutor,
    keys: jax.Array,
    group: int,
    bar: Any,
) -> Checkpoint:
    """Chains that have found the posterior, and are about to make their first draw to be kept."""
    n, chains, dense = len(model.parameters), settings["chains"], settings["dense_mass"]
    target = settings["target_accept"]
    rng, clock = np.random.default_rng(settings["seed"]), stopwatch()
    evaluate = gradient_batch(model.log_density, n)
    cost = Cost(compile_s=clock())

    bar.set_description("best fit")
    reference = np.asarray(model.to_unconstrained(jnp.asarray(model.reference)))
    laplace = fit_laplace(evaluate, reference, rng)
    starts = dispersed_starts(evaluate, laplace, chains, rng)
    states = first_states(starts, *evaluate(starts), group)
    cost = replace(cost, fit_gradients=laplace.n_gradients, fit_s=clock())

    advance = partial(run_block, compiling.result(), pool, keys)
    carrier = carrying.result()
    constant = carrier.constant(laplace.mode, laplace.log_density)
    cost = replace(cost, compile_s=cost.compile_s + clock())

    bar.reset()  # the time left is extrapolated from draws, not from the compilation
    bar.set_description("warm-up")
    covariance = laplace.covariance if dense else diagonal(laplace.covariance)
    tuning = Tuning(first_step_size(n), covariance, no_shear(n))
    learn = partial(
        learn_coordinates,
        parameters=lambda u: carrier.at(u)[0],
        bounded=_bounded(model),
        dense=dense,
    )
    exact = [np.zeros((chains, 0, n))]
    accept = _NUTS_ACCEPT if chosen or target is None else target
    for stage in warm_up(
        advance, states, tuning, warmup=settings["warmup"], target_accept=accept, learn=learn
    ):
        states, tuning, draws = stage
        exact.append(draws.u)
        cost = _after_warm_up(cost, draws, clock())
        bar.update(draws.u.shape[1])

    if chosen and compiling_chosen:
        bar.set_description(f"tuning {chosen.name}")
        advance = partial(run_block, compiling_chosen.result(), pool, keys)
        cost = replace(cost, compile_s=cost.compile_s + clock())
        for stage in tune_step_size(
            advance,
            states,
            tuning._replace(step_size=chosen.first_step(n)),
            first=settings["warmup"],
            draws=chosen.tuning_draws,
            target_accept=chosen.target_accept if target is None else target,
        ):
            states, tuning, draws = stage
            cost = _after_warm_up(cost, draws, clock())
            bar.update(draws.u.shape[1])
    none = np.zeros((chains, 0))
    return Checkpoint(
        settings,
        *joined(states),
        tuning=tuning,
        u=exact[0],
        log_density=none,
        divergent=none > 0,
        exact=np.concatenate(exact, axis=1),
        constant=constant,
        cost=cost,
    )


def _bounded(model: Posterior) -> list[int]:
    """Parameters along which a shear is tried: those whose prior has edges.

    None where each parameter depends on many variables: a shear needs them element by element.
    """
    if isinstance(model, Transport) and model.mixes:
        return []
    return [i for i, s in enumerate(model.specs) if np.isfinite(s.prior.support).any()]


def _after_warm_up(cost: Cost, draws: Draws, seconds: float) -> Cost:
    gradients = cost.warmup_gradients + int(draws.gradients.sum())
    return replace(cost, warmup_gradients=gradients, warmup_s=cost.warmup_s + seconds)
