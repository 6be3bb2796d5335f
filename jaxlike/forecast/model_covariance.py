"""The Gaussian covariance of a model's C_ell as a function of its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data import FOURIER_SPACE, RedshiftDistribution, TwoPointData
from jaxlike.errors import ConfigError, DataError
from jaxlike.likelihoods.compiled import TwoPoint
from jaxlike.likelihoods.survey import tables
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.posterior.model import Model
from jaxlike.registry.effects import check_complete
from jaxlike.registry.samples import own_parameters
from jaxlike.theory.power.universe import Universe, UniverseGrid
from jaxlike.theory.spectra.pairs import PairGroup, every_pair
from jaxlike.theory.statistics.covariance import Field, gaussian_cl_covariance
from jaxlike.theory.statistics.projection import cl_matrix
from jaxlike.theory.tracers.distributions import per_steradian
from jaxlike.theory.universe.cosmology import Cosmology


def field_spectra(
    likelihood: Likelihood, parameters: Mapping[str, ArrayLike], ell: NDArray
) -> Array:
    """C_ell (n_field, n_field, n_ell) of every pair of bins, sample by sample, lenses first."""
    to_ell = cl_matrix(ell, np.asarray(likelihood.grid.nodes.ell))
    cosmo = likelihood.cosmology(parameters)
    return _field_spectra(likelihood.grid, likelihood.arrays, cosmo, dict(parameters), to_ell)


def vector_and_spectra(
    likelihood: Likelihood, parameters: Mapping[str, ArrayLike], ell: NDArray
) -> tuple[Array, Array]:
    """The data vector (n_data,) and the same C_ell, in one universe; compiled in parts, of which
    that of the universe serves other surveys too."""
    cosmo = likelihood.cosmology(parameters)
    check_complete(parameters, vars(likelihood.options), likelihood.samples)
    universe = _universe(likelihood.grid, cosmo)
    to_ell = cl_matrix(ell, np.asarray(likelihood.grid.nodes.ell))
    given = likelihood.arrays, universe, dict(parameters)
    return _vector(*given), jax.jit(_at_nodes)(*given) @ to_ell.T


@jax.jit
def _universe(grid: UniverseGrid, cosmo: Cosmology) -> Universe:
    return grid.universe(cosmo)


@jax.jit
def _vector(one: TwoPoint, universe: Universe, parameters: dict[str, ArrayLike]) -> Array:
    return one.theory_vector(universe, parameters)


@jax.jit
def _field_spectra(
    grid: UniverseGrid,
    one: TwoPoint,
    cosmo: Cosmology,
    parameters: dict[str, ArrayLike],
    to_ell: Array,
) -> Array:
    return _at_nodes(one, grid.universe(cosmo), parameters) @ to_ell.T


def _at_nodes(one: TwoPoint, universe: Universe, parameters: dict[str, ArrayLike]) -> Array:
    """C_ell (n_field, n_field, n_ell) at the nodes."""
    sizes = [sample.n_bin for sample in one.samples]
    groups = tuple(
        PairGroup(i, j, every_pair(sizes[i], None if i == j else sizes[j]))
        for i, j in every_pair(len(sizes))
    )
    own = [own_parameters(parameters, sample) for sample in one.samples]
    spectra = replace(one.theory, groups=groups).spectra(universe, own)
    first = np.cumsum([0, *sizes])
    cl = jnp.zeros((first[-1], first[-1], spectra[0].E.shape[-1]))
    for group, found in zip(groups, spectra, strict=True):
        i, j = (group.array() + first[[group.first, group.second]]).T
        cl = cl.at[i, j].set(found.E).at[j, i].set(found.E)
    return cl


def gaussian_covariance_of(model: Model, f_sky: float) -> Callable[[Array], Array]:
    """Function from x (n,) to the covariance (n_ell, n_pair, n_pair) of the model's C_ell.

    Noise is that of the densities and of the shape noise in the data file's n(z) tables.
    ConfigError where f_sky is no fraction or the data are no C_ell, DataError where the file lacks
    densities or where not every pair of bins has all multipoles.
    """
    if not 0 < f_sky <= 1:
        raise ConfigError(f"option f_sky is {f_sky:g}; accepted is a fraction of the sky in (0, 1]")
    data, likelihood = model.data, model.likelihood
    if not set(data.statistics) <= FOURIER_SPACE:
        raise ConfigError(
            f"option f_sky is for data of C_ell, and {data.source} has {', '.join(data.statistics)}"
        )
    n_lens = sum(one.n_bin for one in likelihood.samples if one.kind == "counts")
    fields, (ell, ends) = _fields(data), _layout(data, n_lens)

    def covariance(x: Array) -> Array:
        values = model.canonical(model.params_dict(x))
        cl = field_spectra(likelihood, values, ell)
        return jnp.asarray(gaussian_cl_covariance(ends, fields, cl, ell, f_sky))

    return covariance


def _fields(data: TwoPointData) -> list[Field]:
    lens, source = tables(data)
    fields = []
    for kind, table in (("counts", lens), ("shear", source)):
        if table is not None:
            density = np.asarray(per_steradian(_column(data, table, "n_gal")))
            shape = _column(data, table, "sigma_e") if kind == "shear" else np.ones(table.n_bin)
            fields += [Field(kind, i, v) for i, v in enumerate((shape**2 / density).tolist())]
    return fields


def _column(data: TwoPointData, table: RedshiftDistribution, name: str) -> NDArray:
    values = getattr(table, name)
    if values is None:
        raise DataError(
            f"{data.source}: HDU '{table.name}' has no {name}, which the covariance of option "
            "f_sky is made of"
        )
    return np.asarray(values)


def _layout(data: TwoPointData, n_lens: int) -> tuple[NDArray, NDArray]:
    """Multipoles (n_ell,), and the pairs of fields (n_pair, 2) in the order of the data."""
    offsets = {"C_ell_shear": (n_lens, n_lens), "C_ell_cross": (0, n_lens), "C_ell_counts": (0, 0)}
    ell, ends = np.unique(data.measurements[0].scale), []
    for m in data.measurements:
        pairs = list(dict.fromkeys(zip(m.bin1.tolist(), m.bin2.tolist(), strict=True)))
        if m.scale.size != len(pairs) * ell.size or not np.isin(m.scale, ell).all():
            raise DataError(
                f"{data.source}: HDU '{m.name}' has not the same multipoles for every pair of "
                "bins, which the covariance of option f_sky needs"
            )
        first, second = offsets[m.statistic]
        ends += [(first + i - 1, second + j - 1) for i, j in pairs]
    return ell, np.array(ends)
