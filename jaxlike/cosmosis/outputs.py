"""What the module writes for others, beside its likelihood: the option `outputs`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.config.cosmosis_output import words_of
from jaxlike.cosmosis.block import WritableBlock
from jaxlike.cosmosis.sections import SECTIONS, Section
from jaxlike.cosmosis.universe_tables import (
    K_OUT,
    OF_COSMOLOGY,
    Found,
    distances,
    growth,
    redshifts,
)
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.spectra.limber import Spectra

_SECTION = {"distances": "distances", "growth": "growth_parameters"}


@dataclass(frozen=True, eq=False)
class Outputs:
    """What one module writes besides its likelihood."""

    words: tuple[str, ...] = ()
    likelihood: Likelihood | None = None
    sections: tuple[Section, ...] = ()
    z: NDArray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, given: object, likelihood: Likelihood) -> "Outputs":
        """From the option's value; ConfigError on words that are not known or have no effect."""
        words = words_of(given)
        if not words:
            return cls()
        idle = [word for word in OF_COSMOLOGY if word in words]
        if idle and likelihood.options.power != "jaxlike":
            raise ConfigError(
                f"option 'outputs' is '{given}', but with power = block the module takes"
                f" {', '.join(idle)} from the block: leave it out"
            )
        sections = [one for word in SECTIONS if word in words for one in SECTIONS[word](likelihood)]
        names = [one.name for one in sections]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(
                f"option 'outputs' is '{given}', but {likelihood.data.source} has several tables"
                f" for section [{twice}]: give its samples a suffix each"
            )
        return cls(words, likelihood, tuple(sections), redshifts(likelihood))

    def compute(
        self, universe: Universe, spectra: Sequence[Spectra]
    ) -> dict[str, Array | list[Spectra]]:
        """What is asked for in a universe, whose C_ell are there already; {} if nothing is."""
        found: dict[str, Any] = {}
        if self.likelihood is None:
            return found
        if self.sections:
            found["spectra"] = list(spectra)
        cosmo = universe.cosmo
        if cosmo is not None:
            for word in OF_COSMOLOGY:
                if word in self.words:
                    found |= OF_COSMOLOGY[word](cosmo, self.likelihood.options, self.z)
        return found

    def write(self, block: WritableBlock, found: Found) -> None:
        """Put it into the block; ConfigError where other modules have put it there."""
        for word, entries in (("distances", distances), ("growth", growth)):
            if word in self.words:
                for name, value in entries(self.z, found).items():
                    _put(block, _SECTION[word], name, value)
        for kind in ("nl", "lin") if "matter_power" in self.words else ():
            _check_free(block, f"matter_power_{kind}", "p_k")
            power = np.asarray(found[f"P_{kind}"])
            block.put_grid(f"matter_power_{kind}", "z", self.z, "k_h", K_OUT, "p_k", power)
        for one in self.sections:
            assert self.likelihood is not None
            spectra = found["spectra"][one.group]
            for name, value in one.entries(self.likelihood, spectra):
                _put(block, one.name, name, value)


def _put(block: WritableBlock, section: str, name: str, value: Any) -> None:
    _check_free(block, section, name)
    block[section, name] = value


def _check_free(block: WritableBlock, section: str, name: str) -> None:
    if block.has_value(section, name):
        raise ConfigError(
            f"the block has '{section}--{name}' already: take out of the pipeline the module that"
            " fills it, or its word out of the option 'outputs'"
        )
