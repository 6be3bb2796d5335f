"""Every sampler of gradients on posteriors with known moments: the same in, the same out."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.errors import ConfigError
from jaxlike.inference import Chains, complaints, report, summarise
from jaxlike.inference.samplers.by_name import (
    METHODS,
    SAMPLERS,
    checked_options,
    options_of,
    sampler,
)

from .conftest import CHAINS, GaussianModel

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


def random_walk(model, *, chains=2, samples=500, step=1.0, seed=0, progress=True):
    """Metropolis with Gaussian steps of one size: a method that the package has not got."""

    def at(u):
        """The density there, x, its log-posterior and its log-prior."""
        x = model.from_unconstrained(u)
        value, prior = model.log_posterior(x), model.log_prior(x)
        return value - prior + model.log_reference(u), x, value, prior

    def move(state, key):
        u, here = state
        one, two = jax.random.split(key)
        there = u + step * jax.random.normal(one, u.shape)
        new = at(there)
        taken = jnp.log(jax.random.uniform(two)) < new[0] - here[0]
        state = jax.tree.map(lambda a, b: jnp.where(taken, a, b), (there, new), state)
        return state, state[1][1:]

    @jax.jit
    @jax.vmap
    def chain(key):
        u, nothing = jnp.zeros(len(model.parameters)), jnp.full((), -jnp.inf)
        first = u, (nothing, u, nothing, nothing)  # which any move leaves
        return jax.lax.scan(move, first, jax.random.split(key, samples))[1]

    x, value, prior = map(np.asarray, chain(jax.random.split(jax.random.key(seed), chains)))
    return Chains(
        names=model.parameters,
        latex=tuple(spec.latex for spec in model.specs),
        priors=tuple(spec.prior.as_cobaya() for spec in model.specs),
        draws=x,
        log_posterior=value,
        log_prior=prior,
        divergent=np.zeros(value.shape, bool),
        method="walk",
    )


def test_a_sampler_from_outside(monkeypatch, small_folder):
    """One entry in the registry: its options are read as those of others, its draws are ArviZ's."""
    monkeypatch.setitem(SAMPLERS, "walk", random_walk)
    assert "walk" in METHODS
    assert options_of("walk")["step"] == 1.0
    with pytest.raises(ConfigError, match="option steps has no effect with method walk"):
        checked_options("walk", {"steps": 3})
    gaussian = GaussianModel(np.array([1.0, -1.0]), np.diag([4.0, 1.0]))
    chains = sampler("walk")(gaussian, **checked_options("walk", {"samples": "4000"}))
    mean, covariance = gaussian.posterior
    found = summarise(chains)
    assert np.all(np.abs(found.mean - mean) < 4.5 * np.sqrt(np.diag(covariance) / found.ess_bulk))
    model = jaxlike.load(small_folder / "pipeline.ini", probes=("gamma_t", "w"))
    idata = jaxlike.sample(model, method="walk", samples=20, step=0.01, progress=False)
    assert dict(idata.posterior.sizes) == {"chain": 2, "draw": 20}
    assert np.isfinite(idata.sample_stats["lp"]).all()
