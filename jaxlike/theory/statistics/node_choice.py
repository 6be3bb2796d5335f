"""How many nodes, and where: chosen so that the data vector's error is small against its own.

The error is Delta^T C^-1 Delta between the data vector on candidate nodes and on a fine grid, the
largest over reference cosmologies and over all surveys that share the nodes. Multipole nodes are
placed by the fourth derivative of the spectra, weighted by what the data can see of it: spline
errors go as h^4 |f''''|, and the step h ~ weight^(-2/9) makes their summed squares least for a
given number of nodes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics.block_matrix import BlockMatrix
from jaxlike.numerics.compilation import jit_quickly
from jaxlike.numerics.fewest import fewest
from jaxlike.numerics.splines import cardinal_splines
from jaxlike.theory.power.universe import Universe, UniverseGrid
from jaxlike.theory.spectra.pairs import PairGroup
from jaxlike.theory.statistics.data_vector import Survey, TwoPointTheory
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers.terms import Seen
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.line_of_sight import Nodes, Sight, z_nodes

# in small steps where there are many, whose cost shows
_ELL_COUNTS = (16, 20, 24, 28, 32, 36, 40, 44, 48, 56, *range(64, 161, 4))
_Z_COUNTS = (12, 16, 20, 24, 28, 32, 40, *range(48, 65, 2))
_MANY_Z_COUNTS = tuple(range(66, 193, 2))
N_FINE, _N_FINEST = 96, 288  # redshifts of the grids that candidates are compared with
_STRONG = 1e6  # signal, in squared noise, for which the first grid is not worth a compilation
_Z_MAX_STEP, _Z_FAR = 0.2, 4.0  # beyond which steps are in proportion
_RICHARDSON = (
    2**4 - 1
) ** 2  # error of half the nodes over that of all, squared: splines of order 4


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Reference:
    """One cosmology on the fine nodes: C_ell = weights @ power.

    weights: (n_pair, n_q); smooth: (n_pair, n_q) their smooth factor; power: (n_q, n_ell).
    """

    weights: Any
    smooth: Any
    power: Any


@dataclass(frozen=True, eq=False)
class Judged:
    """A survey, and what its errors are measured in.

    whiten: (n_data, n_data) with whiten^T whiten = C^-1; parameters: canonical ones of each sample;
    strictness: how many times its errors count; signal: d^T C^-1 d of its data d.
    """

    survey: Survey
    whiten: BlockMatrix | NDArray
    parameters: Sequence[Mapping[str, ArrayLike]]
    strictness: float = 1.0
    signal: float = 0.0


@dataclass(frozen=True)
class NodeChoice:
    """Redshift and multipole nodes, and the Delta^T C^-1 Delta that they are estimated to cost."""

    n_z: int
    z_max: float
    ell_lattice: NDArray
    error: float


@dataclass(frozen=True, eq=False)
class _OnFineNodes:
    """A survey on the fine nodes, at every reference cosmology."""

    projection: NDArray
    rows: NDArray
    whiten: BlockMatrix | NDArray
    strictness: float
    references: list[Reference]

    @property
    def spectra(self) -> list[NDArray]:
        """C_ell (n_pair, n_ell) at each reference."""
        return [np.asarray(r.weights @ r.power) for r in self.references]

    def size(self, difference: NDArray) -> float:
        """Delta^T C^-1 Delta of a difference of data vectors (n_data,)."""
        return self.strictness * float(np.sum((self.whiten @ difference) ** 2))

    def size_of_spectra(self, c: NDArray) -> float:
        """The same of a difference of C_ell (n_pair, n_ell)."""
        return self.size_by(self.projection, c)

    def size_by(self, projection: NDArray, c: NDArray) -> float:
        """The same where they are seen by another projection (n_data, n_ell)."""
        return self.size(np.einsum("de,de->d", projection, c[self.rows]))


# apart, as all surveys look at the same universes
@jit_quickly
def _universe(grid: UniverseGrid, cosmo: Cosmology) -> Universe:
    return grid.universe(cosmo)


@jit_quickly
def _reference(
    theory: TwoPointTheory, nodes: Nodes, universe: Universe, parameters: list
) -> Reference:
    universe = universe.seen_from(nodes)
    sight, seen = universe.sight(theory.lattice), theory.seen(universe, parameters)
    weights = theory.weights(universe, seen)
    smooth = [_smooth(sight, seen[g.first], seen[g.second], g) for g in theory.groups]
    # no division by the vanishing efficiency behind the last source
    factor = jnp.concatenate(smooth)
    return Reference(
        jnp.concatenate([w["matter", "matter"] for w in weights]),
        factor + 1e-6 * factor.max(axis=1, keepdims=True),
        universe.matter,
    )


def _smooth(sight: Sight, first: Seen, second: Seen, group: PairGroup) -> Array:
    """What is smooth in redshift of a group's weights (n_pair, n_q)."""
    los = sight.los
    i, j = group.array().T
    parts = [
        term.smooth[index]
        for seen, index in ((first, i), (second, j))
        for term in seen.terms
        if term.smooth is not None
    ]
    n = len(group.bins)
    if not parts:
        return jnp.broadcast_to(los.hubble / los.f_k**2, (n, los.f_k.size))
    return parts[0] / los.f_k if len(parts) == 1 else parts[0] * parts[1] / los.hubble


