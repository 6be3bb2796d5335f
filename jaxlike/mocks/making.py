"""Mock data of a layout: the theory of this package at its fiducial point, and noise of its seed.

The covariance is Gaussian, of the layout's area, densities and shape noise, the same for every
statistic: `theory.statistics.covariance`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from jaxlike.data import TwoPointData, apply_scale_cuts, read_scale_cuts, write_two_point_fits
from jaxlike.data.units import ARCMIN
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.forecast.model_covariance import vector_and_spectra
from jaxlike.likelihoods.filtered import filtered_points
from jaxlike.likelihoods.two_point import fine_likelihood
from jaxlike.mocks.layout import Layout
from jaxlike.mocks.numbers import rounded
from jaxlike.registry.resolve import resolve
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.statistics.covariance import (
    Field,
    Kernel,
    PairPoints,
    covariance_by_kernels,
    filtered_kernel,
    real_space_kernel,
)
from jaxlike.theory.statistics.filters import multipoles

_ELL_MAX = 20000
_ELL_MAX_FILTERED = 10000  # of filters from 0.5 arcmin on: beyond are 3e-5 of a variance


def noisy_fields(
    n_gal_source: Sequence[float], n_gal_lens: Sequence[float], sigma_e: float | Sequence[float]
) -> list[Field]:
    """The tomographic bins with their noise power, lenses first."""
    fields = [Field("counts", i, 1 / n * ARCMIN**2) for i, n in enumerate(n_gal_lens)]
    widths = np.broadcast_to(sigma_e, len(n_gal_source)).tolist()
    return fields + [
        Field("shear", i, s**2 / n * ARCMIN**2)
        for i, (n, s) in enumerate(zip(n_gal_source, widths, strict=True))
    ]


def with_vector(data: TwoPointData, value: NDArray, covariance: NDArray) -> TwoPointData:
    """`data` with another data vector (n_data,) and covariance."""
    ends = np.cumsum([m.value.size for m in data.measurements])[:-1]
    parts = zip(data.measurements, np.split(value, ends), strict=True)
    measurements = tuple(replace(m, value=part) for m, part in parts)
    return replace(data, measurements=measurements, covariance=covariance)


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Gaussian covariance of data as a function of spectra: multipoles ell (n_ell,), the kernels of
    tables at them, and how many modes of the whole sky each multipole stands for."""

    ell: NDArray
    modes: NDArray
    kernels: Mapping[str, Kernel]
    points: Sequence[PairPoints]
    fields: Sequence[Field]
    f_sky: float

    def __call__(self, cl: NDArray) -> NDArray:
        """(n_data, n_data) of spectra (n_field, n_field, n_ell), sample by sample."""
        given = self.points, self.kernels, self.fields, cl, self.modes, self.f_sky
        return np.asarray(covariance_by_kernels(*given))


def make_mock(layout: Layout) -> TwoPointData:
    """The mock survey of a layout, in double precision whatever JAX's is."""
    with jax.enable_x64(True):
        return _make_mock(layout)


def _make_mock(layout: Layout) -> TwoPointData:
    data = layout.empty()
    if layout.cut:
        cuts = layout.analysis.scale_cuts
        if cuts is None:
            raise ConfigError(f"{layout.file}: cut is true, and the survey has no scale cuts")
        data = apply_scale_cuts(data, read_scale_cuts(str(cuts)))
    # point masses that are marginalised are none in the mean
    options = replace(layout.options, point_mass="none")
    likelihood = fine_likelihood(data, options)
    covariance_of = gaussian_of(layout, data)
    try:
        parameters = resolve(layout.fiducial, likelihood.samples)
        vector, cl = vector_and_spectra(likelihood, parameters, covariance_of.ell)
    except ParameterError as error:
        raise ParameterError(f"{layout.file}: {error}") from error
    covariance = covariance_of(np.asarray(cl))
    covariance = rounded((covariance + covariance.T) / 2)
    noise = np.random.default_rng(layout.seed).standard_normal(data.n_data)
    value = rounded(np.asarray(vector) + np.linalg.cholesky(covariance) @ noise)
    return with_vector(layout.as_in_files(data), value, covariance)


def gaussian_of(layout: Layout, data: TwoPointData) -> Gaussian:
    """The covariance of a layout's data, or of some of its points."""
    filtered = {
        m.name: filtered_points(m, data, layout.options, np.unique(m.scale))
        for m in data.measurements
        if STATISTICS[m.statistic].filtered
    }
    ell, weight = np.arange(_ELL_MAX + 1.0), np.ones(_ELL_MAX + 1)
    if len(filtered) == len(data.measurements):
        ends = (
            one.theta_range[1] * np.exp(one.apodisation / 2)
            for one in filtered.values()
            if one.theta_range is not None
        )
        ell, weight = multipoles(max(ends), _ELL_MAX_FILTERED)
    kernels: dict[str, Kernel] = {}
    for m in data.measurements:
        if m.name in filtered:
            kernels[m.name] = filtered_kernel(m.statistic, filtered[m.name], ell)
        else:
            edges = layout.edges_arcmin(m.name) * ARCMIN
            kernels[m.name] = real_space_kernel(m.statistic, edges[:-1], edges[1:], _ELL_MAX)
    modes = (2 * ell + 1) / weight
    return Gaussian(ell, modes, kernels, _points(data), _fields(data), layout.f_sky)


def _points(data: TwoPointData) -> list[PairPoints]:
    """The points of every table and pair of bins, in the order of the data."""
    starts = np.cumsum([0, *(data.distribution(name).n_bin for name, _ in data.samples)]).tolist()
    first_of = dict(zip(data.samples, starts, strict=False))
    points = []
    for m in data.measurements:
        kinds = STATISTICS[m.statistic].tracers
        first, second = (first_of[one] for one in zip((m.kernel1, m.kernel2), kinds, strict=True))
        row = m.angle_bin - 1
        if STATISTICS[m.statistic].filtered:  # whose kernel has no row of modes that are cut
            row = np.searchsorted(np.unique(m.scale), m.scale)
        for i, j in dict.fromkeys(zip(m.bin1.tolist(), m.bin2.tolist(), strict=True)):
            own = row[(m.bin1 == i) & (m.bin2 == j)]
            points.append(PairPoints(m.name, first + i - 1, second + j - 1, own))
    return points


def _fields(data: TwoPointData) -> list[Field]:
    """Every bin with its noise power, sample by sample."""
    found = []
    for name, kind in data.samples:
        nz = data.distribution(name)
        assert nz.n_gal is not None  # as every layout says
        n_gal = tuple(nz.n_gal.tolist())
        shapes = () if nz.sigma_e is None else tuple(nz.sigma_e.tolist())
        one = noisy_fields(n_gal, (), shapes) if kind == "shear" else noisy_fields((), n_gal, ())
        found += one
    return found


def write_mock(
    data: TwoPointData,
    output: str | Path,
    header: Mapping[str, Any],
    fiducial: Mapping[str, float],
    *,
    overwrite: bool,
) -> None:
    """Write a mock with its header and fiducial parameters."""
    known = " ".join(f"{name}={value:g}" for name, value in fiducial.items())
    write_two_point_fits(data, output, overwrite=overwrite, header={**header, "FIDUCIAL": known})
