"""Mock data of a layout: the theory of this package at its fiducial point, and noise of its seed,
where it has one.

The covariance is Gaussian, of the layout's area, densities and shape noise, the same for every
statistic: `theory.statistics.covariance`.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from jaxlike.data import (
    FOURIER_SPACE,
    TwoPointData,
    apply_scale_cuts,
    read_scale_cuts,
    write_two_point_fits,
)
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.forecast.model_covariance import ClCovariance, vector_and_spectra
from jaxlike.forecast.point_covariance import point_covariance
from jaxlike.likelihoods.two_point import fine_likelihood
from jaxlike.mocks.layout import Layout
from jaxlike.mocks.numbers import rounded
from jaxlike.registry.resolve import resolve


def with_vector(data: TwoPointData, value: NDArray, covariance: NDArray) -> TwoPointData:
    """`data` with another data vector (n_data,) and covariance."""
    ends = np.cumsum([m.value.size for m in data.measurements])[:-1]
    parts = zip(data.measurements, np.split(value, ends), strict=True)
    measurements = tuple(replace(m, value=part) for m, part in parts)
    return replace(data, measurements=measurements, covariance=covariance)


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
    likelihood = fine_likelihood(data, replace(options, limber="all"))
    spectra = {*data.statistics} <= FOURIER_SPACE
    covariance_of = ClCovariance.of(data) if spectra else point_covariance(data, options)
    try:
        parameters = resolve(layout.fiducial, likelihood.samples)
        vector, cl = vector_and_spectra(likelihood, parameters, covariance_of.ell)
    except ParameterError as error:
        raise ParameterError(f"{layout.file}: {error}") from error
    covariance = covariance_of(np.asarray(cl), layout.f_sky)
    covariance = rounded((covariance + covariance.T) / 2)
    if options.limber != "all":  # how many multipoles go beyond it is a question of errors
        beyond = fine_likelihood(replace(data, covariance=covariance), options)
        vector = beyond.theory_vector(parameters)
    value = np.asarray(vector)
    if layout.seed is not None:
        noise = np.random.default_rng(layout.seed).standard_normal(data.n_data)
        value = value + np.linalg.cholesky(covariance) @ noise
    return with_vector(layout.as_in_files(data), rounded(value), covariance)


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
