"""The convergence of the microwave background: all matter before last scattering lenses it.

A map has no galaxies and no parameters: its kernel is smooth in redshift alone (e.g. Lewis &
Challinor 2006, astro-ph/0601594; Omori et al. 2023, arXiv:2203.12439, eq. 5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax
from jax import Array

from jaxlike.theory.declarations import Declared
from jaxlike.theory.tracers.terms import (
    Parameters,
    Seen,
    Term,
    convergence_factor,
    lensing_prefactor,
    register,
)
from jaxlike.theory.universe.line_of_sight import Sight


@register
@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Convergence:
    """A map of the CMB's convergence; prefactors: ell (ell + 1) / (ell + 1/2)^2 on its C_ell."""

    prefactors: bool = field(default=False, metadata={"static": True})
    kind: ClassVar[str] = "convergence"
    word: ClassVar[str] = "convergence"
    parameters: ClassVar[tuple[Declared, ...]] = ()

    @classmethod
    def of(cls, distributions: None, options: Mapping[str, Any]) -> "Convergence":
        """A map, which has no n(z), with the option `ell_prefactors`."""
        return cls(options["ell_prefactors"])

    @property
    def n_bin(self) -> int:
        """One bin."""
        return 1

    @property
    def n_z(self) -> int:
        """No points of a lattice of n(z)."""
        return 0

    @property
    def sees_last_scattering(self) -> bool:
        """That its universes must know the distance to last scattering."""
        return True

    def plain(self) -> "Convergence":
        """The same, being smooth."""
        return self

    def seen(self, sight: Sight, parameters: Parameters) -> Seen:
        """Lensing by all matter before last scattering."""
        factor = convergence_factor(sight.nodes.ell) if self.prefactors else None
        return Seen((Term(smooth=convergence_kernel(sight)[None]),), ell_factor=factor)


def convergence_kernel(sight: Sight) -> Array:
    """(3/2) Omega_m H0^2 (1 + z) f_k(chi* - chi) / f_k(chi*) at the nodes (n_q,).

    ValueError on nodes that have been built without last scattering.
    """
    los = sight.los
    if los.cot_last is None:
        raise ValueError("nodes for the CMB's convergence need the redshift of last scattering")
    return lensing_prefactor(sight) * (los.c_k - los.f_k * los.cot_last)
