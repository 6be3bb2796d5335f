"""`jaxlike.posterior`: models and functions multiplied, and what is not the same in two of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.data import desi_dr2_bao, union3
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.likelihoods.bao import Bao
from jaxlike.likelihoods.supernovae import Supernovae
from jaxlike.posterior.priors import Uniform

FIXED = {"As": 2.1e-9, "omegab": 0.046, "ns": 0.96}
FREE = {"omegam": {"prior": [0.1, 0.9], "ref": 0.3}, "H0": {"prior": [50, 90], "ref": 70.0}}
OPTIONS = {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
DATA = {"z": np.array([0.1, 0.9]), "H": np.array([72.0, 110.0]), "error": np.array([5.0, 9.0])}
STRETCH = {"dist": "norm", "loc": 1.0, "scale": 0.1}


def clocks(parameters, universe, data):
    rate = parameters["stretch"] * universe.H(data["z"])
    return -0.5 * jnp.sum(((rate - data["H"]) / data["error"]) ** 2)


def calibrators(parameters, universe):
    return -0.5 * ((universe.H(0.0) - 73.0) / 1.0) ** 2


@pytest.fixture(scope="module")
def background():
    """Of functions alone."""
    priors = {**FREE, **FIXED, "stretch": {"prior": STRETCH, "latex": "s"}}
    return jaxlike.posterior([(clocks, DATA), calibrators], priors, **OPTIONS)


def test_functions_alone(background):
    assert background.likelihood_names == ("clocks", "calibrators")
    assert background.parameters == ("omegam", "H0", "stretch")
    assert background.parts["clocks"].arrays.parameters == ("stretch",)
    assert background.parts["calibrators"].arrays.parameters == ()
    x = np.array([0.3, 71.0, 1.02])
    rate = 1.02 * 71 * np.sqrt(0.3 * (1 + DATA["z"]) ** 3 + 0.7)
    by_hand = np.sum(((rate - DATA["H"]) / DATA["error"]) ** 2) + 4
    assert float(background.chi2(x)) == pytest.approx(by_hand, abs=0.01)  # radiation apart
    value, slope = background.value_and_gradient(x)
    step = 1e-4 * np.eye(3)
    for i in range(3):
        both = [float(background.log_posterior(x + s * step[i])) for s in (1, -1)]
        assert float(slope[i]) == pytest.approx((both[0] - both[1]) / 2e-4, rel=1e-4)
    assert np.isfinite(value)


def test_surveys_of_two_models(alone, product):
    """On common nodes: chi^2 is the sum of those on nodes of their own, to 0.05, and that of one
    input of both, exactly; a shifted data vector is kept, and a function multiplies."""
    found = jaxlike.posterior([*alone.values(), calibrators], {"H0": FREE["H0"]})
    assert found.likelihood_names == (*alone, "calibrators")
    assert {*found.parameters} == {*product.parameters, "H0"}
    grids = [jax.tree.leaves(one.grid) for one in found.measured.values()]
    assert all(a is b for grid in grids for a, b in zip(grid, grids[0], strict=True))
    point = dict(zip(product.parameters, product.reference, strict=True))
    x = np.array([{**point, "H0": 70.0}[name] for name in found.parameters])
    total = 0.0
    for one in alone.values():
        total += float(one.log_likelihood(np.array([point[name] for name in one.parameters])))
    own = -0.5 * 3.0**2
    value = float(found.log_likelihood(x))
    assert 2 * abs(value - total - own) < 0.05
    assert value == pytest.approx(float(product.log_likelihood(product.reference)) + own, rel=1e-9)


def test_one_survey_keeps_its_nodes(alone, background):
    """And what it was changed to; parameters of functions come with their model."""
    survey = alone["sgc"].with_data(np.asarray(alone["sgc"].value) * 1.1)
    found = jaxlike.posterior({"south": survey, "rest": background}, {"H0": [60, 80]})
    assert found.likelihood_names == ("south", "rest.clocks", "rest.calibrators")
    assert found.measured["south"].grid is survey.measured["sgc"].grid
    assert {*found.parameters} == {*survey.parameters, "H0", "stretch"}
    point = {
        **dict(zip(survey.parameters, survey.reference, strict=True)),
        "H0": 70,
        "stretch": 1.0,
    }
    chi2s = found.chi2s(np.array([float(point[name]) for name in found.parameters]))
    assert float(chi2s["south"]) == pytest.approx(float(survey.chi2(survey.reference)), rel=1e-9)
    more = found.with_likelihood("bao", Bao.of(desi_dr2_bao()))
    assert more.likelihood_names[-1] == "bao"


def supernovae(priors=None, **options):
    """A model of another likelihood."""
    given = FREE | FIXED | (priors or {})
    return jaxlike.posterior({"sn": Supernovae.of(union3())}, given, **OPTIONS | options)


OTHER = {
    "a prior": ({"omegam": [0, 1]}, {}, r"'omegam' is sampled \(min 0.1, max 0.9\) in mod"),
    "a value": ({"ns": 0.97}, {}, "'ns' is fixed at 0.96 in .* and fixed at 0.97 in .*: give"),
    "an absent one": ({"w": [-2, 0]}, {}, r"'w' is sampled .* has not got it \(-1 there\)"),
    "an option": ({}, {"linear": "eisenstein_hu"}, "option 'linear' is eisenstein_hu_no_wigg"),
}


@pytest.mark.parametrize("case", OTHER)
def test_what_is_another_in_two_models_is_said(background, case):
    priors, options, message = OTHER[case]
    with pytest.raises(JaxlikeError, match=message) as error:
        jaxlike.posterior([background, supernovae(priors, **options)])
    assert str(error.value).startswith("posterior: ")
    assert "\n" not in str(error.value)


def test_what_is_given_counts_for_all(background):
    """Under any name of the quantity; what is said by default is no other one."""
    without = {name: info for name, info in (FREE | FIXED).items() if name != "H0"}
    one = Supernovae.of(union3())
    model = jaxlike.posterior({"sn": one}, without | {"h": [0.5, 0.9], "w": [-2, 0]}, **OPTIONS)
    with pytest.raises(JaxlikeError, match=r"has 'H0' and .* 'h', which are one quantity"):
        jaxlike.posterior([background, model], {"w": -1})
    found = jaxlike.posterior([background, model], {"h": [0.6, 0.8], "w": -1})
    assert found.parameters == ("omegam", "stretch", "h")
    assert found.config.sampled[1].latex == "s"
    narrow = jaxlike.posterior([background], {"omegam": Uniform(0.2, 0.35), "H0": [75, 90]})
    np.testing.assert_allclose(narrow.reference, [0.3, 82.5, 1.0])
    flat = jaxlike.posterior([background, supernovae({"omk": 0.0, "w": -1})])
    assert flat.parameters == background.parameters


BAD = {
    "nothing": ([], {}, "accepted is a list or a mapping"),
    "a number": ([3], {**FREE, **FIXED}, "3 was given, but accepted is a Model"),
    "no cosmology": ([calibrators], FREE, "parameter Omega_b is missing"),
    "a parameter that nothing takes": (
        [calibrators],
        {**FREE, **FIXED, "stretch": [0, 1]},
        "parameter 'stretch' is one that no likelihood takes",
    ),
    "a parameter without a prior": (
        [(clocks, DATA)],
        {**FREE, **FIXED},
        "likelihood 'clocks' asks for the parameter 'stretch', which is not there",
    ),
    "neither prior nor value": (
        [calibrators],
        {**FREE, **FIXED, "stretch": {"latex": "s"}},
        "priors has 'stretch' without a prior or a value",
    ),
    "the same twice": ([calibrators, calibrators], {**FREE, **FIXED}, "two of the likelihood 'cal"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(case):
    likelihoods, priors, message = BAD[case]
    with pytest.raises(JaxlikeError, match=message):
        jaxlike.posterior(likelihoods, priors, **OPTIONS)


def test_surveys_that_do_not_go_together(alone):
    with pytest.raises(ConfigError, match="two of the likelihood 'ngc': give the models a name"):
        jaxlike.posterior([alone["ngc"], alone["ngc"]])
    same = {"one": alone["ngc"], "two": alone["ngc"]}
    with pytest.raises(JaxlikeError, match=r"likelihoods 'one' and 'two' both take 'NGC_b1'"):
        jaxlike.posterior(same)
    with pytest.raises(ConfigError, match="'linear' is what the models say: load them with it"):
        jaxlike.posterior([alone["ngc"]], linear="emulator")
