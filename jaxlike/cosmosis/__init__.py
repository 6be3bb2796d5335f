"""CosmoSIS's view of the package: a module and gradient samplers.

A pipeline names cosmosis_modules/jaxlike_two_point.py, which has `setup`, `execute` and `cleanup`
of this package and nothing else.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "TwoPointModule": "module",
    "cleanup": "module",
    "execute": "module",
    "setup": "module",
    "JaxlikeMclmcSampler": "sampler",
    "JaxlikeNutsSampler": "sampler",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    """Import a public name on first use: parts that do not need CosmoSIS can be had without it."""
    if name not in _HOMES:
        raise AttributeError(f"jaxlike.cosmosis has no attribute '{name}'")
    # by its whole name, for CosmoSIS loads a file by its path
    return getattr(import_module(f"jaxlike.cosmosis.{_HOMES[name]}"), name)
