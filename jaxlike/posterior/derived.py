"""Derived parameters of a posterior: those that its input has recorded, and sigma8 and S8."""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.config import Config
from jaxlike.posterior.parameters import Output
from jaxlike.registry.names import Names
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.power.derived import DERIVED, derived_of, unmet_need
from jaxlike.theory.universe.cosmology import Cosmology

ALWAYS = {"sigma8": r"\sigma_8", "S8": "S_8"}
"""Name -> LaTeX of what is recorded whether or not the input lists it, unless it is a parameter."""


def outputs_of(config: Config, names: Names, known: frozenset[str]) -> tuple[Output, ...]:
    """What can be recorded of what the input lists, in its order, then sigma8 and S8.

    The rest, names that nothing here computes and functions of such or that JAX cannot trace, is
    for a host to record.
    """
    listed = {one.name: one for one in config.outputs}
    parameters = {p.name for p in config.parameters}
    taken = {names.canonical(name) for name in known} | parameters

    def can(name: str, above: tuple[str, ...] = ()) -> bool:
        one = listed.get(name)
        if one is not None and one.function is not None:
            arguments = one.function.arguments
            inner = all(a not in (*above, name) and can(a, (*above, name)) for a in arguments)
            return inner and _traceable(one)
        return name in parameters or _quantity(name, names, config.theory, taken) is not None

    found = [one for name, one in listed.items() if can(name)]
    have = {names.canonical(one.name) if names.is_known(one.name) else one.name for one in found}
    have |= taken
    return (*found, *(Output(name) for name in ALWAYS if name not in have))


def _traceable(output: Output) -> bool:
    assert output.function is not None
    number = jax.ShapeDtypeStruct((), jnp.result_type(float))
    try:
        shape = jax.eval_shape(output.function, *[number] * len(output.function.arguments))
    except Exception:  # a function written by the user may raise anything
        return False
    return getattr(shape, "shape", None) == ()


def _quantity(
    name: str, names: Names, options: TheoryOptions, given: set[str] | Mapping[str, ArrayLike]
) -> str | None:
    """What `name` is among the canonical parameters, or else in DERIVED."""
    if names.is_known(name):
        canonical = names.canonical(name)
        if canonical in given:
            return canonical
        same = (key for key in DERIVED if names.is_known(key) and names.canonical(key) == canonical)
        name = next(same, name)
    possible = name in DERIVED and not unmet_need(name, options.radiation)
    return name if possible else None


def derived_values(
    outputs: Sequence[Output],
    names: Names,
    options: TheoryOptions,
    cosmo: Cosmology,
    canonical: Mapping[str, Array],
    values: Mapping[str, ArrayLike],
) -> Array:
    """The outputs (n_output,) in a universe, from all parameters by their names in the input."""
    functions = {one.name: one.function for one in outputs}
    derived = derived_of(cosmo, options.linear)

    def value(name: str) -> ArrayLike:
        function = functions.get(name)
        if function is not None:
            return function(*(value(argument) for argument in function.arguments))
        if name in values:
            return values[name]
        found = _quantity(name, names, options, canonical)
        assert found is not None
        return canonical[found] if found in canonical else derived(found)

    found = [jnp.asarray(value(one.name), float) for one in outputs]
    return jnp.stack(found) if found else jnp.zeros(0)
