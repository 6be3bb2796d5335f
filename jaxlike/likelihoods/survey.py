"""From a data set and options to its theory: bins, angles, n(z), and nodes dense enough."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from jaxlike.data import (
    FOURIER_SPACE,
    STATISTICS,
    Measurement,
    RedshiftDistribution,
    TwoPointData,
    apply_scale_cuts,
    find_data_file,
    read_scale_cuts,
    read_two_point,
)
from jaxlike.errors import ConfigError, DataError
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.sizes import Sizes
from jaxlike.theory.statistics import projection
from jaxlike.theory.statistics.data_blocks import Block
from jaxlike.theory.statistics.data_vector import TwoPointTheory
from jaxlike.theory.statistics.projection import bandpower_matrix, cl_matrix
from jaxlike.theory.tracers import redshift
from jaxlike.theory.universe.line_of_sight import lattice_between

DEFAULT_BANDWIDTH = 0.3
"""Width of the n(z) kernel in units of the tabulated bins, where none is given."""

_ARCMIN = np.pi / 180 / 60
_Z_MAX_FINE = 2.9  # galaxies beyond still count as sources, structure beyond as none
_FINE_ELL = np.geomspace(0.1, 7e4, 200)


def load_data(
    data_file: str | None, scale_cuts: str = "des_y1", probes: tuple[str, ...] | None = None
) -> TwoPointData:
    """Data of a file, of a fetched data set, or (None) of the shipped mock, after cuts."""
    data = read_two_point(find_data_file(data_file))
    if probes is not None:
        data = data.with_probes(probes)
    return apply_scale_cuts(data, read_scale_cuts(scale_cuts))


def tables(data: TwoPointData) -> tuple[RedshiftDistribution | None, RedshiftDistribution | None]:
    """The n(z) tables of the lenses and of the sources that the data use, None where unused."""
    names: dict[str, set[str]] = {"counts": set(), "shear": set()}
    for m in data.measurements:
        for field, kernel in zip(STATISTICS[m.statistic], (m.kernel1, m.kernel2), strict=True):
            names[field].add(kernel)
    for field, used in names.items():
        if len(used) > 1:
            raise DataError(
                f"{data.source}: the {field} measurements use the n(z) HDUs "
                f"{', '.join(sorted(used))}; one n(z) HDU for all of them is needed"
            )
    lens, source = (
        data.distribution(next(iter(names[field]))) if names[field] else None
        for field in ("counts", "shear")
    )
    return lens, source


def sizes_of(data: TwoPointData) -> Sizes:
    """How many bins the data use, and how many modes their n(z) have."""
    lens, source = tables(data)
    return Sizes(
        lens.n_bin if lens else 0,
        source.n_bin if source else 0,
        lens.n_mode if lens else 0,
        source.n_mode if source else 0,
    )


def _histogram(table: RedshiftDistribution) -> redshift.Histogram:
    cells = table.tiled()
    edges = np.append(cells.z_low, cells.z_high[-1])
    return redshift.Histogram(edges, cells.dndz, cells.modes)


def _block(measurement: Measurement, data: TwoPointData, kind: str) -> Block:
    # every pair of bins has the same angles, multipoles or windows: project each once
    scale, row = np.unique(measurement.scale, return_index=True)
    where = np.searchsorted(scale, measurement.scale)
    windows = measurement.windows
    project: Callable[[NDArray], NDArray]
    if windows is not None:
        where = windows.row
        project = partial(bandpower_matrix, windows.ell, windows.weight)
    elif measurement.statistic in FOURIER_SPACE:
        project = partial(cl_matrix, scale)
    else:
        project = _projection(measurement, data, kind, row)
    return Block(measurement.statistic, measurement.bin1 - 1, measurement.bin2 - 1, where, project)


def _projection(
    measurement: Measurement, data: TwoPointData, kind: str, row: NDArray
) -> Callable[[NDArray], NDArray]:
    """Matrix (n_angle, n_ell) of any nodes (n_ell,), at the angles of the rows `row`."""
    low, high = measurement.theta_min_arcmin, measurement.theta_max_arcmin
    if kind == "curved" and (low is None or high is None):
        raise ConfigError(
            f"projection = curved needs the edges of the angular bins, and {data.source}: HDU "
            f"'{measurement.name}' has no columns ANGLEMIN, ANGLEMAX: add them, give scale_cuts "
            "with angular_bins, or take projection = flat"
        )
    if kind == "curved":
        assert low is not None
        assert high is not None
        edges = low[row] * _ARCMIN, high[row] * _ARCMIN
        fine = projection.curved_sky(measurement.statistic, *edges, _FINE_ELL)
    else:
        theta = measurement.scale[row] * _ARCMIN
        fine = projection.flat_sky(measurement.statistic, theta, _FINE_ELL)

    def project(ell: NDArray) -> NDArray:
        return fine @ cl_matrix(_FINE_ELL, ell)

    return project


def _ell_lattice(data: TwoPointData) -> NDArray | None:
    """The multipole lattice where the data are C_ell; None, all of it, where they have angles."""
    if not FOURIER_SPACE.issuperset(data.statistics):
        return None
    spans = [
        (m.scale.min(), m.scale.max()) if m.windows is None else m.windows.span()
        for m in data.measurements
    ]
    return lattice_between(min(low for low, _ in spans), max(high for _, high in spans))


def _check_used(options: TheoryOptions, data: TwoPointData, *, lens: bool, source: bool) -> None:
    """ConfigError on an option for galaxies that the data have not got."""
    for there, kind, names in (
        (lens, "lens", ("bias", "magnification", "rsd")),
        (source, "source", ("alignment",)),
    ):
        for name in names:
            value, default = getattr(options, name), getattr(TheoryOptions, name)
            if not there and value != default:
                word = str(value).lower()
                raise ConfigError(
                    f"option '{name}' is {word}, which has no effect: the data of {data.source} "
                    f"in use have no {kind} bins; leave it at {str(default).lower()}"
                )


def fine_theory(data: TwoPointData, options: TheoryOptions) -> TwoPointTheory:
    """The theory of `data` on nodes so dense that they leave no error of their own."""
    found = tables(data)
    _check_used(options, data, lens=found[0] is not None, source=found[1] is not None)
    histograms = [_histogram(table) for table in found if table is not None]
    z_max = min(max(h.z_max() for h in histograms), _Z_MAX_FINE)
    width = options.nz_bandwidth
    if width is None:
        width = DEFAULT_BANDWIDTH * min(h.width for h in histograms)
    shifted = redshift.build(histograms, options.nz, width)
    unused = shifted[0].without_bins()
    lens = unused if found[0] is None else shifted[0].trimmed()
    source = unused if found[1] is None else shifted[-1].trimmed()
    if options.alignment != "nla" and found[1] is None:
        raise ConfigError(
            f"option 'alignment' = {options.alignment} has no effect: {data.source} has no shear; "
            "leave it out or take data with shear"
        )
    return TwoPointTheory.build(
        [_block(m, data, options.projection) for m in data.measurements],
        lens,
        source,
        linear=options.linear,
        nonlinear=options.nonlinear,
        z_max=z_max,
        ell_lattice=_ell_lattice(data),
        prefactors=options.ell_prefactors,
        bias=options.bias,
        alignment=options.alignment,
        magnification=options.magnification,
        rsd=options.rsd,
    )
