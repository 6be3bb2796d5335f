"""Supernovae against Cobaya's likelihood, the marginal of their magnitude, and their slopes."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from checks import check_slopes_and_batches
from cobaya.model import get_model
from scipy.integrate import quad

from jaxlike.data import SupernovaData, union3
from jaxlike.likelihoods.supernovae import Supernovae
from jaxlike.theory.universe.background import transverse_distance
from jaxlike.theory.universe.cosmology import Cosmology

POINT = {"Omega_m": 0.3153, "h": 0.6736, "Omega_k": 0.01, "w0": -0.9, "wa": 0.1}
PLANCK = {
    "H0": 67.36, "ombh2": 0.02237, "omch2": 0.12, "mnu": 0.06, "nnu": 3.044, "As": 2.1e-9,
    "ns": 0.9649,
}  # fmt: skip


def universe(values):
    """What a likelihood of distances looks at."""
    cosmo = Cosmology(**values, Omega_b=0.0493, n_s=0.96, A_s=2.1e-9, omega_nu=6.45e-4, N_eff=3.044)
    return SimpleNamespace(cosmo=cosmo)


@jax.jit
def log_likelihood(likelihood, values, own):
    return likelihood.log_likelihood(own, universe(values))


@jax.jit
def theory_vector(likelihood, values):
    return likelihood.theory_vector(universe(values))


def chi2_of(likelihood, values, **own):
    return -2 * log_likelihood(likelihood, values, own)


@pytest.fixture(scope="module")
def few():
    """Three supernovae that move."""
    covariance = np.array([[0.01, 0.002, 0], [0.002, 0.02, 0.003], [0, 0.003, 0.015]])
    z = np.array([0.05, 0.5, 1.2])
    return SupernovaData(z, z + 0.002, np.array([36.6, 42.1, 44.5]) - 19.3, covariance)


@pytest.mark.parametrize(
    ("theory", "margin"), [("jaxlike.cobaya.Theory", 1e-4), ("camb", 0.01)], ids=["own", "CAMB"]
)
def test_union3_is_that_of_cobaya(packages, theory, margin):
    """At Planck's cosmology."""
    info = {"likelihood": {"sn.union3": None}, "theory": {theory: None}, "params": PLANCK}
    model = get_model({**info, "packages_path": str(packages)})
    (theirs,), _ = model.loglikes({})
    omega_m = (0.02237 + 0.12 + 6.45e-4) / 0.6736**2
    found = chi2_of(Supernovae.of(union3()), {"Omega_m": omega_m, "h": 0.6736})
    assert 20 < found < 40
    assert float(found) == pytest.approx(-2 * theirs, abs=margin)


def test_a_sampled_magnitude_is_that_of_cobaya(packages):
    options = {"use_abs_mag": True}
    info = {
        "likelihood": {"sn.union3": options},
        "theory": {"jaxlike.cobaya.Theory": None},
        "params": PLANCK | {"Mb": -0.05},
    }
    model = get_model({**info, "packages_path": str(packages)})
    (theirs,), _ = model.loglikes({})
    omega_m = (0.02237 + 0.12 + 6.45e-4) / 0.6736**2
    sampled = Supernovae.of(union3(), sampled=True)
    assert sampled.parameters == ("Mb",)
    found = chi2_of(sampled, {"Omega_m": omega_m, "h": 0.6736}, Mb=-0.05)
    assert float(found) == pytest.approx(-2 * theirs, abs=2e-4)


def test_the_magnitude_is_marginalised(few):
    """The integral over it, but for a constant, and no matter what H0 is."""
    sampled, marginal = Supernovae.of(few, sampled=True), Supernovae.of(few)
    assert marginal.parameters == ()

    def integral(values):
        best = -19.3
        moduli = np.asarray(theory_vector(sampled, values))
        precision = np.linalg.inv(few.covariance)

        def density(M):
            r = few.magnitude - moduli - M
            return np.exp(-0.5 * r @ precision @ r)

        return np.log(quad(density, best - 1.5, best + 1.5, points=[best], epsabs=1e-13)[0])

    near, far = POINT, POINT | {"Omega_m": 0.4, "w0": -1.2}
    wanted = -2 * (integral(far) - integral(near))
    found = chi2_of(marginal, far) - chi2_of(marginal, near)
    assert float(found) == pytest.approx(wanted, rel=1e-6)
    slower = chi2_of(marginal, {"Omega_m": 0.3153, "h": 0.7})
    assert float(slower) == pytest.approx(
        float(chi2_of(marginal, {"Omega_m": 0.3153, "h": 0.6736})), rel=1e-3
    )  # but for radiation


def test_moduli_are_those_of_luminosity_distances(few):
    distance = jax.jit(lambda values: transverse_distance(universe(values).cosmo, few.z_cmb))
    D_M = np.asarray(distance(POINT)) / POINT["h"]
    wanted = 5 * np.log10((1 + few.z_hel) * D_M) + 25
    np.testing.assert_allclose(theory_vector(Supernovae.of(few), POINT), wanted, rtol=1e-9)


def test_slopes_batches_and_compilations(few):
    """Slopes are those of differences, a batch is the loop, other data compile nothing."""
    names = [*POINT, "Mb"]

    def value(likelihood, x):
        *values, Mb = x
        seen = universe(dict(zip(POINT, values, strict=True)))
        return -2 * likelihood.log_likelihood({"Mb": Mb}, seen)

    other = SupernovaData(few.z_cmb * 1.1, few.z_hel, few.magnitude + 0.1, few.covariance * 2)
    one, changed = (Supernovae.of(data, sampled=True) for data in (few, other))
    check_slopes_and_batches(value, one, changed, np.array([*POINT.values(), -19.3]), names)


def test_where_a_closed_universe_ends_there_is_no_likelihood_and_no_slope(few):
    one = Supernovae.of(SupernovaData(few.z_cmb * 900, few.z_hel, few.magnitude, few.covariance))

    @jax.jit
    @jax.value_and_grad
    def in_curvature(k):
        return one.log_likelihood({}, universe(POINT | {"Omega_k": k}))

    value, slope = in_curvature(-1.0)
    assert float(value) == -np.inf
    assert float(slope) == 0


def test_in_a_posterior(small_model):
    """The product with two-point data, with the magnitude as a parameter."""
    product = small_model.with_likelihood(
        "union3", Supernovae.of(union3(), sampled=True), params={"Mb": [-1.0, 1.0]}
    )
    x = product.reference
    assert product.parameters[-1] == "Mb"
    assert "union3: Supernovae of 22 points, Mb" in repr(product)
    value, slope = product.value_and_gradient(x)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()
    assert abs(slope[-1]) > 0
