"""Functions of one point, evaluated for many points as the device likes it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

CPU_CHUNK = 4
"""Points evaluated at once on a CPU: their intermediates still fit the caches of one core."""

_CHUNKS = (16, 8, CPU_CHUNK, 2, 1)
_AT_HAND = 28e6  # bytes: glibc takes 32 MiB and more from the system anew at every call
_LARGE = 8_000_000  # numbers in a matrix that is read once for all points of a chunk


def chunk_of(temporary: float, matrix: int) -> int:
    """How many points, each with so many bytes of temporary memory and a matrix of so many numbers
    in common, a CPU evaluates at once."""
    least = CPU_CHUNK if matrix > _LARGE else 1
    return max(least, *(n for n in _CHUNKS if n * temporary <= _AT_HAND or n == 1))


def few_at_a_time(function: Callable[..., Any], chunk: int = CPU_CHUNK) -> Callable[..., Any]:
    """`function` of a point (n,), whose `vmap` on a CPU goes `chunk` points at a time.

    This holds however deep inside a vectorised loop it is called, and for any number of arguments,
    of which those that are not vectorised stay whole.  It is traced once, though loops and other
    functions call it often.  It has no gradient.
    """
    function = jax.jit(function)
    if jax.default_backend() != "cpu":
        return function

    @jax.custom_batching.custom_vmap
    def one(*arguments: Any) -> Any:
        return function(*arguments)

    @one.def_vmap
    def many(size: int, batched: Any, *arguments: Any) -> tuple[Any, Any]:
        leaves, form = jax.tree.flatten(list(arguments))
        moves = jax.tree.leaves(batched)

        def at(moving: list[Array]) -> Any:
            each = iter(moving)
            whole = [next(each) if m else a for a, m in zip(leaves, moves, strict=True)]
            return function(*jax.tree.unflatten(form, whole))

        moving = [a for a, m in zip(leaves, moves, strict=True) if m]
        results = in_pieces(at, moving, size, chunk)
        return results, jax.tree.map(lambda _: True, results)

    return one


def sloped_few_at_a_time(
    function: Callable[[Any, Array], Array], void: float | None = None, chunk: int = CPU_CHUNK
) -> Callable[[Any, Array], Array]:
    """The same of a number that depends on (context, point), with its gradient in the point.

    The gradient is made with the value, for few points at a time as well; there is none in the
    context.  Where either is not finite, `void` stands for the value, with gradient zero.
    """
    slope = few_at_a_time(jax.value_and_grad(function, argnums=1), chunk)

    def made(context: Any, point: Array) -> tuple[Array, Array]:
        found, gradient = slope(context, point)
        if void is None:
            return found, gradient
        good = jnp.isfinite(found) & jnp.isfinite(gradient).all()
        return jnp.where(good, found, void), jnp.where(good, gradient, 0.0)

    @jax.custom_vjp
    def value(context: Any, point: Array) -> Array:
        return made(context, point)[0]

    def forward(context: Any, point: Array) -> tuple[Array, tuple[Any, Array]]:
        found, gradient = made(context, point)
        return found, (context, gradient)

    def backward(kept: tuple[Any, Array], along: Array) -> tuple[Any, Array]:
        context, gradient = kept
        return jax.tree.map(jnp.zeros_like, context), along * gradient

    value.defvjp(forward, backward)
    return value


def in_pieces(function: Callable[[Any], Any], points: Any, size: int, chunk: int) -> Any:
    """`function` of each of `size` points, at most `chunk` of them at a time, within a compilation.

    The pieces have one size: a smaller last one would be compiled as a function of its own.
    """
    pieces = max(1, -(-size // chunk))
    few = max(1, -(-size // pieces))
    padded = jax.tree.map(
        lambda a: jnp.concatenate([a, jnp.repeat(a[-1:], few * pieces - size, axis=0)]), points
    )
    results = jax.lax.map(function, padded, batch_size=few)
    return jax.tree.map(lambda a: a[:size], results)


def in_blocks(function: Callable[[Any], Any], points: np.ndarray, size: int) -> Any:
    """Results of `function`, compiled for `size` points (size, n), at any number of them (m, n)."""
    padded = np.concatenate([points, np.repeat(points[:1], -len(points) % size, axis=0)])
    parts = [function(block) for block in padded.reshape(-1, size, points.shape[1])]
    return jax.tree.map(lambda *a: np.concatenate(a)[: len(points)], *parts)
