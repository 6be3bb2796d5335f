"""The n(z) of the samples of a data set: their cells, their models, and where they stand."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from jaxlike.data import RedshiftDistribution, TwoPointData
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.tails import check_reach, tail_of, warn_of_wide_cells
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.tracers import redshift
from jaxlike.theory.tracers.curves import NzModel
from jaxlike.theory.tracers.histogram import Histogram

DEFAULT_BANDWIDTH = 0.3
"""Width of the n(z) kernel in units of the tabulated bins, where none is given."""

MAPS = {"convergence": "convergence maps"}
"""Kinds of tracers without n(z)."""

Word = TypeVar("Word", bound=str)


def by_table(
    option: str, given: Word | Mapping[str, Word], data: TwoPointData, default: Word
) -> dict[str, Word]:
    """Name of the table of each sample -> its value of an option that is one for all, or by name
    (any case)."""
    tables = [table for table, _ in data.samples]
    if isinstance(given, str):
        return dict.fromkeys(tables, given)
    known = [table.name for table in data.nz]
    for table in given:
        if table.lower() not in [one.lower() for one in known]:
            raise ConfigError(
                f"option '{option}' has '{table}', which is no n(z) of {data.source}; those are: "
                f"{', '.join(known)}"
            )
    words = {table.lower(): word for table, word in given.items()}
    return {table: words.get(table.lower(), default) for table in tables}


def histogram_of(table: RedshiftDistribution) -> Histogram:
    """A table in cells without gaps or overlaps."""
    cells = table.tiled()
    edges = np.append(cells.z_low, cells.z_high[-1])
    return Histogram(edges, cells.dndz, cells.modes)


def histograms_of(data: TwoPointData) -> list[Histogram]:
    """n(z) of every sample of galaxies that the data use, in cells without gaps or overlaps."""
    return [
        histogram_of(data.distribution(name)) for name, kind in data.samples if kind not in MAPS
    ]


def nz_models_of(data: TwoPointData, options: TheoryOptions) -> list[NzModel]:
    """The model of n(z) of every sample of galaxies, in their order; ConfigError on names that the
    data have not got and on a bandwidth that none has a use for."""
    default: NzModel = "kde"
    nz = options.nz if isinstance(options.nz, str) else dict(options.nz)
    models = by_table("nz", nz, data, default)
    found = [models[name] for name, kind in data.samples if kind not in MAPS]
    if options.nz_bandwidth is not None and "kde" not in found:
        raise ConfigError(
            f"option 'nz_bandwidth' has no effect: no n(z) of {data.source} in use has nz = kde; "
            "leave it out"
        )
    return found


def bandwidth_of(
    histograms: Sequence[Histogram], options: TheoryOptions, models: Sequence[NzModel] = ()
) -> float:
    """Width in redshift of the kernel of all n(z) of a likelihood whose model (of each; none: of
    all) has one."""
    if options.nz_bandwidth is not None:
        return options.nz_bandwidth
    smoothed = [h for h, model in zip(histograms, models, strict=False) if model == "kde"]
    return DEFAULT_BANDWIDTH * min(h.width for h in smoothed or histograms)


def distributions_of(
    data: TwoPointData, options: TheoryOptions
) -> dict[tuple[str, str], redshift.ShiftedDistributions]:
    """(Name, kind) of each sample of galaxies -> its n(z), all on one lattice."""
    models, histograms = nz_models_of(data, options), histograms_of(data)
    if not histograms:
        return {}
    galaxies = [one for one in data.samples if one[1] not in MAPS]
    coarse = [
        (name, histogram)
        for (name, _), histogram, model in zip(galaxies, histograms, models, strict=True)
        if model != "spline"
    ]
    warn_of_wide_cells(data.source, coarse)
    check_reach([name for name, _ in galaxies], histograms)
    tail = tail_of(data, galaxies, histograms)
    bandwidth = bandwidth_of(histograms, options, models)
    found = redshift.build(histograms, models, bandwidth, tail=tail)
    return {one: nz.trimmed() for one, nz in zip(galaxies, found, strict=True)}
