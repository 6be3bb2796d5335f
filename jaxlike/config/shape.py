"""The shape of a Cobaya input, before anything in it is looked at."""

from collections.abc import Mapping
from typing import Any

from jaxlike.errors import ConfigError


def check_shape(info: Mapping[str, Any]) -> None:
    """ConfigError where a component's options are a number, a list or (but of a likelihood, which
    may be a function's text) a word, and where a parameter's name is no text."""
    for block in ("theory", "likelihood"):
        components = info.get(block)
        for name, options in components.items() if isinstance(components, Mapping) else ():
            of_text = block == "theory" and isinstance(options, str)
            if of_text or isinstance(options, int | float | list | tuple):
                raise ConfigError(
                    f"{block} '{name}' is {options!r}, but must be a mapping of options"
                )
    params = info.get("params")
    for name in params if isinstance(params, Mapping) else ():
        if not isinstance(name, str):
            raise ConfigError(f"parameter name {name!r} is not text")
