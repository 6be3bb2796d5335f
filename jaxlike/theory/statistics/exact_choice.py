"""At how many multipoles C_ell are computed beyond Limber's approximation: where the data see it.

The error is Delta^T C^-1 Delta of what Limber's approximation does to the data vector from a
multipole on, for each two samples apart; the distances are as dense as the narrowest bin asks for.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.numerics.block_matrix import BlockMatrix
from jaxlike.numerics.compilation import jit_quickly
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.spectra.exact import ExactGrid
from jaxlike.theory.statistics.data_vector import Survey, TwoPointTheory
from jaxlike.theory.statistics.node_choice import Judged
from jaxlike.theory.tracers.counts import Counts
from jaxlike.theory.tracers.terms import Galaxies, Tracer
from jaxlike.theory.universe.background import comoving_distance
from jaxlike.theory.universe.cosmology import Cosmology

LimberRange = Literal["all", "beyond"]
"""Of which multipoles C_ell are in Limber's approximation: of all, or of those beyond low ones."""

_ELL_MAX = 2000.0
_OF_WIDTH = 0.7  # step in ln r, in standard deviations of the narrowest bin: N5K's left 0.9
_STEPS = 0.004, 0.03


def radial_step(tracers: Sequence[Tracer], cosmo: Cosmology) -> float:
    """Step in ln r that resolves the n(z) of all bins."""
    steps = [_STEPS[1]]
    for tracer in tracers:
        if not isinstance(tracer, Galaxies):
            continue
        own = tracer.distributions
        z, zero = np.asarray(own.z), jnp.zeros(own.n_bin)
        n = np.asarray(jax.jit(own.dndz)(zero))[:, z > 0]
        ln_r = np.log(np.asarray(comoving_distance(cosmo, z[z > 0])))
        n = n / n.sum(axis=1, keepdims=True)
        spread = n @ ln_r**2 - (n @ ln_r) ** 2
        steps.append(_OF_WIDTH * float(np.sqrt(spread.min())))
    return max(min(steps), _STEPS[0])


@jit_quickly
def _shift(theory: TwoPointTheory, grid: UniverseGrid, cosmo: Cosmology, parameters: list) -> Array:
    """What goes beyond Limber's approximation in C_ell (n_pair, n_ell) of all groups."""
    universe = grid.universe(cosmo)
    without = replace(theory, exact=None)
    both = (one.spectra(universe, parameters) for one in (theory, without))
    exact, limber = (jnp.concatenate([spectra.E for spectra in each]) for each in both)
    return exact - limber


def _plain(tracer: Tracer) -> Tracer:
    """The same with what matters beyond Limber's approximation: densities and velocities."""
    if isinstance(tracer, Counts):
        return replace(tracer, magnification=False)
    return tracer.plain()


def beyond_limber(
    judged: Judged,
    theory: TwoPointTheory,
    grid: UniverseGrid,
    cosmo: Cosmology,
    *,
    tolerance: float,
) -> TwoPointTheory:
    """The theory of a survey with the fewest multipoles beyond Limber's approximation that leave no
    more than `tolerance` of what the approximation does, for each group of pairs."""
    survey, nodes, number = judged.survey, grid.nodes, theory.lattice
    step = radial_step(survey.tracers, cosmo)
    n = int(np.sum(np.asarray(nodes.ell) < _ELL_MAX))
    whole = ExactGrid.build(nodes, number, [n] * len(theory.groups), step)
    plain = replace(theory, tracers=tuple(_plain(one) for one in theory.tracers), exact=whole)
    own = [{k: np.asarray(v, float) for k, v in p.items()} for p in judged.parameters]
    shift = np.asarray(_shift(plain, grid, cosmo, own))
    counts = _counts(survey, theory, judged.whiten, shift, n, tolerance)
    if not max(counts):
        return theory
    return replace(theory, exact=ExactGrid.build(nodes, number, counts, step))


def _counts(
    survey: Survey,
    theory: TwoPointTheory,
    whiten: BlockMatrix | NDArray,
    shift: NDArray,
    n: int,
    tolerance: float,
) -> list[int]:
    """How many multipoles of each group do not do with Limber's approximation."""
    projection, rows = survey.points_on_spectra(theory)
    ends = np.cumsum([0, *(len(group.bins) for group in theory.groups)])
    found = []
    for first, last in pairwise(ends):
        here = (rows >= first) & (rows < last)
        seen = whiten @ (np.where(here[:, None], projection, 0.0) * shift[rows])[:, :n]
        beyond = np.cumsum(seen[:, ::-1], axis=1)[:, ::-1]  # of the multipoles from each one on
        found.append(int(np.sum((beyond**2).sum(axis=0) > tolerance)))
    return found
