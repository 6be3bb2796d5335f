"""The samplers by name: same posterior in, same Chains out."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jaxlike.errors import ConfigError

if TYPE_CHECKING:
    from jaxlike.inference import Chains

SAMPLERS: dict[str, "tuple[str, str] | Callable[..., Chains]"] = {
    "nuts": ("jaxlike.inference.samplers.nuts", "run_nuts"),
    "hmc": ("jaxlike.inference.samplers.hmc", "run_hmc"),
    "adjusted_mclmc": ("jaxlike.inference.samplers.mclmc", "run_adjusted_mclmc"),
    "mclmc": ("jaxlike.inference.samplers.mclmc", "run_mclmc"),
    "laps": ("jaxlike.inference.samplers.laps", "run_laps"),
    "svi": ("jaxlike.inference.samplers.svi", "run_svi"),
    "neutra": ("jaxlike.inference.samplers.neutra", "run_neutra"),
    "nested": ("jaxlike.inference.samplers.nested", "run_nested"),
    "mh": ("jaxlike.cobaya.metropolis", "run_mh"),
}
"""Name -> a function (posterior, **options) -> Chains, or the module and the name of one that is
imported when it is asked for. What is put here is a method."""
# no options of a user
_CALLERS = ("model", "method", "save", "progress", "checkpoint", "resume", "compiled")

# What an option is whose default is None; whole numbers are not listed.
_NONE_MEANS: dict[str, Callable[[Any], Any]] = {"target_accept": float, "learning_rate": float}

METHODS = SAMPLERS.keys()
"""Accepted names of methods."""


def sampler(method: str) -> Callable[..., "Chains"]:
    """The function of a method; ConfigError lists the accepted names."""
    if method not in SAMPLERS:
        raise ConfigError(f"option --method is {method!r}; accepted are {', '.join(METHODS)}")
    found = SAMPLERS[method]
    if not isinstance(found, tuple):
        return found
    module, function = found
    return getattr(import_module(module), function)


def options_of(method: str) -> dict[str, Any]:
    """Option -> default of a method."""
    parameters = inspect.signature(sampler(method)).parameters.values()
    return {p.name: p.default for p in parameters if p.name not in _CALLERS}


def checked_options(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """`given`, with text turned into what each option is; ConfigError on an unknown one."""
    defaults = options_of(method)
    checked = {}
    for name, value in given.items():
        if name not in defaults:
            raise ConfigError(
                f"option {name} has no effect with method {method}; accepted are "
                f"{', '.join(sorted(defaults))}"
            )
        kind = _NONE_MEANS.get(name, int) if defaults[name] is None else type(defaults[name])
        try:
            checked[name] = _AS.get(kind, kind)(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ConfigError(
                f"option {name} of method {method} is {value!r}, but must be like its default "
                f"{defaults[name]!r}"
            ) from error
    return checked


def _flag(value: Any) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise ValueError(value)
    return str(value).lower() == "true"


def _whole(value: Any) -> int:
    """A whole number, also one that is written 1e4."""
    number = value if isinstance(value, int) else float(value)
    if isinstance(value, bool) or number != int(number):
        raise ValueError(value)
    return int(number)


_AS: dict[Any, Callable[[Any], Any]] = {bool: _flag, int: _whole}