def _on_fine_nodes(one: Judged, nodes: Nodes, universes: Sequence[Universe]) -> _OnFineNodes:
    survey = one.survey.plain()
    theory = survey.on(nodes)
    own = [{k: np.asarray(v, float) for k, v in p.items()} for p in one.parameters]
    found = [jax.tree.map(np.asarray, _reference(theory, nodes, u, own)) for u in universes]
    return _OnFineNodes(*survey.points_on_spectra(theory), one.whiten, one.strictness, found)


def _node_density(surveys: Sequence[_OnFineNodes], ell: NDArray) -> NDArray:
    """Wanted density of nodes (n_lattice,) in ln ell, up to a factor."""
    weight = np.zeros(ell.size)
    for one in surveys:
        per_unit = one.projection / (ell + 0.5)
        for c in one.spectra:
            f = (ell + 0.5) * c
            fourth = np.zeros_like(f)
            fourth[:, 2:-2] = np.diff(f, n=4, axis=1)
            seen = one.whiten @ (per_unit * fourth[one.rows])
            weight += one.strictness * (seen**2).sum(axis=0)
    window = np.exp(-((np.arange(-15, 16) / 6) ** 2) / 2)
    density = _smoothed(weight, window / window.sum()) ** (1 / 9)
    if not density.any():  # nothing is seen, as of B modes where there are none
        return np.ones(ell.size)
    return np.asarray(np.maximum(density, 0.1 * density.max()))


def _smoothed(weight: NDArray, window: NDArray) -> NDArray:
    """`weight` (n,) convolved with a window, which may be longer, and of the same length."""
    half = window.size // 2
    return np.convolve(weight, window)[half : half + weight.size]


def _place(density: NDArray, n: int) -> NDArray:
    """Lattice indices of about `n` nodes that share the density equally."""
    cumulative = np.append(0, np.cumsum((density[1:] + density[:-1]) / 2))
    wanted = np.linspace(0, cumulative[-1], n)
    return np.unique(np.rint(np.interp(wanted, cumulative, np.arange(density.size))).astype(int))


def _error_of_ell(surveys: Sequence[_OnFineNodes], ell: NDArray, index: NDArray) -> float:
    """Delta^T C^-1 Delta of the multipole nodes `index` against all of them."""
    back = cl_matrix(ell, ell[index])
    largest = 0.0
    for one in surveys:
        moved = one.projection.copy()  # what spectra at all multipoles are seen by, less the nodes
        moved[:, index] -= one.projection @ back
        largest = max(largest, *(one.size_by(moved, c) for c in one.spectra))
    return largest


