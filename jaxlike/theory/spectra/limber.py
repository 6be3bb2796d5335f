"""Angular power spectra in the Limber approximation."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax import Array

from jaxlike.theory.tracers.kernels import PairWeights, ell_prefactors
from jaxlike.theory.universe.line_of_sight import Nodes


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Spectra:
    """C_ell (n_pair, n_ell) of lens counts, of counts and shear, and of shear.

    shear is of E modes; shear_B, of B modes, is None where there are none.
    """

    counts: Array
    cross: Array
    shear: Array
    shear_B: Array | None = None


def limber_spectra(
    nodes: Nodes, weights: PairWeights, power: Array, *, prefactors: bool = False
) -> Spectra:
    """C_ell at the multipole nodes, sum_q weights P((ell + 1/2) / f_k(chi_q), z_q).

    power: (n_q, n_ell) at the Limber points. LoVerde & Afshordi 2008 (arXiv:0809.5112).
    """
    sizes = [len(weights.counts), len(weights.counts) + len(weights.cross)]
    if weights.counts.ndim == weights.cross.ndim == 2:
        stacked = jnp.concatenate([weights.counts, weights.cross, weights.shear]) @ power
        counts, cross, shear = jnp.split(stacked, sizes)
    else:
        parts = (weights.counts, weights.cross, weights.shear)
        counts, cross, shear = (limber_sum(part, power) for part in parts)
    if prefactors:
        once, twice = ell_prefactors(nodes.ell)
        cross, shear = cross * once, shear * twice
    return Spectra(counts, cross, shear)


def limber_sum(weights: Array, power: Array) -> Array:
    """C_ell (n_pair, n_ell) from weights (n_pair, n_q) or (n_pair, n_ell, n_q)."""
    return weights @ power if weights.ndim == 2 else jnp.einsum("peq,qe->pe", weights, power)
