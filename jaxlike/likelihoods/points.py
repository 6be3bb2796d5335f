"""From a measurement to its points: which C_ell they are made of, and by which operator."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from jaxlike.data import FOURIER_SPACE, Measurement, TwoPointData
from jaxlike.errors import ConfigError
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.statistics.data_vector import Block
from jaxlike.theory.statistics.projection import Transfer, cl_matrix
from jaxlike.theory.statistics.registry import Points

MAPS = ("convergence",)
"""Kinds of tracers that are maps, without n(z)."""

_ARCMIN = np.pi / 180 / 60
_FINE_ELL = np.geomspace(0.1, 7e4, 200)


def block_of(measurement: Measurement, data: TwoPointData, options: TheoryOptions) -> Block:
    """The points of one measurement, whose samples are numbered as those of the data."""
    kinds = STATISTICS[measurement.statistic].tracers
    first, second = (
        data.samples.index(one)
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
    points = replace(points, transfer=_transfer(measurement, data))
    project = partial(operator, points)
    if measurement.statistic not in FOURIER_SPACE:
        project = partial(_by_way_of, operator(points, _FINE_ELL))
    bins = measurement.bin1 - 1, measurement.bin2 - 1
    return Block(measurement.statistic, (first, second), *bins, where, project)


def _transfer(measurement: Measurement, data: TwoPointData) -> Transfer | None:
    """Beams and cuts of the maps that a measurement is made with, None where there are none."""
    kinds = STATISTICS[measurement.statistic].tracers
    kernels = zip((measurement.kernel1, measurement.kernel2), kinds, strict=True)
    maps = [data.convergence_map(name) for name, kind in kernels if kind in MAPS]
    low = max((one.ell_min for one in maps), default=0.0)
    high = min((one.ell_max for one in maps), default=np.inf)
    if not any(one.has_beam for one in maps) and low == 0 and high == np.inf:
        return None

    def beam(ell: NDArray) -> NDArray:
        return np.asarray(np.prod([one.beam_at(ell) for one in maps], axis=0))

    return Transfer(beam, low, high)


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
