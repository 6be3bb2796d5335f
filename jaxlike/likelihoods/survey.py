"""From a data set and options to its survey: samples, bins, angles, n(z), on no nodes yet."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from jaxlike.data import (
    FOURIER_SPACE,
    Measurement,
    RedshiftDistribution,
    TwoPointData,
    apply_scale_cuts,
    find_data_file,
    read_scale_cuts,
    read_two_point,
)
from jaxlike.errors import ConfigError
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import Sample
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.statistics.data_vector import Block, Survey
from jaxlike.theory.statistics.node_choice import N_FINE
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.statistics.registry import Points
from jaxlike.theory.tracers import TRACERS, redshift
from jaxlike.theory.universe.line_of_sight import N_LATTICE, Nodes, lattice_between

DEFAULT_BANDWIDTH = 0.3
"""Width of the n(z) kernel in units of the tabulated bins, where none is given."""

_ARCMIN = np.pi / 180 / 60
_Z_MAX_FINE = 2.9  # galaxies beyond still count as sources, structure beyond as none
_FINE_ELL = np.geomspace(0.1, 7e4, 200)
_OPTIONS_OF = {
    "lens": ("counts", ("bias", "magnification", "rsd")),
    "source": ("shear", ("alignment",)),
}


def load_data(
    data_file: str | None, scale_cuts: str = "des_y1", probes: tuple[str, ...] | None = None
) -> TwoPointData:
    """Data of a file, of a fetched data set, or (None) of the shipped mock, after cuts."""
    data = read_two_point(find_data_file(data_file))
    if probes is not None:
        data = data.with_probes(probes)
    return apply_scale_cuts(data, read_scale_cuts(scale_cuts))


def used_samples(data: TwoPointData) -> tuple[tuple[str, str], ...]:
    """(name of its table, kind) of every sample that the data use: counts, shear, others."""
    found: dict[tuple[str, str], None] = {}
    for m in data.measurements:
        for kind, kernel in zip(
            STATISTICS[m.statistic].tracers, (m.kernel1, m.kernel2), strict=True
        ):
            found[kernel, kind] = None
    order = list(TRACERS)
    names = [table.name for table in data.nz]
    return tuple(sorted(found, key=lambda one: (order.index(one[1]), names.index(one[0]))))


def samples_of(
    data: TwoPointData, name: str = "", prefix: str = "", suffix: str = ""
) -> tuple[Sample, ...]:
    """The samples of a likelihood of this name, and the prefix or suffix of their parameters."""
    tables = [(data.distribution(table), kind) for table, kind in used_samples(data)]
    return tuple(
        Sample(kind, table.n_bin, table.n_mode, prefix, suffix, name) for table, kind in tables
    )


def tables(data: TwoPointData) -> tuple[RedshiftDistribution | None, RedshiftDistribution | None]:
    """The n(z) tables of the first lenses and of the first sources, None where there are none."""
    found = {kind: data.distribution(name) for name, kind in reversed(used_samples(data))}
    return found.get("counts"), found.get("shear")


def _histogram(table: RedshiftDistribution) -> redshift.Histogram:
    cells = table.tiled()
    edges = np.append(cells.z_low, cells.z_high[-1])
    return redshift.Histogram(edges, cells.dndz, cells.modes)


def histograms_of(data: TwoPointData) -> list[redshift.Histogram]:
    """n(z) of every sample that the data use, in cells without gaps or overlaps."""
    return [_histogram(data.distribution(name)) for name, _ in used_samples(data)]


def bandwidth_of(histograms: Sequence[redshift.Histogram], options: TheoryOptions) -> float:
    """Width in redshift of the kernel of all n(z) of a likelihood."""
    if options.nz_bandwidth is not None:
        return options.nz_bandwidth
    return DEFAULT_BANDWIDTH * min(h.width for h in histograms)


def _block(
    measurement: Measurement,
    data: TwoPointData,
    samples: Sequence[tuple[str, str]],
    options: TheoryOptions,
) -> Block:
    kinds = STATISTICS[measurement.statistic].tracers
    first, second = (
        samples.index(one)
        for one in zip((measurement.kernel1, measurement.kernel2), kinds, strict=True)
    )
    # every pair of bins has the same angles, multipoles or windows: project each once
    scale, row = np.unique(measurement.scale, return_index=True)
    where = np.searchsorted(scale, measurement.scale)
    windows, operator = measurement.windows, STATISTICS[measurement.statistic].operator
    if windows is not None:
        where = windows.row
        points = Points(scale, windows=(windows.ell, windows.weight))
    elif measurement.statistic in FOURIER_SPACE:
        points = Points(scale)
    else:
        points = _angles(measurement, data, options, row)
    project = partial(operator, points)
    if measurement.statistic not in FOURIER_SPACE:
        project = partial(_by_way_of, operator(points, _FINE_ELL))
    bins = measurement.bin1 - 1, measurement.bin2 - 1
    return Block(measurement.statistic, (first, second), *bins, where, project)


def _by_way_of(fine: NDArray, ell: NDArray) -> NDArray:
    """Matrix (n_angle, n_ell) on any nodes, from that on the fine multipoles."""
    return fine @ cl_matrix(_FINE_ELL, ell)


def _angles(
    measurement: Measurement, data: TwoPointData, options: TheoryOptions, row: NDArray
) -> Points:
    """The angles of the rows `row`, with their bins where the projection needs them."""
    theta = measurement.scale[row] * _ARCMIN
    if options.projection != "curved":
        return Points(theta)
    low, high = measurement.theta_min_arcmin, measurement.theta_max_arcmin
    if low is None or high is None:
        raise ConfigError(
            f"projection = curved needs the edges of the angular bins, and {data.source}: HDU "
            f"'{measurement.name}' has no columns ANGLEMIN, ANGLEMAX: add them, give scale_cuts "
            "with angular_bins, or take projection = flat"
        )
    edges = low[row] * _ARCMIN, high[row] * _ARCMIN
    # C_ell without prefactors is that of convergence
    return Points(theta, edges, "curved", convergence=not options.ell_prefactors)


def _check_used(options: TheoryOptions, data: TwoPointData, kinds: set[str]) -> None:
    """ConfigError on an option for galaxies that the data have not got."""
    for word, (kind, names) in _OPTIONS_OF.items():
        for name in names:
            value, default = getattr(options, name), getattr(TheoryOptions, name)
            if kind not in kinds and value != default:
                said = str(value).lower()
                raise ConfigError(
                    f"option '{name}' is {said}, which has no effect: the data of {data.source} "
                    f"in use have no {word} bins; leave it at {str(default).lower()}"
                )


def build_survey(data: TwoPointData, options: TheoryOptions) -> Survey:
    """The samples and points of `data`."""
    samples = used_samples(data)
    _check_used(options, data, {kind for _, kind in samples})
    histograms = histograms_of(data)
    width = bandwidth_of(histograms, options)
    found = [one.trimmed() for one in redshift.build(histograms, options.nz, width)]
    longest = max(found, key=lambda one: one.z.size)
    tracers = tuple(
        TRACERS[kind].of(distributions, vars(options))
        for (_, kind), distributions in zip(samples, found, strict=True)
    )
    blocks = tuple(_block(m, data, samples, options) for m in data.measurements)
    return Survey(tracers, blocks, longest.z, longest.weights)


def z_max_of(data: TwoPointData) -> float:
    """Where structure that the data see ends."""
    histograms = histograms_of(data)
    return min(max(h.z_max() for h in histograms), _Z_MAX_FINE)


def ell_lattice_of(data: Sequence[TwoPointData]) -> NDArray:
    """The multipole lattice of data that are C_ell; all of it where some have angles."""
    spans = []
    for one in data:
        if not FOURIER_SPACE.issuperset(one.statistics):
            return np.arange(N_LATTICE)
        spans += [
            (m.scale.min(), m.scale.max()) if m.windows is None else m.windows.span()
            for m in one.measurements
        ]
    return lattice_between(min(low for low, _ in spans), max(high for _, high in spans))


def fine_grid(
    data: Sequence[TwoPointData],
    surveys: Sequence[Survey],
    options: TheoryOptions,
    n_z: int = N_FINE,
    *,
    second_order: bool = False,
) -> UniverseGrid:
    """Universes on nodes so dense that they leave no error of their own, common to all data."""
    nodes = Nodes.build(
        [survey.z for survey in surveys],
        n_z,
        ell_lattice_of(data),
        z_max=max(z_max_of(one) for one in data),
    )
    return UniverseGrid.build(
        nodes, linear=options.linear, nonlinear=options.nonlinear, second_order=second_order
    )
