"""What priors ask of their arguments."""

import math
from numbers import Real

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError


def floating(x: ArrayLike) -> Array:
    """x as an array of floating-point numbers; whole numbers in JAX's default precision."""
    array = jnp.asarray(x)
    return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(float)


def check_finite(kind: str, **values: float) -> None:
    """ParameterError that names the first value that is not a finite number."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise ParameterError(f"{kind} prior: {name} is {value!r}, but must be a finite number")


def check_ordered(kind: str, low: float, high: float) -> None:
    """ParameterError unless low < high, both finite."""
    check_finite(kind, low=low, high=high)
    if not low < high:
        raise ParameterError(
            f"{kind} prior: the lower limit {low!r} must be below the upper limit {high!r}"
        )


def check_scale(kind: str, loc: float, scale: float) -> None:
    """ParameterError unless both are finite and scale > 0."""
    check_finite(kind, loc=loc, scale=scale)
    if not scale > 0:
        raise ParameterError(f"{kind} prior: scale is {scale!r}, but must be positive")
