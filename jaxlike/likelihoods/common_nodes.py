"""Nodes in redshift and multipole for the surveys of one or several data sets."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jaxlike.data import FOURIER_SPACE, TwoPointData
from jaxlike.likelihoods.sample_nz import histograms_of
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.power.one_loop_kernels import Family
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.statistics.data_vector import Survey
from jaxlike.theory.statistics.node_choice import N_FINE, NodeChoice
from jaxlike.theory.tracers.terms import loops_of
from jaxlike.theory.universe.line_of_sight import (
    N_LATTICE,
    Z_LAST_SCATTERING,
    Nodes,
    lattice_between,
)

_Z_MAX_FINE = 2.9  # structure ends here where few galaxies are beyond, which count as sources
# Shares of a bin's galaxies that are few: beyond, lenses lose as much of their counts. Sources lose
# their alignment, and of the lensing what the last structure before them does.
_FEW = {"counts": 1e-3, "shear": 2e-2}
_N_USUAL = 64
_Z_MAX_KAPPA = 990.0  # of the convergence with itself; growth is known to z = 999


def z_max_of(data: TwoPointData) -> float:
    """Where structure that the data see ends."""
    if any(STATISTICS[s].tracers == ("convergence", "convergence") for s in data.statistics):
        return _Z_MAX_KAPPA
    ends = [
        h.z_max() if h.beyond(_Z_MAX_FINE) > _FEW[kind] else min(h.z_max(), _Z_MAX_FINE)
        for h, (_, kind) in zip(histograms_of(data), data.samples, strict=False)  # maps are last
    ]
    return max(ends)


def ell_lattice_of(data: Sequence[TwoPointData]) -> NDArray:
    """The multipole lattice of data that are C_ell; all of it where some have angles."""
    spans = []
    for one in data:
        if not set(one.statistics) <= FOURIER_SPACE:
            return np.arange(N_LATTICE)
        spans += [
            (m.scale.min(), m.scale.max()) if m.windows is None else m.windows.span()
            for m in one.measurements
        ]
    return lattice_between(min(low for low, _ in spans), max(high for _, high in spans))


def nodes_of(surveys: Sequence[Survey], n_z: int, ell_lattice: NDArray, z_max: float) -> Nodes:
    """Nodes that serve all surveys, whose lattices they have in their order."""
    last = Z_LAST_SCATTERING if any(one.sees_last_scattering for one in surveys) else None
    lattices = [survey.z for survey in surveys]
    return Nodes.build(lattices, n_z, ell_lattice, z_max=z_max, z_source=last)


def fine_grid(
    data: Sequence[TwoPointData],
    surveys: Sequence[Survey],
    options: TheoryOptions,
    n_z: int = N_FINE,
    *,
    loops: Sequence[Family] = (),
) -> UniverseGrid:
    """Universes on nodes so dense that they leave no error of their own, common to all data."""
    z_max = max(z_max_of(one) for one in data)
    if z_max > _Z_MAX_FINE:  # as dense as without what lies beyond
        n_z = int(n_z * np.log((0.3 + z_max) / 0.3) / np.log((0.3 + _Z_MAX_FINE) / 0.3))
    nodes = nodes_of(surveys, n_z, ell_lattice_of(data), z_max)
    return UniverseGrid.build(nodes, linear=options.linear, nonlinear=options.matter, loops=loops)


def grid_of(surveys: Sequence[Survey], choice: NodeChoice, options: TheoryOptions) -> UniverseGrid:
    """Universes on the nodes that were chosen for the surveys."""
    return UniverseGrid.build(
        nodes_of(surveys, choice.n_z, choice.ell_lattice, choice.z_max),
        linear=options.linear,
        nonlinear=options.matter,
        loops=loops_of(tracer for survey in surveys for tracer in survey.tracers),
    )


def usual_grid(options: TheoryOptions) -> UniverseGrid:
    """Universes for likelihoods without two-point data, on nodes that serve most surveys: what
    nobody looks at is not computed."""
    nodes = Nodes.build((), _N_USUAL, np.arange(N_LATTICE), z_max=_Z_MAX_FINE)
    return UniverseGrid.build(nodes, linear=options.linear, nonlinear=options.matter)
