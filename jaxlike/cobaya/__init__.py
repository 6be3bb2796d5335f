"""Cobaya components, named in inputs as ``jaxlike.cobaya.<name>``.

``Theory`` (theory block), ``3x2pt``, ``shear``, ``2x2pt``, ``bao``, ``sn``, ``cmb``, ``candl``
and ``external`` (likelihood block), ``NUTS`` and ``MCLMC`` (sampler block). Each has its defaults
in a ``.yaml`` file of the same name beside this one. They are looked up on first use, so that
importing this package imports neither Cobaya nor JAX.
"""

from importlib import import_module
from typing import Any

_COMPONENTS = {
    "Theory": "theory",
    "3x2pt": "likelihood",
    "shear": "likelihood",
    "2x2pt": "likelihood",
    "bao": "distances",
    "sn": "distances",
    "cmb": "cmb",
    "external": "own_likelihood",
    "candl": "candl_likelihood",
    "NUTS": "sampler",
    "MCLMC": "sampler",
}


def __getattr__(name: str) -> Any:
    """Return the component class `name`; AttributeError names the components there are."""
    if name not in _COMPONENTS:
        raise AttributeError(
            f"jaxlike.cobaya has no component '{name}': it has {', '.join(_COMPONENTS)}."
        )
    return getattr(import_module(f"{__name__}.{_COMPONENTS[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_COMPONENTS])
