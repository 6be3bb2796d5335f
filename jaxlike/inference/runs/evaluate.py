"""Functions of one point at many draws, with a bar that tells the time left."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.inference.runs.progress import progress_bar
from jaxlike.numerics.batches import few_at_a_time, in_blocks

LENGTH = 40
"""Points between two steps of the bar: a multiple of the few that a CPU evaluates at once."""


def at_draws(
    function: Callable[[Array], Any], points: np.ndarray, what: str, *, progress: bool
) -> Any:
    """Results, as arrays (m, ...), of `function` of a point (n,) at every one of `points` (m, n).

    `what` is computed stands before the bar.  The function is compiled once, and needs no gradient.
    """
    shape = jax.ShapeDtypeStruct((LENGTH, points.shape[1]), jnp.result_type(float))
    with progress_bar(len(points), progress) as bar:
        compiled = jax.jit(jax.vmap(few_at_a_time(function))).lower(shape).compile()
        bar.reset()  # the time left is extrapolated from the draws, not from the compilation
        bar.set_description(what)

        def block(some: np.ndarray) -> Any:
            results = jax.tree.map(np.asarray, compiled(some))
            bar.update(min(LENGTH, len(points) - bar.n))
            return results

        return in_blocks(block, np.asarray(points, float), LENGTH)
