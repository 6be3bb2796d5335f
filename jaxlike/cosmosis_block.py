"""What the sections of a CosmoSIS block mean to the core: parameters, and tables in its units.

CosmoSIS has distances in Mpc and power spectra in h units. CosmoSIS itself is not imported.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jaxlike.errors import DataError, ParameterError
from jaxlike.names import canonical_name
from jaxlike.theory.power_table import PowerTable

COSMOLOGY = "cosmological_parameters"

# Alternatives in order of preference: modules before this one may have filled in all of them.
_COSMOLOGY: tuple[tuple[str, ...], ...] = (
    ("h0", "hubble"),
    ("omega_m", "omega_c", "omch2"),
    ("omega_b", "ombh2"),
    ("omnuh2", "mnu"),
    ("n_s",),
    ("a_s",),
    ("sigma_8",),
    ("omega_k",),
    ("w",),
    ("wa",),
    ("nnu",),
)
# Names of the section that other modules write or read and that do not change the theory here.
_ELSEWHERE = frozenset(
    "tau yhe tcmb k cs2_de omega_nu omega_lambda omlamh2 ommh2 baryon_fraction n_eff"
    " massive_nu massless_nu num_massive_neutrinos num_nu_massive num_nu_massless"
    " sterile_neutrino delta_neff standard_neutrino_neff k_s pivot_scalar r r_t nt n_t ntrun"
    " theta_s theta_mc cosmomc_theta log1e10as s_8 s_8_input sigma_8_input s8 sigma_12"
    " a_lens".split()
)
_LENS_SECTIONS = ("bin_bias", "lens_photoz_errors")
_SOURCE_SECTIONS = (
    "shear_calibration_parameters",
    "wl_photoz_errors",
    "intrinsic_alignment_parameters",
)
_AGREEMENT = 2e-3  # between names of one quantity, as CosmoSIS's CAMB module has it
_INTERNAL = ("cosmosis_metadata:", "_cosmosis_order_")


class Block(Protocol):
    """The part of cosmosis.datablock.DataBlock that is used here."""

    def keys(self, section: str | None = None) -> Iterable[tuple[str, str]]:
        """(section, name) of every value."""

    def has_value(self, section: str, name: str) -> bool:
        """Whether the block has the value."""

    def __getitem__(self, section_name: tuple[str, str], /) -> Any:
        """The value."""


def names_in(block: Block, section: str) -> list[str]:
    """Names of a section's values, none if there is no such section."""
    return [name for _, name in block.keys(section) if not name.startswith(_INTERNAL)]
