"""Massive neutrinos of Boltzmann codes' modules as the option `neutrinos`."""

from jaxlike.config.standard_library.block import Block
from jaxlike.config.standard_library.given import Given
from jaxlike.errors import ConfigError

COSMOLOGY = "cosmological_parameters"
"""The section of the universe's parameters."""

_EIGENSTATES = {0.0: "massless", 1.0: "one_massive", 3.0: "degenerate"}


def hierarchy_of(block: Block, given: Given) -> str:
    """The option `neutrinos` by those of CAMB's module."""
    hierarchy = given.text("neutrino_hierarchy", "degenerate").lower()
    name = f"{COSMOLOGY}--num_massive_neutrinos"
    number = block.numbers.get(block.values.get(name, ""), None) if name in block.values else 1.0
    no_mass = all(
        block.numbers.get(block.values.get(f"{COSMOLOGY}--{key}", ""), 0.0) == 0.0
        for key in ("mnu", "omnuh2", "omega_nu")
        if f"{COSMOLOGY}--{key}" in block.values
    )
    if number == 0 or no_mass:
        return "massless"
    if hierarchy == "normal":
        return "normal"
    if hierarchy != "degenerate":
        raise given.refused(
            "neutrino_hierarchy",
            "accepted are degenerate, normal: no two heavy eigenstates above a light one are "
            "computed here",
        )
    return eigenstates(given, number)


def eigenstates(given: Given, number: float | None) -> str:
    """The option `neutrinos` by the number of massive ones; ConfigError where there is none."""
    if number not in _EIGENSTATES:
        raise ConfigError(
            f"{given.file.place}: {given.where}: 'num_massive_neutrinos' is {number}: accepted are "
            "0, 1, 3"
        )
    return _EIGENSTATES[number]
