"""Segments of draws: one compiled function for each kernel, run by all chains side by side.

A kernel of BlackJAX makes the draws.  All tuning is an argument, so warm-up and sampling share
one compilation; so is the posterior's context, so that posteriors of one form share it too.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import PartitionSpec

from jaxlike.inference.geometry.straightening import (
    Straightening,
    from_straight,
    log_volume,
    no_straightening,
    to_straight,
)
from jaxlike.inference.runs.device_placement import AXIS, Placement
from jaxlike.inference.target import Posterior, context_of, fingerprint_of, in_context
from jaxlike.kept.programs import Program

LENGTH = 25
"""Largest number of draws in a segment."""


class Tuning(NamedTuple):
    """Step size, and the coordinates v: a straightening, and their covariance (n, n), estimated."""

    step_size: Any
    inverse_mass: Any
    straightening: Straightening


class Info(NamedTuple):
    """What a kernel says of one draw, numbers: whether it diverged, gradients, acceptance rate."""

    divergent: Any
    gradients: Any
    acceptance: Any


class State(NamedTuple):
    """Where chains are: u, the log-density, and its gradient in u, as BlackJAX's HMCState has them,
    which a run need not import where its programs are kept."""

    position: Any
    logdensity: Any
    logdensity_grad: Any


#: (key, BlackJAX's HMCState at v, log-density of v, Tuning, pace) -> (HMCState, Info).  The pace of
#: a draw is a number between 0 and 1 that is the same for all chains: trajectories of random
#: length, but equally long, leave no chain waiting for another in its batch.
Kernel = Callable[[Array, Any, Callable[[Array], Array], Tuning, Array], tuple[Any, Info]]

_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Draws:
    """Results of a segment: u and the log-density's gradient there (chain, draw, n); the rest
    (chain, draw)."""

    u: np.ndarray
    gradient: np.ndarray
    log_density: np.ndarray
    divergent: np.ndarray
    gradients: np.ndarray
    acceptance: np.ndarray


def first_states(
    u: np.ndarray, log_density: np.ndarray, gradient: np.ndarray, placement: Placement
) -> list[Any]:
    """The sampler's states, one for each group of chains, at points u (chain, n)."""
    arrays = [np.asarray(a) for a in (u, log_density, gradient)]
    starts = range(0, len(u), placement.group)
    groups = [State(*(a[i : i + placement.group] for a in arrays)) for i in starts]
    return [jax.device_put(group, placement.spread()) for group in groups]


