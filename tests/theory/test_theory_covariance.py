"""Gaussian covariance of C_ell: the formula element by element, and spectra of drawn modes."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from three_by_two import all_pairs

from jaxlike.numerics import block_algebra
from jaxlike.theory.statistics.covariance import (
    Field,
    PairPoints,
    gaussian_cl_covariance,
    gaussian_covariance,
)

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


def noisy(scale):
    return [Field(f.kind, f.bin, f.noise * scale) for f in FIELDS]


def of_everything(cl, noise, f_sky):
    return gaussian_cl_covariance(ENDS, noisy(noise), cl, ELL, f_sky)


def test_jax_has_the_numbers_of_numpy_and_their_slopes(covariance):
    given = (jnp.asarray(SIGNAL), jnp.asarray(1.0), jnp.asarray(F_SKY))
    assert isinstance(covariance, np.ndarray)
    np.testing.assert_allclose(jax.jit(of_everything)(*given), covariance, rtol=1e-14)
    for i, value in enumerate(given):

        @jax.jit
        def along(step, i=i, value=value):
            def changed(step):
                changed = [*given[:i], value * (1 + step), *given[i + 1 :]]
                return (of_everything(*changed),) * 2

            return jax.jacfwd(changed, has_aux=True)(step)

        slope, _ = along(0.0)
        difference = (np.asarray(along(1e-4)[1]) - along(-1e-4)[1]) / 2e-4
        np.testing.assert_allclose(slope, difference, rtol=1e-6, atol=1e-8 * np.max(covariance))
    # twice as much sky, half the variance
    np.testing.assert_allclose(
        jax.jit(jax.jacfwd(of_everything, 2))(*given), -covariance / F_SKY, rtol=1e-12
    )


def test_blocks_are_the_covariance_of_drawn_spectra(covariance):
    """10,000 draws of all spectra at all multipoles, against the dense matrix of the blocks."""
    n, rng = 10_000, np.random.default_rng(7)
    root = np.linalg.cholesky(covariance)
    draws = np.einsum("bij,sbj->sbi", root, rng.standard_normal((n, *covariance.shape[:2])))
    expected = np.asarray(block_algebra.dense(covariance))
    found = np.cov(draws.reshape(n, -1).T)
    sigma = np.sqrt(np.diag(expected))
    error = np.sqrt((expected**2 + np.outer(sigma, sigma) ** 2) / n)
    assert np.max(np.abs(found - expected) / error) < 5.5
    chi2 = jax.vmap(lambda d: block_algebra.inner(d, block_algebra.solve(covariance, d)))(draws)
    size = expected.shape[0]
    assert abs(np.mean(chi2) - size) < 5 * np.sqrt(2 * size / n)


def test_real_space_in_jax():
    """One shear bin, its xi+ and xi-: NumPy's numbers, and slopes in signal, noise and sky."""
    edges = np.radians([0.5, 1.0, 2.0])
    ell = np.arange(301.0)
    cl = (1e-8 / (1 + ell) ** 1.2)[None, None]
    at = np.arange(2)
    points = [PairPoints(s, 0, 0, at) for s in ("xi_plus", "xi_minus")]

    def covariance(cl, noise, f_sky):
        fields = [Field("shear", 0, noise)]
        return gaussian_covariance(points, fields, cl, f_sky, edges[:-1], edges[1:])

    expected = covariance(cl, 1e-9, 0.1)
    assert isinstance(expected, np.ndarray)
    found = covariance(jnp.asarray(cl), 1e-9, 0.1)
    assert isinstance(found, jax.Array)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * expected.max())
    slope = jax.jit(jax.jacfwd(lambda s: covariance(s * cl, s * 1e-9, 0.1)))(1.0)
    np.testing.assert_allclose(slope, 2 * expected, rtol=1e-10, atol=1e-12 * expected.max())
