"""Anyone's function as a likelihood."""

import inspect
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.likelihoods.compiled import SAFE
from jaxlike.likelihoods.protocol import LogLikelihood, Other, cosmology_of
from jaxlike.theory.power.derived import drag_horizon
from jaxlike.theory.power.universe import Universe

_ACCEPTED = "(parameters, universe) and (parameters, universe, data)"


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Function:
    """A function (parameters, universe) or (parameters, universe, data) -> log-likelihood with its
    data, any pytree.

    parameters: names of its own ones; needs: quantities of the universe that it asks for. Where it
    says that it needs r_drag or D_ell it is zero, with a slope of zero, in universes that these are
    not known for.
    """

    data: Any
    function: Callable[..., ArrayLike] = field(metadata={"static": True})
    parameters: tuple[str, ...] = field(default=(), metadata={"static": True})
    needs: tuple[str, ...] = field(default=(), metadata={"static": True})

    @classmethod
    def of(
        cls, function: Callable[..., ArrayLike], data: Any, parameters: tuple[str, ...]
    ) -> "Function":
        """Of a function that may say what it is by attributes: `parameters`, else these, `needs`.

        ParameterError on other arguments than it is called with, and on data that it does not take.
        """
        _arguments(function)
        if data is not None and 3 not in _arguments(function):
            raise ParameterError("it has data, but its function takes none: (parameters, universe)")
        declared = words_of(function, "parameters")
        own = parameters if declared is None else declared
        return cls(data, function, own, words_of(function, "needs") or ())

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> ArrayLike:
        """The function's value."""
        alone = self.data is None and 2 in _arguments(self.function)
        data = () if alone else (self.data,)
        if not _KNOWN.keys() & {*self.needs}:
            return self.function(parameters, universe, *data)
        known, universe = _with_known(universe, self.needs)
        return jnp.where(known, self.function(parameters, universe, *data), -jnp.inf)


def words_of(one: object, attribute: str) -> tuple[str, ...] | None:
    """The names that something says under an attribute, None where it says none, as a class whose
    objects say them."""
    given = getattr(one, attribute, None)
    if given is None or (isinstance(one, type) and not isinstance(given, tuple | list)):
        return None
    if not isinstance(given, tuple | list) or not all(isinstance(word, str) for word in given):
        raise ParameterError(f"its `{attribute}` are {given!r}, but must be a tuple of names")
    return tuple(given)


def _arguments(function: Callable[..., ArrayLike]) -> tuple[int, ...]:
    """With how many arguments it can be called; ParameterError where with neither two nor three."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"its function does not tell its arguments ({error})") from error
    fitting = []
    for n in (2, 3):
        with suppress(TypeError):
            signature.bind(*range(n))
            fitting.append(n)
    if not fitting:
        raise ParameterError(f"its function takes {signature}; accepted are {_ACCEPTED}")
    return tuple(fitting)


_KNOWN: Mapping[str, Callable[[Universe], Array]] = {
    "r_drag": lambda universe: drag_horizon(cosmology_of(universe))[0],
    "D_ell": lambda universe: universe.cmb.held,
}
"""Quantities that some universes have not got -> whether one has."""


def _with_known(universe: Universe, needs: tuple[str, ...]) -> tuple[Array, Universe]:
    """Whether a universe has the quantities that are needed, and itself, or one that has."""
    cosmo = cosmology_of(universe)
    tried = replace(universe, cosmo=jax.lax.stop_gradient(cosmo))
    held = [is_known(tried) for name, is_known in _KNOWN.items() if name in needs]
    known = jnp.all(jnp.stack(held))
    traced = {n: getattr(cosmo, n) for n in SAFE if isinstance(getattr(cosmo, n), Array)}
    safe = {name: jnp.where(known, value, SAFE[name]) for name, value in traced.items()}
    return known, replace(universe, cosmo=replace(cosmo, **safe))  # type: ignore[arg-type]


def other_likelihood(
    name: str,
    likelihood: LogLikelihood | Callable[..., ArrayLike],
    data: Any,
    parameters: tuple[str, ...],
) -> Other:
    """A likelihood under its name, from itself or from a function; ParameterError says what it
    lacks."""
    if callable(likelihood) and not isinstance(likelihood, LogLikelihood):
        try:
            likelihood = Function.of(likelihood, data, parameters)
        except ParameterError as error:
            raise ParameterError(f"likelihood '{name}': {error}") from error
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
