"""The evidence from draws by bridge sampling, on posteriors whose evidence is known."""

from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.inference import bridge_evidence
from jaxlike.inference.geometry.proposals import NormalProposal
from jaxlike.inference.results import evidence
from jaxlike.inference.results.evidence import complaints


def draws_of(model, shape, seed=0):
    mean, covariance = model.posterior
    return np.random.default_rng(seed).multivariate_normal(mean, covariance, shape)


@pytest.fixture(scope="module")
def gaussian(make_gaussian):
    """Whose posterior is nowhere broader than its priors, as draws are."""
    model = make_gaussian(6)
    return model, draws_of(model, (4, 500))


def test_of_a_gaussian_it_is_exact(gaussian):
    """Where the proposal is the posterior there is nothing left to chance but its own moments."""
    model, draws = gaussian
    found = bridge_evidence(model, draws, progress=False)
    assert found.evidence.ln_z == pytest.approx(model.ln_z, abs=4 * found.evidence.error)
    assert found.evidence.error < 0.02
    assert found.values == 2000 + 2 * 1000  # draws, and as many of the two proposals
    assert complaints(found, "normal") == ()


@dataclass(frozen=True)
class Banana:
    """Pairs of parameters with flat evidence: the second is measured from a parabola of the first.

    In u, in which the density is given: u_1 ~ N(0, 0.5), u_2 ~ N(u_1^2 b, 0.2).
    """

    n: int
    bend: float = 1.5
    specs = ()

    @property
    def parameters(self):
        return tuple(f"p{i}" for i in range(self.n))

    reference = None

    def to_unconstrained(self, x):
        return jnp.asarray(x)

    from_unconstrained = to_unconstrained

    def log_reference(self, u):
        return -0.5 * u @ u

    def log_prior(self, x):
        return -0.5 * x @ x - 0.5 * self.n * jnp.log(2 * jnp.pi)

    def log_posterior(self, x):
        first, second = x[::2] / 0.5, (x[1::2] - self.bend * x[::2] ** 2) / 0.2
        return -0.5 * (first @ first + second @ second) - 2.0

    log_density = log_posterior

    @property
    def ln_z(self):
        return self.n / 2 * np.log(2 * np.pi * 0.5 * 0.2) - 2.0

    def draws(self, shape, seed=0):
        z = np.random.default_rng(seed).standard_normal((*shape, self.n))
        x = 0.5 * z
        x[..., 1::2] = self.bend * x[..., ::2] ** 2 + 0.2 * z[..., 1::2]
        return x


@pytest.mark.slow
def test_a_bent_posterior_has_its_error_and_a_flow_a_smaller_one():
    pytest.importorskip("flowjax", reason="FlowJAX is not installed")
    model = Banana(2)
    draws = model.draws((4, 500))
    normal = bridge_evidence(model, draws, progress=False)
    flow = bridge_evidence(model, draws, proposal="flow", progress=False)
    for found in (normal, flow):
        assert found.evidence.ln_z == pytest.approx(model.ln_z, abs=4 * found.evidence.error)
    assert flow.evidence.error < 0.6 * normal.evidence.error


def test_a_proposal_that_knows_nothing_of_the_draws_is_said_so(gaussian, monkeypatch):
    model, draws = gaussian

    class Nowhere(NormalProposal):
        def log_density(self, u):
            return np.where(u[:, 0] > np.median(u[:, 0]), -np.inf, super().log_density(u))

    monkeypatch.setattr(evidence, "fit_proposal", lambda kind, u, seed: Nowhere(u))
    found = bridge_evidence(model, draws, progress=False)
    assert np.isnan(found.evidence.ln_z)
    assert "too little in common" in complaints(found, "flow")[0]


def test_an_error_that_says_nothing_is_complained_about(gaussian):
    model, draws = gaussian
    found = bridge_evidence(model, draws, progress=False)
    wide = replace(found, evidence=found.evidence._replace(error=0.4))
    assert "ln Z is above 0.3: try the proposal 'flow'" in complaints(wide, "normal")[0]
    assert "take more draws" in complaints(wide, "flow")[0]
    assert "too little in common" in complaints(replace(found, converged=False), "normal")[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"proposal": "cauchy"}, "option proposal is 'cauchy'; accepted are normal, flow"),
        ({"seed": -1}, "option seed is -1"),
        ({"draws": np.zeros((2, 59, 6))}, "2 chains of 59 draws are too few .* 120 draws"),
    ],
)
def test_wrong_options_are_refused(gaussian, changes, message):
    model, draws = gaussian
    with pytest.raises(ConfigError, match=message):
        bridge_evidence(model, **{"draws": draws, "progress": False, **changes})
