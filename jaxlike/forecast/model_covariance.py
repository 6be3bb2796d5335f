"""The Gaussian covariance of a model's data as a function of its parameters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data import FOURIER_SPACE, TwoPointData
from jaxlike.errors import ConfigError, DataError
from jaxlike.forecast.point_covariance import noisy_fields, point_covariance
from jaxlike.likelihoods.compiled import TwoPoint
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.posterior.model import Model
from jaxlike.registry.effects import check_complete
from jaxlike.registry.samples import own_parameters
from jaxlike.theory.power.universe import Universe, UniverseGrid
from jaxlike.theory.spectra.pairs import PairGroup, every_pair
from jaxlike.theory.statistics.covariance import Field, gaussian_cl_covariance
from jaxlike.theory.statistics.projection import cl_matrix
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
    """Function from x (n,) to the Gaussian covariance of the model's data, in blocks.

    Of C_ell (n_ell, n_pair, n_pair), of anything else (1, n_data, n_data) with pairs one after
    another. Noise is that of the densities and of the shape noise in the data file's n(z) tables.
    ConfigError where f_sky is no fraction or only some of the data are C_ell, DataError where the
    file lacks densities or edges of angular bins, or where not every pair has all multipoles.
    """
    if not 0 < f_sky <= 1:
        raise ConfigError(f"option f_sky is {f_sky:g}; accepted is a fraction of the sky in (0, 1]")
    data, likelihood = model.data, model.likelihood
    spectra = [s for s in data.statistics if s in FOURIER_SPACE]
    if spectra and len(spectra) < len(data.statistics):
        raise ConfigError(
            f"option f_sky is for data of C_ell or of other statistics, and {data.source} has "
            f"both: {', '.join(data.statistics)}; choose probes"
        )
    if not spectra:
        of_points = point_covariance(data, likelihood.options)

        def dense(x: Array) -> Array:
            values = model.canonical(model.params_dict(x))
            cl = field_spectra(likelihood, values, of_points.ell)
            return jnp.asarray(of_points(cl, f_sky))[None]

        return dense
    n_lens = sum(one.n_bin for one in likelihood.samples if one.kind == "counts")
    fields, (ell, ends) = noisy_fields(data), _layout(data, n_lens)

    def covariance(x: Array) -> Array:
        values = model.canonical(model.params_dict(x))
        cl = field_spectra(likelihood, values, ell)
        return jnp.asarray(gaussian_cl_covariance(ends, fields, cl, ell, f_sky))

    return covariance


@dataclass(frozen=True, eq=False)
class ClCovariance:
    """Gaussian covariance of C_ell as a function of spectra at ell (n_ell,); ends: pairs of fields
    (n_pair, 2), in the order of the data."""

    ell: NDArray
    ends: NDArray
    fields: Sequence[Field]

    @classmethod
    def of(cls, data: TwoPointData) -> "ClCovariance":
        """That of data of C_ell, with the noise that their n(z) tables say; DataError as above."""
        fields = noisy_fields(data)
        return cls(*_layout(data, sum(one.kind == "counts" for one in fields)), fields)

    def __call__(self, cl: ArrayLike, f_sky: float) -> NDArray:
        """(n_data, n_data) of signal spectra (n_field, n_field, n_ell)."""
        blocks = gaussian_cl_covariance(self.ends, self.fields, cl, self.ell, f_sky)
        n_pair, n_ell = len(self.ends), len(self.ell)
        found, at = np.zeros((n_pair, n_ell, n_pair, n_ell)), np.arange(n_ell)
        found[:, at, :, at] = blocks
        return found.reshape(n_pair * n_ell, n_pair * n_ell)


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
