"""From a configuration and likelihoods to the posterior that users call.

As a function, `jaxlike.posterior([m1, m2, f], priors)` is the product of models and of likelihoods
(`jaxlike.multiplied.posterior`).
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """A module of this name is found where a function of this name is meant."""

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        # by name: it stands below this room
        return import_module("jaxlike.multiplied").posterior(*arguments, **keywords)


sys.modules[__name__].__class__ = _Callable
