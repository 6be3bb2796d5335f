"""The data vector of a survey: which C_ell each point is made of, and by which weights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.theory.alignment import AlignmentModel
from jaxlike.theory.angular_cl import Spectra, limber_spectra
from jaxlike.theory.bias import BiasModel, galaxy_bias
from jaxlike.theory.cosmology import Cosmology
from jaxlike.theory.kernels import Nuisance, Pairs, PairWeights, pair_weights
from jaxlike.theory.line_of_sight import N_LATTICE, LineOfSight, Nodes
from jaxlike.theory.linear import LinearModel
from jaxlike.theory.nonlinear import NonlinearModel
from jaxlike.theory.observed_counts import counts_weights
from jaxlike.theory.power import PowerGrid, limber_power
from jaxlike.theory.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.redshift import ShiftedDistributions

_FIELD = {
    "w": "counts", "gamma_t": "cross", "xi_plus": "shear", "xi_minus": "shear",
    "C_ell_counts": "counts", "C_ell_cross": "cross", "C_ell_shear": "shear",
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """One statistic's points: zero-based bins and indices of angles or multipoles (n,).

    project(ell) -> (n_angle, n_ell) takes C_ell at the nodes to the statistic at every one.
    """

    statistic: str
    bin1: NDArray
    bin2: NDArray
    angle: NDArray
    project: Callable[[NDArray], NDArray]


def _block_pairs(block: Block) -> list[tuple[int, int]]:
    """Bin pair of every point; C_ij of one field with itself is C_ji."""
    pairs = zip(block.bin1.tolist(), block.bin2.tolist(), strict=True)
    if _FIELD[block.statistic] == "cross":
        return list(pairs)
    return [(min(pair), max(pair)) for pair in pairs]


def _pairs_of(blocks: Sequence[Block]) -> Pairs:
    found: dict[str, list[tuple[int, int]]] = {"counts": [], "cross": [], "shear": []}
    for block in blocks:
        pairs = found[_FIELD[block.statistic]]
        for pair in _block_pairs(block):
            if pair not in pairs:
                pairs.append(pair)
    return Pairs(**{name: np.array(sorted(p), int).reshape(-1, 2) for name, p in found.items()})


def _pair_index(block: Block, pairs: Pairs) -> NDArray:
    """Which of its field's pairs each point of a block belongs to, (n,)."""
    known = [tuple(pair) for pair in getattr(pairs, _FIELD[block.statistic]).tolist()]
    return np.array([known.index(pair) for pair in _block_pairs(block)], int)


def _slots(block: Block, pairs: Pairs) -> tuple[tuple[int, int], NDArray]:
    """(n_pair, n_slot) and each point's index among these: points of a pair in turn."""
    pair = _pair_index(block, pairs)
    slot = np.array([np.count_nonzero(pair[:i] == p) for i, p in enumerate(pair)])
    shape = (len(getattr(pairs, _FIELD[block.statistic])), int(slot.max()) + 1)
    return shape, pair * shape[1] + slot


def _projection(block: Block, pairs: Pairs, ell: NDArray) -> NDArray:
    """Weights (n_pair, n_slot, n_ell) of every slot on the C_ell of its pair."""
    shape, index = _slots(block, pairs)
    matrix = np.zeros((shape[0] * shape[1], ell.size))
    matrix[index] = block.project(ell)[block.angle]
    return matrix.reshape(*shape, ell.size)


