"""Functions of one point, evaluated for many points as the device likes it."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import Array

CPU_CHUNK = 4
"""Points evaluated at once on a CPU: their intermediates still fit the caches of one core."""


def few_at_a_time(function: Callable[[Array], Any]) -> Callable[[Array], Any]:
    """`function` of a point (n,), whose `vmap` on a CPU goes CPU_CHUNK points at a time.

    This holds however deep inside a vectorised loop it is called.  It has no gradient.
    """
    if jax.default_backend() != "cpu":
        return function

    @jax.custom_batching.custom_vmap
    def one(point: Array) -> Any:
        return function(point)

    @one.def_vmap
    def many(size: int, _: list[bool], points: Array) -> tuple[Any, Any]:
        results = jax.lax.map(function, points, batch_size=min(size, CPU_CHUNK))
        return results, jax.tree.map(lambda _: True, results)

    return one


def in_blocks(function: Callable[[Any], Any], points: np.ndarray, size: int) -> Any:
    """Results of `function`, compiled for `size` points (size, n), at any number of them (m, n)."""
    padded = np.concatenate([points, np.repeat(points[:1], -len(points) % size, axis=0)])
    parts = [function(block) for block in padded.reshape(-1, size, points.shape[1])]
    return jax.tree.map(lambda *a: np.concatenate(a)[: len(points)], *parts)
