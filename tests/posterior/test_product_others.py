"""A likelihood from outside the package in a product: one class, or one function with its data."""

import pickle
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.errors import ParameterError
from jaxlike.theory.universe.background import hubble


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Chronometers:
    """H(z) / H0 with errors, all off by one unknown factor."""

    z: jax.Array
    rate: jax.Array
    error: jax.Array
    parameters: tuple[str, ...] = field(default=("stretch",), metadata={"static": True})

    def log_likelihood(self, parameters, universe):
        rate = hubble(universe.cosmo, self.z) / hubble(universe.cosmo, 0.0)
        return -0.5 * jnp.sum(((parameters["stretch"] * rate - self.rate) / self.error) ** 2)


Z, RATE, ERROR = np.array([0.3, 0.9]), np.array([1.2, 1.6]), np.array([0.05, 0.04])
STRETCH = {"stretch": {"prior": {"dist": "norm", "loc": 1.0, "scale": 0.1}, "latex": "s"}}


def as_function(parameters, universe, data):
    """The same without a class."""
    return Chronometers(*data).log_likelihood(parameters, universe)


# the cheapest of surveys, with what moves H(z)
CLUSTERING = """\
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear}}
likelihood:
  jaxlike.cobaya.2x2pt: {{data_file: {file}, probes: [w], scale_cuts: none, params: {{}}}}
params:
  omegam: {{prior: {{min: 0.1, max: 0.9}}, ref: 0.3}}
  w: {{prior: {{min: -3, max: 1}}, ref: -1}}
  b1: {{prior: {{min: 0.8, max: 3}}, ref: 1.4}}
  b2: {{prior: {{min: 0.8, max: 3}}, ref: 1.6}}
  As: 2.1e-9
  ns: 0.96
  H0: 70
  omegab: 0.046
"""


