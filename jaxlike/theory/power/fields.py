"""The fields that tracers are made of, and the power spectra P_XY in which two of them meet.

Matter; its tidal field, and the two fields to second order that the tidal model of alignment (TATT)
adds to it: the tidal field weighted with density, and its square; what galaxies have beyond linear
bias: the square of the density, the square (a scalar) of the tidal field, and a field of third
order. A field is a name; two names together have a power spectrum of E modes, and where both are
alignments one of B modes (Blazek et al. 2019, arXiv:1708.09247).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.power.limber_grid import limber_window
from jaxlike.theory.power.one_loop_kernels import TERMS
from jaxlike.theory.universe.line_of_sight import LineOfSight
from jaxlike.theory.wavenumbers import PREFILTER

MATTER = "matter"
TIDE = "tide"
"""The tidal field of the nonlinear matter, whose spectra are those of matter."""
WEIGHTED_TIDE = "density-weighted tide"
SQUARED_TIDE = "squared tide"

SQUARED_DENSITY = "squared density"
CONTRACTED_TIDE = "contracted tide"
THIRD_ORDER = "third order"

TREE = (MATTER, TIDE)
"""Fields that are linear in the density where that is linear."""

_INTRINSIC = frozenset((TIDE, WEIGHTED_TIDE, SQUARED_TIDE))
_OF_GALAXIES = frozenset((SQUARED_DENSITY, CONTRACTED_TIDE, THIRD_ORDER))

Pair = tuple[str, str]
"""Two names of fields in alphabetical order."""

Terms = Mapping[str, Array]
"""One-loop terms (n_k,) by name, see `one_loop`."""


def pair_of(one: str, other: str) -> Pair:
    """The names of two fields as the key of their power spectrum."""
    one, other = (MATTER if name == TIDE else name for name in (one, other))
    return (one, other) if one <= other else (other, one)


def meet(one: str, other: str) -> bool:
    """Whether two fields have a spectrum: galaxies and intrinsic shapes meet by linear bias alone,
    as in DES-Y3, CosmoSIS and CCL, and what is of third order meets matter alone."""
    both = {one, other}
    if THIRD_ORDER in both:
        return MATTER in both
    return not (both & _OF_GALAXIES and both & _INTRINSIC)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class FieldPower:
    """P_XY (n_q, n_ell) in (Mpc/h)^3 at the Limber points by pairs of fields: E, and B modes."""

    E: Mapping[Pair, Array]
    B: Mapping[Pair, Array]

    def of(self, one: str, other: str) -> Array:
        """That of two fields; KeyError where nothing says how they meet."""
        return self.E[pair_of(one, other)]


def tidal_spectra(terms: Terms) -> tuple[dict[Pair, Array], dict[Pair, Array]]:
    """P_XY (n_k,) at z = 0 of the fields of second order with each other and with matter: E and B.

    All grow as D^4. At tree level the tide is that of the nonlinear matter.
    """
    E = {
        pair_of(MATTER, WEIGHTED_TIDE): terms["A_0_0E"] + terms["C_0_0E"],
        pair_of(MATTER, SQUARED_TIDE): terms["A_0_E2"] + terms["B_0_E2"],
        pair_of(WEIGHTED_TIDE, WEIGHTED_TIDE): terms["A_0E_0E"],
        pair_of(SQUARED_TIDE, SQUARED_TIDE): terms["A_E2_E2"],
        pair_of(WEIGHTED_TIDE, SQUARED_TIDE): terms["D_0E_E2"],
    }
    B = {
        pair_of(WEIGHTED_TIDE, WEIGHTED_TIDE): terms["A_0B_0B"],
        pair_of(SQUARED_TIDE, SQUARED_TIDE): terms["A_B2_B2"],
        pair_of(WEIGHTED_TIDE, SQUARED_TIDE): terms["D_0B_B2"],
    }
    return E, B


def galaxy_spectra(terms: Terms) -> dict[Pair, Array]:
    """P_XY (n_k,) at z = 0 of the fields of galaxies with each other and with matter.

    All grow as D^4. Constants that squares have at the largest scales, which are as shot noise,
    are in them, as in DES-Y3.
    """
    return {
        pair_of(MATTER, SQUARED_DENSITY): terms["d1_d2"],
        pair_of(SQUARED_DENSITY, SQUARED_DENSITY): terms["d2_d2"],
        pair_of(MATTER, CONTRACTED_TIDE): terms["d1_s2"],
        pair_of(SQUARED_DENSITY, CONTRACTED_TIDE): terms["d2_s2"],
        pair_of(CONTRACTED_TIDE, CONTRACTED_TIDE): terms["s2_s2"],
        pair_of(MATTER, THIRD_ORDER): terms["d1_d3"],
    }


def field_power(
    matter: Array, los: LineOfSight, ell_lattice: ArrayLike, terms: Terms | None
) -> FieldPower:
    """P_XY at the Limber points from that of matter, and from the loops where they are wanted."""
    tree = {pair_of(MATTER, MATTER): matter}
    if terms is None:
        return FieldPower(tree, {})
    growth = (los.growth**4)[:, None]

    def read(spectrum: Array) -> Array:
        return growth * limber_window(jnp.matmul(PREFILTER, spectrum)[None], los, ell_lattice)

    E: dict[Pair, Array] = {}
    B: dict[Pair, Array] = {}
    if set(TERMS["tides"]) <= set(terms):
        E, B = tidal_spectra(terms)
    if set(TERMS["galaxies"]) <= set(terms):
        E = E | galaxy_spectra(terms)
    E, B = jax.tree.map(read, (E, B))
    return FieldPower(tree | E, B)
