"""The option `nz`: a model of redshift distributions, or one for each sample by name."""

from collections.abc import Mapping
from typing import get_args

from jaxlike.registry.option_values import bad_value, parsed
from jaxlike.theory.tracers.redshift import NzModel

NZ_MODELS: tuple[NzModel, ...] = get_args(NzModel)
NzOption = NzModel | tuple[tuple[str, NzModel], ...]
"""Of all n(z), or (name of a table, model) of some, the others having the default."""


def nz_from(value: object) -> NzOption:
    """The option from a word, a mapping by the names of n(z), or text of it; ConfigError says what
    it may be."""
    accepted = ", ".join(NZ_MODELS)
    found = parsed("nz", value)
    if isinstance(found, str) and found in NZ_MODELS:
        return found
    if isinstance(found, tuple):  # as it is kept
        found = dict(found)
    if not isinstance(found, Mapping) or not found:
        each = f"{{NAME of an n(z): {NZ_MODELS[0]}, ...}}"
        raise bad_value("nz", value, f"{accepted}, {each}")
    for name, model in found.items():
        if not isinstance(name, str) or model not in NZ_MODELS:
            raise bad_value(f"nz: {name}", model, accepted)
    if len({name.lower() for name in found}) < len(found):
        raise bad_value("nz", value, "each n(z) once, in any case")
    return tuple(found.items())


def has_kde(nz: NzOption) -> bool:
    """Whether kernel density estimates may be among these."""
    return nz == "kde" if isinstance(nz, str) else True


def as_given(nz: NzOption) -> str | dict[str, str]:
    """The option as inputs have it."""
    return nz if isinstance(nz, str) else dict(nz)


def nz_in_words(nz: NzOption) -> str:
    """The option as a description has it."""
    if isinstance(nz, str):
        return nz
    return ", ".join(f"{model} of {name}" for name, model in nz)
