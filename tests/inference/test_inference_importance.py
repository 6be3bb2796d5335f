"""Re-weighted chains: the known answer of a Gaussian, equal weights of the same, and alarms."""

from dataclasses import replace

import numpy as np
import pytest

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.inference import Draws, reweight
from jaxlike.inference.results.importance import complaints, report
from jaxlike.posterior.priors import Uniform


def draws_of(model, n=4000, seed=0, lengths=None):
    """Exact draws of a Gaussian model's posterior."""
    mean, covariance = model.posterior
    values = np.random.default_rng(seed).multivariate_normal(mean, covariance, size=n)
    return Draws(
        names=model.parameters,
        latex=tuple(spec.latex for spec in model.specs),
        sampled=(True,) * len(model.parameters),
        values=values,
        weights=np.ones(n),
        log_posterior=np.array([float(model.log_posterior(x)) for x in values]),
        log_prior=np.array([float(model.log_prior(x)) for x in values]),
        lengths=lengths or (n // 2, n - n // 2),
    )


@pytest.fixture(scope="module")
def old(make_gaussian):
    return make_gaussian(n=3)


@pytest.fixture(scope="module")
def draws(old):
    return draws_of(old)


def moved(model, distance):
    """The same likelihood elsewhere, so many standard deviations away."""
    _, covariance = model.posterior
    direction = np.linalg.cholesky(covariance) @ np.ones(3) / np.sqrt(3.0)
    return replace(model, mu=model.mu + distance * direction)


def test_its_own_posterior_gives_equal_weights(old, draws):
    # to the digits of a chain file
    rounded = replace(draws, log_posterior=np.round(draws.log_posterior, 8))
    result = reweight(old, rounded, progress=False)
    np.testing.assert_allclose(result.weights, 1.0, rtol=1e-12)
    assert np.isnan(result.k_hat)
    assert (result.ess, result.n, result.n_lost) == (pytest.approx(4000), 4000, 0)
    assert complaints(result) == ()
    assert "all weights are as good as equal" in report(result, draws)
    assert "-0.000" not in report(result, draws)


def test_the_moments_of_another_gaussian(old, draws):
    new = replace(moved(old, 0.5), precision=1.3 * old.precision)
    result = reweight(new, draws, progress=False)
    mean, covariance = new.posterior
    found, std = result.moments()
    sigma = np.sqrt(np.diag(covariance))
    assert np.abs((found - mean) / sigma).max() < 4.0 / np.sqrt(result.ess)
    assert np.abs((draws.values.mean(axis=0) - mean) / sigma).max() > 0.2
    np.testing.assert_allclose(std, sigma, rtol=0.08)
    assert result.k_hat < 0.5
    assert 1000 < result.ess < 3500
    assert complaints(result) == ()
    # the densities are the new ones, at the draws of the old
    x, at = result.chains.draws[1, 7], float(new.log_posterior(result.chains.draws[1, 7]))
    np.testing.assert_array_equal(x, draws.values[2007])
    assert result.chains.log_posterior[1, 7] == pytest.approx(at)
    assert result.weights.mean() == pytest.approx(1.0)


def test_weights_multiply(old, draws):
    """Re-weighted back and forth, and repeated rows, are the same as at once."""
    new = moved(old, 0.5)
    once = reweight(new, draws, progress=False)
    there = replace(
        draws,
        weights=once.weights.ravel(),
        log_posterior=once.chains.log_posterior.ravel(),
        log_prior=once.chains.log_prior.ravel(),
    )
    back = reweight(old, there, progress=False)
    np.testing.assert_allclose(back.moments()[0], draws.values.mean(axis=0), rtol=0.02)
    assert back.ess > 3900
    # each row twice, as a chain that stayed there
    twice = reweight(new, replace(draws, weights=np.full(4000, 2.0)), progress=False)
    assert twice.n == 8000
    assert twice.ess == pytest.approx(2 * once.ess, rel=0.02)
    np.testing.assert_allclose(twice.moments()[0], once.moments()[0], atol=5e-3)


def test_a_posterior_far_away_is_warned_of(old, draws):
    result = reweight(moved(old, 6.0), draws, progress=False)
    found = complaints(result)
    assert len(found) == 2
    assert found[0].startswith("Pareto k-hat is ")
    assert "below 100: few draws carry all the weight" in found[1]


def test_draws_without_a_posterior_are_left_out(make_gaussian, draws, old):
    edge = float(np.median(draws.values[:, 0]))
    half = replace(old, walls=edge)
    uneven = replace(draws, lengths=(100, 3900))
    result = reweight(half, uneven, progress=False)
    assert result.n_lost == 2000
    assert result.ess == pytest.approx(2000)
    inside = result.weights > 0
    assert inside.sum() == 2000
    assert result.chains.draws[inside][:, 0].max() <= edge
    assert inside[1].all()
    assert not inside[0].all()  # the shorter chain is filled up
    assert "2000 rows, whose posterior is zero now" in report(result, uneven)
    with pytest.raises(JaxlikeError, match="no draw of the chains has a posterior above zero"):
        reweight(replace(old, walls=-1e9), draws, progress=False)


def test_another_prior(old, draws):
    class Flat(type(old)):
        def log_prior(self, x):
            return sum(self.prior.log_density(xi) for xi in x)

    flat = Flat(old.mu, old.precision, prior=Uniform(-50.0, 50.0))
    found, std = reweight(flat, draws, progress=False).moments()
    sigma = np.sqrt(np.diag(np.linalg.inv(old.precision)))
    # p0 is the wide direction, whose normal prior of width 2 is taken away: weights say so
    tight = sigma < 0.5
    np.testing.assert_allclose(found[tight], old.mu[tight], atol=0.1)
    np.testing.assert_allclose(std[tight], sigma[tight], rtol=0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"names": ("p0", "p1", "q")},
            "parameter 'p2' of the configuration is not sampled by the chains; they sample p0, p1",
        ),
        (
            {"sampled": (True, False, False)},
            "parameters 'p1', 'p2' of the configuration are not sampled by the chains",
        ),
    ],
)
def test_parameters_that_the_chains_lack(old, draws, changes, message):
    with pytest.raises(ConfigError, match=message):
        reweight(old, replace(draws, **changes), progress=False)


def test_parameters_that_the_configuration_lacks(make_gaussian, draws):
    with pytest.raises(
        ConfigError, match="parameter 'p2' of the chains is not sampled by the configuration, and"
    ):
        reweight(make_gaussian(n=2), draws, progress=False)


def test_chains_without_densities(old, draws):
    with pytest.raises(ConfigError, match="the chains have no column minuslogpost"):
        reweight(old, replace(draws, log_posterior=np.full(4000, np.nan)), progress=False)