@dataclass(frozen=True)
class TwoPointTheory:
    """Everything about a data set that does not change with the parameters.

    projections: (n_pair, n_slot, n_ell) for each block, the points of a pair one after another and
    zeros after the last; point: (n_data,) index of each data point among the slots of all blocks.
    """

    blocks: tuple[Block, ...]
    pairs: Pairs
    lens: ShiftedDistributions
    source: ShiftedDistributions
    nodes: Nodes
    power_grid: PowerGrid
    projections: tuple[NDArray, ...]
    point: NDArray
    linear: LinearModel
    nonlinear: NonlinearModel
    prefactors: bool
    bias: BiasModel = "constant"
    alignment: AlignmentModel = "nla"
    magnification: bool = False
    rsd: bool = False

    @classmethod
    def build(
        cls,
        blocks: Sequence[Block],
        lens: ShiftedDistributions,
        source: ShiftedDistributions,
        *,
        n_z: int = 96,
        z_max: float | None = None,
        ell_lattice: NDArray | None = None,
        linear: LinearModel = "eisenstein_hu",
        nonlinear: NonlinearModel = "takahashi",
        prefactors: bool = False,
        bias: BiasModel = "constant",
        alignment: AlignmentModel = "nla",
        magnification: bool = False,
        rsd: bool = False,
    ) -> "TwoPointTheory":
        """Theory on a fine grid of nodes, unless a coarser one is asked for."""
        pairs = _pairs_of(blocks)
        lattice = np.arange(N_LATTICE) if ell_lattice is None else ell_lattice
        nodes = Nodes.build(max(lens.z, source.z, key=len), n_z, lattice, z_max=z_max)
        slots = [_slots(block, pairs) for block in blocks]
        first = np.cumsum([0] + [shape[0] * shape[1] for shape, _ in slots])
        return cls(
            tuple(blocks),
            pairs,
            lens,
            source,
            nodes,
            PowerGrid.build(nodes),
            tuple(_projection(block, pairs, nodes.ell) for block in blocks),
            np.concatenate(
                [start + index for start, (_, index) in zip(first, slots, strict=False)]
            ),
            linear,
            nonlinear,
            prefactors,
            bias,
            alignment,
            magnification,
            rsd,
        )

    def of_densities_alone(self) -> "TwoPointTheory":
        """The same theory without what matter and motions in front do to galaxy counts."""
        return replace(self, magnification=False, rsd=False)

    def with_nodes(self, *, n_z: int, z_max: float, ell_lattice: NDArray) -> "TwoPointTheory":
        """The same theory on other nodes."""
        nodes = Nodes.build(self._lattice.z, n_z, ell_lattice, z_max=z_max)
        projections = tuple(_projection(b, self.pairs, nodes.ell) for b in self.blocks)
        grid = PowerGrid.build(nodes)
        return replace(self, nodes=nodes, power_grid=grid, projections=projections)

    @property
    def _lattice(self) -> ShiftedDistributions:
        """The sample that reaches further, on whose lattice both are."""
        return max(self.lens, self.source, key=lambda sample: sample.z.size)

    def power(self, cosmo: Cosmology) -> tuple[Array, LineOfSight]:
        """P (n_q, n_ell) at the Limber points by the core's own models, and the line of sight."""
        return limber_power(
            cosmo, self.nodes, self.power_grid, linear=self.linear, nonlinear=self.nonlinear
        )

    def unshifted_source(self) -> Array:
        """n(z) (n_source, n_f) of the sources as read."""
        return self.source.dndz(jnp.zeros(self.source.n_bin))

    def weights(self, los: LineOfSight, nuisance: Mapping[str, ArrayLike]) -> PairWeights:
        """Limber weights (n_pair, n_q) for canonical nuisance parameters."""
        n_lens, n_source = self.lens.n_bin, self.source.n_bin

        def per_bin(name: str, n: int) -> Array:
            values = [jnp.asarray(nuisance[f"{name}{i + 1}"], float) for i in range(n)]
            return jnp.stack(values) if values else jnp.zeros(0)

        def dndz(sample: ShiftedDistributions, kind: str) -> Array:
            width = None
            if f"sz_{kind}1" in nuisance:
                width = per_bin(f"sz_{kind}", sample.n_bin)
            return sample.dndz(per_bin(f"dz_{kind}", sample.n_bin), width)

        bias = galaxy_bias(
            per_bin("b", n_lens),
            los.growth,
            self.nodes.z,
            model=self.bias,
            alpha_b=jnp.asarray(nuisance.get("alpha_b", 0.0)),
            z0_b=jnp.asarray(nuisance.get("z0_b", 0.0)),
        )
        one_each = self.alignment == "nla_per_bin"
        systematics = Nuisance(
            bias,
            per_bin("m", n_source),
            per_bin("A_IA", n_source) if one_each else jnp.asarray(nuisance["A_IA"]),
            jnp.asarray(nuisance["alpha_IA"]),
            jnp.asarray(nuisance["z0_IA"]),
        )
        lens, source = dndz(self.lens, "lens"), dndz(self.source, "source")
        rule = self._lattice.weights
        given = (self.nodes, los, self.pairs, lens, source, rule, systematics)
        plain = pair_weights(*given)
        if not (self.magnification or self.rsd):
            return plain
        observed = counts_weights(
            *given,
            magnification=2 * (per_bin("alpha_mag", n_lens) - 1) if self.magnification else None,
            rsd=self.rsd,
            prefactors=self.prefactors,
        )
        return observed.replacing(plain, self.pairs, systematics.alignment(self.nodes, los))

    def spectra(self, los: LineOfSight, power: Array, nuisance: Mapping[str, ArrayLike]) -> Spectra:
        """C_ell (n_pair, n_ell) from P (n_q, n_ell) at the Limber points."""
        return limber_spectra(
            self.nodes, self.weights(los, nuisance), power, prefactors=self.prefactors
        )

    def project(self, spectra: Spectra) -> Array:
        """Data vector (n_data,) from C_ell at the nodes."""
        everything = [
            jnp.einsum("pe,pse->ps", getattr(spectra, _FIELD[block.statistic]), matrix).ravel()
            for block, matrix in zip(self.blocks, self.projections, strict=True)
        ]
        return jnp.concatenate(everything)[self.point]

    def points_on_spectra(self) -> tuple[NDArray, NDArray]:
        """Weights (n_data, n_ell) of each point on its C_ell, and that C_ell's row (n_data,).

        Rows count the stacked spectra of counts, cross and shear.
        """
        first = {"counts": 0, "cross": len(self.pairs.counts)}
        first["shear"] = first["cross"] + len(self.pairs.cross)
        rows = [first[_FIELD[b.statistic]] + _pair_index(b, self.pairs) for b in self.blocks]
        weights = [matrix.reshape(-1, self.nodes.ell.size) for matrix in self.projections]
        return np.concatenate(weights)[self.point], np.concatenate(rows)

    def data_vector(self, cosmo: Cosmology, nuisance: Mapping[str, ArrayLike]) -> Array:
        """Data vector (n_data,) with the core's own power; canonical nuisance names."""
        power, los = self.power(cosmo)
        return self.project(self.spectra(los, power, nuisance))

    def data_vector_from_tables(
        self, grid: PowerTableGrid, table: PowerTable, nuisance: Mapping[str, ArrayLike]
    ) -> Array:
        """Data vector (n_data,) with P(k, z) and distances handed in."""
        power, los = grid.limber_power(table)
        return self.project(self.spectra(los, power, nuisance))
