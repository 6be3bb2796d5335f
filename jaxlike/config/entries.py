"""The entries of an input's `params` over the default ones of components, as Cobaya merges them."""

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import Any

from jaxlike.config.records import expand, parameter_from
from jaxlike.errors import ConfigError
from jaxlike.posterior.parameters import Parameter
from jaxlike.registry.names import Names

_MOST = 10_000  # parameters, each of which takes a millisecond to read


def merged_entries(
    given: Mapping[Any, Any], defaults: list[Mapping[str, Any]]
) -> dict[Any, dict[str, object]]:
    """Entries of the input, then those of the components that it does not mention."""
    if len(given) > _MOST:
        raise ConfigError(f"block 'params' has more than {_MOST} parameters")
    merged: dict[Any, dict[str, object]] = {}
    for params in defaults:
        merged.update({name: expand(name, info) for name, info in params.items()})
    excludes = {
        "prior": ("value", "derived", "min", "max"),
        "value": ("prior", "ref", "proposal"),
        "derived": ("prior", "drop", "ref", "proposal"),
    }
    for name, info in given.items():
        new = expand(name, info)
        old = merged.get(name, {}) | new
        for key, excluded in excludes.items():
            if key in new:
                # Within the input's own entry a contradiction stays, and is reported later.
                old = {k: v for k, v in old.items() if k not in excluded or k in new}
        merged[name] = old
    order = [*given, *(name for name in merged if name not in given)]
    return {name: merged[name] for name in order}


def parameters_from(
    merged: Mapping[Any, Mapping[str, object]], given: Container[Any], names: Names
) -> tuple[Parameter, ...]:
    """The parameters of all entries."""
    found = {name: parameter_from(name, info, names) for name, info in merged.items()}
    return tuple(replace(p, assumed=name not in given) for name, p in found.items() if p)
