"""Points of a posterior as people give them: vectors, or dictionaries of the sampled parameters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.posterior.parameters import Parameter
from jaxlike.registry.resolve import scalar

Point = ArrayLike | Mapping[str, ArrayLike]
"""x (n,), or a dictionary of parameters."""


def is_point(x: Any, n: int) -> TypeGuard[Array]:
    """Whether x is n numbers as samplers hand them in: to convert them would cost more than this
    look."""
    return isinstance(x, jax.Array | np.ndarray) and x.shape == (n,) and x.dtype.kind == "f"


def point_of(names: Sequence[str], x: Point) -> Array:
    """x (n,) of the sampled parameters `names`, from itself or from a dictionary of them.

    ParameterError names what is missing, unknown, no number or of another shape.
    """
    if isinstance(x, Mapping):
        missing = [name for name in names if name not in x]
        unknown = [name for name in x if name not in names]
        if missing or unknown:
            wrong = f"'{missing[0]}' is missing" if missing else f"'{unknown[0]}' is unknown"
            raise ParameterError(f"of the sampled parameters {wrong}: they are {', '.join(names)}")
        return jnp.stack([scalar(name, x[name]) for name in names])
    found = _numbers("a point is", x)
    if found.shape != (len(names),):
        raise ParameterError(
            f"a point has shape {found.shape}, but must be ({len(names)},), one number for each of "
            "the sampled parameters; many points go to the functions named _batch"
        )
    return found


def points_of(n: int, X: ArrayLike) -> Array:
    """X (n_point, n); ParameterError on another shape."""
    found = _numbers("points are", X)
    if found.ndim != 2 or found.shape[1] != n:
        raise ParameterError(f"points have shape {found.shape}, but must be (any, {n})")
    return found


def values_of(params: Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
    """A dictionary of parameters of any names, each value a scalar array."""
    return {name: scalar(name, value) for name, value in params.items()}


def failure_of_prior(
    parameters: Iterable[Parameter], x: ArrayLike, external: Mapping[str, ArrayLike]
) -> str | None:
    """Why the prior is zero at x (n,) of the sampled parameters, in words; None where it is not.

    external: logarithm of each external prior there.
    """
    for parameter, value in zip(parameters, np.asarray(x), strict=True):
        assert parameter.prior is not None
        low, high = parameter.prior.support
        if not low <= value <= high:
            where = f"[{low:g}, {high:g}]"
            return f"parameter '{parameter.name}' = {value:g} is outside its prior {where}"
    for name, value in external.items():
        if not np.isfinite(value):
            return f"the external prior '{name}' has the logarithm {np.asarray(value):g}"
    return None


def _numbers(what: str, x: Any) -> Array:
    try:
        if np.iscomplexobj(x):
            raise TypeError("complex numbers")
        return jnp.asarray(x, float)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{what} {x!r}, but must be numbers") from error
