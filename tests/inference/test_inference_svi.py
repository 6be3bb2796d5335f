"""Variational inference on posteriors with known moments and evidence."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.inference import complaints, run_svi, summarise
from jaxlike.inference.samplers import guides, svi
from jaxlike.inference.samplers.svi import pareto_k_hat

pytest.importorskip("numpyro")

SHORT = {"steps": 20, "samples": 50, "chains": 2, "progress": False}


@pytest.fixture(scope="module", params=["mvn", pytest.param("bnaf", marks=pytest.mark.slow)])
def run(request, make_gaussian):
    model = make_gaussian(4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guides, "_REHEARSAL_STEPS", 500)  # the posterior is the Gaussian it learns
        return model, run_svi(model, guide=request.param, steps=1000, seed=2, progress=False)


@pytest.fixture(scope="module")
def short_run(make_gaussian):
    """A short run, and what it saved."""
    saved = []
    return run_svi(make_gaussian(4), seed=5, **SHORT, save=saved.append), saved


def test_moments_of_a_correlated_gaussian_are_recovered(run):
    model, chains = run
    mean, covariance = model.posterior
    width = np.sqrt(np.diag(covariance))
    flat = chains.draws.reshape(-1, 4)
    np.testing.assert_allclose((flat.mean(0) - mean) / width, 0.0, atol=0.1)
    np.testing.assert_allclose(flat.std(0) / width, 1.0, atol=0.06)
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    np.testing.assert_allclose(np.cov(root @ flat.T), np.eye(4), atol=0.12)


def test_evidence_and_its_bound(run):
    model, chains = run
    assert chains.trace["elbo"].shape == (1000,)
    assert np.mean(chains.trace["elbo"][-200:]) == pytest.approx(model.ln_z, abs=0.1)
    if chains.evidence is not None:
        assert chains.evidence.error < 0.1
        assert chains.evidence.ln_z == pytest.approx(model.ln_z, abs=4 * chains.evidence.error)


def test_densities_of_the_draws_are_the_model_s(run):
    model, chains = run
    for where in ((0, 0), (3, 999), (1, 500)):
        x = jnp.asarray(chains.draws[where])
        assert chains.log_posterior[where] == pytest.approx(float(model.log_posterior(x)))
        assert chains.log_prior[where] == pytest.approx(float(model.log_prior(x)))


def test_draws_are_independent_and_the_cost_is_accounted_for(run):
    _, chains = run
    assert chains.method == "svi"
    assert chains.draws.shape == (4, 1000, 4)
    assert np.all(summarise(chains).ess_bulk > 3000)
    cost = chains.cost
    assert cost.warmup_gradients == 16 * 1000
    assert cost.values == 4000
    assert min(cost.fit_gradients, cost.compile_s, cost.warmup_s, cost.sampling_s, cost.cpu_s) > 0


def test_a_guide_that_is_not_the_posterior_is_told(run):
    _, chains = run
    assert (chains.evidence is None) == any("Pareto k-hat" in c for c in chains.cautions)


def test_a_seed_gives_the_same_draws_again(make_gaussian, short_run):
    again = run_svi(make_gaussian(4), seed=5, **SHORT)
    np.testing.assert_array_equal(short_run[0].draws, again.draws)


def test_walls_are_told_and_poison_nothing(make_gaussian):
    chains = run_svi(make_gaussian(4, walls=0.0), **SHORT)
    assert np.isfinite(chains.draws).all()
    assert np.isfinite(chains.log_posterior).all()
    assert np.isfinite(chains.trace["elbo"]).all()
    assert chains.draws[..., 0].max() <= 0.0
    assert "the posterior is zero at" in " ".join(complaints(chains, summarise(chains)))


def test_pareto_k_hat_tells_light_tails_from_heavy_ones():
    z = np.random.default_rng(0).standard_normal(4000)
    assert pareto_k_hat(-0.1 * z**2) < svi.MENTION_K_HAT
    assert pareto_k_hat(0.45 * z**2) > svi.MAX_K_HAT
    assert "is above 0.7" in svi._cautions(0.8, 0, 0)[0]
    assert "near the posterior" in svi._cautions(0.6, 0, 0)[0]
    assert svi._cautions(0.4, 0, 0) == []


def test_an_interrupt_saves_draws_of_the_guide_so_far(make_gaussian, interrupt):
    interrupt(after=3)
    saved = []
    with pytest.raises(KeyboardInterrupt):
        run_svi(make_gaussian(4), **SHORT | {"steps": 10000, "progress": True}, save=saved.append)
    assert len(saved) == 1
    assert 0 < saved[0].trace["elbo"].size < 10000
    assert saved[0].draws.shape == (2, 50, 4)


def test_the_result_is_saved(short_run):
    chains, saved = short_run
    assert saved == [chains]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("guide", "flow"),
        ("steps", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("particles", 0),
        ("samples", 0),
        ("chains", 0),
        ("seed", -1),
    ],
)
def test_options_out_of_range(make_gaussian, option, value):
    with pytest.raises(ConfigError, match=f"option {option} is .*accepted"):
        run_svi(make_gaussian(2), **{option: value})


def test_a_flow_needs_two_parameters(make_gaussian):
    with pytest.raises(ConfigError, match="accepted for one parameter is mvn"):
        run_svi(make_gaussian(1), guide="bnaf")


def test_without_the_library_there_is_one_sentence(make_gaussian, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "numpyro", None)
    with pytest.raises(ConfigError, match=r"method svi needs NumPyro: .*jaxlike\[samplers\]"):
        run_svi(make_gaussian(2))
