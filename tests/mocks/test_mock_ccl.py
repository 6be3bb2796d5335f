"""The data vector of the paper's mock, 2250 C_ell, against CCL's own from the parameters up."""

import numpy as np
import pytest

from jaxlike.data import find_data_file, read_two_point_fits
from jaxlike.mocks.paper import FIDUCIAL, OPTIONS
from jaxlike.theory.tracers.histogram import Histogram
from jaxlike.theory.tracers.redshift import kernel_density


def test_ccl_has_the_same_spectra():
    """All together they differ by Delta^T C^-1 Delta = 0.011, no point by 2 % of its error."""
    ccl = pytest.importorskip("pyccl", reason="CCL is not installed")
    data = read_two_point_fits(find_data_file("paper_mock"))
    p = FIDUCIAL
    cosmo = ccl.Cosmology(
        Omega_c=p["Omega_c"], Omega_b=p["Omega_b"], h=p["h"], n_s=p["n_s"], sigma8=p["sigma8"],
        w0=p["w0"], Omega_g=0, Neff=0, T_CMB=2.726,
        transfer_function="eisenstein_hu", matter_power_spectrum="halofit",
    )  # fmt: skip
    z = np.linspace(1e-4, 3.6, 3000)
    source, lens = (
        kernel_density(
            Histogram(np.append(nz.z_low, nz.z_high[-1]), nz.dndz), float(OPTIONS.nz_bandwidth), z
        )
        for nz in data.nz
    )
    same = np.ones_like(z)
    alignment = (z, p["A"] * same)  # eta is zero
    tracers = {
        "shear": [
            ccl.WeakLensingTracer(
                cosmo, dndz=(z, n), ia_bias=alignment, use_A_ia=True, n_samples=2000
            )
            for n in source
        ],
        "counts": [
            ccl.NumberCountsTracer(
                cosmo, has_rsd=False, dndz=(z, n), bias=(z, p[f"b{i}"] * same), n_samples=2000
            )
            for i, n in enumerate(lens, start=1)
        ],
    }
    spectra = []
    for m in data.measurements:
        first, second = {
            "C_ell_shear": ("shear", "shear"),
            "C_ell_cross": ("counts", "shear"),
            "C_ell_counts": ("counts", "counts"),
        }[m.statistic]
        for i, j in dict.fromkeys(zip(m.bin1.tolist(), m.bin2.tolist(), strict=True)):
            ell = m.scale[(m.bin1 == i) & (m.bin2 == j)]
            pair = tracers[first][i - 1], tracers[second][j - 1]
            spectra.append(ccl.angular_cl(cosmo, *pair, ell))
    difference = np.concatenate(spectra) - data.value
    assert np.max(np.abs(difference) / np.sqrt(np.diag(data.covariance))) < 0.03
    assert difference @ np.linalg.solve(data.covariance, difference) < 0.02
