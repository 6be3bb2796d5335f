"""Correlated priors: their density and map, from yaml and ini, written and read again, refused."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
import yaml
from scipy.stats import multivariate_normal

from jaxlike.config import config_from_info
from jaxlike.config.cobaya_yaml import load_yaml
from jaxlike.config.written import as_cobaya
from jaxlike.errors import JaxlikeError, ParameterError
from jaxlike.loading import with_checked_parameters
from jaxlike.posterior.model import Model
from jaxlike.posterior.priors import Normal, correlated_gaussian
from jaxlike.registry.samples import Sample

COVARIANCE = np.array([[4.0, 1.2, -0.5], [1.2, 1.0, 0.3], [-0.5, 0.3, 2.25]]) * 1e-4
MEAN = (0.01, -0.02, 0.005)
OPTION = f"{{KIDS_DzS: {{covariance: {COVARIANCE.tolist()}, mean: {list(MEAN)}}}}}"
TEXT = """\
likelihood:
  kids: {{class: jaxlike.cobaya.shear, prefix: KIDS_, params: {{}}, correlated_priors: {option}}}
params:
  omegam: {{prior: [0.1, 0.9], ref: 0.3}}
  KIDS_AIA: {{prior: [-5, 5], ref: 0.5}}
  KIDS_DzS2: {{latex: z_2, ref: -0.01}}
  S8: 0.8
  H0: 70
  omegab: 0.046
  ns: 0.96
