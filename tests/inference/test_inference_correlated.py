"""Correlated priors: every kind of method takes them from the map to unit normals, counted once."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pytest
from checks import check_chains

from jaxlike.inference import best_fit
from jaxlike.inference.samplers.by_name import sampler
from jaxlike.posterior.independent import IndependentPriors
from jaxlike.posterior.joint import JointGaussian, JointPriors
from jaxlike.posterior.priors import CorrelatedPrior

from .conftest import GaussianModel

COVARIANCE = np.array([[4.0, 1.9, 0.0], [1.9, 1.0, 0.2], [0.0, 0.2, 4.0]])
PRIOR = CorrelatedPrior.of("p", ("p0", "p1", "p2"), (0.5, -1.0, 2.0), COVARIANCE)


@dataclass(frozen=True)
class Correlated(GaussianModel):
    """A Gaussian likelihood times a Gaussian prior with correlations of 0.95."""

    @property
    def priors(self):
        single = IndependentPriors.of(list(PRIOR.marginals.values()))
        return JointPriors(single, (JointGaussian.of(PRIOR, self.parameters),))

    @property
    def specs(self):
        marginals = PRIOR.marginals
        return tuple(replace_prior(spec, marginals[spec.name]) for spec in super().specs)

    @property
    def reference(self):
        return np.array(PRIOR.mean)

    def from_unconstrained(self, u):
        return self.priors.from_unit_normal(jnp.asarray(u))

    def to_unconstrained(self, x):
        return self.priors.to_unit_normal(jnp.asarray(x))

    def log_prior(self, x):
        x = jnp.asarray(x)
        return self.priors.log_density(x) + self.priors.log_ratios(x).sum()

    @property
    def posterior(self):
        weight = np.linalg.inv(COVARIANCE)
        covariance = np.linalg.inv(self.precision + weight)
        return covariance @ (self.precision @ self.mu + weight @ PRIOR.mean), covariance

    @property
    def ln_z(self):
        mean, covariance = self.posterior
        return float(self.log_posterior(mean)) + 0.5 * np.linalg.slogdet(2 * np.pi * covariance)[1]


def replace_prior(spec, prior):
    return type(spec)(spec.name, prior=prior, latex=spec.latex)


@pytest.fixture(scope="module")
def model():
    return Correlated(np.array([1.0, 0.0, 1.0]), np.diag([0.5, 2.0, 10.0]))


RUNS = {
    "nuts": {"warmup": 100, "samples": 500},
    "nested": {"live": 200},
    "mh": {"steps": 1500, "samples": 500, "chains": 2},
}


@pytest.mark.parametrize("method", RUNS)
def test_methods_of_every_kind_count_it_once(model, method):
    chains = sampler(method)(model, **RUNS[method], seed=1, progress=False)
    check_chains(model, chains)
    _, covariance = model.posterior
    width = np.sqrt(np.diag(covariance))
    assert np.corrcoef(chains.draws.reshape(-1, 3).T)[0, 1] == pytest.approx(
        covariance[0, 1] / width[0] / width[1], abs=0.1
    )


def test_the_best_fit_has_it(model):
    np.testing.assert_allclose(best_fit(model, starts=1).x, model.posterior[0], atol=1e-5)
