"""Matrices of derivatives, by the mode of differentiation that costs less."""

from collections.abc import Callable

import jax
from jax import Array


def jacobian(function: Callable[[Array], Array], x: Array) -> Array:
    """Derivatives (..., n) of `function` (n,) -> (...) at x.

    Forward mode costs one pass for each of the n parameters, reverse mode one for each number that
    comes out: the fewer decide.
    """
    out = jax.eval_shape(function, x)
    return (jax.jacfwd if x.size <= out.size else jax.jacrev)(function)(x)
