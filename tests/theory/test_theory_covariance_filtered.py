"""Gaussian covariance of COSEBIs and band powers: by kernels, and through that of xi+ and xi-."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import jv

from jaxlike.theory.statistics.band_powers import apodisation
from jaxlike.theory.statistics.cosebis import filters
from jaxlike.theory.statistics.covariance import (
    Field,
    PairPoints,
    covariance_by_kernels,
    filtered_kernel,
    gaussian_covariance,
)
from jaxlike.theory.statistics.filters import multipoles
from jaxlike.theory.statistics.registry import Points

ARCMIN = np.pi / 180 / 60
LOW, HIGH = 10 * ARCMIN, 100 * ARCMIN
FADE = 0.3  # of band powers, in ln(theta)
F_SKY, ELL_MAX = 0.03, 4000
FIELDS = [Field("shear", 0, 3e-9), Field("shear", 1, 5e-9)]
PAIRS = ((0, 0), (0, 1), (1, 1))
MODES = Points(np.arange(1.0, 4), theta_range=(LOW, HIGH))
BANDS = Points(
    np.array([200.0, 400.0]),
    edges=(np.array([150.0, 300.0]), np.array([300.0, 600.0])),
    theta_range=(LOW, HIGH),
    apodisation=FADE,
)


def spectra(ell):
    """(2, 2, n_ell), as steep as those of cosmic shear."""
    shape = 3e-9 * (np.maximum(ell, 1) / 100) ** -1.1 / (1 + ell / 3000)
    return np.array([[1.0, 1.3], [1.3, 2.0]])[:, :, None] * shape


def of_kernels(chosen, ell, modes, cl=None, f_sky=F_SKY):
    """Covariance of named statistics and their points, pair by pair."""
    kernels = {name: filtered_kernel(name, points, ell) for name, points in chosen.items()}
    points = [
        PairPoints(name, *pair, np.arange(given.at.size))
        for name, given in chosen.items()
        for pair in PAIRS
    ]
    return covariance_by_kernels(
        points, kernels, FIELDS, spectra(ell) if cl is None else cl, modes, f_sky
    )


def through_xi(name, points):
    """Covariance of all pairs, from that of xi+- in fine bins on the curved sky."""
    beyond = np.exp(points.apodisation / 2)
    edges = np.geomspace(LOW / beyond, HIGH * beyond, 201)
    ell, at = np.arange(ELL_MAX + 1.0), np.arange(edges.size - 1)
    given = [PairPoints(s, *pair, at) for pair in PAIRS for s in ("xi_plus", "xi_minus")]
    xi = gaussian_covariance(given, FIELDS, spectra(ell), F_SKY, edges[:-1], edges[1:])
    filters = {"E_n": filters_of_modes, "bandpower_EE": filters_of_bands}[name]
    row = np.hstack([over_bins(edges, lambda theta, i=i: filters(theta)[i]) for i in (0, 1)])
    whole = np.kron(np.eye(len(PAIRS)), row)
    return whole @ xi @ whole.T


def over_bins(edges, f):
    """int theta dtheta f(theta) (n, n_theta) over each bin, (n, n_bin)."""
    x, weight = np.polynomial.legendre.leggauss(8)
    half = np.diff(edges)[:, None] / 2
    theta = (edges[1:] + edges[:-1])[:, None] / 2 + half * x
    value = f(theta.ravel()) * (half * weight * theta).ravel()
    return value.reshape(len(value), *theta.shape).sum(axis=2)


def filters_of_modes(theta):
    """T_+n / 2 and T_-n / 2 (n, n_theta), arXiv:1002.2136, eq. 24."""
    z = np.linspace(np.log(LOW), np.log(HIGH), 20001)
    angle, step = np.exp(z), z[1] - z[0]
    plus = filters(angle, LOW, HIGH, MODES.at.size)

    def upto(power):
        """int_low dtheta theta^power T_+."""
        y = plus * angle ** (power + 1)
        return np.cumsum(y, axis=1) * step - (y + y[:, :1]) * step / 2

    minus = plus + 4 * upto(1) / angle**2 - 12 * upto(3) / angle**4
    at = np.log(np.clip(theta, LOW, HIGH))
    return [np.stack([np.interp(at, z, row) for row in rows]) / 2 for rows in (plus, minus)]


def filters_of_bands(theta):
    """pi / N T g_m / theta^2 of m = 0 and 4 (n, n_theta), by integrals of Bessel functions."""
    first, last = (edge[:, None] for edge in BANDS.edges)
    t = apodisation(theta, LOW, HIGH, FADE) * np.pi / np.log(last / first) / theta**2
    x = np.linspace(0, 1.1 * last.max() * HIGH * np.exp(FADE / 2), 20001)
    found = []
    for m in (0, 4):
        y = x * jv(m, x)
        whole = np.append(0, np.cumsum((y[1:] + y[:-1]) / 2)) * (x[1] - x[0])
        found.append(t * (np.interp(last * theta, x, whole) - np.interp(first * theta, x, whole)))
    return found


@pytest.mark.parametrize(("name", "points"), [("E_n", MODES), ("bandpower_EE", BANDS)])
def test_the_kernels_give_what_xi_integrates_to(name, points):
    expected = through_xi(name, points)
    ell = np.arange(2.0, ELL_MAX + 1)
    found = of_kernels({name: points}, ell, 2 * ell + 1)
    sigma = np.sqrt(np.diag(expected))
    assert np.max(np.abs(found - expected) / np.outer(sigma, sigma)) < 1e-3
    assert np.linalg.eigvalsh(found / np.outer(sigma, sigma)).min() > 0


def test_noise_of_modes_is_the_integral_of_two_filters():
    """N^2 / pi A int theta dtheta T_m T_n of a pair with itself: Parseval, twice for equal bins."""
    ell = np.array([1.0, 100.0])
    found = of_kernels({"E_n": MODES}, ell, 2 * ell + 1, 0 * spectra(ell))
    area = 4 * np.pi * F_SKY
    for m, n in ((0, 0), (0, 1), (1, 2)):

        def product(theta, m=m, n=n):
            t = filters(np.array([theta]), LOW, HIGH, 3)[:, 0]
            return theta * t[m] * t[n]

        integral = quad(product, LOW, HIGH, epsrel=1e-10, limit=200)[0]
        expected = 2 * FIELDS[0].noise ** 2 / (2 * np.pi * area) * integral
        scale = np.sqrt(found[m, m] * found[n, n])
        assert found[m, n] == pytest.approx(expected, abs=1e-9 * scale)
        other = FIELDS[0].noise * FIELDS[1].noise / (2 * np.pi * area) * integral
        assert found[3 + m, 3 + n] == pytest.approx(other, abs=1e-9 * scale)
    np.testing.assert_array_equal(found[:3, 3:], 0)


def test_noise_of_e_and_b_modes():
    """E_n and B_n have the same noise and none in common; EE and BB what their filters leave."""
    ell = np.array([1.0, 100.0])
    found = of_kernels({"E_n": MODES, "B_n": MODES}, ell, 2 * ell + 1, 0 * spectra(ell))
    np.testing.assert_allclose(found[:9, :9], found[9:, 9:], rtol=1e-12)
    np.testing.assert_array_equal(found[:9, 9:], 0)
    bands = {"bandpower_EE": BANDS, "bandpower_BB": BANDS}
    found = of_kernels(bands, ell, 2 * ell + 1, 0 * spectra(ell))
    np.testing.assert_allclose(found[:6, :6], found[6:, 6:], rtol=1e-12)
    sigma = np.sqrt(np.diag(found))
    assert 0 < np.max(np.abs(found[:6, 6:]) / np.outer(sigma[:6], sigma[6:])) < 0.5
    # the same, summed over multipoles: BB sees E modes as EE sees B modes
    ell, weight = multipoles(HIGH * np.exp(FADE / 2), 20000.0)
    summed = 0.0
    for name in bands:
        kernel = filtered_kernel(name, BANDS, ell).F
        summed += (kernel * weight / (2 * ell + 1)) @ kernel.T
    expected = 2 * FIELDS[0].noise ** 2 * summed / F_SKY
    np.testing.assert_allclose(found[:2, :2], expected, atol=1e-4 * found[0, 0])


def test_multipoles_are_as_good_as_every_one():
    ell, weight = multipoles(HIGH, ELL_MAX)
    whole = np.arange(2.0, ELL_MAX + 1)
    found = of_kernels({"E_n": MODES}, ell, (2 * ell + 1) / weight)
    expected = of_kernels({"E_n": MODES}, whole, 2 * whole + 1)
    sigma = np.sqrt(np.diag(expected))
    assert ell.size < whole.size / 2
    assert np.max(np.abs(found - expected) / np.outer(sigma, sigma)) < 1e-6


def test_jax_has_the_numbers_of_numpy_and_their_slopes():
    ell, weight = multipoles(HIGH, 1000.0)
    modes = (2 * ell + 1) / weight
    expected = of_kernels({"bandpower_EE": BANDS}, ell, modes)

    def along(step):
        cl = jnp.asarray(spectra(ell)) * (1 + step)
        return of_kernels({"bandpower_EE": BANDS}, ell, modes, cl, F_SKY)

    found, slope = jax.jvp(along, (0.0,), (1.0,))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11 * expected.max())
    difference = (along(1e-4) - along(-1e-4)) / 2e-4
    np.testing.assert_allclose(slope, difference, rtol=1e-6, atol=1e-8 * expected.max())
