"""The data vector of a survey: which C_ell each point is made of, and by which weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.errors import ParameterError
from jaxlike.theory.power.one_loop_kernels import Family
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.spectra.exact import ExactGrid
from jaxlike.theory.spectra.limber import Spectra, spectra_of
from jaxlike.theory.spectra.pairs import PairGroup, groups_of, ordered
from jaxlike.theory.spectra.weights import Weights, lattice_rules, weights_of
from jaxlike.theory.statistics.registry import STATISTICS
from jaxlike.theory.statistics.slots import at_slots
from jaxlike.theory.tracers.terms import Parameters, Seen, Tracer, loops_of
from jaxlike.theory.universe.line_of_sight import Nodes

_SPARE = 2  # points computed for one that is used, up to which one matrix for all pairs costs less


@dataclass(frozen=True)
class Block:
    """One statistic's points: zero-based samples, bins and indices of angles or multipoles (n,).

    project(ell) -> (n_angle, n_ell) takes C_ell at the nodes to the statistic at every one;
    project_b the same of C_ell of B modes, None where the statistic's sign of them says it.
    """

    statistic: str
    samples: tuple[int, int]
    bin1: NDArray
    bin2: NDArray
    angle: NDArray
    project: Callable[[NDArray], NDArray]
    project_b: Callable[[NDArray], NDArray] | None = None

    def pairs(self) -> list[tuple[int, int, int, int]]:
        """(sample, bin, sample, bin) of every point, as groups have them."""
        first, second = self.samples
        bins = zip(self.bin1.tolist(), self.bin2.tolist(), strict=True)
        return [ordered((first, i, second, j)) for i, j in bins]

    def of_more(self) -> "Block":
        """The same on one kind of modes, as if that which the statistic sees more of were E."""
        if self.project_b is None:
            return self
        return replace(self, project=partial(_larger, (self.project, self.project_b)))


def _larger(projects: Sequence[Callable[[NDArray], NDArray]], ell: NDArray) -> NDArray:
    """The matrix (n, n_ell) of larger norm."""
    return max((project(ell) for project in projects), key=lambda m: float(np.linalg.norm(m)))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TwoPointTheory:
    """From a universe and the parameters of samples to the data vector: arrays and structure.

    rules: take integrals over n(z) to the nodes (see `pairs`); projections: for each statistic
    (n_slot, n_ell), which serves all its pairs, or (n_pair, n_slot, n_ell), the points of a pair
    one after another and zeros after the last; point: (n_data,) index of each data point among the
    slots of all pairs of all statistics; statistics: name and number of the group of each;
    lattice: number of the survey's n(z) lattice among the universe's;
    b_projections: as projections, of B modes, where these are others and there are any (else None);
    b_modes: whether statistics have those of the fields; exact: low multipoles beyond Limber's
    approximation, None where it is everywhere.
    """

    tracers: tuple[Tracer, ...]
    rules: tuple[NDArray, ...]
    projections: tuple[NDArray, ...]
    point: NDArray
    groups: tuple[PairGroup, ...] = field(metadata={"static": True})
    statistics: tuple[tuple[str, int], ...] = field(metadata={"static": True})
    lattice: int = field(default=0, metadata={"static": True})
    b_projections: tuple[NDArray | None, ...] = ()
    b_modes: bool = field(default=True, metadata={"static": True})
    exact: ExactGrid | None = None

    def seen(self, universe: Universe, parameters: Sequence[Parameters]) -> list[Seen]:
        """Every sample in a universe, for canonical parameters of each."""
        sight = universe.sight(self.lattice)
        return [
            tracer.seen(sight, own) for tracer, own in zip(self.tracers, parameters, strict=True)
        ]

    def weights(self, universe: Universe, seen: Sequence[Seen]) -> list[Weights]:
        """Limber weights of every group of pairs."""
        sizes = [tracer.n_bin for tracer in self.tracers]
        kinds = [tracer.kind for tracer in self.tracers]
        for i, one in enumerate(seen):
            others = {kinds[e] for g in self.groups for e in (g.first, g.second) if i in g.samples}
            if one.across is not None and others <= {kinds[i]}:
                raise ParameterError(
                    "parameter X_lens has no effect: no statistic correlates the "
                    f"{self.tracers[i].word} bins with another field; leave it out"
                )
        return weights_of(universe.sight(self.lattice), self.rules, seen, sizes, self.groups, kinds)

    def spectra(self, universe: Universe, parameters: Sequence[Parameters]) -> list[Spectra]:
        """C_ell (n_pair, n_ell) of every group of pairs at the multipole nodes."""
        seen = self.seen(universe, parameters)
        weights = self.weights(universe, seen)
        found = spectra_of(self.groups, seen, weights, universe.power)
        if self.exact is None:
            return found
        if universe.linear is None:
            raise ParameterError(
                "C_ell beyond Limber's approximation (limber = beyond) need the linear power at "
                "z = 0, which the table of power has not got: give P_lin"
            )
        sight, kinds = universe.sight(self.lattice), [tracer.kind for tracer in self.tracers]
        return self.exact.beyond(sight, universe.linear, self.groups, seen, kinds, weights, found)

    def of_statistics(self, spectra: Sequence[Spectra]) -> list[Array]:
        """C_ell (n_pair, n_ell) at the nodes that each statistic sees of E modes, and of B modes
        as far as its sign of them tells."""

        def seen(statistic: str, group: int) -> Array:
            found, sign = spectra[group], STATISTICS[statistic].b_modes
            if found.B is None or not sign or not self.b_modes:
                return found.E
            return found.E + sign * found.B

        return [seen(*statistic) for statistic in self.statistics]

    def project(self, spectra: Sequence[Spectra]) -> Array:
        """Data vector (n_data,) from C_ell at the nodes."""
        pairs = zip(self.of_statistics(spectra), self.projections, strict=True)
        everything = [at_slots(c, jnp.asarray(matrix)).ravel() for c, matrix in pairs]
        for i, matrix in enumerate(self.b_projections):
            b_modes = spectra[self.statistics[i][1]].B
            if matrix is not None and b_modes is not None:
                everything[i] = everything[i] + at_slots(b_modes, jnp.asarray(matrix)).ravel()
        return (
            jnp.concatenate(everything)
            .at[self.point]
            .get(mode="promise_in_bounds", unique_indices=True)
        )

    def data_vector(self, universe: Universe, parameters: Sequence[Parameters]) -> Array:
        """Data vector (n_data,) in a universe; canonical parameters of each sample."""
        return self.project(self.spectra(universe, parameters))


@dataclass(frozen=True, eq=False)
class _Slots:
    """Room for the points of one statistic: each point's index (n,) among (n_pair, n_slot).

    angles: (n_slot,) of the slots, the same for all pairs; None where a pair's points stand one
    after another, whatever their angles.
    """

    n_pair: int
    n_slot: int
    index: NDArray
    angles: NDArray | None = None


@dataclass(frozen=True, eq=False)
class Survey:
    """What a data vector is made of, on no nodes yet: samples and points.

    z: (n_f,) the lattice that n(z) of all samples are given on, each on its first points; weights:
    (n_f,) rule of integrals over it; b_modes: whether statistics have those of its fields.
    """

    tracers: tuple[Tracer, ...]
    blocks: tuple[Block, ...]
    z: NDArray
    weights: NDArray
    b_modes: bool = True

    @cached_property
    def groups(self) -> tuple[PairGroup, ...]:
        """The pairs that the points are made of."""
        return groups_of(pair for block in self.blocks for pair in block.pairs())

    @property
    def sees_last_scattering(self) -> bool:
        """Whether a tracer needs the distance to last scattering."""
        return any(getattr(tracer, "sees_last_scattering", False) for tracer in self.tracers)

    def plain(self) -> "Survey":
        """The same with tracers, and views of their modes, that choose its nodes.

        C_ell of E modes stand for those of B modes, which are fewer.
        """
        tracers = tuple(tracer.plain() for tracer in self.tracers)
        blocks = self.blocks
        if self.has_b_modes:
            blocks = tuple(block.of_more() for block in blocks)
        return Survey(tracers, blocks, self.z, self.weights, self.b_modes)

    @property
    def loops(self) -> tuple[Family, ...]:
        """Families of the fields beyond the matter that tracers have."""
        return loops_of(self.tracers)

    @property
    def has_b_modes(self) -> bool:
        """Whether its C_ell of shear have B modes."""
        return self.b_modes and "tides" in self.loops

    def on(self, nodes: Nodes, lattice: int = 0) -> TwoPointTheory:
        """The theory on nodes whose lattice of this number is the survey's."""
        groups, places = self.groups, [self._slots(block) for block in self.blocks]
        first = np.cumsum([0, *(place.n_pair * place.n_slot for place in places)])
        starts = zip(first, places, strict=False)
        lengths = [tracer.n_z for tracer in self.tracers if tracer.n_z]
        rules = lattice_rules(nodes.lattices[lattice], self.weights, lengths)
        ready = tuple(
            tracer.on(nodes, lattice) if hasattr(tracer, "on") else tracer
            for tracer in self.tracers
        )
        return TwoPointTheory(
            ready,
            rules,
            tuple(
                self._projection(block, block.project, place, np.asarray(nodes.ell))
                for block, place in zip(self.blocks, places, strict=True)
            ),
            np.concatenate([start + place.index for start, place in starts]).astype(np.int32),
            groups,
            tuple((block.statistic, self._group(block)) for block in self.blocks),
            lattice,
            self._b_projections(places, np.asarray(nodes.ell)),
            self.b_modes,
        )

    def points_on_spectra(self, theory: TwoPointTheory) -> tuple[NDArray, NDArray]:
        """Weights (n_data, n_ell) of each point on its C_ell, and that C_ell's row (n_data,).

        Rows count the stacked spectra of all groups.
        """
        first = np.cumsum([0, *(len(group.bins) for group in self.groups)])
        rows = [first[self._group(block)] + self._pair(block) for block in self.blocks]
        weights = []
        for block, matrix in zip(self.blocks, theory.projections, strict=True):
            shape = (len(self.groups[self._group(block)].bins), *np.shape(matrix)[-2:])
            weights.append(np.broadcast_to(matrix, shape).reshape(-1, shape[-1]))
        return np.concatenate(weights)[theory.point], np.concatenate(rows)

    def _group(self, block: Block) -> int:
        first, second = sorted(block.samples)
        return [(g.first, g.second) for g in self.groups].index((first, second))

    def _pair(self, block: Block) -> NDArray:
        """Which of its group's pairs each point of a block belongs to, (n,)."""
        known = {pair: i for i, pair in enumerate(self.groups[self._group(block)].bins)}
        return np.array([known[i, j] for _, i, _, j in block.pairs()], int)

    def _slots(self, block: Block) -> "_Slots":
        """Where the points of a block stand: all angles of each pair where it has most of them."""
        pair, n_pair = self._pair(block), len(self.groups[self._group(block)].bins)
        angles, angle = np.unique(block.angle, return_inverse=True)
        index = pair * angles.size + angle
        if n_pair * angles.size <= _SPARE * pair.size and np.unique(index).size == index.size:
            return _Slots(n_pair, angles.size, index, angles)
        counts: dict[int, int] = {}
        slot = np.zeros(pair.size, int)
        for i, p in enumerate(pair.tolist()):
            slot[i] = counts.get(p, 0)
            counts[p] = int(slot[i]) + 1
        n_slot = int(slot.max()) + 1
        return _Slots(n_pair, n_slot, pair * n_slot + slot)

    def _projection(
        self, block: Block, project: Callable[[NDArray], NDArray], place: "_Slots", ell: NDArray
    ) -> NDArray:
        """Weights of every slot on the C_ell of its pair, as `projections` have them."""
        rows = project(ell)
        if place.angles is not None:
            return rows[place.angles]
        matrix = np.zeros((place.n_pair * place.n_slot, ell.size))
        matrix[place.index] = rows[block.angle]
        return matrix.reshape(place.n_pair, place.n_slot, ell.size)

    def _b_projections(
        self, places: Sequence["_Slots"], ell: NDArray
    ) -> tuple[NDArray | None, ...]:
        """The same on B modes, of statistics that need it; () where the tracers have none."""
        if not self.has_b_modes:
            return ()
        return tuple(
            None
            if block.project_b is None
            else self._projection(block, block.project_b, place, ell)
            for block, place in zip(self.blocks, places, strict=True)
        )
