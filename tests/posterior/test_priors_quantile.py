"""Distributions of scipy.stats as priors: SciPy's numbers, the map, gradients, ends, refusals."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cobaya.tools import get_scipy_1d_pdf
from scipy import stats

from jaxlike.config.records import prior_from
from jaxlike.errors import ParameterError
from jaxlike.posterior.priors import Normal, Quantile, TruncatedNormal, Uniform, scipy_prior

# As a Cobaya input has them.
TERMS = {
    "lognorm": {"dist": "lognorm", "s": 0.5, "loc": 0.1, "scale": 2.0},
    "lognorm tiny": {"dist": "lognorm", "s": 0.1, "scale": 2e-9},
    "halfnorm": {"dist": "halfnorm", "scale": 0.05},
    "loguniform": {"dist": "loguniform", "a": 1e-3, "b": 10.0},
    "beta": {"dist": "beta", "a": 2.0, "b": 5.0, "min": -1.0, "max": 3.0},
    "beta open ends": {"dist": "beta", "a": 0.5, "b": 0.7},
    "beta narrow": {"dist": "beta", "a": 1e4, "b": 3e4},
    "gamma": {"dist": "gamma", "a": 3.0, "loc": 60.0, "scale": 5.0},
    "gamma open end": {"dist": "gamma", "a": 0.5},
    "expon": {"dist": "expon", "loc": -1.0, "scale": 0.1},
    "cauchy": {"dist": "cauchy", "loc": 70.0, "scale": 2.0},
    "halfcauchy": {"dist": "halfcauchy", "scale": 25.0},
    "t": {"dist": "t", "df": 2.5, "loc": 0.3, "scale": 0.01},
    "laplace": {"dist": "laplace", "loc": 1.0, "scale": 0.3},
    "logistic": {"dist": "logistic", "loc": 1.0, "scale": 0.3},
    "skewnorm": {"dist": "skewnorm", "a": -4.0},
    "triang": {"dist": "triang", "c": 0.3, "min": 0.2, "max": 0.7},
    "weibull_min": {"dist": "weibull_min", "c": 1.8, "scale": 2.0},
    "weibull_max": {"dist": "weibull_max", "c": 2.5},
    "invgamma": {"dist": "invgamma", "a": 4.0},
    "pareto": {"dist": "pareto", "b": 2.6},
    "truncexpon": {"dist": "truncexpon", "b": 4.0, "min": 1.0, "max": 9.0},
    "half a normal": {"dist": "truncnorm", "a": 0.0, "b": np.inf, "loc": 0.1, "scale": 0.2},
    "two humps": {"dist": "dgamma", "a": 1.1},
}
CASES = pytest.mark.parametrize("name", TERMS)
U = np.sort(np.random.default_rng(1).uniform(-4, 4, 401))
MANY = np.random.default_rng(3).standard_normal(5000)
STEP = 1e-4
DIFFERENCES = np.linspace(-2.9, 3.1, 13)[:, None] + STEP * np.array([-1.0, 0.0, 1.0])
WIDE = np.linspace(-5, 5, 201)
FAR = np.array([-1e300, -60.0, -37.0, -10.0, 0.0, 10.0, 37.0, 60.0, 1e300])
INWARDS = np.array([-1.0, -1e-6, 0.0, 1e-9, 1e-3])  # from an end


@pytest.fixture(scope="module")
def case():
    """A function of a name: the prior, SciPy's, and the prior's numbers, compiled together."""
    known = {}

    @jax.jit
    def numbers(prior, u, x):
        """x of u and its slope; then u and log-density of these x and of others, slopes too."""
        own, slope = jax.vmap(jax.value_and_grad(prior.from_unit_normal))(u)
        x = jnp.concatenate([own, x])
        back, back_slope = jax.vmap(jax.value_and_grad(prior.to_unit_normal))(x)
        density, density_slope = jax.vmap(jax.value_and_grad(prior.log_density))(x)
        return own, slope, back, back_slope, density, density_slope

    def make(name):
        if name in known:
            return known[name]
        prior, scipy = prior_from("x", TERMS[name]), get_scipy_1d_pdf(TERMS[name])
        below, above = (float(scipy.ppf(stats.norm.cdf(u))) for u in (-1, 1))
        low, high = (np.where(np.isfinite(end), end, below) for end in scipy.support())
        reach = above - below
        ends = np.array([low + reach * INWARDS, high - reach * INWARDS])
        # SciPy's quantiles from the nearer end
        x = np.where(U < 0, scipy.ppf(stats.norm.cdf(U)), scipy.isf(stats.norm.sf(U)))
        parts = {"u": U, "many": MANY, "differences": DIFFERENCES, "wide": WIDE, "far": FAR}
        sizes = np.cumsum([part.size for part in parts.values()])
        flat = np.concatenate([part.ravel() for part in parts.values()])
        found = numbers(prior, flat, np.concatenate([x, ends.ravel()]))
        names = ("x", "slope", "u", "u_slope", "density", "density_slope")
        columns = {key: np.split(np.asarray(a), sizes) for key, a in zip(names, found, strict=True)}
        result = SimpleNamespace(prior=prior, scipy=scipy, x=x, ends=ends)
        for i, key in enumerate(parts):
            picked = {name: column[i] for name, column in columns.items()}
            setattr(result, key, SimpleNamespace(**picked))
        rest = {name: column[-1] for name, column in columns.items() if column[-1].size}
        result.scipys = SimpleNamespace(**{name: a[: x.size] for name, a in rest.items()})
        result.end = SimpleNamespace(
            **{name: a[x.size :].reshape(2, -1) for name, a in rest.items()}
        )
        return known.setdefault(name, result)

    return make


@CASES
def test_density_and_quantiles_are_scipys(case, name):
    found = case(name)
    expected = found.scipy.logpdf(found.x)
    np.testing.assert_allclose(found.scipys.density, expected, rtol=0, atol=3e-9)
    np.testing.assert_allclose(found.scipys.u, U, atol=2e-8)
    np.testing.assert_allclose((found.u.x - found.x) / found.u.slope, 0, atol=2e-8)


@CASES
def test_unit_normal_round_trip(case, name):
    wide, ends = case(name).wide, case(name).prior.support
    lost = np.zeros_like(wide.x)
    for end in ends:
        if np.isfinite(end):  # so close to an end that x itself has lost digits
            lost = np.maximum(lost, np.spacing(max(1e-300, abs(end))) / np.abs(wide.x - end))
    kept = lost < 1e-10
    assert kept.mean() > 0.7
    np.testing.assert_allclose(wide.u[kept], WIDE[kept], atol=2e-9)


@CASES
def test_gradients_are_those_of_differences(case, name):
    found = case(name)
    below, _, above = found.differences.x.reshape(-1, 3).T
    slope = found.differences.slope.reshape(-1, 3)[:, 1]
    np.testing.assert_allclose(slope, (above - below) / (2 * STEP), rtol=3e-6)
    back = found.differences.u_slope.reshape(-1, 3)[:, 1]
    np.testing.assert_allclose(back * slope, 1, rtol=1e-7)
    rise = found.scipy.logpdf(above) - found.scipy.logpdf(below)
    density_slope = found.differences.density_slope.reshape(-1, 3)[:, 1]
    np.testing.assert_allclose(density_slope * slope, rise / (2 * STEP), rtol=1e-5, atol=1e-6)


@CASES
def test_log_density_is_the_jacobian_of_the_map(case, name):
    found = case(name)
    expected = stats.norm.logpdf(U) - np.log(found.u.slope)
    np.testing.assert_allclose(found.u.density, expected, rtol=0, atol=2e-7)


@CASES
def test_draws_are_of_the_distribution(case, name):
    found = case(name)
    assert stats.kstest(found.many.x, found.scipy.cdf).pvalue > 1e-3


@CASES
def test_far_tails_stay_inside_with_finite_gradients(case, name):
    far, (low, high) = case(name).far, case(name).prior.support
    assert np.all((far.x >= low) & (far.x <= high) & np.isfinite(far.x))
    assert np.all(np.isfinite(far.slope) & (far.slope >= 0))


@CASES
def test_at_and_beyond_the_ends(case, name):
    found = case(name)
    for side, outwards in enumerate((-1, 1)):
        if not np.isfinite(found.prior.support[side]):
            continue
        density, slope = found.end.density[side], found.end.density_slope[side]
        expected = found.scipy.logpdf(found.ends[side])
        assert list(density[:2]) == [-np.inf] * 2
        assert list(found.end.u[side][:3]) == [outwards * np.inf] * 3
        assert not slope[:2].any()
        assert not found.end.u_slope[side][:2].any()
        assert not np.isnan(slope).any()
        if expected[2] == np.inf:  # large instead, so that the density can be used
            assert max(density[3:]) < density[2] < 1e4
        else:
            assert density[2] == pytest.approx(expected[2], abs=1e-3)
        for ours, theirs in zip(density[3:], expected[3:], strict=True):
            # beyond the smallest number of a density
            assert ours < -600 if theirs < -700 else ours == pytest.approx(theirs, abs=1e-3)


@pytest.mark.parametrize("name", ["beta", "cauchy", "lognorm"])
def test_batches_and_compilation(name):
    prior = prior_from("x", TERMS[name])
    u = jnp.linspace(-3, 3, 7)
    x = prior.from_unit_normal(u)
    for function, at in (
        (prior.from_unit_normal, u),
        (prior.to_unit_normal, x),
        (prior.log_density, x),
    ):
        one_by_one = list(map(jax.jit(function), at))
        np.testing.assert_allclose(jax.jit(jax.vmap(function))(at), one_by_one, atol=1e-12)
        np.testing.assert_allclose(function(at.reshape(7, 1))[:, 0], one_by_one, atol=1e-12)


@pytest.mark.parametrize("name", ["laplace", "logistic", "lognorm"])
def test_tails_keep_their_digits(name):
    terms = {"s": 1.0} if name == "lognorm" else {}
    prior, scipy = scipy_prior(name, terms), getattr(stats, name)(**terms)
    u = np.array([-30.0, -12.0, 12.0, 30.0])
    q = stats.norm.sf(np.abs(u))
    x = np.where(u < 0, scipy.ppf(q), scipy.isf(q))
    np.testing.assert_allclose(prior.from_unit_normal(u), x, rtol=1e-8)
    np.testing.assert_allclose(prior.log_density(x), scipy.logpdf(x), rtol=1e-9)


@jax.jit
def in_single_and_double(prior, u, far):
    """x of u, u of it and its density, these in double precision, and slopes at u far away."""
    x, wanted = prior.from_unit_normal(u), prior.from_unit_normal(u.astype(float))
    own = x, prior.to_unit_normal(x), prior.log_density(x)
    return own, (wanted, prior.log_density(wanted)), jax.vmap(jax.grad(prior.from_unit_normal))(far)


@pytest.mark.parametrize("name", ["gamma", "beta", "cauchy"])
def test_single_precision(name):
    prior = prior_from("x", TERMS[name])
    u, far = np.linspace(-3, 3, 7, dtype=np.float32), np.array([-60.0, 60.0], np.float32)
    (x, back, density), (wanted, wanted_density), slopes = in_single_and_double(prior, u, far)
    assert x.dtype == back.dtype == density.dtype == jnp.float32
    np.testing.assert_allclose(x, wanted, rtol=2e-5)
    np.testing.assert_allclose(density, wanted_density, atol=1e-3)
    assert np.isfinite(slopes).all()


def test_second_derivatives():
    x = np.array([0.05, 0.4, 2.0])
    curvature = jax.grad(jax.grad(Quantile("gamma", (("a", 3.0),)).log_density))
    found = jax.jit(jax.vmap(curvature))(x)
    np.testing.assert_allclose(found, -2.0 / x**2, rtol=1e-5)


@CASES
def test_as_cobaya_is_read_back_and_means_the_same(case, name):
    prior, scipy, x = case(name).prior, case(name).scipy, case(name).x
    again = prior.as_cobaya()
    assert prior_from("x", again) == prior
    assert hash(prior_from("x", again)) == hash(prior)
    np.testing.assert_allclose(get_scipy_1d_pdf(again).logpdf(x), scipy.logpdf(x), atol=1e-9)
    assert prior.centre == pytest.approx(scipy.median(), rel=1e-12, abs=1e-12)
    assert prior.support == pytest.approx(scipy.support())


def test_closed_forms_are_taken_where_there_are_any():
    assert scipy_prior("uniform", {"loc": 1, "scale": 2}) == Uniform(1, 3)
    assert scipy_prior("uniform", {"max": 2}) == Uniform(0, 2)
    assert scipy_prior("norm", {"scale": 2}) == Normal(0, 2)
    assert scipy_prior("truncnorm", {"a": -1, "b": 2, "loc": 1}) == TruncatedNormal(1, 1, 0, 3)


@pytest.mark.parametrize(
    ("make", "culprit"),
    [
        (lambda: Quantile("gauss"), "'gauss'; accepted is a continuous distribution of scipy"),
        (lambda: Quantile("binom"), "'binom'; accepted is a continuous"),
        (lambda: Quantile("gaussian_kde"), "accepted is a continuous"),
        (lambda: Quantile("vonmises"), "take vonmises_line"),
        (lambda: Quantile("beta", (("a", 1.0),)), "beta prior: b is missing; .* are a, b"),
        (lambda: Quantile("expon", (("a", 1.0),)), "a has no effect; its shape .* none"),
        (lambda: Quantile("beta", (("a", 1.0), ("b", -2.0))), "none with a = 1.0, b = -2.0"),
        (lambda: Quantile("beta", (("a", 1.0), ("b", "x"))), "b is 'x', but must be a number"),
        (lambda: Quantile("beta", (("a", np.nan), ("b", 1.0))), "a is nan"),
        (lambda: Quantile("expon", (), 0.0, 0.0), "expon prior: scale is 0.0"),
        (lambda: Quantile("expon", (), np.inf, 1.0), "expon prior: loc is inf"),
        (lambda: Quantile("beta", (("a", 1.0), ("b", 0.01))), "beta prior: SciPy computes"),
    ],
)
def test_bad_arguments_are_named(make, culprit):
    with pytest.raises(ParameterError, match=culprit) as error:
        make()
    assert "\n" not in str(error.value)
