"""Nested sampling against evidences and moments that are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.inference import complaints, run_nested, summarise
from jaxlike.inference.samplers import nested_run
from jaxlike.numerics.batches import few_at_a_time, in_blocks

SHORT = {"live": 50, "progress": False}


@pytest.fixture(scope="module")
def run(make_gaussian):
    model = make_gaussian(4)
    return model, run_nested(model, live=400, seed=1, progress=False)


def test_evidence_of_a_gaussian(run):
    model, chains = run
    assert 0.05 < chains.evidence.error < 0.3
    assert abs(chains.evidence.ln_z - model.ln_z) < min(3.0 * chains.evidence.error, 0.3)


def test_moments_of_a_correlated_gaussian_are_recovered(run):
    model, chains = run
    mean, covariance = model.posterior
    width = np.sqrt(np.diag(covariance))
    flat = chains.draws.reshape(-1, 4)
    np.testing.assert_allclose((flat.mean(0) - mean) / width, 0.0, atol=0.15)
    np.testing.assert_allclose(flat.std(0) / width, 1.0, atol=0.08)
    assert complaints(chains, summarise(chains)) == ()


def test_densities_of_the_draws_are_the_model_s(run):
    model, chains = run
    assert chains.method == "nested"
    for where in ((0, 0), (3, -1), (1, 50)):
        x = jnp.asarray(chains.draws[where])
        assert chains.log_posterior[where] == pytest.approx(float(model.log_posterior(x)))
        assert chains.chi2[where] == pytest.approx(-2 * float(model.log_likelihood(x)))


def test_cost_is_accounted_for(run):
    _, chains = run
    assert chains.cost.gradients == 0
    assert chains.cost.values > 50_000
    assert min(chains.cost.compile_s, chains.cost.sampling_s, chains.cost.cpu_s) > 0


def test_points_without_likelihood_count_for_the_evidence(make_gaussian):
    wall = -2.0  # beyond it is 90% of the prior
    model = make_gaussian(2, walls=wall)
    mean, covariance = model.posterior
    inside = norm.logcdf((wall - mean[0]) / np.sqrt(covariance[0, 0]))
    chains = run_nested(model, live=400, seed=4, progress=False)
    assert chains.draws[..., 0].max() <= wall
    assert np.isfinite(chains.log_posterior).all()
    wanted = model.ln_z + inside
    assert abs(chains.evidence.ln_z - wanted) < min(3.0 * chains.evidence.error, 0.45)


def test_a_likelihood_that_is_zero_everywhere_is_an_error(make_gaussian, monkeypatch):
    monkeypatch.setattr(nested_run, "_MAX_PRIOR_DRAWS", 10)
    with pytest.raises(JaxlikeError, match="zero nearly everywhere: only 0 of 500 draws"):
        run_nested(make_gaussian(2, walls=-1e9), **SHORT)


@pytest.fixture(scope="module")
def many_draws(make_gaussian):
    """A function of nothing: a run of more draws than its few live points are worth."""
    return lambda: run_nested(make_gaussian(2), chains=2, samples=500, seed=5, **SHORT)


@pytest.fixture(scope="module")
def many(many_draws):
    return many_draws()


def test_a_seed_gives_the_same_draws_again(many_draws, many):
    first, again = many, many_draws()
    np.testing.assert_array_equal(first.draws, again.draws)
    assert first.evidence == again.evidence


def test_more_draws_than_the_weights_are_worth_are_told(many):
    assert many.draws.shape == (2, 500, 2)
    assert "repeat points" in many.cautions[0]


def test_an_interrupt_saves_what_is_known(make_gaussian, interrupt):
    interrupt(after=3)
    saved = []
    with pytest.raises(KeyboardInterrupt):
        run_nested(make_gaussian(2), **SHORT, save=saved.append)
    assert len(saved) == 1
    assert "stopped early: the live points hold" in saved[0].cautions[0]
    assert np.isfinite(saved[0].log_posterior).all()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("live", 3),
        ("inner_steps", 0),
        ("delete", 0),
        ("delete", 400),
        ("tolerance", 0.0),
        ("tolerance", float("nan")),
        ("chains", 0),
        ("samples", 0),
        ("seed", -1),
    ],
)
def test_options_out_of_range(make_gaussian, option, value):
    with pytest.raises(ConfigError, match=f"option {option} is .*accepted"):
        run_nested(make_gaussian(2), **{option: value})


def test_few_points_at_a_time_give_the_same_values():
    function = few_at_a_time(lambda u: (jnp.sin(u).sum(), 2.0 * u))
    points = np.arange(22.0).reshape(11, 2)
    many = jax.jit(jax.vmap(function))
    sums, doubles = many(points)
    np.testing.assert_allclose(sums, np.sin(points).sum(1))
    np.testing.assert_allclose(doubles, 2.0 * points)
    blocks = in_blocks(many, points, 4)
    np.testing.assert_allclose(blocks[1], 2.0 * points)