def _choose_ell(
    surveys: Sequence[_OnFineNodes], ell: NDArray, tolerance: float
) -> tuple[NDArray, float]:
    """Fewest of the multipole nodes (indices) within `tolerance`, and the error they leave.

    Where none are, all of them, whose error follows from that of every other one.
    """
    density = _node_density(surveys, ell)
    for n in _ELL_COUNTS:  # one by one, for the error depends on where nodes happen to be, too
        index = _place(density, n)
        if index.size in (*range(4), ell.size):
            break
        error = _error_of_ell(surveys, ell, index)
        if error < tolerance:
            return index, error
    every = np.arange(ell.size)
    half = np.unique(np.append(every[::2], every[-1]))
    if half.size < 4:
        return every, 0.0
    return every, _error_of_ell(surveys, ell, half) / _RICHARDSON


def _last_nodes(end: float) -> NDArray:
    """Candidates (n,) for the last redshift node, from `end` down."""
    if end <= _Z_FAR:
        return np.arange(end, 0.5, -_Z_MAX_STEP)
    far = np.geomspace(end, _Z_FAR, int(np.ceil(np.log(end / _Z_FAR) / 0.1)) + 1)
    return np.append(far, np.arange(_Z_FAR - _Z_MAX_STEP, 0.5, -_Z_MAX_STEP))


def _choose_z(
    surveys: Sequence[_OnFineNodes], z: NDArray, tolerance: float, counts: Sequence[int]
) -> tuple[int, float, float]:
    """Fewest redshift nodes and lowest last node within `tolerance`, and the error they leave.

    An integral int w(z) s(z) P dz over the fine nodes becomes one over the spline of s P through
    the coarse ones; w holds n(z) or dz, s what is smooth. The last of `counts` where none is.
    """
    z_max = z[-1]
    for last in _last_nodes(z[-1]):
        beyond = z > last
        lost = [
            one.size_of_spectra(r.weights[:, beyond] @ r.power[beyond])
            for one in surveys
            for r in one.references
        ]
        if max(lost) > tolerance / 100:
            break
        z_max = float(last)
    used = z <= z_max

    def error_of(n: int) -> float:
        nodes, left = z_nodes(n, z_max), 0.0
        there = cardinal_splines(np.log(0.3 + z), np.log(0.3 + nodes))
        back = cardinal_splines(np.log(0.3 + nodes), np.log(0.3 + z[used])) @ there
        for one in surveys:
            for r in one.references:
                w = (r.weights / r.smooth)[:, used]
                # sum_q w_q (f_q - (spline of f)_q) with f = s P: move the spline onto the weights
                moved = r.weights - (w @ back) * r.smooth
                left = max(left, one.size_of_spectra(moved @ r.power))
        return left

    n, left = fewest(counts, error_of, tolerance)
    return n, z_max, left


def choose_nodes(
    surveys: Sequence[Judged],
    cosmologies: Sequence[Cosmology],
    fine: Callable[[int], UniverseGrid],
    *,
    tolerance: float,
) -> NodeChoice:
    """The fewest nodes for all `surveys` within `tolerance` at the reference cosmologies.

    fine(n_z) -> universes on n_z redshift nodes and every multipole, with the lattices of the
    surveys in their order. Where the fine grid is not fine enough, a finer one is taken.
    Magnification is smooth as shear is, and distortions are small: the nodes of the densities do.
    """
    rounds: tuple[tuple[int, tuple[int, ...]], ...]
    rounds = ((N_FINE, _Z_COUNTS), (_N_FINEST, _MANY_Z_COUNTS))
    if max(one.signal * one.strictness for one in surveys) > _STRONG:
        rounds = ((_N_FINEST, (*_Z_COUNTS, *_MANY_Z_COUNTS)),)
    for n_fine, counts in rounds:
        grid = fine(n_fine)
        alone = replace(grid, nodes=grid.nodes.with_lattices())
        universes = [_universe(alone, cosmo) for cosmo in cosmologies]
        there = [
            _on_fine_nodes(one, grid.nodes.with_lattices(i), universes)
            for i, one in enumerate(surveys)
        ]
        n_z, z_max, error_z = _choose_z(there, np.asarray(grid.nodes.z), tolerance / 2, counts)
        if error_z < tolerance / 2:
            break
    index, error_ell = _choose_ell(there, np.asarray(grid.nodes.ell), tolerance / 2)
    return NodeChoice(n_z, z_max, np.asarray(grid.nodes.ell_lattice)[index], error_ell + error_z)
