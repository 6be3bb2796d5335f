"""Every sampler of gradients on posteriors with known moments: the same in, the same out."""

from functools import cache

import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.inference import complaints, report, summarise
from jaxlike.inference.samplers.by_name import METHODS, checked_options, options_of, sampler

from .conftest import CHAINS

SHORT = {"warmup": 60, "samples": 40, "chains": 2, "progress": False}


@pytest.fixture(scope="module")
def runs(make_movable, functions):
    """Method -> chains on a correlated Gaussian of ten dimensions."""
    model = make_movable(10)
    options = {"warmup": 200, "samples": 1500, "chains": 4, "seed": 3, "progress": False}
    return model, {
        method: sampler(method)(model, **options, compiled=functions(method, 10, 4))
        for method in CHAINS
    }


@pytest.fixture(scope="module")
def short_run(make_movable):
    """A function of a method: chains of three dimensions, and how often the density was traced."""

    @cache
    def run(method):
        model, traced = make_movable(3), []
        density = type(model).log_density

        def counted(self, u):
            traced.append(u)
            return density(self, u)

        short = {"samples": 8, "walkers": 4, "burn_in": 20} if method == "laps" else SHORT
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(model), "log_density", counted)
            options = short | {"chains": 2, "progress": False}
            return sampler(method)(model, seed=5, **options), len(traced)

    return run


@pytest.mark.parametrize("method", CHAINS)
def test_moments_of_a_correlated_gaussian(runs, method):
    model, chains = runs[0], runs[1][method]
    mean, covariance = model.posterior
    summary = summarise(chains)
    error = np.sqrt(np.diag(covariance) / summary.ess_bulk)
    assert np.all(np.abs(summary.mean - mean) < 4.5 * error)
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    whitened = (chains.draws.reshape(-1, mean.size) - mean) @ root.T
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(mean.size), atol=0.12)
    assert complaints(chains, summary) == ()
    assert np.all(summary.ess_bulk > 1000)
    assert chains.method == method


@pytest.mark.parametrize("method", CHAINS)
def test_densities_and_cost(runs, method):
    model, chains = runs[0], runs[1][method]
    for chain, draw in ((0, 0), (3, 1499)):
        expected = float(model.log_posterior(chains.draws[chain, draw]))
        assert chains.log_posterior[chain, draw] == pytest.approx(expected)
    cost = chains.cost
    assert cost.sampling_gradients >= chains.divergent.size
    assert min(cost.warmup_gradients, cost.compile_s, cost.sampling_s, cost.cpu_s) > 0


def test_the_unadjusted_sampler_says_how_far_it_is_from_exact_draws(runs):
    assert "sigma and widths within" in report(runs[1]["mclmc"], summarise(runs[1]["mclmc"]))
    assert not runs[1]["adjusted_mclmc"].remarks


@pytest.mark.parametrize("method", CHAINS)
def test_a_seed_gives_the_same_draws_again(make_movable, functions, short_run, method):
    """Of another compilation."""
    first, _ = short_run(method)
    again = sampler(method)(make_movable(3), seed=5, **SHORT, compiled=functions(method, 3, 2))
    np.testing.assert_array_equal(first.draws, again.draws)


@pytest.mark.parametrize("method", [*CHAINS, "laps"])
def test_the_density_is_not_traced_by_every_function_that_is_compiled(short_run, method):
    _, traced = short_run(method)
    assert traced <= 3  # JAX does it again within a vmap and a shard_map


@pytest.mark.parametrize("method", CHAINS)
def test_a_wall_is_not_crossed(make_movable, functions, method):
    model = make_movable(3, start=np.array([50.0, 0.0, np.nan]), walls=2.0)
    chains = sampler(method)(model, **SHORT, compiled=functions(method, 3, 2))
    assert np.isfinite(chains.log_posterior).all()
    assert chains.draws[..., 0].max() <= 2.0


@pytest.mark.parametrize("method", METHODS)
def test_options_have_names_and_kinds(method):
    options = options_of(method)
    assert options["seed"] == 0
    assert checked_options(method, {"seed": "7"}) == {"seed": 7}
    with pytest.raises(ConfigError, match=f"option nonsense has no effect with method {method}"):
        checked_options(method, {"nonsense": 1})
    with pytest.raises(ConfigError, match=r"option seed of method .* must be like its default 0"):
        checked_options(method, {"seed": "x"})


def test_an_unknown_method_is_named():
    with pytest.raises(ConfigError, match="'gibbs'; accepted are nuts, hmc"):
        sampler("gibbs")
