"""What a posterior multiplies: anything with a log-likelihood in a universe."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.universe.cosmology import Cosmology


@runtime_checkable
class LogLikelihood(Protocol):
    """A pytree whose leaves are data; what is not (names, functions) is static and hashable.

    parameters: names of those of its own. The universe has the cosmology (`universe.cosmo`, for the
    functions of `jaxlike.theory.universe.background`), the line of sight at the nodes
    (`universe.los`) and P(k, z) at the Limber points (`universe.power`).
    """

    @property
    def parameters(self) -> tuple[str, ...]: ...
    def log_likelihood(
        self, parameters: Mapping[str, ArrayLike], universe: Universe, /
    ) -> ArrayLike: ...


@runtime_checkable
class Simulated(Protocol):
    """A LogLikelihood whose data can be drawn, for `jaxlike benchmark sbc`.

    n_noise: how many unit normal variables that takes; with_noise(parameters, universe, noise): the
    same likelihood of data that are the prediction and this noise (n_noise,).
    """

    @property
    def n_noise(self) -> int: ...
    def with_noise(
        self, parameters: Mapping[str, ArrayLike], universe: Universe, noise: Array, /
    ) -> "LogLikelihood": ...


def cosmology_of(universe: Universe) -> Cosmology:
    """The cosmology of a universe; ParameterError where a host's tables stand for it."""
    if universe.cosmo is None:
        raise ParameterError("a universe of tables has no parameters, which a likelihood asks for")
    return universe.cosmo


def minus_2_ln(
    one: LogLikelihood, parameters: Mapping[str, ArrayLike], universe: Universe
) -> Array:
    """-2 ln L in a universe, for canonical parameters."""
    return -2 * jnp.asarray(one.log_likelihood(parameters, universe))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Function:
    """A function (parameters, universe, data) -> log-likelihood with its data, any pytree."""

    data: Any
    function: Callable[[Mapping[str, ArrayLike], Universe, Any], ArrayLike] = field(
        metadata={"static": True}
    )
    parameters: tuple[str, ...] = field(default=(), metadata={"static": True})

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> ArrayLike:
        """The function's value."""
        return self.function(parameters, universe, self.data)


def other_likelihood(
    name: str,
    likelihood: "LogLikelihood | Callable[..., ArrayLike]",
    data: Any,
    parameters: tuple[str, ...],
) -> "Other":
    """A likelihood under its name, from itself or from a function; ParameterError says what it
    lacks."""
    if callable(likelihood) and not isinstance(likelihood, LogLikelihood):
        likelihood = Function(data, likelihood, parameters)
    elif data is not None:
        raise ParameterError(
            f"likelihood '{name}' is an object, which holds its own data: data={data!r} is for a "
            "function"
        )
    found = Other(name, likelihood)
    missing = [one for one in found.arrays.parameters if one not in parameters]
    if missing:
        raise ParameterError(
            f"likelihood '{name}' has the parameter '{missing[0]}': give it in params"
        )
    return found


@dataclass(frozen=True, eq=False)
class Other:
    """A likelihood that is no two-point one, under its name in a posterior."""

    name: str
    arrays: LogLikelihood

    samples = ()

    def __post_init__(self) -> None:
        if not isinstance(self.arrays, LogLikelihood):
            raise ParameterError(
                f"likelihood '{self.name}' is {self.arrays!r}: it must have the method "
                "log_likelihood(parameters, universe) and `parameters`, names of its own ones"
            )
        if jax.tree_util.all_leaves([self.arrays]):
            raise ParameterError(
                f"likelihood '{self.name}' is no pytree: decorate its dataclass with "
                "jax.tree_util.register_dataclass"
            )
        for leaf in jax.tree.leaves(self.arrays):
            try:
                jnp.asarray(leaf)
            except (TypeError, ValueError) as error:
                raise ParameterError(
                    f"likelihood '{self.name}' has {leaf!r} among its data, which must be numbers"
                ) from error

    @property
    def n_points(self) -> int:
        """How many numbers it is the sum over, where it says that."""
        return int(getattr(self.arrays, "n_points", 0))

    @property
    def summary(self) -> str:
        """What it is, in a line."""
        own = ", ".join(self.arrays.parameters)
        one = self.arrays
        what = getattr(one.function, "__name__", "") if isinstance(one, Function) else ""
        if self.n_points:
            own = f"{self.n_points} points" + (f", {own}" if own else "")
        return (what or type(one).__name__) + (f" of {own}" if own else "")