def joined(states: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `first_states` was made of: u (chain, n), log-density (chain,), gradient (chain, n)."""
    parts = [[np.asarray(a) for a in state] for state in states]
    u, value, gradient = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return u, value, gradient


def compile_segment(
    kernel: Kernel,
    model: Posterior,
    log_density: Callable[[Any, Array], Array],
    placement: Placement,
) -> Callable:
    """Compile (context, words, first draw, count, state, Tuning) -> (state, outputs).

    words: of the chains' random keys; log_density: the model's `sloped_density`.
    """
    return segment_program(lambda: kernel, model, log_density, placement).compiled()


def segment_program(
    make_kernel: Callable[[], Kernel],
    model: Posterior,
    log_density: Callable[[Any, Array], Array],
    placement: Placement,
) -> Program:
    """The same before it is compiled, of a function that makes the kernel when it is traced."""
    real, n, group = jnp.result_type(float), len(model.parameters), placement.group
    to_parameters = in_context(model, "from_unconstrained")

    def draw(context: Any, key: Array, state: Any, tuning: Tuning, pace: Array) -> tuple[Any, Any]:
        def transform(u: Array) -> Array:
            return to_parameters(context, u)

        inward, outward, volume = (
            partial(function, tuning.straightening, transform)
            for function in (to_straight, from_straight, log_volume)
        )

        def density(v: Array) -> Array:
            return log_density(context, outward(v)) + volume(v)

        from blackjax.mcmc.hmc import HMCState

        u, value, gradient = state
        v = inward(u)
        extra, slope = jax.value_and_grad(volume)(v)
        inner = HMCState(v, value + extra, _pulled(outward, v, gradient) + slope)
        inner, info = make_kernel()(key, inner, density, tuning, pace)
        v, value, along = inner
        u = outward(v)
        extra, slope = jax.value_and_grad(volume)(v)
        value, gradient = value - extra, _pulled(inward, u, along - slope)
        outputs = u, gradient, value, *(jnp.asarray(x).astype(real) for x in info)
        return State(u, value, gradient), outputs

    def draw_group(
        context: Any, keys: Array, state: Any, tuning: Tuning, index: Array
    ) -> tuple[Any, Any]:
        pace = jnp.mod((index + 1) * _GOLDEN, 1.0)  # the evenest sequence there is
        if len(keys) > 1:
            each = jax.vmap(draw, in_axes=(None, 0, 0, None, None))
            return each(context, keys, state, tuning, pace)
        # A batch of one would pay for the selections by which a batch waits for its slowest.
        result = draw(context, keys[0], jax.tree.map(lambda a: a[0], state), tuning, pace)
        return jax.tree.map(lambda a: a[None], result)

    def segment(
        context: Any, words: Array, first: Array, count: Array, state: Any, tuning: Tuning
    ) -> tuple[Any, Any]:
        keys = jax.random.wrap_key_data(words)

        def body(i: Array, so_far: tuple[Any, Any]) -> tuple[Any, Any]:
            state, outputs = so_far
            here = jax.vmap(lambda key: jax.random.fold_in(key, first + i))(keys)
            state, new = draw_group(context, here, state, tuning, first + i)
            return state, jax.tree.map(lambda all_, one: all_.at[i].set(one), outputs, new)

        m = len(keys)
        vector, scalar = jnp.zeros((LENGTH, m, n), real), jnp.zeros((LENGTH, m), real)
        outputs = (vector, vector, scalar, scalar, scalar, scalar)
        return jax.lax.fori_loop(0, count, body, (state, outputs))

    chained = (False, True, False, False, True, False)
    spread = placement.over_chains(
        segment, chained, (PartitionSpec(AXIS), PartitionSpec(None, AXIS))
    )
    lies = tuple(placement.spread(one) for one in chained)

    def shape(*dims: int, dtype: Any = real) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(dims, dtype)

    words = jax.eval_shape(partial(_words, chains=group), shape(dtype=jnp.uint32))
    state = State(shape(group, n), shape(group), shape(group, n))
    straightening = jax.tree.map(lambda a: shape(*a.shape), no_straightening(n))
    tuning = Tuning(shape(), shape(n, n), straightening)
    index = shape(dtype=jnp.int32)
    of = fingerprint_of(model)
    about = None if of is None else ("segment", of, make_kernel, group)
    arguments = context_of(model), words, index, index, state, tuning
    jitted = jax.jit(spread, in_shardings=lies)
    return Program(jitted, arguments, about, devices=placement.devices)


def random_words(seed: int, chains: int) -> np.ndarray:
    """Words (chain, n) of the random keys of chains, all different."""
    number = jax.ShapeDtypeStruct((), np.uint32)
    made = Program(jax.jit(partial(_words, chains=chains)), (number,), ("random words", chains))
    return np.asarray(made.compiled()(np.uint32(seed)))


def _words(seed: Any, *, chains: int) -> Array:
    return jax.random.key_data(jax.random.split(jax.random.key(seed), chains))


def _pulled(function: Callable[[Array], Array], point: Array, gradient: Array) -> Array:
    """The gradient over `point` of what has `gradient` over the function's value there."""
    (pulled,) = jax.vjp(function, point)[1](gradient)
    return pulled


def run_segment(
    segment: Callable,
    pool: Executor,
    placement: Placement,
    context: Any,
    words: np.ndarray,
    first: int,
    count: int,
    states: Sequence[Any],
    tuning: Tuning,
) -> tuple[list[Any], Draws]:
    """Make draws `first` to `first + count` (at most LENGTH) of every chain; words: `random_words`.

    Every draw has a random key of its own, so that the draws do not depend on how they are cut
    into segments.  States of another placement are accepted.
    """
    if len(states) * placement.group != len(words):
        states = first_states(*joined(states), placement)
    group, whole, spread = placement.group, placement.spread(chains=False), placement.spread()
    real = jnp.result_type(float)
    context, settings = jax.device_put(
        (context, jax.tree.map(lambda a: np.asarray(a, real), tuning)), whole
    )
    at, number = jax.device_put((np.int32(first), np.int32(count)), whole)

    def advance(i: int) -> tuple[Any, Any]:
        own = jax.device_put(words[i * group : (i + 1) * group], spread)
        return jax.block_until_ready(segment(context, own, at, number, states[i], settings))

    results = list(pool.map(advance, range(len(states))))
    u, gradient, value, divergent, gradients, acceptance = (
        np.concatenate([np.asarray(out[k])[:count] for _, out in results], axis=1).swapaxes(0, 1)
        for k in range(6)
    )
    acceptance = np.nan_to_num(acceptance)
    draws = Draws(u, gradient, value, divergent > 0, gradients.astype(int), acceptance)
    return [state for state, _ in results], draws
