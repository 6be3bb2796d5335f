"""What priors ask of their arguments, and how JAX takes them apart and puts them together."""

import math
from dataclasses import fields
from numbers import Real
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError

T = TypeVar("T")


def floating(x: ArrayLike) -> Array:
    """x as an array of floating-point numbers; whole numbers in JAX's default precision."""
    array = jnp.asarray(x)
    return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(float)


def rebuilt(kind: type[T], **values: Any) -> T:
    """An object of a frozen dataclass from its fields, without its constructor."""
    made = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def numbers_as_leaves(kind: type[T]) -> type[T]:
    """Class decorator: a dataclass whose fields, numbers all, are the leaves of a pytree.

    As `register_dataclass`, but JAX puts objects together without the constructor and its checks:
    what it puts there may be tracers, gradients, axes or placeholders.
    """
    names = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]

    def with_keys(prior: T) -> tuple[tuple[tuple[Any, Any], ...], None]:
        return tuple((jax.tree_util.GetAttrKey(name), getattr(prior, name)) for name in names), None

    def flatten(prior: T) -> tuple[tuple[Any, ...], None]:
        return tuple(getattr(prior, name) for name in names), None

    def unflatten(_: None, leaves: Any) -> T:
        return rebuilt(kind, **dict(zip(names, leaves, strict=True)))

    jax.tree_util.register_pytree_with_keys(kind, with_keys, unflatten, flatten)
    return kind


def as_floats(prior: object, *names: str) -> None:
    """The named numbers of a new prior as floats: leaves of one type for all priors of a kind."""
    for name in names:
        value = getattr(prior, name)
        if not isinstance(value, Array):
            object.__setattr__(prior, name, float(value))


def check_finite(kind: str, **values: ArrayLike) -> None:
    """ParameterError that names the first value that is not a finite number.

    Arrays of JAX, which may be traced, pass unseen.
    """
    for name, value in values.items():
        if isinstance(value, Array):
            continue
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise ParameterError(f"{kind} prior: {name} is {value!r}, but must be a finite number")


def check_ordered(kind: str, low: float, high: float) -> None:
    """ParameterError unless low < high, both finite; arrays of JAX pass unseen."""
    check_finite(kind, low=low, high=high)
    if not (isinstance(low, Array) or isinstance(high, Array)) and not low < high:
        raise ParameterError(
            f"{kind} prior: the lower limit {low!r} must be below the upper limit {high!r}"
        )


def check_scale(kind: str, loc: float, scale: float) -> None:
    """ParameterError unless both are finite and scale > 0; arrays of JAX pass unseen."""
    check_finite(kind, loc=loc, scale=scale)
    if not isinstance(scale, Array) and not scale > 0:
        raise ParameterError(f"{kind} prior: scale is {scale!r}, but must be positive")
