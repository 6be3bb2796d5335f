"""Linear power: CCL's Eisenstein & Hu, normalisations, CAMB's amplitude, scalings."""

from functools import partial

import jax
import numpy as np
import pytest
from scipy.integrate import quad

from jaxlike.theory.power import linear
from jaxlike.theory.universe.growth import growth_factor

MODELS = {"eisenstein_hu": "Plin_EH", "eisenstein_hu_no_wiggle": "Plin_EHnw"}
K = np.geomspace(1e-4, 50, 60)


@partial(jax.jit, static_argnums=(2, 3))
def power_of(cosmo, k, z=0.0, model="eisenstein_hu"):
    """Linear power at redshifts in a tuple."""
    return linear.linear_power(cosmo, k, z, model=model)


compiled_power = jax.jit(linear.linear_power, static_argnums=2, static_argnames="model")


@partial(jax.jit, static_argnums=1)
def sigma8_of(cosmo, model="eisenstein_hu"):
    return linear.sigma8(cosmo, 0.0, model=model)[0]


@pytest.mark.parametrize(("model", "key"), MODELS.items())
def test_power_against_ccl(ccl, model, key):
    k, z = ccl.tables["k"] / ccl.h, 1 / ccl.tables["apk"] - 1
    power = np.asarray(power_of(ccl.cosmo, k, tuple(z), model))
    np.testing.assert_allclose(power / ccl.h**3, ccl[key], rtol=2e-5)


def test_sigma_of_radius_against_ccl(ccl, monkeypatch):
    monkeypatch.setattr(linear, "linear_power", compiled_power)
    radii = np.array([1, 5, 8, 12, 30]) * ccl.h
    found = [linear.sigma_R(ccl.cosmo, float(r), 0.0)[0] for r in radii]
    np.testing.assert_allclose(found, ccl["sigR"], rtol=1e-5)


@pytest.mark.parametrize("omega_nu", [None, 3e-3])
@pytest.mark.parametrize("model", MODELS)
def test_sigma8_is_what_was_asked_for(universe, omega_nu, model):
    c = universe(sigma8=0.77, omega_nu=omega_nu)
    assert sigma8_of(c, model) == pytest.approx(0.77, rel=1e-12)


@pytest.mark.parametrize("omega_nu", [None, 3e-3])
def test_the_two_amplitudes_agree(universe, omega_nu):
    """From A_s to sigma8 and back: the same spectrum."""
    one = universe(A_s=2.3e-9, omega_nu=omega_nu)
    other = universe(sigma8=float(sigma8_of(one)), omega_nu=omega_nu)
    z = (0.0, 1.0)
    np.testing.assert_allclose(power_of(one, K, z), power_of(other, K, z), rtol=1e-10)


def test_power_is_proportional_to_its_amplitude(universe):
    one, two = (np.asarray(power_of(universe(A_s=a), K)) for a in (2e-9, 4e-9))
    np.testing.assert_allclose(two, 2 * one, rtol=1e-12)


@pytest.mark.parametrize("name", ["fiducial", "low_omega_m", "w_-0.8"])
def test_amplitude_from_a_s_is_cambs(cosmosis_point, name):
    """sigma8 from A_s within the accuracy of the fit of the transfer function."""
    cosmo, stored = cosmosis_point(name)
    assert sigma8_of(cosmo) == pytest.approx(float(stored["cosmo_sigma_8"]), rel=0.01)


def test_power_without_neutrinos_against_camb(cosmosis_point):
    """Within 6 % at every wave number: the fit's own accuracy, worst on the acoustic peaks."""
    cosmo, stored = cosmosis_point("fiducial")
    k, z = stored["matter_power_lin_k_h"], stored["matter_power_lin_z"]
    used = (k > 1e-3) & (k < 10)
    power = power_of(cosmo, k[used], tuple(z[::30]))
    np.testing.assert_allclose(power, stored["matter_power_lin"][::30, used], rtol=0.06)


def test_light_neutrinos_are_the_limit_of_massless_ones(universe):
    massless = power_of(universe(A_s=2e-9), K, (0.0, 1.0))
    massive = power_of(universe(A_s=2e-9, omega_nu=1e-7), K, (0.0, 1.0))
    np.testing.assert_allclose(massive, massless, rtol=1e-4)


def test_growth_alone_moves_the_spectrum_without_neutrinos(universe):
    z = np.array([0.0, 0.7, 2.0])
    power = np.asarray(power_of(universe(), K, tuple(z)))
    D = np.asarray(jax.jit(lambda c: growth_factor(c, z))(universe()))
    np.testing.assert_allclose(power, power[0] * D[:, None] ** 2, rtol=1e-12)


def test_primordial_slope(universe):
    """P ~ (k / 0.05 Mpc^-1)^(n_s - 1): the same at the pivot whatever n_s and h."""
    for h in (0.6, 0.8):
        pivot = 0.05 / h
        flat, tilted = (
            np.asarray(power_of(universe(A_s=2e-9, n_s=n_s, h=h), np.array([pivot, 1.0]))[0])
            for n_s in (1.0, 0.9)
        )
        assert tilted[0] == pytest.approx(float(flat[0]), rel=1e-12)
        assert tilted[1] / flat[1] == pytest.approx(pivot**0.1, rel=1e-12)


def test_top_hat_weights_are_the_integral_over_wave_numbers():
    """sigma^2 of P = k / (1 + 100 k^2)^1.9, by adaptive integration in ln k."""

    def power(k):
        return k / (1 + 100 * k**2) ** 1.9

    for radius in (1.0, 8.0, 30.0):

        def integrand(ln_k, radius=radius):
            k = np.exp(ln_k)
            x = k * radius
            window = 3 * (np.sin(x) - x * np.cos(x)) / x**3 if x > 1e-2 else 1 - x**2 / 10
            return k**3 * power(k) * window**2 / (2 * np.pi**2)

        expected = sum(
            quad(integrand, a, b, epsrel=1e-9, limit=500)[0]
            for a, b in ((-10, -4), (-4, 0), (0, 3), (3, 6))
        )
        found = linear.top_hat_weights(radius) @ power(linear.K)
        assert found == pytest.approx(expected, rel=2e-6)


def test_sigma8_integral_is_not_cut_off(universe):
    """What lies at the ends of the k lattice adds less than 1e-6."""
    terms = linear.top_hat_weights(8.0) * np.asarray(power_of(universe(), linear.K)[0])
    ends = terms[:10].sum() + terms[-10:].sum()
    assert ends < 1e-6 * terms.sum()
