"""Radial kernels of galaxy counts and of shear, and their products along the line of sight."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.tracers.alignment import nla_amplitude
from jaxlike.theory.universe.cosmology import Scalar
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes


@dataclass(frozen=True)
class Pairs:
    """Zero-based bin pairs (n, 2): of lenses, of lenses and sources, of sources."""

    counts: NDArray
    cross: NDArray
    shear: NDArray


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Nuisance:
    """Galaxy and shear parameters.

    bias: (n_lens,), or (n_lens, n_q) where it evolves; m: (n_source,); NLA: A_IA () or, one for
    each bin, (n_source,), alpha_IA, z0_IA.
    """

    bias: Array
    m: Array
    A_IA: Scalar
    alpha_IA: Scalar
    z0_IA: Scalar

    @property
    def bias_at_nodes(self) -> Array:
        """(n_lens, n_q), or (n_lens, 1) where it is the same at all of them."""
        return self.bias if self.bias.ndim == 2 else self.bias[:, None]

    def alignment(self, nodes: Nodes, los: LineOfSight) -> Array:
        """NLA amplitude F at the nodes, (n_source, n_q), or (1, n_q) where all bins have one."""
        amplitude = jnp.atleast_1d(self.A_IA)[:, None]
        return nla_amplitude(los.Omega_m, los.growth, nodes.z, amplitude, self.alpha_IA, self.z0_IA)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PairWeights:
    """Weights (n_pair, n_q): C_ell = sum_q weight[q] P((ell + 1/2) / chi_q, z_q).

    Of counts and cross also (n_pair, n_ell, n_q), where they depend on the multipole.
    """

    counts: Array
    cross: Array
    shear: Array


def lensing_weight(nodes: Nodes, los: LineOfSight, dndz: Array) -> Array:
    """(3/2) Omega_m H0^2 (1 + z) int_z^oo n(z') f_k(chi' - chi) / f_k(chi') dz', (n_bin, n_q).

    f_k(chi' - chi) / f_k(chi') = c_k(chi) - f_k(chi) c_k(chi') / f_k(chi') in any curvature, so
    the efficiency is two integrals of n(z).
    """
    n = dndz.shape[1]
    both = jnp.concatenate([dndz, dndz * los.cot_fine[:n]]) @ nodes.beyond.T[:n]
    galaxies, closeness = jnp.split(both, 2)
    efficiency = los.c_k * galaxies - los.f_k * closeness
    return 1.5 * los.Omega_m / HUBBLE_DISTANCE**2 * jnp.asarray(1 + nodes.z) * efficiency


def triangle(x: Array, y: Array) -> Array:
    """x[i] * y[j] for every pair i <= j in order, (n (n + 1) / 2, ...), by slices alone."""
    rows = [x[i : i + 1] * y[i:] for i in range(len(x))]
    return jnp.concatenate(rows) if rows else x


def rectangle(x: Array, y: Array) -> Array:
    """x[i] * y[j] for every pair in order, (n_x n_y, ...), by slices alone."""
    rows = [x[i : i + 1] * y for i in range(len(x))]
    return jnp.concatenate(rows) if rows else y[:0]


def auto_or_triangle(x: Array, y: Array, pairs: NDArray) -> Array:
    """x[i] * y[j]: the diagonal where only that is asked for, else every pair i <= j."""
    return x * y if np.all(pairs[:, 0] == pairs[:, 1]) else triangle(x, y)


def pick(all_rows: Array, wanted: NDArray, order: NDArray) -> Array:
    """Rows of the pairs `wanted`; no gather where they are all there, in order."""
    if np.array_equal(wanted, order):
        return all_rows
    rows = [np.flatnonzero((order == pair).all(axis=1))[0] for pair in wanted]
    return all_rows[np.array(rows, int)]


def pair_weights(
    nodes: Nodes,
    los: LineOfSight,
    pairs: Pairs,
    lens: Array,
    source: Array,
    weights: NDArray,
    nuisance: Nuisance,
) -> PairWeights:
    """Limber weights of every pair.

    lens (n_lens, n_near), source (n_source, n_far): n(z) on the first points of the lattice, whose
    integration rule is `weights` (n_f,). Counts: n(z) H with linear bias; shear: (3/2) Omega_m H0^2
    (1 + z) f_k q plus the alignment F n H, times 1 + m. Limber: arXiv:2302.05163, eqs. 8-11.
    """
    project = (weights[:, None] * nodes.splines)[: nodes.n_used]
    density = los.hubble / los.f_k**2
    lensing = lensing_weight(nodes, los, source)
    alignment = nuisance.alignment(nodes, los)
    bias, response = nuisance.bias_at_nodes, 1 + nuisance.m[:, None]

    n_lens, n_source, n_q = len(lens), len(source), nodes.z.size
    lens = lens[:, : len(project)]
    autos = np.all(pairs.counts[:, 0] == pairs.counts[:, 1])
    counts = auto_or_triangle(lens, lens, pairs.counts) @ project[: lens.shape[1]] * density
    counts = counts * auto_or_triangle(bias, bias, pairs.counts)

    n = min(lens.shape[1], source.shape[1])
    both = rectangle(lens[:, :n], source[:, :n]) @ project[:n]
    cross = (lens @ project[: lens.shape[1]] / los.f_k)[:, None] * lensing
    cross = cross + both.reshape(n_lens, n_source, n_q) * (alignment * density)
    cross = (cross * bias[:, None] * response).reshape(n_lens * n_source, n_q)

    source = source[:, : len(project)]
    project = project[: source.shape[1]]
    aligned = source @ project * (alignment / los.f_k)
    shear = nodes.dz / los.hubble * triangle(lensing, lensing)
    shear = shear + triangle(aligned, lensing) + triangle(lensing, aligned)
    squares = alignment**2 if len(alignment) == 1 else triangle(alignment, alignment)
    shear = shear + triangle(source, source) @ project * (squares * density)
    shear = shear * triangle(response, response)

    every = all_pairs(n_lens, n_source)
    diagonal = np.arange(n_lens)[:, None].repeat(2, axis=1)
    return PairWeights(
        pick(counts, pairs.counts, diagonal if autos else every.counts),
        pick(cross, pairs.cross, every.cross),
        pick(shear, pairs.shear, every.shear),
    )


def all_pairs(n_lens: int, n_source: int) -> Pairs:
    """Every pair of `n_lens` lens and `n_source` source bins."""

    def array(pairs: Iterable[tuple[int, int]]) -> NDArray:
        return np.array(list(pairs), int).reshape(-1, 2)

    return Pairs(
        counts=array(combinations_with_replacement(range(n_lens), 2)),
        cross=array(product(range(n_lens), range(n_source))),
        shear=array(combinations_with_replacement(range(n_source), 2)),
    )


def ell_prefactors(ell: NDArray) -> tuple[Array, Array]:
    """sqrt((ell+2)!/(ell-2)!) / (ell+1/2)^2 and its square: factors of a cross and a shear C_ell.

    Kilbinger et al. 2017 (arXiv:1702.05301), eq. 20; zero below ell = 2, where shear has no modes.
    """
    product = (ell + 2) * (ell + 1) * ell * (ell - 1)
    once = jnp.sqrt(jnp.where(ell > 1, product, 0.0)) / (ell + 0.5) ** 2
    return once, once**2
