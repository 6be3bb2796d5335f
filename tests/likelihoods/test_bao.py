"""BAO against Cobaya's likelihood, their slopes, and where there is no sound horizon."""

from functools import cache
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from checks import check_slopes_and_batches
from cobaya.model import get_model

from jaxlike.data import BAO_QUANTITIES, BaoData, desi_dr2_bao
from jaxlike.errors import ParameterError
from jaxlike.likelihoods.bao import DISTANCES, GROWTH, Bao
from jaxlike.likelihoods.compiled import cosmology as of_parameters
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.resolve import resolve
from jaxlike.theory.power.derived import drag_horizon
from jaxlike.theory.power.linear import fsigma8, sigma8
from jaxlike.theory.universe import background
from jaxlike.theory.universe.cosmology import Cosmology

# Planck's (arXiv:1807.06209, table 2), with a massive neutrino of 0.06 eV and CAMB's N_eff
PLANCK = {
    "H0": 67.36, "ombh2": 0.02237, "omch2": 0.12, "mnu": 0.06, "nnu": 3.044, "As": 2.1e-9,
    "ns": 0.9649,
}  # fmt: skip
POINT = {"Omega_m": 0.3153, "h": 0.6736, "Omega_b": 0.0493, "Omega_k": 0.01, "w0": -0.9, "wa": 0.1}
MODEL = "eisenstein_hu_no_wiggle"


def cosmology(values, **others):
    return Cosmology(**values, n_s=0.96, A_s=2.1e-9, omega_nu=6.4e-4, **others)


def universe(cosmo, sigma_8=0.8):
    """What a likelihood of distances looks at."""
    return SimpleNamespace(cosmo=cosmo, los=SimpleNamespace(sigma8=sigma_8))


@pytest.fixture(scope="module")
def every():
    """All quantities, two of them at each redshift."""
    z = np.repeat([0.3, 0.7, 1.4, 2.3], 2)
    value = np.array([8.0, 0.06, 17.0, 9.0, 13.0, 2.3e4, 2.7, 0.35])
    error = 0.02 * value
    correlated = 0.4 ** np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    return BaoData(z, value, BAO_QUANTITIES, correlated * np.outer(error, error))


@jax.jit
def log_likelihood(likelihood, cosmo):
    return likelihood.log_likelihood({}, universe(cosmo))


@jax.jit
def theory_vector(likelihood, cosmo, sigma_8=0.8):
    return likelihood.theory_vector(universe(cosmo, sigma_8))


def chi2_of(likelihood, values, **others):
    return -2 * log_likelihood(likelihood, cosmology(values, **others))


def cobaya(packages, name, options, theory):
    """chi^2 of Cobaya's likelihood at Planck's cosmology."""
    info = {"likelihood": {name: options}, "theory": {theory: None}, "params": PLANCK}
    model = get_model({**info, "packages_path": str(packages)})
    (loglike,), _ = model.loglikes({})
    return -2 * float(loglike)


@cache
def planck():
    """The same universe."""
    options = TheoryOptions(linear=MODEL, nonlinear="linear")
    return of_parameters(resolve(PLANCK, (), options), options)


@pytest.mark.parametrize(
    ("theory", "margin"), [("jaxlike.cobaya.Theory", 1e-6), ("camb", 0.01)], ids=["own", "CAMB"]
)
def test_desi_is_that_of_cobaya(packages, theory, margin):
    """At Planck's cosmology."""
    theirs = cobaya(packages, "bao.desi_dr2.desi_bao_all", None, theory)
    found = log_likelihood(Bao.of(desi_dr2_bao()), planck())
    assert 20 < theirs < 35
    assert -2 * float(found) == pytest.approx(theirs, abs=margin)


