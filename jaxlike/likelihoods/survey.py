"""From a data set and options to its survey: samples, bins, angles, n(z), on no nodes yet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data import (
    FOURIER_SPACE,
    Cuts,
    Measurement,
    RedshiftDistribution,
    TwoPointData,
    find_data_file,
    read_two_point,
    survey_of,
    with_maps,
)
from jaxlike.data.shipped import OF_SURVEY
from jaxlike.data.units import ARCMIN
from jaxlike.errors import ConfigError, DataError
from jaxlike.kept.arrays import kept_array
from jaxlike.likelihoods.filtered import check_filters, filtered_points
from jaxlike.likelihoods.sample_nz import MAPS, by_table, distributions_of
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import Prefix, Sample
from jaxlike.surveys import accepted_surveys, read_survey
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.statistics.data_vector import Block, Survey
from jaxlike.theory.statistics.projection import Transfer, cl_matrix
from jaxlike.theory.statistics.registry import Operator, Points
from jaxlike.theory.tracers import TRACERS
from jaxlike.theory.tracers.terms import Tracer

_NO_GALAXIES = np.linspace(0.0, 1.0, 3)  # a lattice where there are no n(z)
_FINE_ELL = np.geomspace(0.1, 7e4, 200)
_OPTIONS_OF = {
    "lens": ("counts", ("bias", "magnification", "rsd")),
    "source": ("shear", ("alignment",)),
}


def load_data(
    data_file: str | None,
    scale_cuts: Cuts = OF_SURVEY,
    probes: tuple[str, ...] | None = None,
    survey: str | None = None,
    *,
    kernels: Mapping[str, str] | None = None,
    nz_file: str | Mapping[str, str] | None = None,
    kappa: Mapping[str, float | Mapping[str, float]] | None = None,
) -> TwoPointData:
    """Data of a file, of a fetched data set, or (None) of the shipped mock, after cuts.

    kernels: right names of tables for wrong ones; nz_file: where n(z) are read instead; kappa:
    beams and multipoles of maps of the CMB's convergence, by the options' names. ConfigError where
    the cuts are to be those of a survey and the data are of none that is known.
    """
    read = partial(
        read_two_point,
        find_data_file(data_file),
        probes=probes,
        kernels=kernels,
        nz_file=_found(nz_file),
    )
    if scale_cuts == OF_SURVEY:
        try:
            scale_cuts = _cuts_of(survey or survey_of(data_file), data_file)
        except ConfigError:
            read()  # a file that cannot be read is of no survey: that is what is to be said
            raise
    data = read(scale_cuts=scale_cuts)
    return with_maps(data, kappa) if kappa else data


def _found(nz_file: str | Mapping[str, str] | None) -> Path | dict[str, Path] | None:
    """The files of n(z), which may be the names of data sets, as paths."""
    if nz_file is None:
        return None
    if isinstance(nz_file, str):
        return find_data_file(nz_file)
    return {name: find_data_file(one) for name, one in nz_file.items()}


def _cuts_of(survey: str | None, data_file: str | None) -> str:
    """The file of a survey's scale cuts; ConfigError where there is none, or no survey."""
    if survey is None:
        raise ConfigError(
            f"data file '{data_file}' is of no survey that is known here: give scale_cuts (none"
            ", a preset or a file) and priors of its nuisance parameters, or survey"
            f" ({accepted_surveys()}) for those of its analysis"
        )
    cuts = read_survey(survey).scale_cuts
    if cuts is None:
        raise ConfigError(
            f"survey '{survey}' has no scale cuts: give scale_cuts (none, a preset or a file)"
        )
    return str(cuts)


