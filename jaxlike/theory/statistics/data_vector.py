"""The data vector of a survey: which C_ell each point is made of, and by which weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.theory.power.limber_power import PowerGrid, limber_and_linear_power
from jaxlike.theory.power.linear import LinearModel
from jaxlike.theory.power.nonlinear import NonlinearModel
from jaxlike.theory.power.one_loop import OneLoopGrid
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.spectra.limber import Spectra, limber_spectra
from jaxlike.theory.spectra.tatt_cl import (
    PowerAndLoops,
    SplitWeights,
    limber_intrinsic_power,
    tatt_limber_spectra,
)
from jaxlike.theory.statistics.data_blocks import (
    B_MODES,
    FIELD,
    Block,
    pair_index,
    pairs_of,
    projection,
    slots,
)
from jaxlike.theory.tracers.alignment import AlignmentModel
from jaxlike.theory.tracers.bias import BiasModel, galaxy_bias
from jaxlike.theory.tracers.kernels import Nuisance, Pairs, PairWeights, pair_weights
from jaxlike.theory.tracers.observed_counts import counts_weights
from jaxlike.theory.tracers.redshift import ShiftedDistributions
from jaxlike.theory.tracers.tatt import TattParameters
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.line_of_sight import N_LATTICE, LineOfSight, Nodes


@dataclass(frozen=True)
class TwoPointTheory:
    """Everything about a data set that does not change with the parameters.

    projections: (n_pair, n_slot, n_ell) for each block, the points of a pair one after another and
    zeros after the last; point: (n_data,) index of each data point among the slots of all blocks;
    one_loop: what TATT needs, None for NLA.
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
    one_loop: OneLoopGrid | None = None

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
        pairs = pairs_of(blocks)
        lattice = np.arange(N_LATTICE) if ell_lattice is None else ell_lattice
        nodes = Nodes.build(max(lens.z, source.z, key=len), n_z, lattice, z_max=z_max)
        places = [slots(block, pairs) for block in blocks]
        first = np.cumsum([0] + [shape[0] * shape[1] for shape, _ in places])
        return cls(
            tuple(blocks),
            pairs,
            lens,
            source,
            nodes,
            PowerGrid.build(nodes),
            tuple(projection(block, pairs, nodes.ell) for block in blocks),
            np.concatenate(
                [start + index for start, (_, index) in zip(first, places, strict=False)]
            ),
            linear,
            nonlinear,
            prefactors,
            bias,
            alignment,
            magnification,
            rsd,
            OneLoopGrid.build() if alignment == "tatt" else None,
        )

    def of_densities_alone(self) -> "TwoPointTheory":
        """The same theory without what matter and motions in front do to galaxy counts."""
        return replace(self, magnification=False, rsd=False)

    def with_nodes(self, *, n_z: int, z_max: float, ell_lattice: NDArray) -> "TwoPointTheory":
        """The same theory on other nodes."""
        nodes = Nodes.build(self._lattice.z, n_z, ell_lattice, z_max=z_max)
        projections = tuple(projection(b, self.pairs, nodes.ell) for b in self.blocks)
        grid = PowerGrid.build(nodes)
        return replace(self, nodes=nodes, power_grid=grid, projections=projections)

    @property
    def _lattice(self) -> ShiftedDistributions:
        """The sample that reaches further, on whose lattice both are."""
        return max(self.lens, self.source, key=lambda sample: sample.z.size)

    def power(self, cosmo: Cosmology) -> tuple[Array | PowerAndLoops, LineOfSight]:
        """P (n_q, n_ell) at the Limber points by the core's own models, and the line of sight.

        With TATT the one-loop spectra too.
        """
        power, los, linear = limber_and_linear_power(
            cosmo, self.nodes, self.power_grid, linear=self.linear, nonlinear=self.nonlinear
        )
        if self.one_loop is None:
            return power, los
        return PowerAndLoops.of(power, self.one_loop, linear.power_today(cosmo, self.linear)), los

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
            def if_given(name: str, n: int) -> Array | None:
                return per_bin(name, n) if f"{name}1" in nuisance else None

            return sample.dndz(
                per_bin(f"dz_{kind}", sample.n_bin),
                if_given(f"sz_{kind}", sample.n_bin),
                if_given(f"u_{kind}", sample.n_mode),
            )

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

    def spectra(
        self, los: LineOfSight, power: Array | PowerAndLoops, nuisance: Mapping[str, ArrayLike]
    ) -> Spectra:
        """C_ell (n_pair, n_ell) from what `power` returns."""
        if isinstance(power, PowerAndLoops):

            def weights(A_IA: Array) -> PairWeights:
                return self.weights(los, {**nuisance, "A_IA": A_IA, "alpha_IA": 0.0})

            parameters = TattParameters.of(nuisance)
            return tatt_limber_spectra(
                self.nodes.ell,
                SplitWeights.of(self.nodes, los, weights),
                power.matter,
                limber_intrinsic_power(self.nodes, los, power, parameters),
                prefactors=self.prefactors,
            )
        return limber_spectra(
            self.nodes, self.weights(los, nuisance), power, prefactors=self.prefactors
        )

    def project(self, spectra: Spectra) -> Array:
        """Data vector (n_data,) from C_ell at the nodes."""

        def spectrum(statistic: str) -> Array:
            found = getattr(spectra, FIELD[statistic])
            if spectra.shear_B is None or statistic not in B_MODES:
                return found
            return found + B_MODES[statistic] * spectra.shear_B

        everything = [
            jnp.einsum("pe,pse->ps", spectrum(block.statistic), matrix).ravel()
            for block, matrix in zip(self.blocks, self.projections, strict=True)
        ]
        return jnp.concatenate(everything)[self.point]

    def points_on_spectra(self) -> tuple[NDArray, NDArray]:
        """Weights (n_data, n_ell) of each point on its C_ell, and that C_ell's row (n_data,).

        Rows count the stacked spectra of counts, cross and shear.
        """
        first = {"counts": 0, "cross": len(self.pairs.counts)}
        first["shear"] = first["cross"] + len(self.pairs.cross)
        rows = [first[FIELD[b.statistic]] + pair_index(b, self.pairs) for b in self.blocks]
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
        matter, los = grid.limber_power(table)
        power: Array | PowerAndLoops = matter
        if self.one_loop is not None:
            power = PowerAndLoops.of(matter, self.one_loop, grid.linear_power_today(table))
        return self.project(self.spectra(los, power, nuisance))
