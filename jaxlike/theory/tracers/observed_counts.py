"""Galaxy counts as they are observed: clustering, redshift-space distortions, magnification.

A field along the line of sight is its galaxies where they are (n(z), jagged, on the lattice) and
what the matter before them does to it (smooth, at the nodes). Counts have b n(z), with redshift-
space distortions more of the first kind, with magnification also the second: a lensing weight times
C = 2 (alpha - 1) = 5 s - 2, the change of counts with convergence.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.theory.tracers.kernels import (
    Nuisance,
    Pairs,
    PairWeights,
    all_pairs,
    auto_or_triangle,
    lensing_weight,
    pick,
    rectangle,
)
from jaxlike.theory.tracers.redshift_space import velocity_counts
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class CountsWeights:
    """Limber weights (n_pair, n_q) or, where they depend on the multipole, (n_pair, n_ell, n_q).

    Of counts with counts, with lensing shear, and with intrinsic shear of unit amplitude F.
    """

    counts: Array
    lensing: Array
    intrinsic: Array

    def replacing(self, plain: PairWeights, pairs: Pairs, alignment: Array) -> PairWeights:
        """`plain` with these counts, and shear aligned by F = `alignment` (1 or n_source, n_q)."""
        F = alignment if len(alignment) == 1 else alignment[pairs.cross[:, 1]]
        if self.intrinsic.ndim == 3:
            F = F[:, None]
        return PairWeights(self.counts, self.lensing + F * self.intrinsic, plain.shear)


def magnification_prefactor(ell: NDArray) -> NDArray:
    """ell (ell + 1) / (ell + 1/2)^2 of each magnified field, from the Laplacian on the sphere."""
    return ell * (ell + 1) / (ell + 0.5) ** 2


def counts_weights(
    nodes: Nodes,
    los: LineOfSight,
    pairs: Pairs,
    lens: Array,
    source: Array,
    weights: NDArray,
    nuisance: Nuisance,
    *,
    magnification: Array | None = None,
    rsd: bool = False,
    prefactors: bool = False,
) -> CountsWeights:
    """Limber weights of all pairs with counts, with magnification C (n_lens,) or distortions.

    The other arguments are those of `pair_weights`; with `prefactors` magnification has its
    ell (ell + 1) / (ell + 1/2)^2.
    """
    n_lens, n_source = len(lens), len(source)
    project = (weights[:, None] * nodes.splines)[: nodes.n_used]
    density, path = los.hubble / los.f_k**2, nodes.dz / los.hubble

    # axes: bin, multipole (one, or all of them), lattice or nodes
    local = _local(nodes, los, lens, nuisance, rsd=rsd)[..., : len(project)]
    magnified = None
    if magnification is not None:
        magnified = (magnification[:, None] * lensing_weight(nodes, los, lens))[:, None]
        if prefactors:
            magnified = magnified * magnification_prefactor(nodes.ell)[:, None]
    at_lens = local @ project[: local.shape[-1]] / los.f_k
    counts = auto_or_triangle(local, local, pairs.counts) @ project[: local.shape[-1]] * density
    if magnified is not None:
        counts = counts + auto_or_triangle(at_lens, magnified, pairs.counts)
        counts = counts + auto_or_triangle(magnified, at_lens, pairs.counts)
        counts = counts + path * auto_or_triangle(magnified, magnified, pairs.counts)

    response = (1 + nuisance.m)[:, None, None]
    lensing = (lensing_weight(nodes, los, source))[:, None]
    n = min(local.shape[-1], source.shape[1])
    both = rectangle(local[..., :n], source[:, None, :n]) @ project[:n] * density
    sheared = rectangle(at_lens, response * lensing)
    both = both * jnp.tile(response, (n_lens, 1, 1))
    if magnified is not None:
        at_source = source[:, : len(project)]
        at_source = at_source @ project[: at_source.shape[1]] / los.f_k
        sheared = sheared + path * rectangle(magnified, response * lensing)
        both = both + rectangle(magnified, response * at_source[:, None])

    every = all_pairs(n_lens, n_source)
    diagonal = np.arange(n_lens)[:, None].repeat(2, axis=1)
    autos = np.all(pairs.counts[:, 0] == pairs.counts[:, 1])
    return CountsWeights(
        _squeezed(pick(counts, pairs.counts, diagonal if autos else every.counts)),
        _squeezed(pick(sheared, pairs.cross, every.cross)),
        _squeezed(pick(both, pairs.cross, every.cross)),
    )


def _local(nodes: Nodes, los: LineOfSight, lens: Array, nuisance: Nuisance, *, rsd: bool) -> Array:
    """b n(z), with redshift-space distortions in it, (n_lens, 1 or n_ell, n)."""
    bias = nuisance.bias_at_nodes
    if bias.shape[1] > 1:
        bias = bias @ nodes.splines[: lens.shape[1]].T
    clustered = (bias * lens)[:, None]
    return clustered + velocity_counts(nodes, los, lens) if rsd else clustered


def _squeezed(weights: Array) -> Array:
    """Without the axis of multipoles where they all have the same weights."""
    return weights[:, 0] if weights.shape[1] == 1 else weights
