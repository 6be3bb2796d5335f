"""The modules of the standard library that are known here, by the ends of their files' paths."""

from pathlib import PurePath

from jaxlike.config.standard_library import (
    alignment,
    background,
    boltzmann,
    class_code,
    halo_masses,
    likelihoods,
    others,
    projection,
    redshifts,
    sacc_like,
    statistics,
)
from jaxlike.config.standard_library.module import Module

GROUPS: dict[str, tuple[Module, ...]] = {
    "Universe and P(k, z)": (*boltzmann.MODULES, class_code.MODULE, background.MODULE),
    "Redshift distributions": redshifts.MODULES,
    "Intrinsic alignment": (*alignment.MODULES, halo_masses.MODULE),
    "C_ell, galaxies, calibration": projection.MODULES,
    "From C_ell to what is measured": statistics.MODULES,
    "Likelihoods of two-point data": (*likelihoods.MODULES, *sacc_like.MODULES),
    "Likelihoods of other data": others.MODULES,
}
"""By what they are of, in the order of a pipeline."""

MODULES: tuple[Module, ...] = tuple(one for group in GROUPS.values() for one in group)
"""All of them."""


def module_of(file: str) -> Module | None:
    """The module whose file this is, wherever the library is; None for one that is unknown."""
    path = PurePath(file.strip())
    # an older library has the same module one folder further up or down
    parts = (*path.parts[:-1], path.stem)
    for module in MODULES:
        for known in module.files:
            tail = PurePath(known).parts
            if parts[-len(tail) :] == tail:
                return module
    for module in MODULES:
        for known in module.files:
            if parts[-2:] == PurePath(known).parts[-2:]:
                return module
    return None