@pytest.fixture(scope="module")
def survey(small_folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("clustering") / "in.yaml"
    path.write_text(CLUSTERING.format(file=small_folder / "small.fits"))
    return jaxlike.load(path)


@pytest.fixture(scope="module")
def product(survey):
    clocks = Chronometers(jnp.asarray(Z), jnp.asarray(RATE), jnp.asarray(ERROR))
    return survey.with_likelihood("clocks", clocks, params=STRETCH)


def expected(model, x):
    """chi^2 of the clocks by hand: w is constant, and there is nothing but matter and it."""
    p = dict(zip(model.parameters, x, strict=True))

    @jax.jit
    def rate_of(x):
        cosmo = model.density.universe(model.canonical(x)).cosmo
        return hubble(cosmo, Z) / hubble(cosmo, 0.0)

    rate = np.asarray(rate_of(x))
    plain = np.sqrt(p["omegam"] * (1 + Z) ** 3 + (1 - p["omegam"]) * (1 + Z) ** (3 * (1 + p["w"])))
    np.testing.assert_allclose(rate, plain, rtol=2e-3)  # radiation apart
    return float(np.sum(((p["stretch"] * rate - RATE) / ERROR) ** 2))


def test_likelihoods_multiply(product, survey):
    x = product.reference
    assert product.parameters == (*survey.parameters, "stretch")
    clocks, alone = expected(product, x), float(survey.chi2(x[:-1]))
    chi2s = product.chi2s(x)
    assert list(chi2s) == list(product.likelihood_names) == [*survey.parts, "clocks"]
    np.testing.assert_allclose(product.chi2s_batch(x[None])[0], [*chi2s.values()], rtol=1e-12)
    assert float(chi2s["clocks"]) == pytest.approx(clocks, rel=1e-10)
    assert float(product.chi2(x)) == pytest.approx(alone + clocks, rel=1e-10)
    assert float(product.log_likelihood(x)) == pytest.approx(-(alone + clocks) / 2, rel=1e-10)
    assert float(product.likelihoods["clocks"].chi2(x)) == pytest.approx(clocks, rel=1e-10)
    named = dict(zip(product.parameters, x, strict=True))
    assert float(product.chi2(named)) == pytest.approx(alone + clocks, rel=1e-10)
    np.testing.assert_array_equal(product.theory_vector(x), survey.theory_vector(x[:-1]))
    assert "clocks: Chronometers of stretch" in repr(product)


def test_gradients_and_batches(product):
    """Slopes are those of differences, and a batch is the loop over it."""
    x = np.asarray(product.reference)
    X = np.stack([x, x * 1.01])
    values, slopes = product.value_and_gradient_batch(X)
    for i, name in ((0, "omegam"), (1, "w"), (len(x) - 1, "stretch")):
        assert product.parameters[i].endswith(name)
        step = 1e-5 * np.eye(len(x))[i]
        high, low = (float(product.log_posterior(x + s)) for s in (step, -step))
        assert float(slopes[0, i]) == pytest.approx((high - low) / 2e-5, rel=1e-5)
    np.testing.assert_allclose(values[1], product.log_posterior(X[1]), rtol=1e-11)


def test_the_function_is_the_class(product, survey):
    found = survey.with_likelihood("clocks", as_function, data=(Z, RATE, ERROR), params=STRETCH)
    x = product.reference
    assert float(found.log_posterior(x)) == pytest.approx(float(product.log_posterior(x)), 1e-12)
    assert "clocks: as_function of stretch" in repr(found)


def test_other_data_priors_and_likelihoods_of_the_product(product, survey):
    x = product.reference
    shifted = product.with_data(np.asarray(product.value) * 1.01)
    assert float(shifted.chi2s(x)["clocks"]) == float(product.chi2s(x)["clocks"])
    assert float(shifted.chi2(x)) != float(product.chi2(x))
    narrow = product.with_priors({"stretch": [0.9, 1.1]})
    assert float(narrow.chi2(x)) == float(product.chi2(x))
    alone = product.with_likelihoods([*survey.parts])
    assert float(alone.chi2(x)) == pytest.approx(float(survey.chi2(x[:-1])), rel=1e-12)
    again = pickle.loads(pickle.dumps(product))
    assert float(again.log_posterior(x)) == float(product.log_posterior(x))


@pytest.mark.slow
def test_it_is_sampled(product):
    """As any posterior: what the clocks say of their factor is far narrower than its prior."""
    idata = jaxlike.sample(product, chains=2, warmup=60, samples=40, progress=False)
    stretch = idata.posterior["stretch"].values
    assert stretch.shape == (2, 40)
    assert 0.9 < stretch.mean() < 1.1
    assert 0.005 < stretch.std() < 0.07


BAD = {
    "no likelihood": ({"likelihood": 3}, "must have the method log_likelihood"),
    "not traceable": (
        {"likelihood": lambda p, u, d: float(u.cosmo.h)},
        "'mine' cannot be differentiated by JAX",
    ),
    "no number": (
        {"likelihood": lambda p, u, d: u.los.chi},
        "returns real numbers of shape .*, but must return one real number",
    ),
    "text as data": ({"likelihood": as_function, "data": "file"}, "'file' among its data"),
    "a parameter without a prior": (
        {"likelihood": Chronometers(Z, RATE, ERROR)},
        "has the parameter 'stretch': give it in params",
    ),
    "a parameter that nothing takes": (
        {"likelihood": Chronometers(Z, RATE, ERROR), "params": STRETCH | {"shift": 0.1}},
        "params has 'shift', but likelihood 'mine' takes no such parameter: its own are stretch",
    ),
    "data of an object": (
        {"likelihood": Chronometers(Z, RATE, ERROR), "data": 3, "params": STRETCH},
        "'mine' is an object, which holds its own data: data=3 is for a function",
    ),
    "a parameter of the survey": (
        {"likelihood": as_function, "params": {"b1": 0.0}},
        "'b1', which is one of the posterior's already",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_multiply_is_named(survey, case):
    options, message = BAD[case]
    with pytest.raises(ParameterError, match=message):
        survey.with_likelihood("mine", **options)


def test_a_name_is_taken_once_and_no_data_vector_is_said_so(product):
    with pytest.raises(ParameterError, match="there is a likelihood 'clocks' already"):
        product.with_likelihood("clocks", as_function)
    with pytest.raises(ParameterError, match="'clocks' has no data vector, which a Fisher matrix"):
        jaxlike.fisher(product)
    with pytest.raises(ParameterError, match="'clocks' has no two-point data"):
        _ = product.likelihoods["clocks"].data
    assert product.with_likelihoods(["clocks"]).measured == {}
