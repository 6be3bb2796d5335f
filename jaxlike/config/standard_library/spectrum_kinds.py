"""The kinds of C_ell that the standard library's projection makes."""

from dataclasses import dataclass

from jaxlike.config.standard_library.block import Kind


@dataclass(frozen=True)
class SpectrumKind:
    """A kind of spectrum that project_2d makes: its section, tracers, and what is in it.

    galaxy: bias is that of bias_NAME; one_loop: and not linear alone; magnified: which of the two;
    aligned: whether it is a spectrum of alignment, of E or of B modes.
    """

    section: str
    kinds: tuple[Kind, Kind]
    galaxy: bool = False
    one_loop: bool = False
    magnified: bool = False
    aligned: str = ""


SPECTRA = {
    "shear-shear": SpectrumKind("shear_cl", ("shear", "shear")),
    "shear-intrinsic": SpectrumKind("shear_cl_gi", ("shear", "shear"), aligned="E"),
    "intrinsic-intrinsic": SpectrumKind("shear_cl_ii", ("shear", "shear"), aligned="E"),
    "intrinsicb-intrinsicb": SpectrumKind("shear_cl_bb", ("shear", "shear"), aligned="B"),
    "position-position": SpectrumKind("galaxy_cl", ("counts", "counts")),
    "position-shear": SpectrumKind("galaxy_shear_cl", ("counts", "shear")),
    "position-intrinsic": SpectrumKind("galaxy_intrinsic_cl", ("counts", "shear"), aligned="E"),
    "lingal-lingal": SpectrumKind("galaxy_cl", ("counts", "counts"), galaxy=True),
    "lingal-shear": SpectrumKind("galaxy_shear_cl", ("counts", "shear"), galaxy=True),
    "lingal-intrinsic": SpectrumKind(
        "galaxy_intrinsic_cl", ("counts", "shear"), galaxy=True, aligned="E"
    ),
    "lingal-magnification": SpectrumKind(
        "galaxy_magnification_cl", ("counts", "counts"), galaxy=True, magnified=True
    ),
    "nlgal-nlgal": SpectrumKind("galaxy_cl", ("counts", "counts"), galaxy=True, one_loop=True),
    "nlgal-shear": SpectrumKind("galaxy_shear_cl", ("counts", "shear"), galaxy=True, one_loop=True),
    "nlgal-magnification": SpectrumKind(
        *("galaxy_magnification_cl", ("counts", "counts"), True, True), magnified=True
    ),
    "magnification-magnification": SpectrumKind(
        "magnification_cl", ("counts", "counts"), magnified=True
    ),
    "magnification-shear": SpectrumKind(
        "magnification_shear_cl", ("counts", "shear"), magnified=True
    ),
    "magnification-intrinsic": SpectrumKind(
        "magnification_intrinsic_cl", ("counts", "shear"), magnified=True, aligned="E"
    ),
}
REFUSED = (
    *("weyl-weyl", "ppfshear-ppfshear", "fast-shearshearia", "fastshearshearia-fastshearshearia"),
    *("magnification-position", "shear-cmbkappa", "cmbkappa-cmbkappa", "intrinsic-cmbkappa"),
    *("lingal-cmbkappa", "magnification-cmbkappa", "position-cmbkappa"),
    *("genericclustering-genericclustering", "genericclustering-shear", "nlgal-intrinsic"),
    "genericclustering-intrinsic",
    *("fast-shear-shear-ia", "fast-lingal-shear-ia", "fast-position-shear-ia"),
)
"""Not read from pipelines."""