"""


def config_of(option=OPTION, text=TEXT, more=""):
    return config_from_info(load_yaml(text.format(option=option) + more, "in.yaml"), "in.yaml")


def posterior(config) -> Model:
    """Priors alone: there is no likelihood behind it."""
    return Model.of(config, {"none": SimpleNamespace(grid=(), arrays=(), samples=())})


@pytest.fixture(scope="module")
def model():
    return posterior(config_of())


def joint_part(x):
    return multivariate_normal(MEAN, COVARIANCE).logpdf(np.asarray(x)[[3, 2, 4]])


def test_density_is_that_of_the_gaussian(model):
    names = ("omegam", "KIDS_AIA", "KIDS_DzS2", "KIDS_DzS1", "KIDS_DzS3")
    assert model.parameters == names
    assert model.external_priors == ("KIDS_DzS",)
    np.testing.assert_allclose(model.reference, [0.3, 0.5, -0.01, 0.01, 0.005])
    assert model.specs[2].latex == "z_2"
    rng = np.random.default_rng(0)
    X = [0.3, 0.2, *np.zeros(3)] + 0.02 * rng.standard_normal((20, 5))
    alone = -np.log(0.8) - np.log(10.0)
    expected = [alone + joint_part(x) for x in X]
    factors = np.asarray(model.log_priors_batch(X))
    np.testing.assert_allclose(factors.sum(axis=1), expected, rtol=1e-11)
    widths = np.sqrt(np.diag(COVARIANCE))
    singles = [Normal(m, s) for m, s in zip(MEAN, widths, strict=True)]

    @jax.jit
    def apart(x):
        return sum(p.log_density(x[i]) for p, i in zip(singles, (3, 2, 4), strict=True))

    product = [alone + float(apart(x)) for x in X]
    np.testing.assert_allclose(factors[:, 0], product, rtol=1e-12)
    np.testing.assert_allclose(model.log_prior(X[3]), expected[3], rtol=1e-12)
    gradient = jax.jit(jax.grad(model.density.log_prior))(X[3])
    pull = np.linalg.solve(COVARIANCE, X[3][[3, 2, 4]] - MEAN)
    np.testing.assert_allclose(gradient, [0, 0, -pull[1], -pull[0], -pull[2]], rtol=1e-9)


def test_unit_normals_make_its_covariance(model):
    u = np.random.default_rng(1).standard_normal((4, 5))
    x = np.asarray(jax.jit(jax.vmap(model.density.from_unconstrained))(u))
    back = jax.jit(jax.vmap(model.density.to_unconstrained))(x)
    np.testing.assert_allclose(back, u, atol=1e-12)
    for point, row in zip(u, x, strict=True):
        np.testing.assert_allclose(model.from_unconstrained(point), row, rtol=1e-14)
    slope = np.asarray(jax.jit(jax.jacfwd(model.density.from_unconstrained))(u[0]))
    members = np.array([3, 2, 4])
    block = slope[np.ix_(members, members)]
    np.testing.assert_allclose(block @ block.T, COVARIANCE, rtol=1e-12)
    np.testing.assert_allclose(slope[members][:, :2], 0)
    np.testing.assert_allclose(model.from_unconstrained(np.zeros(5))[members], MEAN)
    # it is all in the map: what is left is the unit normal
    assert float(model.log_reference(u[0])) == pytest.approx(-0.5 * u[0] @ u[0], rel=1e-14)
    # and the volume of the map is the density's
    volume = np.linalg.slogdet(slope)[1]
    unit = -0.5 * u[0] @ u[0] - 2.5 * np.log(2 * np.pi)
    assert float(model.log_prior(x[0])) == pytest.approx(unit - volume, rel=1e-9)


def test_numbers_compile_nothing(model):
    other = OPTION.replace("[0.01,", "[0.03,").replace(
        "covariance: [[0.0004", "covariance: [[0.0005"
    )
    second = posterior(config_of(other))
    assert second.held.structure == model.held.structure
    with pytest.raises(ParameterError, match="'KIDS_DzS2' is in the correlated prior 'KIDS_DzS'"):
        model.with_priors({"KIDS_DzS2": [0, 1]})
    assert model.with_priors({"KIDS_AIA": [0, 1]}).external_priors == ("KIDS_DzS",)


def test_forms_of_the_option(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savetxt("cov.txt", COVARIANCE)
    np.savetxt("mean.txt", MEAN)
    expected = model.config.correlated_priors
    names = "[KIDS_DzS1, KIDS_DzS2, KIDS_DzS3]"
    for option in (
        "{KIDS_DzS: {covariance: cov.txt, mean: mean.txt}}",
        f"{{KIDS_DzS: {{params: {names}, covariance: cov.txt, mean: [0.01, -0.02, 0.005]}}}}",
        "{KIDS_DzS: {params: KIDS_DzS, covariance: cov.txt, mean: mean.txt}}",
    ):
        assert config_of(option).correlated_priors == expected
    assert config_of("{KIDS_DzS: cov.txt}").correlated_priors[0].mean == (0, 0, 0)
    assert config_of("{KIDS_DzS: cov.txt}").correlated_priors[0].file == str(tmp_path / "cov.txt")
    text = correlated_gaussian(["KIDS_DzS1", "KIDS_DzS2", "KIDS_DzS3"], "cov.txt", MEAN).text
    config = config_of("null", more=yaml.safe_dump({"prior": {"KIDS_DzS": text}}))
    assert config.correlated_priors == expected
    assert config.external_priors == ()
    keyword = config_from_info(
        load_yaml(TEXT.format(option="null"), "in.yaml"),
        "in.yaml",
        correlated_priors={"KIDS_DzS": {"covariance": COVARIANCE, "mean": MEAN}},
    )
    assert keyword.correlated_priors == expected


def test_what_is_written_reads_the_same(model, tmp_path):
    np.savetxt(tmp_path / "cov.txt", COVARIANCE, fmt="%.4e")
    for config in (model.config, config_of(f"{{KIDS_DzS: {tmp_path / 'cov.txt'}}}")):
        written = yaml.safe_dump(as_cobaya(config), sort_keys=False)
        again = config_from_info(load_yaml(written, "again.yaml"), "again.yaml")
        assert again.correlated_priors == config.correlated_priors
        assert again.sampled == config.sampled
        assert list(as_cobaya(again)["prior"]) == ["KIDS_DzS"]
        assert as_cobaya(again) == as_cobaya(config)


def test_bins_that_are_left_out_are_integrated_over():
    """A likelihood that is not taken takes its parameters out of a prior of both."""
    option = f"{{both: {{params: [KIDS_m1, DES_m1, KIDS_m2], covariance: {COVARIANCE.tolist()}}}}}"
    text = TEXT.replace("  KIDS_DzS2: {{latex: z_2, ref: -0.01}}\n", "").replace(
        "\nparams:\n", "\n  des: {{class: jaxlike.cobaya.shear, params: {{}}}}\nparams:\n"
    )
    info = load_yaml(text.format(option=option), "in.yaml")
    config = config_from_info(info, "in.yaml", likelihoods="kids")
    (prior,) = config.correlated_priors
    assert prior.params == ("KIDS_m1", "KIDS_m2")
    np.testing.assert_array_equal(prior.covariance, COVARIANCE[np.ix_([0, 2], [0, 2])])
    assert {"KIDS_m1", "KIDS_m2"} < {p.name for p in config.sampled}
    assert "DES_m1" not in {p.name for p in config.sampled}


def test_a_survey_has_them(tmp_path):
    """In a folder of its own, under a likelihood's prefix; what the input says goes before it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    np.savetxt(folder / "cov.txt", COVARIANCE)
    (folder / "survey.yaml").write_text("options: {correlated_priors: {DES_DzS: cov.txt}}\n")
    shift = "{prior: {dist: norm, loc: 0, scale: 1}, ref: 0.5, latex: s}"
    (folder / "parameters.yaml").write_text(f"DES_DzS1: {shift}\nDES_DzS2: {shift}\nDES_m1: 0.1\n")
    text = TEXT.replace("params: {{}}", f"survey: {folder}")
    config = config_of("null", text.replace("  KIDS_DzS2: {{latex: z_2, ref: -0.01}}\n", ""))
    (prior,) = config.correlated_priors
    assert (prior.name, prior.file) == ("KIDS_DzS", str(folder / "cov.txt"))
    found = {p.name: p for p in config.parameters}
    assert [found[f"KIDS_DzS{i}"].prior for i in (1, 2, 3)] == [*prior.marginals.values()]
    assert (found["KIDS_DzS1"].ref_loc, found["KIDS_DzS1"].latex) == (0.0, "s")
    assert all(found[f"KIDS_DzS{i}"].assumed for i in (1, 2, 3))
    own = text.replace("latex: z_2, ref: -0.01", "prior: [-1, 1]")
    (prior,) = config_of("null", own).correlated_priors
    assert prior.params == ("KIDS_DzS1", "KIDS_DzS3")
    np.testing.assert_array_equal(prior.covariance, COVARIANCE[np.ix_([0, 2], [0, 2])])
    assert config_of("survey", own).correlated_priors == (prior,)
    assert config_of("{}", own).correlated_priors == ()
    instead = config_of("{KIDS_m: [[1.0]]}", own.replace("KIDS_DzS2", "KIDS_DzS9"))
    assert [prior.name for prior in instead.correlated_priors] == ["KIDS_m"]


