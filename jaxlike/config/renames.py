"""Cobaya's option `renames` of a component: its parameters under the input's own names.

A renamed parameter is a function, the identity, of the one that is in the input, so that all that
knows parameters by their names here need not know of it.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from jaxlike.config.records import expand
from jaxlike.errors import ConfigError


def renames_from(
    given: object, component: str, known: Container[str] | None = None
) -> dict[str, str]:
    """Name in the input -> name that the component knows; ConfigError on what is no such thing.

    known: the component's names, where it is known.
    """
    if given is None:
        return {}
    names = dict(given) if isinstance(given, Mapping) else None
    if names is None or not all(isinstance(x, str) for pair in names.items() for x in pair):
        raise ConfigError(
            f"option 'renames' of {component} is {given!r}; accepted is a mapping of names in the"
            " input to names that it knows, {my_m1: DES_m1}"
        )
    for name in names:
        if not name.isidentifier():
            raise ConfigError(f"option 'renames' of {component} has {name!r}, which is no name")
        if known is not None and names[name] not in known:
            raise ConfigError(
                f"option 'renames' of {component} has {name!r}: {names[name]!r}, which is no"
                " parameter of it"
            )
    return names


def renamed(params: Mapping[Any, Any], renames: Iterable[Mapping[str, str]]) -> dict[Any, Any]:
    """The params of an input with those that components know under other names.

    ConfigError where a parameter is given under both.
    """
    found = dict(params)
    for theirs, ours in (pair for one in renames for pair in one.items()):
        if theirs not in params or theirs == ours:
            continue
        if ours in params:
            raise ConfigError(
                f"'{theirs}' and '{ours}' are both given, which renames says are one: give one"
            )
        info = expand(theirs, params[theirs])
        if info.get("prior") is None and info.get("value") is None:
            if info.get("derived", True) is True:
                found[theirs] = {**info, "derived": f"lambda {ours}: {ours}"}
            continue
        found[theirs] = {**info, "drop": True}
        found[ours] = {"value": f"lambda {theirs}: {theirs}", "derived": False}
    return found
