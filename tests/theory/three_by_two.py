"""One sample of lenses and one of sources, as most tests of the theory want them.

Weights and C_ell of counts x counts, counts x shear and shear x shear from arrays of n(z), and data
vectors from blocks of points with one flat dictionary of parameters for both samples.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.theory.power.fields import MATTER, FieldPower, pair_of
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.power.universe import Universe, UniverseGrid
from jaxlike.theory.spectra import weights as pair_formula
from jaxlike.theory.spectra.limber import Spectra, curved, spectra_of
from jaxlike.theory.spectra.pairs import PairGroup, pair_array
from jaxlike.theory.spectra.weights import lattice_rules
from jaxlike.theory.statistics.data_vector import Block, Survey, TwoPointTheory
from jaxlike.theory.statistics.node_choice import Judged, NodeChoice, choose_nodes
from jaxlike.theory.statistics.projection import flat_sky
from jaxlike.theory.statistics.registry import STATISTICS
from jaxlike.theory.tracers.alignment import linear_term
from jaxlike.theory.tracers.counts import Counts, counts_seen
from jaxlike.theory.tracers.redshift import ShiftedDistributions
from jaxlike.theory.tracers.redshift_space import VelocityGrid
from jaxlike.theory.tracers.shapes import Shapes, shapes_seen
from jaxlike.theory.tracers.terms import Seen, spin_factor
from jaxlike.theory.universe.cosmology import Cosmology, Scalar
from jaxlike.theory.universe.line_of_sight import N_LATTICE, LineOfSight, Nodes, Sight

MATTER_PAIR = pair_of(MATTER, MATTER)
SAMPLES = {"counts": 0, "shear": 1}
FIELDS = ("counts", "cross", "shear")
"""Of the spectra of both samples, in the order of their groups of pairs."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ThreeByTwo:
    """Weights or C_ell (n_pair, ...) of counts, of counts and shear, and of shear."""

    counts: Array
    cross: Array
    shear: Array


@dataclass(frozen=True)
class Pairs:
    """Zero-based bin pairs (n, 2): of lenses, of lenses and sources, of sources."""

    counts: NDArray
    cross: NDArray
    shear: NDArray

    def groups(self) -> list[PairGroup]:
        """The same as the groups of two samples."""
        samples = zip(((0, 0), (0, 1), (1, 1)), FIELDS, strict=True)
        return [
            PairGroup(*ends, tuple((int(i), int(j)) for i, j in getattr(self, field)))
            for ends, field in samples
        ]


def all_pairs(n_lens: int, n_source: int) -> Pairs:
    """Every pair of `n_lens` lens and `n_source` source bins."""
    return Pairs(pair_array(n_lens), pair_array(n_lens, n_source), pair_array(n_source))


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


def pair_weights(
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
) -> ThreeByTwo:
    """Weights on the power of matter, n(z) on first points of a lattice with rule `weights`.

    magnification: C (n_lens,).
    """
    rules = lattice_rules(nodes.lattices[0], weights)
    velocities = VelocityGrid.build(nodes, 0, lens.shape[1]) if rsd else None
    given = nodes, los, rules, velocities, lens, source, nuisance, magnification
    return _pair_weights(*given, groups=tuple(pairs.groups()), prefactors=prefactors)


@partial(jax.jit, static_argnames=("groups", "prefactors"))
def _pair_weights(
    nodes: Nodes,
    los: LineOfSight,
    rules: tuple[NDArray, ...],
    velocities: VelocityGrid | None,
    lens: Array,
    source: Array,
    nuisance: Nuisance,
    magnification: Array | None,
    *,
    groups: tuple[PairGroup, ...],
    prefactors: bool,
) -> ThreeByTwo:
    """Compiled once for all tests of the same shapes."""
    sight = Sight.of(nodes, los)
    aligned = linear_term(sight, source, nuisance.A_IA, nuisance.alpha_IA, nuisance.z0_IA)
    seen = (
        counts_seen(
            sight,
            lens,
            nuisance.bias,
            magnification=magnification,
            velocities=velocities,
            prefactors=prefactors,
        ),
        shapes_seen(sight, source, nuisance.m, (aligned,), prefactors=prefactors),
    )
    every = pair_formula.weights_of(sight, rules, seen, (len(lens), len(source)), groups)
    return ThreeByTwo(*(found[MATTER_PAIR] for found in every))


@partial(jax.jit, static_argnames="prefactors")
def limber_spectra(
    nodes: Nodes, weights: ThreeByTwo, power: ArrayLike, *, prefactors: bool = False
) -> ThreeByTwo:
    """C_ell from those weights and P (n_q, n_ell) at the Limber points."""
    factor = spin_factor(nodes.ell) if prefactors else None
    groups = Pairs(*(np.zeros((0, 2), int) for _ in FIELDS)).groups()
    found = spectra_of(
        groups,
        (Seen(()), Seen((), ell_factor=factor)),
        [{MATTER_PAIR: getattr(weights, field)} for field in FIELDS],
        FieldPower({MATTER_PAIR: jnp.asarray(power)}, {}),
    )
    return ThreeByTwo(*(spectra.E for spectra in found))


def ell_prefactors(ell: ArrayLike) -> tuple[Array, Array]:
    """Factors (n_ell,) of the C_ell of counts with shear, and of shear with shear."""
    counts, shear = Seen(()), Seen((), ell_factor=spin_factor(ell))
    ones = Spectra(jnp.ones((1, np.size(ell))))
    return curved(ones, counts, shear).E[0], curved(ones, shear, shear).E[0]