BAD = {
    "no file": ("{KIDS_DzS: nowhere.txt}", "covariance file '.*nowhere.txt' does not exist"),
    "text": ("{KIDS_DzS: words.txt}", "covariance file '.*words.txt' has no rows of numbers"),
    "size": (
        "{KIDS_DzS: {params: [KIDS_DzS1, KIDS_DzS2], covariance: [[1]]}}",
        r"covariance is 1 x 1, but there are 2 parameters \(KIDS_DzS1, KIDS_DzS2\)",
    ),
    "not square": ("{KIDS_DzS: [[1, 0, 0], [0, 1, 0]]}", "covariance is 2 x 3, but there are 2"),
    "ragged": ("{KIDS_DzS: [[1, 0], [1]]}", "covariance is .* numbers, or a file"),
    "one number": ("{KIDS_DzS: 1.0}", "covariance is one number, but there are 1 parameters"),
    "indefinite": (
        "{KIDS_DzS: [[1, 2], [2, 1]]}",
        "not positive definite: the smallest eigenvalue of its correlations is -1",
    ),
    "singular": ("{KIDS_DzS: [[1, 1], [1, 1]]}", "not positive definite"),
    "variance": ("{KIDS_DzS: [[1, 0], [0, 0]]}", "0 for the variance of 'KIDS_DzS2'"),
    "asymmetric": (
        "{KIDS_DzS: [[1, 0.1], [0.2, 1]]}",
        "not symmetric: it has 0.1 for 'KIDS_DzS1' and 'KIDS_DzS2', but 0.2",
    ),
    "nan": ("{KIDS_DzS: [[.nan, 0], [0, 1]]}", "not finite"),
    "mean": (
        "{KIDS_DzS: {covariance: [[1, 0], [0, 1]], mean: [0]}}",
        "mean has 1 numbers, but .* 2",
    ),
    "mean nan": ("{KIDS_DzS: {covariance: [[1.0]], mean: [.inf]}}", "mean has .* not finite"),
    "mean text": ("{KIDS_DzS: {covariance: [[1.0]], mean: none.txt}}", "mean file '.*none.txt'"),
    "no covariance": ("{KIDS_DzS: {mean: [0]}}", "no covariance: give a file"),
    "entry": ("{KIDS_DzS: {covarience: [[1]]}}", "unknown entry 'covarience'; accepted are params"),
    "survey": ("survey", "'correlated_priors' is 'survey', but survey des_y1 has none"),
    "no mapping": ("[1, 2]", r"option 'correlated_priors' is \[1, 2\]; accepted are"),
    "twice": (
        "{a: {params: [KIDS_m1, KIDS_m1], covariance: [[1, 0], [0, 1]]}}",
        "'a': parameter 'KIDS_m1' is there twice",
    ),
    "names": ("{a: {params: [1, 2], covariance: [[1, 0], [0, 1]]}}", "'a': params is .* names"),
    "no name": ("{a: {params: 3, covariance: [[1, 0], [0, 1]]}}", "'a': params is 3"),
    "two priors": (
        "{a: {params: KIDS_m, covariance: [[1.0]]}, b: {params: KIDS_m, covariance: [[2.0]]}}",
        "parameter 'KIDS_m1' is in two correlated priors, 'a' and 'b'",
    ),
    "own prior": (
        "{a: {params: [KIDS_AIA], covariance: [[1.0]]}}",
        "'KIDS_AIA' has a prior of its own, and is in the correlated prior 'a'",
    ),
    "fixed": ("{a: {params: [ns], covariance: [[1.0]]}}", "'ns' has a value, and is in"),
    "unknown": ("{a: {params: [KIDS_z1], covariance: [[1.0]]}}", "unknown parameter 'KIDS_z1'"),
    "alias": (
        "{a: {params: [sigma8], covariance: [[1.0]]}}",
        "'sigma8' and 'S8' are both given",
    ),
}


@pytest.mark.parametrize(("option", "words"), BAD.values(), ids=BAD)
def test_bad_options_are_one_sentence(option, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.txt").write_text("one two\n")
    with pytest.raises(JaxlikeError, match=words) as error:
        config_of(option, TEXT.replace("  KIDS_DzS2: {{latex: z_2, ref: -0.01}}\n", ""))
    message = str(error.value)
    assert message.startswith("in.yaml: ")
    assert "\n" not in message
    assert len(message) < 350


def test_bins_that_the_data_have_not_got():
    config = config_of()
    samples = (Sample("shear", 2, prefix="KIDS_", likelihood="kids"),)
    data_set = SimpleNamespace(samples=samples, options=config.theory)
    with pytest.raises(ParameterError, match="'KIDS_DzS3' is for source bin 3"):
        with_checked_parameters(config, [data_set])
