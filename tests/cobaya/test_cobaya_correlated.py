"""Correlated priors in Cobaya: the same posterior, in its runs and in their files too."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from cobaya.log import LoggedError
from cobaya.model import get_model
from cobaya.run import run

import jaxlike
from jaxlike.data import write_two_point_fits

COVARIANCE = [[1e-4, 4e-5], [4e-5, 2.25e-4]]
INPUT = """\
theory:
  jaxlike.cobaya.Theory: {linear: eisenstein_hu_no_wiggle, nonlinear: linear}
likelihood:
  small:
    class: jaxlike.cobaya.shear
    data_file: small.fits
    scale_cuts: none
    prefix: KIDS_
    params: {}
    correlated_priors: {KIDS_DzS: {covariance: covariance.txt, mean: [0.005, -0.01]}}
params:
  omegam: {prior: [0.1, 0.9], ref: 0.3}
  S8: {prior: [0.6, 1.0], ref: 0.8}
  theta_MC_100: {prior: [0.9, 1.2], ref: 1.05}
  omegab: 0.046
  ns: 0.96
  KIDS_AIA: 0.5
  H0:
  logA:
"""


@pytest.fixture
def info(small_data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_two_point_fits(small_data, "small.fits")
    np.savetxt("covariance.txt", COVARIANCE)
    found = yaml.safe_load(INPUT)
    # Cobaya has no parameters of a likelihood but the input's where it has params of its own
    marginals = zip((0.005, -0.01), np.sqrt(np.diag(COVARIANCE)), strict=True)
    for i, (loc, scale) in enumerate(marginals, 1):
        prior = {"dist": "norm", "loc": loc, "scale": float(scale)}
        found["params"][f"KIDS_DzS{i}"] = {"prior": prior, "proposal": 0.005}
    return found


def test_one_posterior_in_both_programs_and_in_what_a_run_writes(info):
    point = {"omegam": 0.28, "S8": 0.77, "theta_MC_100": 1.04, "KIDS_DzS1": 0.02, "KIDS_DzS2": 0.01}
    ours = jaxlike.load(info)
    assert ours.parameters == tuple(point)
    assert ours.external_priors == ("KIDS_DzS",)
    x = np.array([*point.values()])
    theirs = get_model(info).logposterior(point)
    assert theirs.logpost == pytest.approx(float(ours.log_posterior(x)), rel=1e-9)
    np.testing.assert_allclose(theirs.logpriors, ours.log_priors(x), rtol=1e-9)
    derived = dict(zip(ours.derived_parameters, np.asarray(ours.derived(x)), strict=True))
    assert list(derived) == ["H0", "logA", "sigma8"]
    np.testing.assert_allclose(theirs.derived[:2], [derived["H0"], derived["logA"]], rtol=1e-9)
    value, gradient = ours.value_and_gradient(x)
    assert float(value) == pytest.approx(theirs.logpost, rel=1e-9)
    for i, step in enumerate(np.diag([1e-4, 1e-4, 1e-4, 1e-5, 1e-5])):
        above, below = (float(ours.log_posterior(y)) for y in (x + step, x - step))
        assert float(gradient[i]) == pytest.approx((above - below) / (2 * step[i]), rel=1e-5)

    updated, sampler = run(
        {**info, "sampler": {"mcmc": {"max_samples": 8, "seed": 1}}, "output": "chains/run"}
    )
    chain = sampler.products()["sample"]
    row = chain.data.iloc[-1]
    there = np.array([row[name] for name in ours.parameters], float)
    assert row["minuslogpost"] == pytest.approx(-float(ours.log_posterior(there)), rel=1e-8)
    assert row["minuslogprior__KIDS_DzS"] == pytest.approx(-float(ours.log_priors(there)[1]))
    assert "correlated_gaussian" in updated["prior"]["KIDS_DzS"]
    again = jaxlike.load("chains/run.updated.yaml")
    assert again.parameters == ours.parameters
    assert again.config.correlated_priors == ours.config.correlated_priors
    assert float(again.log_posterior(x)) == pytest.approx(theirs.logpost, rel=1e-12)
    text = yaml.safe_load(Path("chains/run.updated.yaml").read_text())
    del text["sampler"], text["output"]
    assert get_model(text).logposterior(point).logpost == pytest.approx(theirs.logpost, rel=1e-12)


def test_default_parameters_take_it(info):
    """Of a survey's own parameters and of none that the input lists."""
    del info["likelihood"]["small"]["params"]
    info["likelihood"]["small"]["survey"] = "des_y1"
    for name in ("KIDS_AIA", "KIDS_DzS1", "KIDS_DzS2"):
        del info["params"][name]
    ours, theirs = jaxlike.load(info), get_model(info)
    names = list(theirs.parameterization.sampled_params())
    assert set(names) == set(ours.parameters)
    x = np.array(ours.reference)
    at = [ours.parameters.index(name) for name in names]
    found = theirs.logpriors(x[at], as_dict=True)
    np.testing.assert_allclose([*found.values()], ours.log_priors(x), rtol=1e-9)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"KIDS_DzS1": {"prior": [-0.1, 0.1]}}, "'KIDS_DzS1' has a prior of its own"),
        ({"KIDS_DzS1": 0.0}, "correlated prior 'KIDS_DzS': 'KIDS_DzS1' is not sampled"),
    ],
)
def test_own_priors_are_refused(info, change, words):
    info["params"] |= change
    with pytest.raises(LoggedError, match=words):
        get_model(info)
