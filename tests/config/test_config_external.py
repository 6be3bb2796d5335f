"""External priors of a Cobaya input: Cobaya's numbers, its rules on arguments, and refusals."""

from textwrap import dedent
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from cobaya.model import get_model

from jaxlike.config import config_from_info
from jaxlike.config.cobaya_yaml import load_yaml
from jaxlike.errors import ConfigError, JaxlikeError, ParameterError
from jaxlike.posterior.model import Model

PARAMS = """\
params:
  omegam: {prior: {dist: lognorm, s: 0.2, scale: 0.3}, ref: 0.3}
  omegab: {prior: {dist: beta, a: 5, b: 95}}
  H0: {prior: {dist: t, df: 4, loc: 70, scale: 3}}
  ns: 0.96
  logA: {prior: {dist: gamma, a: 400, scale: 0.0076}, drop: true}
  As: {value: 'lambda logA: 1e-10 * np.exp(logA)'}
"""
WITHOUT = PARAMS
PARAMS += "  tilt: {prior: {min: -1, max: 1}, drop: true}\n"
PRIOR = """\
prior:
  density: 'lambda omegam, H0: stats.norm.logpdf(omegam * (H0 / 100)**2, loc=0.143, scale=0.01)'
  amplitude: 'lambda As, ns: -0.5 * ((1e9 * As - 2.1) / 0.1)**2 * ns'
  wall: 'lambda omegab, omegam: np.where(omegab > 0.3 * omegam, -np.inf, np.log(omegam - omegab))'
  idle: 'lambda tilt, power=2, other=3.0: other * tilt**power'
  flat: 'lambda ns: 1.5'
"""


def information(params: str = PARAMS, prior: str = PRIOR) -> dict:
    text = "likelihood:\n  jaxlike.cobaya.shear: {params: {}}\n" + dedent(params) + dedent(prior)
    return load_yaml(text, "in.yaml")


def posterior(info: dict) -> Model:
    """Priors alone: there is no likelihood behind it."""
    nothing = SimpleNamespace(grid=(), arrays=(), samples=())
    return Model.of(config_from_info(info, "in.yaml"), {"none": nothing})


def test_priors_are_cobaya_s():
    info = information()
    ours = posterior(info)
    theirs = get_model({**info, "likelihood": {"one": None}})
    assert ours.external_priors == ("density", "amplitude", "wall", "idle", "flat")
    assert list(theirs.prior) == ["0", *ours.external_priors]
    assert list(theirs.parameterization.sampled_params()) == list(ours.parameters)
    u = np.random.default_rng(0).standard_normal((20, len(ours.parameters)))
    X = np.array([ours.from_unconstrained(point) for point in u])
    X[5, ours.parameters.index("omegab")] = 0.2  # beyond the wall
    expected = np.array([theirs.logpriors(x) for x in X])
    assert np.isfinite(expected[:, 0]).all()
    assert np.isinf(expected[:, 3]).any()
    np.testing.assert_allclose(ours.log_priors_batch(X), expected, rtol=1e-8, atol=1e-8)
    for x, factors in zip(X[:6], expected, strict=False):
        assert theirs.logprior(x) == pytest.approx(float(ours.log_prior(x)), rel=1e-8)
        assert factors.sum() == pytest.approx(float(ours.log_prior(x)), rel=1e-8)
    X[0, 0] = -0.1  # outside the prior of a single parameter
    assert np.all(np.asarray(theirs.logpriors(X[0])) == -np.inf)
    assert np.all(ours.log_priors(X[0]) == -np.inf)


def test_densities_over_u_contain_them():
    model = posterior(information())
    u = np.array([0.3, -0.2, 0.8, 1.1, -0.4])
    external = float(np.sum(model.log_priors(model.from_unconstrained(u))[1:]))
    assert float(model.log_reference(u)) == pytest.approx(external - 0.5 * u @ u)
    gradient = jax.jit(jax.grad(model.log_reference))(u)
    for i, step in enumerate(1e-5 * np.eye(5)):
        up, down = (float(model.log_reference(u + s)) for s in (step, -step))
        numeric = (up - down) / 2e-5
        assert float(gradient[i]) == pytest.approx(numeric, rel=1e-6, abs=1e-7)


