"""The library's module of alignment that goes with the masses of haloes."""

from dataclasses import replace

from jaxlike.config.standard_library.alignment import SECTION, there
from jaxlike.config.standard_library.block import Alignment, Block, Source
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, used
from jaxlike.errors import ConfigError

_TWICE = (
    "the factor of the masses of haloes stands twice in GI of a bin with itself, as the module has "
    "it; --set alignment=nla_m has it once"
)


def _masses(block: Block, given: Given) -> None:
    """Amplitudes by the masses of haloes, of spectra that are there."""
    suffixes = [given.text(key, "").lower() for key in ("suffix", "new_suffix")]
    old, new = (f"_{one}" if one else "" for one in suffixes)
    section = SECTION + old
    # GI of bins i, j and then of j, i are multiplied in their place, which i, i is twice
    model, notes = ("nla_m_twice", [_TWICE]) if old == new else ("nla_m", [])
    given.notes += notes
    for term in ("shear_cl_gi", "shear_cl_ii"):
        spectrum = there(block, given, term + old)
        if spectrum.alignment is None or spectrum.alignment.model != "nla":
            raise ConfigError(
                f"{given.file.place}: {given.where}: the spectra of [{term}{old}] are not of the "
                "nonlinear alignment model, which that by the masses of haloes is here"
            )
        masses = Alignment(
            model,
            (
                *spectrum.alignment.sources,
                Source("log10_M", section, "log10_m_mean_", module=given.where),
                Source("beta_IA", section, "beta", numbered=False, module=given.where),
            ),
            values=(
                Source("f_r", section, "f_r_", module=given.where),
                Source("log10_M_pivot", section, "log10_m_piv", numbered=False, module=given.where),
            ),
        )
        block.spectra[term + new] = replace(spectrum, alignment=masses)


MODULE = Module(
    ("intrinsic_alignments/mass_dependent_ia/mass_dependent_ia_model",),
    "alignment = nla_m_twice, or nla_m where new_suffix is another than suffix",
    (
        *used("the end of its spectra's and its parameters' sections", "suffix", "new_suffix"),
        *SILENT,
    ),
    _masses,
)
"""KiDS-Legacy's."""
