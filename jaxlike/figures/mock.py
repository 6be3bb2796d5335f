"""Surveys of a few bins with Smail n(z): data, likelihood and the same spectra by CCL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data import RedshiftDistribution, TwoPointData
from jaxlike.figures import ccl as reference
from jaxlike.forecast.model_covariance import field_spectra
from jaxlike.forecast.point_covariance import noisy_fields
from jaxlike.likelihoods.two_point import Likelihood, fine_likelihood
from jaxlike.mocks.making import with_vector
from jaxlike.mocks.paper import cl_measurement
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.resolve import resolve
from jaxlike.registry.samples import lenses_and_sources
from jaxlike.theory.spectra.pairs import pair_array
from jaxlike.theory.statistics.covariance import gaussian_cl_covariance
from jaxlike.theory.tracers.counts import Counts
from jaxlike.theory.tracers.distributions import smail
from jaxlike.theory.tracers.shapes import Shapes

OPTIONS = TheoryOptions(radiation=False, ell_prefactors=True)
F_SKY, SIGMA_E, N_GAL = 0.25, 0.26, 1.0  # galaxies per arcmin^2 and bin
_EDGES = np.linspace(0.0, 3.5, 351)

Smail = tuple[float, float, float]


@dataclass(frozen=True)
class SmailSurvey:
    """Lenses (n_lens) and sources (n_source) of n(z) ~ z^a exp(-(z/z0)^b), (a, b, z0) each.

    bias: of each lens bin; ell: multipoles (n_ell,) of every spectrum of every pair of bins;
    parameters: the fiducial universe, by CCL's names.
    """

    lenses: tuple[Smail, ...]
    sources: tuple[Smail, ...]
    bias: tuple[float, ...]
    ell: NDArray
    parameters: Mapping[str, float]

    def canonical(self, **changes: ArrayLike) -> dict[str, Array]:
        """Canonical parameters of the fiducial universe with `changes`."""
        nuisance = {f"b{i}": b for i, b in enumerate(self.bias, start=1)} | {"A_IA": 0.0}
        values: dict[str, ArrayLike] = {**self.parameters, **nuisance, **changes}
        return resolve(values, lenses_and_sources(len(self.lenses), len(self.sources)))

    def empty(self) -> TwoPointData:
        """The layout of the data, with nothing measured: counts, cross, then shear."""
        tables = (
            _table("nz_lens", self.lenses),
            _table("nz_source", self.sources),
        )
        lens, source = (table.name for table in tables)
        n_lens, n_source = len(self.lenses), len(self.sources)
        counts, cross, shear = (
            pair_array(n_lens),
            pair_array(n_lens, n_source),
            pair_array(n_source),
        )
        measurements = (
            cl_measurement("C_ell_counts", "C_ell_counts", (lens, lens), counts, self.ell),
            cl_measurement("C_ell_cross", "C_ell_cross", (lens, source), cross, self.ell),
            cl_measurement("C_ell_shear", "C_ell_shear", (source, source), shear, self.ell),
        )
        n = sum(m.value.size for m in measurements)
        return TwoPointData(measurements, tables, np.eye(n), "the example of section 4")

    def data(self) -> TwoPointData:
        """The noiseless data vector at the fiducial universe, with its Gaussian covariance."""
        empty = self.empty()
        likelihood = fine_likelihood(empty, OPTIONS)
        cl = np.asarray(field_spectra(likelihood, self.canonical(), self.ell))
        n_lens, n_source = len(self.lenses), len(self.sources)
        fields = noisy_fields(empty)
        ends = _ends(n_lens, n_source)
        blocks = gaussian_cl_covariance(ends, fields, cl, self.ell, F_SKY)
        covariance = np.zeros((len(ends), self.ell.size, len(ends), self.ell.size))
        at = np.arange(self.ell.size)
        covariance[:, at, :, at] = (blocks + np.swapaxes(blocks, 1, 2)) / 2
        n = empty.n_data
        return with_vector(empty, cl[tuple(ends.T)].ravel(), covariance.reshape(n, n))

    def ccl_vector(self, likelihood: Likelihood, **changes: float) -> NDArray:
        """The data vector (n_data,) by CCL, with n(z) of a likelihood and changed parameters."""
        ccl = reference.ccl_module("the example of section 4")
        cosmo = reference.universe(ccl, {**self.parameters, **changes})
        tracers = likelihood.survey.tracers
        lens, source = (t.distributions for t in tracers if isinstance(t, Counts | Shapes))
        dndz = [np.asarray(sample.dndz(jnp.zeros(sample.n_bin))) for sample in (lens, source)]
        counts = reference.lenses(ccl, cosmo, lens.z, dndz[0], self.bias)
        shear = reference.sources(ccl, cosmo, source.z, dndz[1])
        every = counts + shear
        ends = _ends(len(counts), len(shear))
        # the default, adaptive quadrature, is slower and less smooth in ell
        method = {"limber_integration_method": "spline"}
        return np.concatenate(
            [ccl.angular_cl(cosmo, every[i], every[j], self.ell, **method) for i, j in ends]
        )


def _ends(n_lens: int, n_source: int) -> NDArray:
    """The two fields (n_pair, 2) of every spectrum, in the order of the data, lenses first."""
    cross = pair_array(n_lens, n_source) + np.array([0, n_lens])
    return np.concatenate([pair_array(n_lens), cross, pair_array(n_source) + n_lens])


def _table(name: str, bins: Sequence[Smail]) -> RedshiftDistribution:
    z = (_EDGES[1:] + _EDGES[:-1]) / 2
    dndz = np.asarray(smail(z, *np.array(bins).T))
    n = len(bins)
    return RedshiftDistribution(
        name, _EDGES[:-1], z, _EDGES[1:], dndz, np.full(n, N_GAL), np.full(n, SIGMA_E)
    )
