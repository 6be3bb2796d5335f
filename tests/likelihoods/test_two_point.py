"""The likelihood on a small data set: Gaussian algebra, failures, probes, the curved sky."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.stats import multivariate_normal

from jaxlike.config import TheoryOptions
from jaxlike.errors import ConfigError, DataError, ParameterError
from jaxlike.likelihoods.gaussian import quadratic_form
from jaxlike.likelihoods.two_point import NODE_TOLERANCE, build_likelihood
from jaxlike.registry.samples import lenses_and_sources
from jaxlike.theory.power.universe import UniverseGrid

QUICK = TheoryOptions(linear="eisenstein_hu_no_wiggle", nonlinear="linear")
POINT = {
    "Omega_m": 0.3, "Omega_b": 0.046, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "Omega_k": 0.0,
    "w0": -1.0, "wa": 0.0, "N_eff": 3.046, "b1": 1.4, "b2": 1.6, "m1": 0.01, "m2": -0.01,
    "A_IA": 0.5, "alpha_IA": 0.1, "z0_IA": 0.62,
    "dz_lens1": 0.0, "dz_lens2": 0.002, "dz_source1": -0.01, "dz_source2": 0.005,
}  # fmt: skip


@pytest.fixture(scope="module")
def small(small_data):
    return build_likelihood(small_data, QUICK)


@pytest.fixture(scope="module")
def small_vector(small):
    return np.asarray(small.theory_vector(POINT))


def test_normalised_log_likelihood_is_a_gaussian_density(small, small_vector):
    # in units of the errors: SciPy takes a covariance of such different entries for singular
    sigma = np.sqrt(np.diag(small.data.covariance))
    scaled = small.data.covariance / np.outer(sigma, sigma)
    density = multivariate_normal(small_vector / sigma, scaled)
    expected = density.logpdf(small.data.value / sigma) - np.log(sigma).sum()
    found = small.log_likelihood(POINT, normalised=True)
    assert float(found) == pytest.approx(expected, rel=1e-10)
    assert small.log_det_of_points == pytest.approx(
        np.linalg.slogdet(small.data.covariance)[1], rel=1e-12
    )


def test_log_likelihood_is_minus_half_chi2(small, small_vector, with_gradient):
    r = small.data.value - small_vector
    chi2 = r @ np.linalg.solve(small.data.covariance, r)
    assert float(small.chi2_of(jnp.asarray(small_vector))) == pytest.approx(chi2, rel=1e-10)
    assert float(with_gradient(POINT)[0]) == pytest.approx(-chi2 / 2, rel=1e-10)


def test_perfect_fit(small, small_vector):
    parts = np.split(small_vector, np.cumsum([m.value.size for m in small.data.measurements])[:-1])
    pairs = zip(small.data.measurements, parts, strict=True)
    data = replace(small.data, measurements=tuple(replace(m, value=v) for m, v in pairs))
    assert float(small.with_value(data.value).chi2_of(jnp.asarray(small_vector))) == 0


def test_quadratic_form_and_its_derivatives():
    rng = np.random.default_rng(0)
    square = rng.normal(size=(5, 5))
    precision, r = jnp.asarray(square @ square.T), jnp.asarray(rng.normal(size=5))
    assert float(quadratic_form(precision, r)) == pytest.approx(float(r @ precision @ r))
    gradient = jax.jit(jax.grad(quadratic_form, argnums=1))(precision, r)
    np.testing.assert_allclose(gradient, 2 * np.asarray(precision) @ r, rtol=1e-13)
    hessian = jax.jit(jax.hessian(quadratic_form, argnums=1))(precision, r)
    np.testing.assert_allclose(hessian, 2 * np.asarray(precision))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Omega_b": 0.4}, "room for cold dark matter"),
        ({"sigma8": -0.1}, "amplitude"),
        ({"w0": 0.5}, "w0 + wa < 0"),
        ({"Omega_k": -2.0}, "H^2 > 0"),
        ({"h": float("nan")}, "h > 0"),
    ],
)
def test_impossible_cosmologies(small, with_gradient, changes, reason):
    """-inf with a gradient of zeros, never NaN, and the reason in words."""
    value, gradient = with_gradient({**POINT, **changes})
    assert float(value) == -np.inf
    assert not np.any(list(gradient.values()))
    assert reason in str(small.reason_of_failure({**POINT, **changes}))


@pytest.fixture(scope="module")
def with_gradient(small):
    return jax.jit(jax.value_and_grad(small.log_likelihood))


def test_possible_cosmologies(small, with_gradient):
    value, gradient = with_gradient(POINT)
    assert np.isfinite(value)
    assert np.all(np.isfinite(list(gradient.values())))
    assert small.reason_of_failure(POINT) is None


def with_power(likelihood, **models):
    """A likelihood with other models of the power, on its own nodes."""
    options = replace(likelihood.options, **models)
    grid = UniverseGrid.build(
        likelihood.grid.nodes, linear=options.linear, nonlinear=options.nonlinear
    )
    return replace(likelihood, options=options, grid=grid)


def test_feedback_reaches_the_data_vector(small, small_data, small_vector):
    """HMCode2020 with feedback is less correlated at small angles; other models refuse it."""
    with pytest.raises(ParameterError, match=r"'log_T_AGN' has no effect with nonlinear = linear"):
        small.log_likelihood(POINT | {"log_T_AGN": 7.8})
    likelihood = with_power(small, nonlinear="hmcode2020")
    vector = likelihood.theory_vector
    values = ({}, {"log_T_AGN": 7.6}, {"log_T_AGN": 8.2})
    without, weak, strong = (np.asarray(vector(POINT | extra)) for extra in values)
    assert small_data.measurements[1].statistic == "xi_minus"
    first = small_data.measurements[0].value.size
    assert 0.5 < strong[first] / without[first] < 0.95
    assert strong[first] < weak[first]
    assert without[first] > small_vector[first]


def test_outside_the_emulators_range(small):
    """-inf with a gradient of zeros and the reason, as for impossible cosmologies."""
    likelihood = with_power(small, linear="emulator")
    compute = jax.jit(jax.value_and_grad(likelihood.log_likelihood))
    massive = POINT | {"omega_nu": 2e-3}
    value, gradient = compute(massive)
    assert np.isfinite(value)
    assert np.all(np.isfinite(list(gradient.values())))
    for changes, reason in (
        ({"Omega_b": 0.015}, "<= omega_b <="),
        ({"omega_nu": 0.02}, "<= omega_nu <="),
        ({"N_eff": 4.0}, "<= N_eff <="),
    ):
        value, gradient = compute(massive | changes)
        assert float(value) == -np.inf
        assert not np.any(list(gradient.values()))
        assert reason in str(likelihood.reason_of_failure(massive | changes))


@pytest.mark.parametrize(
    ("probes", "bins"),
    [
        (("xi_plus", "xi_minus"), (0, 2)),
        (("gamma_t", "w"), (2, 2)),
        (("w",), (2, 0)),
    ],
)
def test_a_selection_of_probes(small_data, small_vector, probes, bins):
    """It needs only its own parameters, and predicts its part of the whole data vector.

    Nodes are chosen anew for less data, so the parts agree to what that may cost each.
    """
    data = small_data.with_probes(probes)
    likelihood = build_likelihood(data, QUICK)
    assert likelihood.samples == lenses_and_sources(*bins)
    unused = ["b", "dz_lens"] * (bins[0] == 0) + ["m", "dz_source"] * (bins[1] == 0)
    values = {k: v for k, v in POINT.items() if k.rstrip("12") not in unused}
    found = np.asarray(likelihood.theory_vector(values))
    kept = np.concatenate(
        [np.full(m.value.size, m.statistic in probes) for m in small_data.measurements]
    )
    difference = found - small_vector[kept]
    assert difference @ likelihood.precision @ difference < 4 * NODE_TOLERANCE


def test_curved_sky_on_bins(small_data, small_vector):
    """The mean over each bin of the curve through the values at the centres.

    The curved sky itself differs from the flat one, through its lowest multipoles: by 0.3 % in
    xi+ at 3 arcmin, by 2 % at 150.
    """
    likelihood = build_likelihood(small_data, replace(QUICK, projection="curved"))
    found = np.asarray(likelihood.theory_vector(POINT))
    xi_plus = small_data.measurements[0]
    curve = CubicSpline(np.log(xi_plus.theta_arcmin[:6]), np.log(small_vector[:6]))
    for i in range(6):
        theta = np.linspace(xi_plus.theta_min_arcmin[i], xi_plus.theta_max_arcmin[i], 200)
        mean = np.average(np.exp(curve(np.log(theta))), weights=theta)
        assert found[i] == pytest.approx(mean, rel=0.03)


def test_curved_sky_without_bins(small_data):
    measurements = tuple(
        replace(m, theta_min_arcmin=None, theta_max_arcmin=None) for m in small_data.measurements
    )
    data = replace(small_data, measurements=measurements)
    with pytest.raises(ConfigError, match=r"projection = curved needs .* small\.fits: HDU 'xip'"):
        build_likelihood(data, TheoryOptions(projection="curved"))


def test_two_tables_for_one_field(small_data):
    """The counts of gamma_t and of w must come from one sample."""
    other = replace(small_data.distribution("NZ_LENS"), name="NZ_OTHER")
    *rest, w = small_data.measurements
    w = replace(w, kernel1="NZ_OTHER", kernel2="NZ_OTHER")
    data = replace(small_data, measurements=(*rest, w), nz=(*small_data.nz, other))
    with pytest.raises(DataError, match="NZ_LENS, NZ_OTHER; one n"):
        build_likelihood(data, QUICK)
