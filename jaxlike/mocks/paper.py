"""The mock C_ell of Campagne et al. 2023 (arXiv:2302.05163, section 5.1), without noise.

All 45 spectra of five lens and four source bins at 50 multipoles, with their Gaussian covariance.
The paper's n(z) are those of DES-Y1; here they are the analytic ones of its mock.
`jaxlike mock --survey paper --output FILE` makes it again.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data import Measurement, TwoPointData
from jaxlike.forecast.model_covariance import field_spectra
from jaxlike.forecast.point_covariance import noisy_fields
from jaxlike.likelihoods.two_point import fine_likelihood
from jaxlike.mocks.layout import read_layout
from jaxlike.mocks.making import with_vector, write_mock
from jaxlike.mocks.numbers import rounded
from jaxlike.mocks.redshifts import distribution
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.resolve import resolve
from jaxlike.surveys import read_survey
from jaxlike.theory.spectra.pairs import pair_array
from jaxlike.theory.statistics.covariance import gaussian_cl_covariance

SIGMA_E = 0.26
N_GAL_SOURCE = (1.47, 1.46, 1.50, 0.73)  # per arcmin^2
N_GAL_LENS = (1.0, 1.0, 1.0, 1.0, 1.0)
F_SKY = 0.25
ELL = np.geomspace(10.0, 1000.0, 50)
OPTIONS = TheoryOptions(radiation=False, nz_bandwidth=0.01, ell_prefactors=True)
FIDUCIAL: dict[str, float] = {
    "Omega_c": 0.2545, "sigma8": 0.801, "Omega_b": 0.0485, "w0": -1.0, "h": 0.682, "n_s": 0.971,
    "A": 0.5, "eta": 0.0, "b1": 1.2, "b2": 1.4, "b3": 1.6, "b4": 1.8, "b5": 2.0,
    "m1": 0.0, "m2": 0.0, "m3": 0.0, "m4": 0.0, "dz1": 0.0, "dz2": 0.0, "dz3": 0.0, "dz4": 0.0,
}  # fmt: skip


def cl_measurement(
    name: str, statistic: str, kernels: tuple[str, str], pairs: NDArray, ell: NDArray
) -> Measurement:
    """C_ell of zero-based `pairs` (n_pair, 2) at multipoles `ell` (n_ell,), nothing measured."""
    n_pair, n_ell = len(pairs), len(ell)
    return Measurement(
        name=name,
        statistic=statistic,
        kernel1=kernels[0],
        kernel2=kernels[1],
        bin1=pairs[:, 0].repeat(n_ell) + 1,
        bin2=pairs[:, 1].repeat(n_ell) + 1,
        angle_bin=np.tile(np.arange(n_ell) + 1, n_pair),
        theta_arcmin=None,
        value=np.zeros(n_pair * n_ell),
        ell=np.tile(ell, n_pair),
    )


def make_mock() -> TwoPointData:
    """The mock: 2250 C_ell, their covariance, n(z)."""
    des_y1 = read_layout(read_survey("des_y1")).samples
    source = distribution(
        "nz_source", {**des_y1["nz_source"], "n_eff": N_GAL_SOURCE, "sigma_e": SIGMA_E}
    )
    lens = distribution("nz_lens", {**des_y1["nz_lens"], "n_eff": N_GAL_LENS})
    ell = rounded(ELL)
    counts, shear = pair_array(lens.n_bin), pair_array(source.n_bin)
    cross = pair_array(lens.n_bin, source.n_bin)
    shapes, positions = source.name, lens.name
    measurements = (
        cl_measurement("shear_cl", "C_ell_shear", (shapes, shapes), shear, ell),
        cl_measurement("galaxy_shear_cl", "C_ell_cross", (positions, shapes), cross, ell),
        cl_measurement("galaxy_cl", "C_ell_counts", (positions, positions), counts, ell),
    )
    n = sum(m.value.size for m in measurements)
    data = TwoPointData(measurements, (source, lens), np.eye(n), "mock of the paper")
    likelihood = fine_likelihood(data, OPTIONS)
    parameters = resolve(FIDUCIAL, likelihood.samples)
    cl = np.asarray(field_spectra(likelihood, parameters, ell))
    fields = noisy_fields(data)
    ends = np.concatenate(
        [shear + lens.n_bin, cross + np.array([0, lens.n_bin]), counts]
    )  # in the order of the measurements, lenses first among the fields
    blocks = gaussian_cl_covariance(ends, fields, cl, ell, F_SKY)
    covariance = np.zeros((len(ends), len(ell), len(ends), len(ell)))
    at = np.arange(len(ell))
    covariance[:, at, :, at] = rounded((blocks + np.swapaxes(blocks, 1, 2)) / 2)
    vector = np.asarray(likelihood.theory_vector(parameters))
    return with_vector(data, rounded(vector), covariance.reshape(n, n))


def write_paper_mock(output: str | Path, *, overwrite: bool = False) -> TwoPointData:
    """Make the mock and write it."""
    header = {"ORIGIN": "jaxlike mock --survey paper", "F_SKY": F_SKY, "SIGMA_E": SIGMA_E}
    data = make_mock()
    write_mock(data, output, header, FIDUCIAL, overwrite=overwrite)
    return data
