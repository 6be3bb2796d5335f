"""NUTS on posteriors with known moments, from good and bad starts, whole and interrupted."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.inference import complaints, run_nuts, summarise
from jaxlike.inference.geometry.adaptation import mass_pattern, pooled_covariance
from jaxlike.inference.geometry.laplace import (
    dispersed_starts,
    fit_laplace,
    gradient_batch,
)
from jaxlike.inference.runs import drive
from jaxlike.inference.runs.device_placement import Placement
from jaxlike.inference.runs.stages import plan

SHORT = {"warmup": 60, "samples": 40, "chains": 2, "progress": False}


@pytest.fixture(scope="module")
def gaussian_run(make_movable, functions):
    model, options = make_movable(10), {"warmup": 200, "samples": 1000, "seed": 3}
    compiled = functions("nuts", 10, 4)
    return model, run_nuts(model, **options, progress=False, compiled=compiled)


def test_moments_of_a_correlated_gaussian_are_recovered(gaussian_run):
    model, chains = gaussian_run
    mean, covariance = model.posterior
    summary = summarise(chains)
    error = np.sqrt(np.diag(covariance) / summary.ess_bulk)
    assert np.all(np.abs(summary.mean - mean) < 4.0 * error)
    root = np.linalg.inv(np.linalg.cholesky(covariance))
    whitened = (chains.draws.reshape(-1, mean.size) - mean) @ root.T
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(mean.size), atol=0.12)
    assert complaints(chains, summary) == ()
    assert np.all(summary.ess_bulk > 1000)


def test_densities_of_the_draws_are_the_model_s(gaussian_run):
    model, chains = gaussian_run
    for chain, draw in ((0, 0), (3, 999), (1, 500)):
        x = jnp.asarray(chains.draws[chain, draw])
        assert chains.log_posterior[chain, draw] == pytest.approx(float(model.log_posterior(x)))
        assert chains.log_prior[chain, draw] == pytest.approx(float(model.log_prior(x)))
        assert chains.chi2[chain, draw] == pytest.approx(-2 * float(model.log_likelihood(x)))


def test_cost_is_accounted_for(gaussian_run):
    _, chains = gaussian_run
    cost = chains.cost
    assert cost.gradients == cost.fit_gradients + cost.warmup_gradients + cost.sampling_gradients
    assert cost.sampling_gradients >= chains.divergent.size
    assert min(cost.fit_gradients, cost.compile_s, cost.fit_s, cost.warmup_s, cost.sampling_s) > 0


def test_a_seed_gives_the_same_draws_again(make_movable, functions):
    """Of another compilation."""
    model, known = make_movable(3), {"compiled": functions("nuts", 3, 2)}
    first, again = run_nuts(model, seed=5, **SHORT), run_nuts(model, seed=5, **SHORT, **known)
    other = run_nuts(model, seed=6, **SHORT, **known)
    np.testing.assert_array_equal(first.draws, again.draws)
    assert not np.isclose(first.draws, other.draws).any()


def test_chains_in_one_batch_agree_with_chains_side_by_side(make_movable, functions, monkeypatch):
    model = make_movable(3)
    apart = run_nuts(model, **SHORT, compiled=functions("nuts", 3, 2))
    devices = Placement.of(2).devices
    monkeypatch.setattr(Placement, "of", lambda chains, few=1: Placement(chains, devices))
    together = run_nuts(model, **SHORT)
    np.testing.assert_allclose(apart.draws[:, :3], together.draws[:, :3], rtol=1e-6)


@pytest.mark.parametrize("n", [1, 2])
def test_few_parameters_no_warm_up_and_a_diagonal_mass_matrix(make_gaussian, n):
    model = make_gaussian(n)
    options = SHORT | {"warmup": 0, "mass": "diagonal"}
    assert run_nuts(model, **options).draws.shape == (2, 40, n)


def test_a_start_without_density_is_replaced(make_movable, functions):
    model = make_movable(3, start=np.array([50.0, 0.0, np.nan]), walls=2.0)
    chains = run_nuts(model, **SHORT, compiled=functions("nuts", 3, 2))
    assert np.isfinite(chains.draws).all()
    assert np.isfinite(chains.log_posterior).all()
    assert chains.draws[..., 0].max() <= 2.0


def test_a_run_starts_from_a_point_that_is_given(make_movable, functions):
    """Where the reference point has no density, no draws of the prior are then spent on another."""
    model = make_movable(3, start=np.array([50.0, 0.0, 0.0]), walls=2.0)
    compiled = functions("nuts", 3, 2)
    searched = run_nuts(model, **SHORT, compiled=compiled)
    given = run_nuts(model, **SHORT, compiled=compiled, start=(0.1, 0.2, 0.3))
    assert given.cost.fit_gradients <= searched.cost.fit_gradients - 10
    assert np.isfinite(given.log_posterior).all()


def test_a_posterior_that_is_zero_everywhere_is_an_error(make_movable, functions):
    model, compiled = make_movable(3, walls=-1e9), functions("nuts", 3, 2)
    with pytest.raises(JaxlikeError, match="no starting point"):
        run_nuts(model, **SHORT, compiled=compiled)


def test_an_interrupt_saves_the_draws_so_far(make_movable, functions, monkeypatch):
    monkeypatch.setattr(drive, "_SAVE_S", 0.0)
    saved = []

    def save(chains):
        saved.append(chains)
        if len(saved) == 2:
            raise KeyboardInterrupt

    options = SHORT | {"samples": 4000, "compiled": functions("nuts", 3, 2)}
    with pytest.raises(KeyboardInterrupt):
        run_nuts(make_movable(3), **options, save=save)
    assert len(saved) == 3
    last = saved[-1]
    assert 0 < last.n_draws < 4000
    assert last.draws.shape == (2, last.n_draws, 3)
    np.testing.assert_array_equal(last.draws[:, : saved[0].n_draws], saved[0].draws)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("chains", 0),
        ("warmup", -1),
        ("samples", 0),
        ("seed", -1),
        ("max_tree_depth", 0),
        ("target_accept", 1.0),
        ("target_accept", float("nan")),
        ("start", "truth"),
    ],
)
def test_options_out_of_range(make_gaussian, option, value):
    with pytest.raises(ConfigError, match=f"option {option} is .*accepted"):
        run_nuts(make_gaussian(2), **{option: value})


def test_fit_of_a_gaussian_is_exact(make_gaussian):
    model = make_gaussian(5)
    evaluate = gradient_batch(model.log_density, 5)
    laplace = fit_laplace(evaluate, np.zeros(5), np.random.default_rng(0))
    mean, covariance = model.posterior
    np.testing.assert_allclose(model.from_unconstrained(laplace.mode), mean, atol=1e-3)
    np.testing.assert_allclose(laplace.covariance * model.prior.scale**2, covariance, rtol=1e-4)


def test_fit_follows_a_curved_valley():
    def banana(u):
        return -0.5 * ((u[0] - 1.0) ** 2 + 400.0 * (u[1] - u[0] ** 2) ** 2)

    evaluate = gradient_batch(banana, 2)
    laplace = fit_laplace(evaluate, np.array([-1.5, 2.0]), np.random.default_rng(0))
    np.testing.assert_allclose(laplace.mode, 1.0, atol=0.5)
    assert laplace.log_density > -0.05


def test_laplace_of_a_curved_posterior_takes_few_hessians():
    """Gradients between Hessians update them: a bent valley of 40 parameters."""
    n = 40

    def valley(u):
        bent = u[1:] - 0.3 * u[:-1] ** 2
        return -0.5 * (u @ u) - 50.0 * jnp.sum((bent - 0.5) ** 2)

    laplace = fit_laplace(gradient_batch(valley, n), np.full(n, 1.5), np.random.default_rng(0))
    slope = jax.grad(valley)(laplace.mode)
    assert 0.5 * float(slope @ laplace.covariance @ slope) < 0.01  # what another step promises
    curvature = -np.asarray(jax.hessian(valley)(laplace.mode))
    np.testing.assert_allclose(np.linalg.inv(laplace.covariance), curvature, rtol=1e-4, atol=1e-3)
    assert laplace.n_gradients < 600  # 862 with a Hessian at every step


def test_starts_are_finite_and_dispersed(make_gaussian):
    model = make_gaussian(3, walls=0.0)
    evaluate = gradient_batch(model.log_density, 3)
    rng = np.random.default_rng(0)
    laplace = fit_laplace(evaluate, np.full(3, -1.0), rng)
    starts = dispersed_starts(evaluate, laplace, 9, rng)
    values, gradients = evaluate(starts)
    assert starts.shape == gradients.shape == (9, 3)
    assert np.isfinite(values).all()
    assert np.linalg.matrix_rank(starts - starts.mean(0)) == 3


@pytest.mark.parametrize("warmup", [0, 1, 2, 7, 20, 100, 499, 500])
def test_stages_add_up(warmup):
    stages = plan(None, 3, warmup, 40, None)
    assert sum(stage.draws for stage in stages if not stage.kept) == warmup
    assert [stage.kept for stage in stages] == [False] * (len(stages) - 1) + [True]


def test_pooled_covariance_tends_to_the_sample_s_and_is_never_degenerate():
    rng = np.random.default_rng(0)
    wanted = np.array([[2.0, 0.5], [0.5, 1.0]])
    draws = rng.multivariate_normal(np.zeros(2), wanted, size=(4, 5000))
    np.testing.assert_allclose(pooled_covariance(draws, np.eye(2)), wanted, atol=0.05)
    np.testing.assert_array_equal(pooled_covariance(draws[:1, :1], np.eye(2)), np.eye(2))
    assert np.linalg.eigvalsh(pooled_covariance(np.zeros((1, 3, 2)), np.eye(2))).min() > 0.1


def test_blocks_of_the_mass_matrix():
    names = ("Omega_m", "h", "b1", "b2")
    pattern = mass_pattern("Omega_m, b2;h,b1", names)
    expected = np.eye(4, dtype=bool)
    expected[[0, 3, 1, 2], [3, 0, 2, 1]] = True
    np.testing.assert_array_equal(pattern, expected)
    assert mass_pattern("dense", names).all()
    np.testing.assert_array_equal(mass_pattern("diagonal", names), np.eye(4))


@pytest.mark.parametrize(
    ("mass", "words"),
    [("Omega_m,bias", "'bias'; accepted are dense"), ("h,b1;b1,b2", "one block"), ("", "''")],
)
def test_wrong_blocks_of_the_mass_matrix(make_gaussian, mass, words):
    with pytest.raises(ConfigError, match=words):
        mass_pattern(mass, ("Omega_m", "h", "b1", "b2"))


def test_a_run_with_blocks_and_a_start_from_the_prior(make_gaussian):
    model = make_gaussian(4)
    options = SHORT | {"mass": "p0,p1;p2,p3", "straighten": False, "start": "prior"}
    chains = run_nuts(model, **options | {"warmup": 200, "samples": 400})
    mean, covariance = model.posterior
    error = np.sqrt(np.diag(covariance) / summarise(chains).ess_bulk)
    assert np.all(np.abs(summarise(chains).mean - mean) < 4.5 * error)


def test_sampling_warns_about_nothing(make_gaussian):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_nuts(make_gaussian(2), **SHORT)
