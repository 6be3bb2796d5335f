"""Priors against scipy.stats, and the unit-normal maps, their tails and gradients."""

import jax
import numpy as np
import pytest
from scipy import stats

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors import Normal, TruncatedNormal, Uniform

PRIORS = {
    "uniform": (Uniform(0.1, 0.9), stats.uniform(0.1, 0.8)),
    "uniform tiny": (Uniform(5e-10, 5e-9), stats.uniform(5e-10, 4.5e-9)),
    "uniform symmetric": (Uniform(-5, 5), stats.uniform(-5, 10)),
    "normal": (Normal(-0.019, 0.013), stats.norm(-0.019, 0.013)),
    "truncated": (TruncatedNormal(0.3, 0.2, 0.1, 1.0), stats.truncnorm(-1, 3.5, 0.3, 0.2)),
    "upper tail": (TruncatedNormal(0.0, 1.0, 6.0, 8.0), stats.truncnorm(6, 8)),
    "lower tail": (TruncatedNormal(0.0, 1.0, -8.0, -6.0), stats.truncnorm(-8, -6)),
    "one-sided": (TruncatedNormal(0.0, 1.0, 0.0, 40.0), stats.truncnorm(0, 40)),
}
to_x, to_u, density = (
    jax.jit(lambda prior, at, name=name: getattr(prior, name)(at))
    for name in ("from_unit_normal", "to_unit_normal", "log_density")
)


@jax.jit
def slope(prior, u):
    """dx/du (m,) at u (m,)."""
    return jax.vmap(jax.grad(prior.from_unit_normal))(u)


@jax.jit
def slope_back(prior, x):
    """du/dx (m,) at x (m,)."""
    return jax.vmap(jax.grad(prior.to_unit_normal))(x)


@jax.jit
def rows_of(prior, u, x):
    """The three functions at each point alone, in a batch."""
    functions = (prior.from_unit_normal, u), (prior.to_unit_normal, x), (prior.log_density, x)
    return [jax.vmap(function)(at) for function, at in functions]


N = 101  # points of nearly all checks, so that functions are compiled once
CASES = pytest.mark.parametrize(("prior", "scipy"), PRIORS.values(), ids=PRIORS.keys())


@CASES
def test_density_is_scipys(prior, scipy):
    low, high = scipy.ppf([1e-6, 1 - 1e-6])
    x = np.linspace(low, high, N + 2)[1:-1]
    np.testing.assert_allclose(density(prior, x), scipy.logpdf(x), rtol=1e-9)


@CASES
def test_density_is_normalised_and_bounded(prior, scipy):
    low, high = scipy.ppf([1e-12, 1 - 1e-12])
    x = np.linspace(low, high, 20001)
    assert np.trapezoid(np.exp(density(prior, x)), x) == pytest.approx(1, abs=1e-6)
    for limit, outward in zip(prior.support, (-1, 1), strict=True):
        if np.isfinite(limit):
            assert np.isfinite(density(prior, limit))
            assert density(prior, limit + outward * 0.01 * (high - low)) == -np.inf


@CASES
def test_unit_normal_round_trip(prior, scipy):
    u = np.linspace(-5, 5, N)
    x = to_x(prior, u)
    np.testing.assert_allclose(to_u(prior, x), u, atol=2e-8)
    np.testing.assert_allclose(x, scipy.ppf(stats.norm.cdf(u)), rtol=1e-8)


def test_tails_are_accurate_to_the_last_digit_where_the_limit_is_zero():
    u = np.array([-30.0, -20.0, -8.0])
    np.testing.assert_allclose(to_x(Uniform(0, 1), u), stats.norm.cdf(u), rtol=1e-10)
    np.testing.assert_allclose(to_x(Uniform(-1, 0), -u), -stats.norm.cdf(u), rtol=1e-10)
    np.testing.assert_allclose(to_u(Uniform(0, 1), stats.norm.cdf(u)), u, rtol=1e-10)


@CASES
def test_far_tails_stay_inside_with_finite_gradients(prior, scipy):
    u = np.resize([-60.0, -38.5, -37.0, -10.0, 0.0, 10.0, 37.0, 38.5, 60.0], N)
    x, slopes = np.asarray(to_x(prior, u)), np.asarray(slope(prior, u))
    low, high = prior.support
    assert np.all((low <= x) & (x <= high))
    assert np.isfinite(slopes).all()
    assert np.all(slopes >= 0)


@CASES
def test_gradients_batches_and_compilation(prior, scipy):
    u = np.linspace(-3, 3, N)  # 0 included: a fold there would spoil the slope
    step = 1e-4
    x = np.asarray(to_x(prior, u))
    rows = np.asarray(rows_of(prior, u, x))
    for function, at, row in zip(
        (prior.from_unit_normal, prior.to_unit_normal, prior.log_density),
        (u, x, x),
        rows,
        strict=True,
    ):
        loop = [function(one) for one in at[::8]]
        np.testing.assert_allclose(loop, row[::8], rtol=1e-12, atol=1e-14)
    slopes = slope(prior, u)
    numeric = (to_x(prior, u + step) - to_x(prior, u - step)) / (2 * step)
    np.testing.assert_allclose(slopes, numeric, rtol=2e-6)
    back = slope_back(prior, to_x(prior, u))
    np.testing.assert_allclose(back * slopes, 1, rtol=1e-7)


@CASES
def test_log_density_is_the_jacobian_of_the_map(prior, scipy):
    u = np.linspace(-4, 4, N)
    expected = stats.norm.logpdf(u) - np.log(slope(prior, u))
    np.testing.assert_allclose(density(prior, to_x(prior, u)), expected, rtol=1e-8)


@CASES
def test_centre_has_density(prior, scipy):
    assert np.isfinite(prior.log_density(prior.centre))


def test_limits_map_to_infinity():
    for prior in (Uniform(1, 2), TruncatedNormal(1.5, 0.1, 1, 2)):
        assert list(jax.jit(prior.to_unit_normal)(np.array([0.5, 1, 2, 3]))) == [
            -np.inf,
            -np.inf,
            np.inf,
            np.inf,
        ]


@pytest.mark.parametrize(
    ("make", "culprit"),
    [
        (lambda: Uniform(1, 1), "uniform"),
        (lambda: Uniform(2, 1), "lower limit 2"),
        (lambda: Uniform(0, float("inf")), "high is inf"),
        (lambda: Uniform("0", 1), "low is '0'"),
        (lambda: Normal(0, 0), "scale is 0"),
        (lambda: Normal(0, -1), "scale is -1"),
        (lambda: Normal(float("nan"), 1), "loc is nan"),
        (lambda: Normal(True, 1), "loc is True"),
        (lambda: TruncatedNormal(0, 1, 2, 1), "lower limit 2"),
        (lambda: TruncatedNormal(0, 1, 50, 60), "no probability"),
    ],
)
def test_bad_priors_are_named(make, culprit):
    with pytest.raises(ParameterError, match=culprit):
        make()


def test_as_cobaya_is_read_back():
    from jaxlike.config.records import prior_from

    for prior, _ in PRIORS.values():
        assert prior_from("x", prior.as_cobaya()) == prior