def test_every_quantity_is_that_of_cobaya(packages, every, tmp_path):
    """With a rescaled sound horizon; growth, which Cobaya takes of the cold matter, apart."""
    rows = [f"{z} {v} {q}" for z, v, q in zip(every.z, every.value, every.quantity, strict=True)]
    (tmp_path / "mean.txt").write_text("\n".join(rows[:-1]))
    geometry = every.covariance[:-1, :-1]
    np.savetxt(tmp_path / "cov.txt", geometry, fmt="%.17g")
    options = {
        "path": str(tmp_path),
        "measurements_file": "mean.txt",
        "cov_file": "cov.txt",
        "rs_rescale": 1.01,
    }
    theirs = cobaya(packages, "bao.generic", options, "jaxlike.cobaya.Theory")
    data = BaoData(every.z[:-1], every.value[:-1], every.quantity[:-1], geometry)
    found = log_likelihood(Bao.of(data, rs_rescale=1.01), planck())
    assert -2 * float(found) == pytest.approx(theirs, rel=1e-6)
    assert {*DISTANCES, GROWTH} == {*BAO_QUANTITIES}


def test_growth_is_that_of_the_linear_power(every):
    """To a part in a thousand of what CAMB calls f sigma8, which is of the velocities of cold
    matter."""

    @jax.jit
    def amplitudes(cosmo):
        z = np.array([2.3])
        return sigma8(cosmo, 0.0, model=MODEL)[0], fsigma8(cosmo, z, model=MODEL)[0]

    today, wanted = amplitudes(planck())
    found = theory_vector(Bao.of(every), planck(), today)
    assert float(found[-1]) == pytest.approx(float(wanted), rel=5e-3)


def test_predictions_are_the_distances(every):
    """By the grid of many nodes, in a curved universe."""
    cosmo, z = cosmology(POINT), every.z
    found = theory_vector(Bao.of(every), cosmo)

    @jax.jit
    def distances(cosmo):
        D_M = background.transverse_distance(cosmo, z) / cosmo.h
        return drag_horizon(cosmo)[1], D_M, background.hubble(cosmo, z) * cosmo.h

    r_d, D_M, H = map(np.asarray, distances(cosmo))
    D_V = np.cbrt(z / H * D_M**2)
    wanted = [D_V / r_d, r_d / D_V, D_M / r_d, D_M / (1 + z) / r_d]
    wanted += [1 / H / r_d, 299792.458 * H * r_d, D_M * H]
    np.testing.assert_allclose(found[:7], [one[i] for i, one in enumerate(wanted)], rtol=1e-7)


def test_slopes_batches_and_compilations(every):
    """Slopes are those of differences, a batch is the loop, other data compile nothing."""
    names = list(POINT)

    def value(likelihood, x):
        cosmo = cosmology(dict(zip(names, x, strict=True)))
        return -2 * likelihood.log_likelihood({}, universe(cosmo))

    other = BaoData(every.z + 0.01, every.value * 1.1, every.quantity, every.covariance * 2)
    x = np.array([*POINT.values()])
    check_slopes_and_batches(value, Bao.of(every), Bao.of(other, rs_rescale=1.1), x, names)


def test_beyond_the_table_there_is_no_likelihood_and_no_slope(every):
    """But for what no sound horizon is needed for."""
    far = POINT | {"Omega_b": 0.2}
    one = Bao.of(every)

    @jax.jit
    @jax.value_and_grad
    def in_h(h):
        return one.log_likelihood({}, universe(cosmology(far | {"h": h})))

    value, slope = in_h(0.7)
    assert float(value) == -np.inf
    assert float(slope) == 0
    assert np.isnan(theory_vector(one, cosmology(far))).all()
    alone = BaoData(every.z[6:], every.value[6:], ("F_AP", GROWTH), every.covariance[6:, 6:])
    assert np.isfinite(float(chi2_of(Bao.of(alone), far)))


def test_a_universe_without_radiation_has_no_sound_horizon(every):
    with pytest.raises(ParameterError, match="r_drag is computed with radiation: true only"):
        chi2_of(Bao.of(every), POINT, radiation=False)


def test_in_a_posterior(small_model):
    """The product with two-point data: shared universe, finite slopes."""
    product = small_model.with_likelihood("desi", Bao.of(desi_dr2_bao()))
    x = product.reference
    assert "desi: Bao" in repr(product)
    chi2s = product.chi2s(x)

    @jax.jit
    def alone(x):
        parameters = product.canonical(x)
        seen = product.density.universe(parameters)
        return Bao.of(desi_dr2_bao()).log_likelihood(parameters, seen)

    assert float(chi2s["desi"]) == pytest.approx(-2 * float(alone(x)), rel=1e-9)
    value, slope = product.value_and_gradient(x)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()
