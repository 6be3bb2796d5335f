"""A Gaussian in quantities of the universe: values, slopes, and what a universe has not got."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks import check_slopes_and_batches

from jaxlike.data import GaussianData, compressed_cmb
from jaxlike.errors import DataError, ParameterError
from jaxlike.likelihoods.cmb import QUANTITIES, GaussianConstraint
from jaxlike.theory.power.derived import derived_of
from jaxlike.theory.universe.cosmology import Cosmology

POINT = {"Omega_m": 0.3153, "h": 0.6736, "Omega_b": 0.0493, "Omega_k": 0.01, "w0": -0.9, "wa": 0.1}


def cosmology(values, **others):
    amplitude = {} if "sigma8" in others else {"A_s": 2.1e-9}
    return Cosmology(**values, n_s=0.96, omega_nu=6.4e-4, **amplitude, **others)


def universe(cosmo, sigma_8=0.8):
    return SimpleNamespace(cosmo=cosmo, los=SimpleNamespace(sigma8=sigma_8))


def gaussian(*names, mean=None):
    n = len(names)
    return GaussianData(names, np.zeros(n) if mean is None else np.array(mean), np.eye(n), "mine")


@pytest.fixture(scope="module")
def planck():
    return GaussianConstraint.of(compressed_cmb())


def chi2(likelihood, values, **others):
    return -2 * likelihood.log_likelihood({}, universe(cosmology(values, **others)))


def test_it_is_a_gaussian_in_its_quantities(planck):
    cosmo = cosmology(POINT)
    found = np.asarray(planck.theory_vector(universe(cosmo)))
    of = derived_of(cosmo, "eisenstein_hu")
    densities = POINT["Omega_b"] * POINT["h"] ** 2, POINT["Omega_m"] * POINT["h"] ** 2 - 6.4e-4
    np.testing.assert_allclose(found, [of("thetastar"), *densities], rtol=1e-12)
    data = compressed_cmb()
    r = found - data.mean
    expected = r @ np.linalg.solve(data.covariance, r)
    assert float(chi2(planck, POINT)) == pytest.approx(expected, rel=1e-9)
    assert planck.n_points == 3
    assert planck.parameters == ()
    assert repr(planck) == "GaussianConstraint: thetastar, ombh2, ombch2"


def test_slopes_batches_and_compilations(planck):
    names = list(POINT)

    @jax.jit
    def value(likelihood, x):
        return chi2(likelihood, dict(zip(names, x, strict=True)))

    data = compressed_cmb()
    other = GaussianConstraint.of(GaussianData(data.names, data.mean * 1.1, data.covariance * 2))
    check_slopes_and_batches(value, planck, other, jnp.array([*POINT.values()]), names)


def test_parameters_and_amplitudes():
    """By any name of a parameter; sigma8 is that of the universe, whatever its linear model."""
    names = ("ns", "nnu", "w", "wa", "Omega_m", "H0", "sigma8", "S8", "logA", "As_1e9")
    found = GaussianConstraint.of(gaussian(*names)).theory_vector(universe(cosmology(POINT), 0.77))
    S8 = 0.77 * (0.3153 / 0.3) ** 0.5
    expected = [0.96, 3.046, -0.9, 0.1, 0.3153, 67.36, 0.77, S8, np.log(21), 2.1]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert {*names} - {*QUANTITIES} == {"Omega_m"}


def test_beyond_the_table_there_is_no_likelihood_and_no_slope(planck):
    value, slope = jax.jit(
        jax.value_and_grad(lambda h: -0.5 * chi2(planck, POINT | {"h": h, "Omega_b": 0.2}))
    )(0.7)
    assert float(value) == -np.inf
    assert float(slope) == 0
    baryons = GaussianConstraint.of(gaussian("ombh2"))
    assert np.isfinite(float(chi2(baryons, POINT | {"Omega_b": 0.2})))


ABSENT = {
    "radiation": (("thetastar",), {"radiation": False}, "thetastar is computed with radiation: tr"),
    "A_s": (("logA",), {"sigma8": 0.8}, "logA is that of a universe with A_s"),
    "parameter": (("log_T_AGN",), {}, "the universe has no parameter log_T_AGN, which"),
}


@pytest.mark.parametrize("case", ABSENT)
def test_what_a_universe_lacks_is_said(case):
    names, options, message = ABSENT[case]
    with pytest.raises(ParameterError, match=message):
        chi2(GaussianConstraint.of(gaussian(*names)), POINT, **options)


@pytest.mark.parametrize("name", ["zeta", "b1", "DES_b1"])
def test_an_unknown_quantity_is_refused(name):
    with pytest.raises(DataError, match=f"mine: has the quantity '{name}'; accepted are H0, .*nnu"):
        GaussianConstraint.of(gaussian(name))
