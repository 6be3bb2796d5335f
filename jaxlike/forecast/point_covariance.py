"""The Gaussian covariance of data of correlation functions, COSEBIs or band powers, of spectra."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data import Measurement, RedshiftDistribution, TwoPointData
from jaxlike.data.units import ARCMIN
from jaxlike.errors import DataError
from jaxlike.likelihoods.filtered import filtered_points
from jaxlike.registry.options import TheoryOptions
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
from jaxlike.theory.tracers.distributions import per_steradian

_ELL_MAX = 20000
_ELL_MAX_FILTERED = 10000  # of filters from 0.5 arcmin on: beyond are 3e-5 of a variance


@dataclass(frozen=True, eq=False)
class PointCovariance:
    """Gaussian covariance of data as a function of spectra.

    ell: (n_ell,) multipoles of the spectra; modes: (n_ell,) of the whole sky that each stands for;
    kernels: by names of tables; points: of pairs of the fields, in the order of the data.
    """

    ell: NDArray
    modes: NDArray
    kernels: Mapping[str, Kernel]
    points: Sequence[PairPoints]
    fields: Sequence[Field]

    def __call__(self, cl: ArrayLike, f_sky: ArrayLike) -> Any:
        """(n_data, n_data) of signal spectra (n_field, n_field, n_ell) of E modes."""
        return covariance_by_kernels(self.points, self.kernels, self.fields, cl, self.modes, f_sky)


def point_covariance(data: TwoPointData, options: TheoryOptions) -> PointCovariance:
    """That of data of no C_ell, with the noise that their n(z) tables say.

    DataError where densities, shape noise or the edges of angular bins are missing, or the
    convergence is among the fields.
    """
    filtered = {
        m.name: filtered_points(m, data, options, np.unique(m.scale))
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
    kernels = {
        m.name: filtered_kernel(m.statistic, filtered[m.name], ell)
        if m.name in filtered
        else real_space_kernel(m.statistic, *_edges(data, m), _ELL_MAX)
        for m in data.measurements
    }
    return PointCovariance(ell, (2 * ell + 1) / weight, kernels, _points(data), noisy_fields(data))


def noisy_fields(data: TwoPointData) -> list[Field]:
    """Every bin with its noise power, sample by sample, lenses first; DataError as above."""
    found = []
    for name, kind in data.samples:
        if kind == "convergence":
            raise DataError(
                f"{data.source} has the convergence '{name}', whose noise no file says: a Gaussian "
                "covariance is of galaxies and their shapes"
            )
        table = data.distribution(name)
        density = np.asarray(per_steradian(_column(data, table, "n_gal")))
        shape = _column(data, table, "sigma_e") if kind == "shear" else np.ones(table.n_bin)
        found += [Field(kind, i, v) for i, v in enumerate((shape**2 / density).tolist())]
    return found


def _column(data: TwoPointData, table: RedshiftDistribution, name: str) -> NDArray:
    values = getattr(table, name)
    if values is None:
        raise DataError(
            f"{data.source}: HDU '{table.name}' has no {name}, which a Gaussian covariance (option "
            "f_sky) is made of"
        )
    return np.asarray(values)


def _edges(data: TwoPointData, m: Measurement) -> tuple[NDArray, NDArray]:
    """Edges [radians] (n,) each of the different angular bins of a table, in order."""
    _, row = np.unique(m.scale, return_index=True)
    if m.theta_min_arcmin is None or m.theta_max_arcmin is None:
        raise DataError(
            f"{data.source}: HDU '{m.name}' has no columns ANGLEMIN, ANGLEMAX, in which a Gaussian "
            "covariance (option f_sky) counts galaxies: give scale_cuts with angular_bins"
        )
    return m.theta_min_arcmin[row] * ARCMIN, m.theta_max_arcmin[row] * ARCMIN


def _points(data: TwoPointData) -> list[PairPoints]:
    """The points of every table and pair of bins, in the order of the data."""
    starts = np.cumsum([0, *(data.distribution(name).n_bin for name, _ in data.samples)]).tolist()
    first_of = dict(zip(data.samples, starts, strict=False))
    points = []
    for m in data.measurements:
        kinds = STATISTICS[m.statistic].tracers
        first, second = (first_of[one] for one in zip((m.kernel1, m.kernel2), kinds, strict=True))
        row = np.searchsorted(np.unique(m.scale), m.scale)
        for i, j in dict.fromkeys(zip(m.bin1.tolist(), m.bin2.tolist(), strict=True)):
            own = row[(m.bin1 == i) & (m.bin2 == j)]
            points.append(PairPoints(m.name, first + i - 1, second + j - 1, own))
    return points