def test_a_function_of_a_file_in_this_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jaxlike_own_prior.py").write_text(
        "import jax.numpy as jnp\n\ndef tight(omegam, H0):\n    return -jnp.cosh(omegam * H0)\n"
    )
    info = information(WITHOUT, "prior: {own: 'import_module(\"jaxlike_own_prior\").tight'}")
    model = posterior(info)
    x = model.reference
    values = dict(zip(model.parameters, x, strict=True))
    expected = -np.cosh(values["omegam"] * values["H0"])
    assert float(model.log_priors(x)[1]) == pytest.approx(expected)


def test_functions_of_python_and_their_text():
    functions = {"own": lambda ns, H0: -ns * H0, "text": "lambda ns: ns"}
    info = information(WITHOUT, "") | {"prior": functions}
    found = config_from_info(info, "in.yaml").external_priors
    assert [p.arguments for p in found] == [("ns", "H0"), ("ns",)]
    assert [p.text for p in found] == [None, "lambda ns: ns"]


def test_no_external_prior_is_no_change():
    model = posterior(information(WITHOUT, ""))
    u = np.array([0.3, -0.2, 0.8, 1.1])
    assert float(model.log_reference(u)) == pytest.approx(-0.5 * u @ u)
    assert model.log_priors(model.reference).shape == (1,)


def numpy_only(omegam):
    return -np.sqrt(omegam)


REFUSED = {
    "branch": ("lambda omegam: 0.0 if omegam > 0.3 else -np.inf", "'x' cannot be traced", "mcmc"),
    "float": ("lambda omegam: -float(omegam)", "'x' cannot be traced", "np and stats functions"),
    "numpy": (numpy_only, "'x' cannot be traced", "jax.numpy"),
    "frozen": ("lambda omegam: stats.norm(0.3, 0.1).logpdf(omegam)", "'x' cannot be", "stats"),
    "vector": ("lambda omegam: np.array([omegam, 1.0])", "'x' is .*shape=\\(2,\\)", "one real"),
    "complex": ("lambda omegam: omegam * 1j", "'x' is .*complex", "one real number"),
    "nothing": ("lambda omegam: None", "'x' is None", "one real number"),
    "syntax": ("lambda omegam:", "'x': 'lambda omegam:' cannot be used", "lambda a, b"),
    "name": ("lamda", "'x': 'lamda' cannot be used", "import_module"),
    "file": ("import_module('nil_of_this').f", "'x': .*nil_of_this", "import_module"),
    "number": (3.0, "'x' is 3.0", "a function"),
    "built in": (max, "'x' does not tell its arguments", "function of Python"),
    "argument": ("lambda omegam, zz: zz", "'x' takes 'zz', which is no", "known are As, H0"),
    "output": ("lambda sigma8: sigma8", "'x' takes 'sigma8', which is no", "sampled, fixed"),
}


@pytest.mark.parametrize(("given", "culprit", "accepted"), REFUSED.values(), ids=REFUSED.keys())
def test_what_jax_cannot_use_is_named(given, culprit, accepted):
    info = information(PARAMS + "  sigma8:\n", "")
    info["prior"] = {"x": given, "y": "lambda tilt: tilt"}
    with pytest.raises(ConfigError, match=culprit) as error:
        config_from_info(info, "in.yaml")
    assert "in.yaml" in str(error.value)
    assert "\n" not in str(error.value)
    with pytest.raises(JaxlikeError, match=accepted):
        config_from_info(info, "in.yaml")


def test_names():
    with pytest.raises(ConfigError, match="external prior '0': the name must be text, and not '0'"):
        config_from_info(information(prior="prior: {'0': 'lambda tilt: tilt'}"), "in.yaml")
    with pytest.raises(ConfigError, match="block 'prior' is 3"):
        config_from_info(information(prior="") | {"prior": 3}, "in.yaml")
    with pytest.raises(ParameterError, match=r"'tilt' has drop: true.*or a prior"):
        config_from_info(information(prior=""), "in.yaml")
