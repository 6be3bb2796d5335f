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
from jaxlike.theory.power.linear import sigma8
from jaxlike.theory.universe import background
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import growth_factor, growth_rate

# Planck's (arXiv:1807.06209, table 2), with a massive neutrino of 0.06 eV and CAMB's N_eff
PLANCK = {
    "H0": 67.36, "ombh2": 0.02237, "omch2": 0.12, "mnu": 0.06, "nnu": 3.044, "As": 2.1e-9,
    "ns": 0.9649,
}  # fmt: skip
POINT = {"Omega_m": 0.3153, "h": 0.6736, "Omega_b": 0.0493, "Omega_k": 0.01, "w0": -0.9, "wa": 0.1}
MODEL = "eisenstein_hu_no_wiggle"


def cosmology(values, **others):
    return Cosmology(**values, n_s=0.96, A_s=2.1e-9, omega_nu=6.4e-4, **others)


def universe(cosmo):
    """What a likelihood of distances and growth looks at."""
    return SimpleNamespace(cosmo=cosmo, models=(MODEL, "linear"))


@pytest.fixture(scope="module")
def every():
    """All quantities, two of them at each redshift."""
    z = np.repeat([0.3, 0.7, 1.4, 2.3], 2)
    value = np.array([8.0, 0.06, 17.0, 9.0, 13.0, 2.3e4, 2.7, 0.35])
    error = 0.02 * value
    correlated = 0.4 ** np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    return BaoData(z, value, BAO_QUANTITIES, correlated * np.outer(error, error))


@pytest.fixture(scope="module")
def growth(every):
    """The last of them alone, f sigma8."""
    return BaoData(every.z[-1:], every.value[-1:], (GROWTH,), every.covariance[-1:, -1:])


@pytest.fixture(scope="module")
def distances(every):
    """All but the last."""
    z, value, quantity = every.z[:-1], every.value[:-1], every.quantity[:-1]
    return BaoData(z, value, quantity, every.covariance[:-1, :-1])


@jax.jit
def log_likelihood(likelihood, cosmo):
    return likelihood.log_likelihood({}, universe(cosmo))


@jax.jit
def theory_vector(likelihood, cosmo):
    return likelihood.theory_vector(universe(cosmo))


def chi2_of(likelihood, values, **others):
    return -2 * log_likelihood(likelihood, cosmology(values, **others))


def cobaya(packages, name, options, theory):
    """chi^2 of Cobaya's likelihood at Planck's cosmology."""
    models = {"linear": MODEL, "nonlinear": "linear"} if theory != "camb" else None
    info = {"likelihood": {name: options}, "theory": {theory: models}, "params": PLANCK}
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
    """With a rescaled sound horizon."""
    rows = [f"{z} {v} {q}" for z, v, q in zip(every.z, every.value, every.quantity, strict=True)]
    (tmp_path / "mean.txt").write_text("\n".join(rows))
    np.savetxt(tmp_path / "cov.txt", every.covariance, fmt="%.17g")
    options = {
        "path": str(tmp_path),
        "measurements_file": "mean.txt",
        "cov_file": "cov.txt",
        "rs_rescale": 1.01,
    }
    theirs = cobaya(packages, "bao.generic", options, "jaxlike.cobaya.Theory")
    found = log_likelihood(Bao.of(every, rs_rescale=1.01), planck())
    assert -2 * float(found) == pytest.approx(theirs, rel=1e-6)
    assert {*DISTANCES, GROWTH} == {*BAO_QUANTITIES}


