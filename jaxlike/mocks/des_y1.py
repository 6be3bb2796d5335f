"""The mock survey that comes with the package: DES-Y1 in layout and size, made here alone.

Analytic n(z) that resemble DES-Y1's; the theory of this package at `FIDUCIAL` plus Gaussian noise
of a stated seed; the Gaussian covariance of DES-Y1's area, densities and shape noise.
`jaxlike mock --output FILE` makes it again, bit for bit.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from jaxlike.data import (
    Measurement,
    RedshiftDistribution,
    TwoPointData,
    apply_scale_cuts,
    read_scale_cuts,
    write_two_point_fits,
)
from jaxlike.data.units import ARCMIN
from jaxlike.forecast.model_covariance import field_spectra
from jaxlike.likelihoods.two_point import fine_likelihood
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.spectra.pairs import pair_array
from jaxlike.theory.statistics.covariance import Field, RealSpacePoints, gaussian_covariance

SEED = 20170803
AREA_DEG2 = 1321.0
SIGMA_E = 0.27
N_GAL_SOURCE = (1.50, 1.52, 1.59, 0.79)  # per arcmin^2 (Zuntz et al. 2018, arXiv:1708.01533)
N_GAL_LENS = (0.0134, 0.0344, 0.0511, 0.0301, 0.0089)  # Elvin-Poole et al. 2018, arXiv:1708.01536
FIDUCIAL: dict[str, float] = {
    "Omega_m": 0.28, "sigma8": 0.81, "h": 0.69, "Omega_b": 0.047, "n_s": 0.968,
    "omega_nu": 0.001, "b1": 1.42, "b2": 1.65, "b3": 1.6, "b4": 1.92, "b5": 2.0,
    "m1": 0.012, "m2": 0.012, "m3": 0.012, "m4": 0.012,
    "dz_source1": -0.001, "dz_source2": -0.019, "dz_source3": 0.009, "dz_source4": -0.018,
    "dz_lens1": 0.008, "dz_lens2": -0.005, "dz_lens3": 0.006, "dz_lens4": 0.0, "dz_lens5": 0.0,
    "A_IA": 0.44, "alpha_IA": 0.0, "z0_IA": 0.62,
}  # fmt: skip

_N_ANGLE, _EDGES_ARCMIN = 20, np.geomspace(2.5, 250.0, 21)
_ELL_MAX = 20000
_ARCMIN2_PER_SKY = 4 * np.pi / ARCMIN**2
_DIGITS = 9  # significant digits kept, so that the last bits of another machine do not show

# Smooth fits to the published histograms. Sources: fraction, mean, width of a Gaussian, then
# median and width of a log-normal. Lenses: two edges, their widths, exponent of z between them.
_SOURCE = (
    (0.359, 0.437, 0.084, 0.304, 0.436),
    (0.475, 0.554, 0.073, 0.414, 0.514),
    (0.788, 0.733, 0.115, 0.731, 0.878),
    (0.740, 0.951, 0.164, 0.998, 1.153),
)
_LENS = (
    (0.1605, 0.3001, 0.0273, 0.0200, 1.01),
    (0.2926, 0.4486, 0.0220, 0.0253, 1.73),
    (0.4501, 0.5903, 0.0262, 0.0283, 1.23),
    (0.5949, 0.7520, 0.0199, 0.0359, 0.52),
    (0.7468, 0.8900, 0.0295, 0.0300, 2.34),
)


def rounded(values: NDArray) -> NDArray:
    """`values` to `_DIGITS` significant digits."""
    with np.errstate(divide="ignore"):
        scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.abs(values))))
    return np.where(values == 0, 0.0, np.rint(values * np.where(values == 0, 1, scale)) / scale)


def distributions(
    n_gal_source: tuple[float, ...], n_gal_lens: tuple[float, ...], sigma_e: float
) -> tuple[RedshiftDistribution, RedshiftDistribution]:
    """n(z) of the sources and of the lenses, with these densities per arcmin^2 and shape noise."""
    edges = np.linspace(0.0, 3.5, 351)
    z = (edges[1:] + edges[:-1]) / 2

    def source(f: float, mean: float, width: float, median: float, spread: float) -> NDArray:
        bump = np.exp(-(((z - mean) / width) ** 2) / 2) / width
        return f * bump + (1 - f) * np.exp(-((np.log(z / median) / spread) ** 2) / 2) / spread / z

    def lens(a: float, b: float, rise: float, fall: float, power: float) -> NDArray:
        step = erf((z - a) / rise / np.sqrt(2)) - erf((z - b) / fall / np.sqrt(2))
        return np.clip(step, 0, None) * z**power

    def table(name: str, rows: list[NDArray], n_gal: tuple[float, ...]) -> RedshiftDistribution:
        dndz = np.stack(rows)
        dndz = rounded(dndz / dndz.sum(axis=1, keepdims=True) / (edges[1] - edges[0]))
        dndz[dndz < 1e-8] = 0.0
        return RedshiftDistribution(name, edges[:-1], z, edges[1:], dndz, n_gal=np.array(n_gal))

    return (
        replace(
            table("nz_source", [source(*p) for p in _SOURCE], n_gal_source),
            sigma_e=np.full(len(_SOURCE), sigma_e),
        ),
        table("nz_lens", [lens(*p) for p in _LENS], n_gal_lens),
    )


def _measurement(
    name: str, statistic: str, kernels: tuple[str, str], pairs: NDArray
) -> Measurement:
    low, high = _EDGES_ARCMIN[:-1], _EDGES_ARCMIN[1:]
    mean = 2 / 3 * (high**3 - low**3) / (high**2 - low**2)  # over the annulus
    n = len(pairs)
    return Measurement(
        name=name,
        statistic=statistic,
        kernel1=kernels[0],
        kernel2=kernels[1],
        bin1=pairs[:, 0].repeat(_N_ANGLE) + 1,
        bin2=pairs[:, 1].repeat(_N_ANGLE) + 1,
        angle_bin=np.tile(np.arange(_N_ANGLE) + 1, n),
        theta_arcmin=np.tile(mean, n),
        value=np.zeros(n * _N_ANGLE),
        theta_min_arcmin=np.tile(low, n),
        theta_max_arcmin=np.tile(high, n),
    )


def _empty_survey() -> TwoPointData:
    """Layout of DES-Y1 3x2pt after its cuts, with nothing measured."""
    source, lens = distributions(N_GAL_SOURCE, N_GAL_LENS, SIGMA_E)
    autos = np.arange(len(_LENS)).repeat(2).reshape(-1, 2)
    every, crossed = pair_array(len(_SOURCE)), pair_array(len(_LENS), len(_SOURCE))
    shear, cross = (source.name, source.name), (lens.name, source.name)
    measurements = (
        _measurement("xip", "xi_plus", shear, every),
        _measurement("xim", "xi_minus", shear, every),
        _measurement("gammat", "gamma_t", cross, crossed),
        _measurement("wtheta", "w", (lens.name, lens.name), autos),
    )
    n = sum(m.value.size for m in measurements)
    data = TwoPointData(measurements, (source, lens), np.eye(n), "mock survey")
    return apply_scale_cuts(data, read_scale_cuts("des_y1"))


def noisy_fields(
    n_gal_source: tuple[float, ...], n_gal_lens: tuple[float, ...], sigma_e: float
) -> list[Field]:
    """The tomographic bins with their noise power, lenses first."""
    fields = [Field("counts", i, 1 / n * ARCMIN**2) for i, n in enumerate(n_gal_lens)]
    return fields + [
        Field("shear", i, sigma_e**2 / n * ARCMIN**2) for i, n in enumerate(n_gal_source)
    ]


def with_vector(data: TwoPointData, value: NDArray, covariance: NDArray) -> TwoPointData:
    """`data` with another data vector (n_data,) and covariance."""
    ends = np.cumsum([m.value.size for m in data.measurements])[:-1]
    parts = zip(data.measurements, np.split(value, ends), strict=True)
    measurements = tuple(replace(m, value=part) for m, part in parts)
    return replace(data, measurements=measurements, covariance=covariance)


def make_mock() -> TwoPointData:
    """The mock survey: 457 points, covariance, n(z)."""
    data = _empty_survey()
    likelihood = fine_likelihood(data, TheoryOptions())
    expected = np.asarray(likelihood.theory_vector(FIDUCIAL))

    n_lens = len(_LENS)
    cl = np.asarray(field_spectra(likelihood, FIDUCIAL, np.arange(_ELL_MAX + 1.0)))
    fields = noisy_fields(N_GAL_SOURCE, N_GAL_LENS, SIGMA_E)
    points = []
    for m in data.measurements:
        first = n_lens if m.statistic in ("xi_plus", "xi_minus") else 0
        second = 0 if m.statistic == "w" else n_lens
        for i, j in dict.fromkeys(zip(m.bin1.tolist(), m.bin2.tolist(), strict=True)):
            angle = m.angle_bin[(m.bin1 == i) & (m.bin2 == j)] - 1
            points.append(RealSpacePoints(m.statistic, first + i - 1, second + j - 1, angle))
    edges = _EDGES_ARCMIN * ARCMIN
    f_sky = AREA_DEG2 * 3600 / _ARCMIN2_PER_SKY
    covariance = gaussian_covariance(points, fields, cl, f_sky, edges[:-1], edges[1:])
    covariance = rounded((covariance + covariance.T) / 2)

    noise = np.random.default_rng(SEED).standard_normal(data.n_data)
    value = rounded(expected + np.linalg.cholesky(covariance) @ noise)
    return with_vector(data, value, covariance)


def write_mock(
    data: TwoPointData,
    output: str | Path,
    header: Mapping[str, Any],
    fiducial: Mapping[str, float],
    *,
    overwrite: bool,
    remark: str,
) -> int:
    """Write a mock with its header and fiducial parameters, say so with a `remark`; status 0."""
    known = " ".join(f"{name}={value:g}" for name, value in fiducial.items())
    write_two_point_fits(data, output, overwrite=overwrite, header={**header, "FIDUCIAL": known})
    print(f"{output}: {data.n_data} points, {remark}")
    return 0


def run(output: str | Path, *, overwrite: bool = False) -> int:
    """Write the mock survey to `output`."""
    header = {"ORIGIN": "jaxlike mock", "SEED": SEED, "AREA": AREA_DEG2, "SIGMA_E": SIGMA_E}
    remark = f"seed {SEED}"
    return write_mock(make_mock(), output, header, FIDUCIAL, overwrite=overwrite, remark=remark)
