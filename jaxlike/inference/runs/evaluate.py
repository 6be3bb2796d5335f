"""Functions of one point at many draws, with a bar that tells the time left."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.inference.runs.progress import progress_bar
from jaxlike.inference.target import Posterior, context_of, fingerprint_of, in_context
from jaxlike.kept.programs import Program
from jaxlike.numerics.batches import few_at_a_time, in_blocks

LENGTH = 40
"""Points between two steps of the bar: a multiple of the few that a CPU evaluates at once."""


def at_draws(
    function: Callable[[Array], Any], points: np.ndarray, what: str, *, progress: bool
) -> Any:
    """Results, as arrays (m, ...), of `function` of a point (n,) at every one of `points` (m, n).

    `what` is computed stands before the bar.  The function is compiled once, and needs no gradient.
    """
    many = jax.jit(jax.vmap(few_at_a_time(function)))
    return _in_blocks(lambda some: many.lower(some).compile(), points, what, progress)


def method_at_draws(
    model: Posterior, name: str, points: np.ndarray, what: str, *, progress: bool
) -> Any:
    """The same of the method `name` of a posterior; what is compiled is kept for its next run."""
    context, of = context_of(model), fingerprint_of(model)
    many = jax.jit(jax.vmap(few_at_a_time(in_context(model, name)), in_axes=(None, 0)))

    def compiled(some: jax.ShapeDtypeStruct) -> Callable[[np.ndarray], Any]:
        about = None if of is None else ("at draws", name, of)
        return partial(Program(many, (context, some), about, quick=True).compiled(), context)

    return _in_blocks(compiled, points, what, progress)


def _in_blocks(
    compiled: Callable[[jax.ShapeDtypeStruct], Callable[[np.ndarray], Any]],
    points: np.ndarray,
    what: str,
    progress: bool,
) -> Any:
    shape = jax.ShapeDtypeStruct((LENGTH, points.shape[1]), jnp.result_type(float))
    with progress_bar(len(points), progress) as bar:
        many = compiled(shape)
        bar.reset()  # the time left is extrapolated from the draws, not from the compilation
        bar.set_description(what)

        def block(some: np.ndarray) -> Any:
            results = jax.tree.map(np.asarray, many(some))
            bar.update(min(LENGTH, len(points) - bar.n))
            return results

        return in_blocks(block, np.asarray(points, float), LENGTH)
