"""Shapes of galaxies: gravitational lensing by the matter before them, intrinsic alignment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ConfigError
from jaxlike.theory.declarations import Declared
from jaxlike.theory.power.one_loop_kernels import Family
from jaxlike.theory.tracers.alignment import (
    ALIGNMENT_OPTIONS,
    BY_MASS,
    AlignmentModel,
    alignment_terms,
    by_mass,
)
from jaxlike.theory.tracers.alignment import PARAMETERS as ALIGNMENT
from jaxlike.theory.tracers.redshift import ShiftedDistributions
from jaxlike.theory.tracers.terms import (
    Angular,
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
    """Source bins with a calibration m each; prefactors: the spin's factor on C_ell.

    constants: what the alignment takes from options, by their names.
    """

    alignment: AlignmentModel = field(default="nla", metadata={"static": True})
    prefactors: bool = field(default=False, metadata={"static": True})
    constants: Mapping[str, ArrayLike] = field(default_factory=dict)
    kind: ClassVar[str] = "shear"
    word: ClassVar[str] = "source"
    parameters: ClassVar[tuple[Declared, ...]] = PARAMETERS

    @classmethod
    def of(cls, distributions: ShiftedDistributions, options: Mapping[str, Any]) -> "Shapes":
        """Source bins of these n(z) with the options `alignment`, `ell_prefactors`, and what the
        alignment takes; ConfigError where that is not of as many bins."""
        model, n_bin = options["alignment"], distributions.n_bin
        constants = {name: np.asarray(options[name]) for name in ALIGNMENT_OPTIONS.get(model, ())}
        for name, values in constants.items():
            if values.ndim and values.size != n_bin:
                raise ConfigError(
                    f"option '{name}' has {values.size} numbers, but the data have {n_bin} source "
                    "bins: give one for each"
                )
        return cls(distributions, model, options["ell_prefactors"], constants)

    @property
    def loops(self) -> tuple[Family, ...]:
        """Families of the fields beyond the matter: those of an alignment to second order."""
        return ("tides",) if self.alignment == "tatt" else ()

    def plain(self) -> "Shapes":
        """With linear alignment of one amplitude: nodes that serve it serve the smoother loops."""
        return replace(self, alignment="nla") if self.alignment in ("tatt", *BY_MASS) else self

    def seen(self, sight: Sight, parameters: Parameters) -> Seen:
        """Lensing, and alignment where the galaxies are."""
        dndz = dndz_of(self.distributions, parameters, "source")
        given = {**parameters, **self.constants}
        seen = shapes_seen(
            sight,
            dndz,
            per_bin(parameters, "m", self.n_bin),
            alignment_terms(self.alignment, sight, dndz, given),
            prefactors=self.prefactors,
        )
        if self.alignment == "nla_m_twice":
            return replace(seen, own_mix=by_mass(given, self.n_bin))
        return seen


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
    # without prefactors C_ell is that of convergence, which projections to angles know
    angular: Angular = "shear" if prefactors else "convergence"
    terms = (replace(term, angular=angular) for term in (lensing, *alignment))
    return Seen(tuple(terms), 1 + jnp.asarray(m), factor)