def samples_of(
    data: TwoPointData, name: str = "", prefix: Prefix = "", suffix: Prefix = ""
) -> tuple[Sample, ...]:
    """The samples of a likelihood of this name, and the prefix or suffix of their parameters.

    Mappings are by the names of n(z); ConfigError on one that the data have not got.  DataError
    where two samples of one kind would have their parameters in common.
    """
    prefixes, suffixes = by_table("prefix", prefix, data, ""), by_table("suffix", suffix, data, "")

    def sample(table: str, kind: str) -> Sample:
        own = prefixes[table], suffixes[table]
        if kind in MAPS:
            return Sample(kind, 1, 0, *own, name)
        nz = data.distribution(table)
        return Sample(kind, nz.n_bin, nz.n_mode, *own, name)

    found = [(table, sample(table, kind)) for table, kind in data.samples]
    for _, one in found:
        same = [t for t, other in found if (other.kind, other.own) == (one.kind, one.own)]
        if len(same) > 1 and one.parameters:
            each = ", ".join(f"{table}: {table.upper()}_" for table in same)
            ends = " ".join(f"{table}:{table.lower()}" for table in same)
            raise DataError(
                f"{data.source} has the {one.word} samples {', '.join(same)}; one needs parameters"
                f" of its own: give each a prefix, prefix: {{{each}}} (CosmoSIS: suffix = {ends})"
            )
    return tuple(one for _, one in found)


def tables(data: TwoPointData) -> tuple[RedshiftDistribution | None, RedshiftDistribution | None]:
    """The n(z) tables of the first lenses and of the first sources, None where there are none."""
    found = {
        kind: data.distribution(name) for name, kind in reversed(data.samples) if kind not in MAPS
    }
    return found.get("counts"), found.get("shear")


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
    windows, statistic = measurement.windows, STATISTICS[measurement.statistic]
    if windows is not None:
        where = windows.row
        points = Points(scale, windows=(windows.ell, windows.weight))
    elif measurement.statistic in FOURIER_SPACE:
        points = Points(scale)
    elif statistic.filtered:
        points = filtered_points(measurement, data, options, scale)
    else:
        points = _angles(measurement, data, options, row)
    points = replace(points, transfer=_transfer(measurement, data))
    project = partial(statistic.operator, points)
    if measurement.statistic not in FOURIER_SPACE:
        project = partial(_by_way_of, _on_fine_ell(statistic.operator, points))
    of_b = statistic.b_operator  # of which few surveys have a use
    project_b = None if of_b is None else partial(_of_b_modes, of_b, points)
    bins = measurement.bin1 - 1, measurement.bin2 - 1
    return Block(measurement.statistic, (first, second), *bins, where, project, project_b)


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


def _on_fine_ell(operator: Operator, points: Points) -> NDArray:
    """Matrix (n_angle, n_ell) on the fine multipoles, kept for the next time: it is made of many
    Bessel functions."""
    return kept_array("operator", (operator, points), lambda: operator(points, _FINE_ELL))


def _by_way_of(fine: NDArray, ell: NDArray) -> NDArray:
    """Matrix (n_angle, n_ell) on any nodes, from that on the fine multipoles."""
    return fine @ cl_matrix(_FINE_ELL, ell)


def _of_b_modes(operator: Operator, points: Points, ell: NDArray) -> NDArray:
    """The same on C_ell of B modes, made where it is asked for."""
    return _by_way_of(_on_fine_ell(operator, points), ell)


def _angles(
    measurement: Measurement, data: TwoPointData, options: TheoryOptions, row: NDArray
) -> Points:
    """The angles of the rows `row`, with their bins where the projection needs them."""
    theta = measurement.scale[row] * ARCMIN
    if options.projection != "curved":
        return Points(theta)
    low, high = measurement.theta_min_arcmin, measurement.theta_max_arcmin
    if low is None or high is None:
        raise ConfigError(
            f"projection = curved needs the edges of the angular bins, and {data.source}: HDU "
            f"'{measurement.name}' has no columns ANGLEMIN, ANGLEMAX: add them, give scale_cuts "
            "with angular_bins, or take projection = flat"
        )
    edges = low[row] * ARCMIN, high[row] * ARCMIN
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
    samples = data.samples
    _check_used(options, data, {kind for _, kind in samples})
    check_filters(options, data)
    found = distributions_of(data, options)
    tracers: list[Tracer] = []
    for one in samples:
        tracers.append(TRACERS[one[1]].of(found.get(one), vars(options)))
    blocks = tuple(_block(m, data, samples, options) for m in data.measurements)
    if not found:
        return Survey(tuple(tracers), blocks, _NO_GALAXIES, np.zeros_like(_NO_GALAXIES))
    longest = max(found.values(), key=lambda one: one.z.size)
    return Survey(tuple(tracers), blocks, longest.z, longest.weights, options.b_modes)
