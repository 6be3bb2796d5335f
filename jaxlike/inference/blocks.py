"""Blocks of draws: one compiled function for each kernel, run by all chains side by side.

A kernel of BlackJAX makes the draws.  All tuning is an argument, so warm-up and sampling share
one compilation.  On a CPU every chain has a thread of its own and never waits for
another's longer trajectory; on an accelerator all chains are one batch.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.inference.shear import Shear, Transform, bend, offset, straighten

LENGTH = 25
"""Largest number of draws in a block."""


class Tuning(NamedTuple):
    """Step size, and the coordinates v: a shear, and an estimate (n, n) of their covariance."""

    step_size: Any
    inverse_mass: Any
    shear: Shear


class Info(NamedTuple):
    """What a kernel says of one draw, numbers: whether it diverged, gradients, acceptance rate."""

    divergent: Any
    gradients: Any
    acceptance: Any


#: (key, BlackJAX's HMCState at v, log-density of v, Tuning) -> (HMCState, Info)
Kernel = Callable[[Array, Any, Callable[[Array], Array], Tuning], tuple[Any, Info]]


@dataclass(frozen=True)
class Draws:
    """Results of a block: u and the log-density's gradient there (chain, draw, n); the rest
    (chain, draw)."""

    u: np.ndarray
    gradient: np.ndarray
    log_density: np.ndarray
    divergent: np.ndarray
    gradients: np.ndarray
    acceptance: np.ndarray


def group_size(chains: int) -> int:
    """Number of chains that are batched together on JAX's default device."""
    return 1 if jax.default_backend() == "cpu" else chains


def first_states(
    u: np.ndarray, log_density: np.ndarray, gradient: np.ndarray, group: int
) -> list[Any]:
    """The sampler's states, one for each group of chains, at points u (chain, n)."""
    from blackjax.mcmc.hmc import HMCState

    arrays = [jnp.asarray(a) for a in (u, log_density, gradient)]
    return [HMCState(*(a[i : i + group] for a in arrays)) for i in range(0, len(u), group)]


def joined(states: Sequence[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `first_states` was made of: u (chain, n), log-density (chain,), gradient (chain, n)."""
    parts = [[np.asarray(a) for a in state] for state in states]
    u, value, gradient = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return u, value, gradient


def compile_block(
    kernel: Kernel,
    log_density: Callable[[ArrayLike], Array],
    transform: Transform,
    n: int,
    group: int,
) -> Callable:
    """Compile (keys, first draw, count, state, Tuning) -> (state, outputs)."""
    from blackjax.mcmc.hmc import HMCState

    real = jnp.result_type(float)

    def draw(key: Array, state: Any, tuning: Tuning) -> tuple[Any, Any]:
        shear = tuning.shear

        def density(v: Array) -> Array:
            return log_density(bend(shear, transform, v))

        def slope(u: Array) -> Array:
            return jax.grad(lambda point: offset(shear, transform(point)))(u)

        u, value, gradient = state
        along = gradient + (shear.axis @ gradient) * slope(u)
        inner = HMCState(straighten(shear, transform, u), value, along)
        inner, info = kernel(key, inner, density, tuning)
        v, value, along = inner
        u = bend(shear, transform, v)
        gradient = along - (shear.axis @ along) * slope(u)
        outputs = u, gradient, value, *(jnp.asarray(x).astype(real) for x in info)
        return HMCState(u, value, gradient), outputs

    def draw_group(keys: Array, state: Any, tuning: Tuning) -> tuple[Any, Any]:
        if group > 1:
            return jax.vmap(draw, in_axes=(0, 0, None))(keys, state, tuning)
        # A batch of one would pay for the selections by which a batch waits for its slowest.
        result = draw(keys[0], jax.tree.map(lambda a: a[0], state), tuning)
        return jax.tree.map(lambda a: a[None], result)

    def block(
        keys: Array, first: Array, count: Array, state: Any, tuning: Tuning
    ) -> tuple[Any, Any]:
        def body(i: Array, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            state, outputs = carry
            here = jax.vmap(lambda key: jax.random.fold_in(key, first + i))(keys)
            state, new = draw_group(here, state, tuning)
            return state, jax.tree.map(lambda all_, one: all_.at[i].set(one), outputs, new)

        vector, scalar = jnp.zeros((LENGTH, group, n), real), jnp.zeros((LENGTH, group), real)
        outputs = (vector, vector, scalar, scalar, scalar, scalar)
        return jax.lax.fori_loop(0, count, body, (state, outputs))

    def shape(*dims: int, dtype: Any = real) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(dims, dtype)

    keys = jax.random.split(jax.random.key(0), group)
    state = HMCState(shape(group, n), shape(group), shape(group, n))
    shear = Shear(shape(n), shape(n), shape(n), shape(n), shape(n, n))
    tuning = Tuning(shape(), shape(n, n), shear)
    index = shape(dtype=jnp.int32)
    return jax.jit(block).lower(keys, index, index, state, tuning).compile()


def run_block(
    block: Callable,
    pool: Executor,
    keys: Array,
    first: int,
    count: int,
    states: Sequence[Any],
    tuning: Tuning,
) -> tuple[list[Any], Draws]:
    """Make draws `first` to `first + count` (at most LENGTH) of every chain; keys are (chain,).

    Every draw has a random key of its own, so that the draws do not depend on how they are cut
    into blocks.
    """
    group = len(keys) // len(states)
    settings = jax.tree.map(lambda a: jnp.asarray(a, jnp.result_type(float)), tuning)
    at, number = jnp.asarray(first, jnp.int32), jnp.asarray(count, jnp.int32)

    def advance(i: int) -> tuple[Any, Any]:
        own = keys[i * group : (i + 1) * group]
        return jax.block_until_ready(block(own, at, number, states[i], settings))

    results = list(pool.map(advance, range(len(states))))
    u, gradient, value, divergent, gradients, acceptance = (
        np.concatenate([np.asarray(out[k])[:count] for _, out in results], axis=1).swapaxes(0, 1)
        for k in range(6)
    )
    acceptance = np.nan_to_num(acceptance)
    draws = Draws(u, gradient, value, divergent > 0, gradients.astype(int), acceptance)
    return [state for state, _ in results], draws