def test_growth_is_that_of_all_matter_where_none_of_it_is_hot(growth):
    """And its slopes are those of differences."""

    @jax.jit
    def wanted(w0):
        return growth_rate(of(w0), growth.z) * growth_factor(of(w0), growth.z) * sigma8_of(w0)

    def of(w0):
        return Cosmology(Omega_m=0.31, h=0.68, Omega_b=0.049, n_s=0.96, A_s=2.1e-9, w0=w0)

    def sigma8_of(w0):
        return sigma8(of(w0), 0.0, model=MODEL)

    one = Bao.of(growth)
    assert not one.needs_r_drag
    found, slope = jax.jit(jax.value_and_grad(lambda w: one.theory_vector(universe(of(w)))[0]))(
        -0.9
    )
    low, middle, high = (float(wanted(w)[0]) for w in (-0.901, -0.9, -0.899))
    assert float(found) == pytest.approx(middle, rel=1e-9)
    assert float(slope) == pytest.approx((high - low) / 0.002, rel=1e-5)


def test_predictions_are_the_distances(distances):
    """By the grid of many nodes, in a curved universe."""
    cosmo, z = cosmology(POINT), distances.z
    found = theory_vector(Bao.of(distances), cosmo)

    @jax.jit
    def of_many_nodes(cosmo):
        D_M = background.transverse_distance(cosmo, z) / cosmo.h
        return drag_horizon(cosmo)[1], D_M, background.hubble(cosmo, z) * cosmo.h

    r_d, D_M, H = map(np.asarray, of_many_nodes(cosmo))
    D_V = np.cbrt(z / H * D_M**2)
    wanted = [D_V / r_d, r_d / D_V, D_M / r_d, D_M / (1 + z) / r_d]
    wanted += [1 / H / r_d, 299792.458 * H * r_d, D_M * H]
    np.testing.assert_allclose(found, [one[i] for i, one in enumerate(wanted)], rtol=1e-7)


def test_slopes_batches_and_compilations(distances):
    """Slopes are those of differences, a batch is the loop, other data compile nothing."""
    names = list(POINT)

    def value(likelihood, x):
        cosmo = cosmology(dict(zip(names, x, strict=True)))
        return -2 * likelihood.log_likelihood({}, universe(cosmo))

    one = distances
    other = BaoData(one.z + 0.01, one.value * 1.1, one.quantity, one.covariance * 2)
    x = np.array([*POINT.values()])
    check_slopes_and_batches(value, Bao.of(one), Bao.of(other, rs_rescale=1.1), x, names)


def test_beyond_the_table_there_is_no_likelihood_and_no_slope(distances):
    """But for what no sound horizon is needed for."""
    far = POINT | {"Omega_b": 0.2}
    one = Bao.of(distances)

    @jax.jit
    @jax.value_and_grad
    def in_h(h):
        return one.log_likelihood({}, universe(cosmology(far | {"h": h})))

    value, slope = in_h(0.7)
    assert float(value) == -np.inf
    assert float(slope) == 0
    assert np.isnan(theory_vector(one, cosmology(far))).all()
    alone = BaoData(one.distance.z[6:], one.value[6:], ("F_AP",), np.eye(1))
    assert np.isfinite(float(chi2_of(Bao.of(alone), far)))


def test_a_universe_without_radiation_has_no_sound_horizon(distances):
    with pytest.raises(ParameterError, match="r_drag is computed with radiation: true only"):
        chi2_of(Bao.of(distances), POINT, radiation=False)


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


def test_a_parameter_that_rescales_the_sound_horizon():
    """r_drag of (rdh / h)^2 / r_drag: as it is for rdh = h r_drag, and h of no effect otherwise."""
    cosmo = planck()
    free, plain = Bao.of(desi_dr2_bao(), by_rdh=True), Bao.of(desi_dr2_bao())
    assert free.parameters == ("rdh",)
    own = float(cosmo.h * drag_horizon(cosmo)[1])
    at = universe(cosmo)
    same = free.theory_vector(at, {"rdh": own})
    np.testing.assert_allclose(same, plain.theory_vector(at), rtol=1e-12)
    half = free.theory_vector(at, {"rdh": own / 2})
    np.testing.assert_allclose(half, 4 * same, rtol=1e-12)
    slope = jax.grad(lambda rdh: free.log_likelihood({"rdh": rdh}, at))(0.9 * own)
    assert np.isfinite(slope)
    assert slope > 0
