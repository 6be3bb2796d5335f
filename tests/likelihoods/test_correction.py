"""Likelihoods for covariances estimated from simulations."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from jaxlike.errors import ConfigError
from jaxlike.likelihoods.assembly import arrays_of
from jaxlike.likelihoods.correction import GAUSSIAN, Form, correction_of
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.registry.options import TheoryOptions

QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
T_FORMS = {"sellentin_heavens": None, "percival_t": 5}


def test_hartlap_of_hsc():
    assert correction_of("hartlap", 140, 1404, None).factor == pytest.approx(1403 / 1262)


def test_percival_widens_hartlap_by_what_its_parameters_cost():
    """m1 of Percival et al. 2014: without parameters B n of the scatter, with n of them less."""
    n, r = 60, 500
    hartlap = correction_of("hartlap", n, r, None).factor
    factors = [correction_of("percival", n, r, k).factor / hartlap for k in (1, 20, n)]
    A = 2 / ((r - n - 1) * (r - n - 4))
    B = (r - n - 2) / ((r - n - 1) * (r - n - 4))
    expected = [(1 + B * (n - k)) / (1 + A + B * (k + 1)) for k in (1, 20, n)]
    np.testing.assert_allclose(factors, expected, rtol=1e-14)
    assert factors[0] > 1 > factors[2]


@pytest.mark.parametrize("correction", ["hartlap", "percival", *T_FORMS])
def test_many_simulations_are_a_known_covariance(correction):
    found = correction_of(correction, 40, 10**9, 5 if correction.startswith("percival") else None)
    assert found.factor == pytest.approx(1, rel=1e-6)
    chi2 = jnp.array([10.0, 40.0, 90.0])
    np.testing.assert_allclose(found.form.deviance(chi2), chi2, rtol=1e-6)
    assert found.form.information(40) == pytest.approx(1, rel=1e-6)
    assert found.form.normalisation(3.0, 40) == pytest.approx(GAUSSIAN.normalisation(3.0, 40))


def test_percival_t_has_the_width_of_percival_2022():
    """The posterior of k parameters is as wide as (r - 1)(1 + B (n - k)) / (r - n + k - 1) of the
    Gaussian of the estimated covariance, at the mean minimum of chi^2."""
    n, r, k = 60, 500, 6
    form = correction_of("percival_t", n, r, k).form
    B = (r - n - 2) / ((r - n - 1) * (r - n - 4))
    wanted = (r - 1) * (1 + B * (n - k)) / (r - n + k - 1)
    minimum = (r - 1) * (n - k) / (r - (n - k) - 2)
    assert form.power is not None
    width = (form.freedom + minimum) / (form.power - k - 2)
    assert width == pytest.approx(wanted, rel=5e-3)


@pytest.mark.parametrize("correction", T_FORMS)
def test_a_t_distribution_is_normalised_and_has_its_information(correction):
    """In one dimension, where both are integrals."""
    form, variance = correction_of(correction, 1, 12, T_FORMS[correction] and 1).form, 0.3
    norm = form.normalisation(np.log(variance), 1)

    def density(x):
        return np.exp(norm - 0.5 * float(form.deviance(x**2 / variance)))

    def score_squared(x):
        slope = float(form.power) * x / variance / (form.freedom + x**2 / variance)
        return slope**2 * density(x)

    assert quad(density, -np.inf, np.inf)[0] == pytest.approx(1, rel=1e-6)
    information = quad(score_squared, -np.inf, np.inf)[0]
    assert form.information(1) / variance == pytest.approx(information, rel=1e-6)


@pytest.fixture(scope="module")
def plain(cl_data):
    return build_likelihood(cl_data, QUICK)


def test_factors_and_forms_of_a_likelihood(plain):
    """Of a covariance that is block diagonal."""
    point = np.asarray(plain.data.value) * 1.1
    jacobian = jnp.asarray(np.random.default_rng(0).normal(size=(plain.data.n_data, 2)))
    n, chi2 = plain.data.n_data, plain.chi2_of(jnp.asarray(point))
    information = plain.information(jacobian)
    for correction, k in (("hartlap", None), ("sellentin_heavens", None), ("percival_t", 4)):
        given = {"covariance_correction": correction, "n_simulations": 300, "n_parameters": k}
        options = replace(QUICK, **given)
        one = arrays_of(plain.data, options, plain.samples, plain.survey, plain.grid, 0)
        found = correction_of(correction, n, 300, k)
        assert float(one.chi2_of(jnp.asarray(point))) == pytest.approx(
            float(chi2) / found.factor, rel=1e-12
        )
        shift = n * np.log(found.factor)
        assert float(one.log_det) == pytest.approx(float(plain.arrays.log_det) + shift, rel=1e-12)
        size = found.form.information(n) / found.factor
        np.testing.assert_allclose(one.information(jacobian), size * information, rtol=1e-10)
        assert one.form == found.form
        other = replace(plain, options=options, arrays=one)
        np.testing.assert_allclose(
            other.covariance, plain.data.covariance * found.factor, rtol=1e-14
        )


def test_the_log_likelihood_is_that_of_the_form(plain):
    options = replace(QUICK, covariance_correction="sellentin_heavens", n_simulations=300)
    arrays = arrays_of(plain.data, options, plain.samples, plain.survey, plain.grid, 0)
    one = replace(plain, options=options, arrays=arrays)
    point = {
        "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "b1": 1.4,
        "b2": 1.6, "m1": 0.01, "m2": -0.01, "A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62,
        "dz_lens1": 0.0, "dz_lens2": 0.0, "dz_source1": 0.0, "dz_source2": 0.0,
    }  # fmt: skip
    chi2 = float(one.evaluate(point).chi2)
    value = float(one.log_likelihood(point))
    assert value == pytest.approx(-150 * np.log1p(chi2 / 299), rel=1e-12)
    form = Form(300, 299)
    whole = value + form.normalisation(one.log_det_of_points, one.n_points)
    assert float(one.log_likelihood(point, normalised=True)) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize(
    ("correction", "r", "k", "message"),
    [
        ("hartlap", 42, None, "'n_simulations' is 42.* hartlap of 40 points needs 43 or more"),
        ("sellentin_heavens", 40, None, "needs 41 or more"),
        ("percival", 44, 3, "needs 45 or more"),
        ("percival_t", 100, 41, "'n_parameters' is 41, but there are 40 points"),
    ],
)
def test_too_few_simulations_are_an_error(correction, r, k, message):
    with pytest.raises(ConfigError, match=message):
        correction_of(correction, 40, r, k)
