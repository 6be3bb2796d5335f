"""Angular power spectra in the Limber approximation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.theory.power.fields import FieldPower, Pair
from jaxlike.theory.spectra.pairs import PairGroup
from jaxlike.theory.spectra.weights import Weights
from jaxlike.theory.tracers.terms import Seen


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Spectra:
    """C_ell (n_pair, n_ell) of a group of pairs: of E modes (and of fields without a spin), and of
    B modes, None where there are none."""

    E: Array
    B: Array | None = None


def limber_sum(weights: Array, power: Array) -> Array:
    """C_ell (n_pair, n_ell) from weights (n_pair, n_q) or (n_pair, n_ell, n_q)."""
    return weights @ power if weights.ndim == 2 else jnp.einsum("peq,qe->pe", weights, power)


def limber_spectra(groups: Sequence[Weights], power: FieldPower) -> list[Spectra]:
    """C_ell of each group, sum_q weight[q] P_XY((ell + 1/2) / f_k(chi_q), z_q).

    LoVerde & Afshordi 2008 (arXiv:0809.5112). One product of matrices for each pair of fields
    serves all groups.
    """
    E = _summed(groups, power.E)
    B = _summed(groups, power.B)
    return [Spectra(e, b) for e, b in zip(E, B, strict=True)]  # type: ignore[arg-type]


def _summed(groups: Sequence[Weights], power: Mapping[Pair, Array]) -> list[Array | None]:
    found: list[Array | None] = [None] * len(groups)
    for pair, spectrum in power.items():
        flat = [
            i for i, weights in enumerate(groups) if pair in weights and weights[pair].ndim == 2
        ]
        rows = [groups[i][pair] for i in flat]
        parts: list[Array] = []
        if rows:
            stacked = jnp.concatenate(rows) if len(rows) > 1 else rows[0]
            ends = np.cumsum([len(r) for r in rows])[:-1].tolist()
            parts = jnp.split(stacked @ spectrum, ends) if ends else [stacked @ spectrum]
        deep = [
            i for i, weights in enumerate(groups) if pair in weights and weights[pair].ndim == 3
        ]
        parts = [*parts, *(limber_sum(groups[i][pair], spectrum) for i in deep)]
        for i, part in zip([*flat, *deep], parts, strict=True):
            here = found[i]
            found[i] = part if here is None else here + part
    return found


def curved(spectra: Spectra, first: Seen, second: Seen, n_ell: int | None = None) -> Spectra:
    """The same with the factors that the sky's curvature puts on both samples; n_ell: how many of
    the multipoles they are at, all where that is None."""
    factors = [seen.ell_factor for seen in (first, second) if seen.ell_factor is not None]
    for factor in factors:
        spectra = jax.tree.map(lambda c, f=factor[:n_ell]: c * f, spectra)
    return spectra


def spectra_of(
    groups: Sequence[PairGroup], seen: Sequence[Seen], weights: Sequence[Weights], power: FieldPower
) -> list[Spectra]:
    """C_ell of each group of pairs of samples, with those factors."""
    found = limber_spectra(weights, power)
    return [
        curved(spectra, seen[group.first], seen[group.second])
        for group, spectra in zip(groups, found, strict=True)
    ]
