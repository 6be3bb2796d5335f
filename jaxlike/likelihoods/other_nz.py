"""The likelihood of other n(z) in the cells of its file's tables, which JAX may trace."""

from collections.abc import Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.data import RedshiftDistribution, TwoPointData
from jaxlike.errors import DataError, ParameterError
from jaxlike.likelihoods.sample_nz import bandwidth_of, histograms_of, nz_models_of
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.tracers.nz_lattice import resolves
from jaxlike.theory.tracers.redshift import ShiftedDistributions, with_counts

_BEYOND = 2e-3  # of a bin's galaxies, which may lie where the likelihood's lattice has ended


def with_nz(likelihood: Likelihood, tables: Mapping[str, ArrayLike]) -> Likelihood:
    """The same likelihood with other n(z) (n_bin, n_z), by the name of the table (any case).

    Of any normalisation, in the cells of the file, and traced or not. The lattice in redshift is
    that of the file's n(z), which is coarse where these are smooth. ParameterError on a name or
    shape that the data have not got, on galaxies beyond the lattice, and on n(z) less smooth than
    the lattice is made for, where they are not traced.
    """
    data, found = likelihood.data, list(likelihood.theory.tracers)
    given = {name.lower(): value for name, value in tables.items()}
    histograms = histograms_of(data)
    models = nz_models_of(data, likelihood.options)
    bandwidth = bandwidth_of(histograms, likelihood.options, models)
    samples = data.samples[: len(histograms)]  # maps, which have no n(z), come last
    known = [name.lower() for name, _ in samples]
    for name in given:
        if name not in known:
            accepted = ", ".join(dict.fromkeys(name for name, _ in samples))
            raise ParameterError(f"there is no n(z) table '{name}' in use; accepted are {accepted}")
    changed_data = _with_tables(data, given)
    for i, ((name, _), histogram) in enumerate(zip(samples, histograms, strict=True)):
        if name.lower() not in given:
            continue
        table = data.distribution(name)
        counts = _in_cells(table, given[name.lower()])
        distributions: ShiftedDistributions = found[i].distributions  # type: ignore[attr-defined]
        _check_reach(table.name, histogram.edges, distributions, counts)
        _check_smooth(table.name, histogram, distributions, counts)
        changed = with_counts(distributions, histogram, bandwidth, counts)
        changed = jax.tree.map(jnp.asarray, changed)
        found[i] = replace(found[i], distributions=changed)  # type: ignore[type-var]
    theory = replace(likelihood.theory, tracers=tuple(found))
    arrays = replace(likelihood.arrays, theory=theory)
    return replace(likelihood, arrays=arrays, data=changed_data)


def _in_cells(table: RedshiftDistribution, values: ArrayLike) -> Array:
    """Values (n_bin, n_z) of the file's cells in those without gaps or overlaps."""
    counts = jnp.asarray(values, float)
    if counts.shape != table.dndz.shape:
        raise ParameterError(
            f"n(z) of table '{table.name}' has shape {counts.shape}, but must be "
            f"{table.dndz.shape}, a row for each bin and a column for each cell of the file"
        )
    left_out = table.z_mid.size - table.tiled().z_mid.size
    rest = replace(
        table,
        **{f: getattr(table, f)[left_out:] for f in ("z_low", "z_mid", "z_high")},
        dndz=np.ones_like(table.dndz[:, left_out:]),
        modes=None,
    )
    if left_out and not isinstance(counts, jax.core.Tracer) and np.any(counts[:, :left_out]):
        raise ParameterError(
            f"n(z) of table '{table.name}' has galaxies in the first cell, which the file has "
            "empty and which begins below z = 0: leave it empty"
        )
    return counts[:, left_out:] * rest.tiled().dndz


def _check_reach(
    name: str, edges: np.ndarray, distributions: ShiftedDistributions, counts: Array
) -> None:
    if isinstance(counts, jax.core.Tracer):
        return
    mass = np.asarray(counts) * np.diff(edges)
    end = float(np.asarray(distributions.z)[-1])
    beyond = mass[:, edges[:-1] > end].sum(axis=1) / mass.sum(axis=1)
    if np.any(beyond > _BEYOND):
        raise ParameterError(
            f"n(z) of table '{name}': {100 * beyond.max():.3g} % of the galaxies of bin "
            f"{int(beyond.argmax()) + 1} lie beyond z = {end:.3g}, where the n(z) of the file end: "
            "write them to a file and load that"
        )


def _check_smooth(
    name: str, histogram: Histogram, distributions: ShiftedDistributions, counts: Array
) -> None:
    if distributions.model != "spline" or isinstance(counts, jax.core.Tracer):
        return
    step, fine = float(distributions.step), histogram.width / 4
    if step < 1.5 * fine:  # which has any curve
        return
    other = Histogram(histogram.edges, np.asarray(counts))
    if not resolves(step, step / round(step / fine), other):
        raise ParameterError(
            f"n(z) of table '{name}' is less smooth than that of the file, for which its lattice "
            "was chosen: write it to a file and load that"
        )


def _with_tables(data: TwoPointData, given: Mapping[str, ArrayLike]) -> TwoPointData:
    """The data with these n(z), as far as they are numbers."""
    changed = []
    for table in data.nz:
        values = given.get(table.name.lower())
        if values is not None and not isinstance(values, jax.core.Tracer):
            _in_cells(table, values)
            try:
                table = replace(table, dndz=np.asarray(values, float))
            except DataError as error:
                raise ParameterError(f"n(z): {error}") from error
        changed.append(table)
    return replace(data, nz=tuple(changed))