def block(
    statistic: str,
    pairs: Sequence[tuple[int, int]],
    n: int,
    project: Callable[[NDArray], NDArray],
    samples: tuple[int, int] | None = None,
) -> Block:
    """Points of every pair of bins at each of `n` angles or multipoles."""
    if samples is None:
        first, second = (SAMPLES[kind] for kind in STATISTICS[statistic].tracers)
        samples = first, second
    return Block(
        statistic,
        samples,
        np.repeat([i for i, _ in pairs], n),
        np.repeat([j for _, j in pairs], n),
        np.tile(np.arange(n), len(pairs)),
        project,
    )


def flat(statistic: str, theta: NDArray, ell: NDArray) -> NDArray:
    """Matrix (n_theta, n_ell) of a correlation function in the flat sky, at angles in radians."""
    spins = STATISTICS[statistic].spins
    assert spins is not None
    return flat_sky(spins, theta, ell)


def angular(
    statistic: str,
    pairs: Sequence[tuple[int, int]],
    theta: NDArray,
    samples: tuple[int, int] | None = None,
) -> Block:
    """Points of a correlation function at every angle in radians."""
    return block(statistic, pairs, theta.size, lambda ell: flat(statistic, theta, ell), samples)


def survey_of(
    blocks: Sequence[Block],
    lens: ShiftedDistributions,
    source: ShiftedDistributions,
    *,
    prefactors: bool = False,
    bias: str = "constant",
    alignment: str = "nla",
    magnification: bool = False,
    rsd: bool = False,
    limber: str = "all",
) -> Survey:
    """One sample of lenses and one of sources."""
    options = {
        "bias": bias, "alignment": alignment, "magnification": magnification, "rsd": rsd,
        "ell_prefactors": prefactors, "limber": limber,
    }  # fmt: skip
    longest = max(lens, source, key=lambda sample: sample.z.size)
    tracers = Counts.of(lens, options), Shapes.of(source, options)
    return Survey(tracers, tuple(blocks), longest.z, longest.weights)


@dataclass(frozen=True, eq=False)
class Prediction:
    """A survey in universes of its own; `grid` is on the survey's nodes."""

    survey: Survey
    grid: UniverseGrid
    theory: TwoPointTheory

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
        linear: str = "eisenstein_hu",
        nonlinear: str = "takahashi",
        **options: Any,
    ) -> "Prediction":
        """On a fine grid of nodes, unless a coarser one is asked for; options of `survey_of`."""
        survey = survey_of(blocks, lens, source, **options)
        lattice = np.arange(N_LATTICE) if ell_lattice is None else ell_lattice
        nodes = Nodes.build(survey.z, n_z, lattice, z_max=z_max)
        grid = UniverseGrid.build(
            nodes,
            linear=linear,  # type: ignore[arg-type]
            nonlinear=nonlinear,  # type: ignore[arg-type]
            loops=survey.loops,
        )
        return cls(survey, grid, survey.on(nodes))

    @property
    def nodes(self) -> Nodes:
        """Of redshift and multipole."""
        return self.grid.nodes

    def on(self, nodes: Nodes) -> "Prediction":
        """The same on other nodes."""
        g = self.grid
        grid = UniverseGrid.build(
            nodes, linear=g.linear, nonlinear=g.nonlinear, loops=self.survey.loops
        )
        return replace(self, grid=grid, theory=self.survey.on(nodes))

    def with_nodes(self, *, n_z: int, z_max: float | None, ell_lattice: NDArray) -> "Prediction":
        """The same on nodes so chosen."""
        return self.on(Nodes.build(self.survey.z, n_z, ell_lattice, z_max=z_max))

    def on_chosen_nodes(
        self,
        points: Sequence[tuple[Cosmology, Mapping[str, ArrayLike]]],
        whiten: NDArray,
        tolerance: float,
    ) -> tuple["Prediction", NodeChoice]:
        """The same on the nodes chosen for it up to its last redshift, and the choice.

        The points have one nuisance.
        """
        cosmologies, nuisances = zip(*points, strict=True)
        assert all(nuisance == nuisances[0] for nuisance in nuisances)
        every, z_max = np.arange(N_LATTICE), self.nodes.z[-1]
        choice = choose_nodes(
            [Judged(self.survey, whiten, [nuisances[0]] * 2)],
            cosmologies,
            lambda n_z: self.with_nodes(n_z=n_z, z_max=z_max, ell_lattice=every).grid,
            tolerance=tolerance,
        )
        chosen = self.with_nodes(n_z=choice.n_z, z_max=choice.z_max, ell_lattice=choice.ell_lattice)
        return chosen, choice

    def universe(self, cosmo: Cosmology) -> Universe:
        """That of a cosmology."""
        return self.grid.universe(cosmo)

    def spectra(self, universe: Universe, nuisance: Mapping[str, ArrayLike]) -> list[Spectra]:
        """C_ell (n_pair, n_ell) of every group of pairs."""
        return self.theory.spectra(universe, [nuisance] * 2)

    def data_vector(self, cosmo: Cosmology, nuisance: Mapping[str, ArrayLike]) -> Array:
        """Data vector (n_data,); canonical parameters of both samples together."""
        return self.theory.data_vector(self.universe(cosmo), [nuisance] * 2)

    def data_vector_from_tables(
        self, grid: PowerTableGrid, table: PowerTable, nuisance: Mapping[str, ArrayLike]
    ) -> Array:
        """The same with P(k, z) and distances handed in."""
        universe = self.grid.universe_of_tables(grid, table)
        return self.theory.data_vector(universe, [nuisance] * 2)
