"""Gaussian covariance of C_ell: the formula element by element, and spectra of drawn modes."""

from itertools import product

import numpy as np
import pytest

from jaxlike.theory.covariance import Field, gaussian_cl_covariance
from jaxlike.theory.kernels import all_pairs

ELL = np.geomspace(10, 300, 6)
FIELDS = [Field("counts", 0, 2e-6), Field("counts", 1, 1e-6), Field("shear", 0, 5e-7)]
SIGNAL = np.array([[3.0, 1.0, 0.5], [1.0, 4.0, 0.8], [0.5, 0.8, 1.0]])[:, :, None] * 1e-4 / ELL
ENDS = np.array([(0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2)])
F_SKY = 0.2


@pytest.fixture(scope="module")
def covariance():
    return gaussian_cl_covariance(ENDS, FIELDS, SIGNAL, ELL, F_SKY)


def test_every_element_by_hand(covariance):
    assert covariance.shape == (6, 6, 6)
    width = np.gradient(ELL)
    for e, (p, (a, b)), (q, (c, d)) in product(range(6), enumerate(ENDS), enumerate(ENDS)):

        def observed(i, j, e=e):
            return SIGNAL[i, j, e] + (FIELDS[i].noise if i == j else 0.0)

        expected = observed(a, c) * observed(b, d) + observed(a, d) * observed(b, c)
        expected /= (2 * ELL[e] + 1) * width[e] * F_SKY
        assert covariance[e, p, q] == pytest.approx(expected, rel=1e-13)


def test_covariance_of_the_spectra_of_drawn_modes():
    """The whole sky at one multipole: 2 ell + 1 Gaussian modes of each field, many skies."""
    ell, rng = 20, np.random.default_rng(11)
    signal = SIGNAL[:, :, :1]
    observed = signal[:, :, 0] + np.diag([field.noise for field in FIELDS])
    modes = rng.multivariate_normal(np.zeros(3), observed, size=(40000, 2 * ell + 1))
    spectra = np.einsum("sma,smb->sab", modes, modes) / (2 * ell + 1)
    found = np.cov(spectra[:, ENDS[:, 0], ENDS[:, 1]].T)
    # two multipoles one apart, so that each stands for itself
    expected = gaussian_cl_covariance(
        ENDS, FIELDS, signal.repeat(2, axis=2), np.array([ell, ell + 1.0]), 1.0
    )[0]
    error = np.sqrt(np.outer(np.diag(expected), np.diag(expected)) / 40000)
    assert np.max(np.abs(found - expected) / error) < 6


def test_it_is_a_covariance(covariance):
    np.testing.assert_allclose(covariance, np.swapaxes(covariance, 1, 2), rtol=1e-15)
    assert np.linalg.eigvalsh(covariance / covariance.max(axis=(1, 2), keepdims=True)).min() > 0
    pairs = all_pairs(2, 1)
    np.testing.assert_array_equal(ENDS, [*pairs.counts, *pairs.cross + [0, 2], *pairs.shear + 2])
