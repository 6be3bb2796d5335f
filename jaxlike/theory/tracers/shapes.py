"""Shapes of galaxies: gravitational lensing by the matter before them, intrinsic alignment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from jaxlike.theory.declarations import Declared
from jaxlike.theory.tracers.alignment import PARAMETERS as ALIGNMENT
from jaxlike.theory.tracers.alignment import AlignmentModel, alignment_terms
from jaxlike.theory.tracers.redshift import ShiftedDistributions
from jaxlike.theory.tracers.terms import (
    Galaxies,
    Parameters,
    Seen,
    Term,
    dndz_of,
    lensing_weight,
    per_bin,
    redshift_errors,
    register,
    spin_factor,
)
from jaxlike.theory.universe.line_of_sight import Sight

PARAMETERS = (
    *ALIGNMENT,
    Declared(
        "m", ("DES_m",), ("shear_calibration_parameters--m",), "m^{#}", per="bin", default=0.0
    ),
    *redshift_errors("source", "wl_photoz_errors", "dz"),
)


@register
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Shapes(Galaxies):
    """Source bins with a calibration m each; prefactors: the spin's factor on C_ell."""

    alignment: AlignmentModel = field(default="nla", metadata={"static": True})
    prefactors: bool = field(default=False, metadata={"static": True})
    kind: ClassVar[str] = "shear"
    word: ClassVar[str] = "source"
    parameters: ClassVar[tuple[Declared, ...]] = PARAMETERS

    @classmethod
    def of(cls, distributions: ShiftedDistributions, options: Mapping[str, Any]) -> "Shapes":
        """Source bins of these n(z) with the options `alignment`, `ell_prefactors`."""
        return cls(distributions, options["alignment"], options["ell_prefactors"])

    @property
    def second_order(self) -> bool:
        """Whether the alignment has fields beyond the matter."""
        return self.alignment == "tatt"

    def plain(self) -> "Shapes":
        """With linear alignment: nodes that serve it serve the smoother loops."""
        return replace(self, alignment="nla") if self.second_order else self

    def seen(self, sight: Sight, parameters: Parameters) -> Seen:
        """Lensing, and alignment where the galaxies are."""
        dndz = dndz_of(self.distributions, parameters, "source")
        return shapes_seen(
            sight,
            dndz,
            per_bin(parameters, "m", self.n_bin),
            alignment_terms(self.alignment, sight, dndz, parameters),
            prefactors=self.prefactors,
        )


def shapes_seen(
    sight: Sight,
    dndz: Array,
    m: Array,
    alignment: tuple[Term, ...],
    *,
    prefactors: bool = False,
) -> Seen:
    """Source bins of given n(z) (n_bin, n), calibration m (n_bin,) and terms of alignment."""
    lensing = Term(smooth=lensing_weight(sight, dndz))
    factor = spin_factor(sight.nodes.ell) if prefactors else None
    return Seen((lensing, *alignment), 1 + jnp.asarray(m), factor)
