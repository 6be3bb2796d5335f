"""A posterior as a model of NumPyro: the same density."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.errors import ConfigError


class Gaussian:
    """Of two parameters, as samplers see a posterior: unit normal priors, and one number each."""

    parameters = ("a", "b")
    data = np.array([0.5, -1.0])

    def from_unconstrained(self, u):
        return 2 * u + 1

    def log_density(self, u):
        x = self.from_unconstrained(u)
        return -0.5 * jnp.sum((x - self.data) ** 2) - 0.5 * (u @ u)

    @property
    def mean(self):
        """Of a prior of width 2 around 1 and data of width 1."""
        return (self.data + 0.25) / 1.25


def test_numpyro(monkeypatch):
    """The sites are the parameters; the joint density is the posterior's."""
    numpyro = pytest.importorskip("numpyro")
    from numpyro.infer import MCMC, NUTS
    from numpyro.infer.util import log_density

    model = Gaussian()
    program = jaxlike.numpyro_model(model)
    u = jnp.array([0.3, -0.4])
    value, trace = log_density(program, (), {}, {"u": u})
    assert float(value) == pytest.approx(float(model.log_density(u)) - np.log(2 * np.pi), rel=1e-12)
    assert {*trace} == {"u", "a", "b", "log_likelihood"}
    mcmc = MCMC(NUTS(program), num_warmup=100, num_samples=400, progress_bar=False)
    mcmc.run(jax.random.key(0))
    draws = mcmc.get_samples()
    for name, mean in zip(model.parameters, model.mean, strict=True):
        assert abs(draws[name].mean() - mean) < 0.2
        assert 0.7 < draws[name].std() / np.sqrt(0.8) < 1.3
    monkeypatch.setitem(sys.modules, numpyro.__name__, None)
    with pytest.raises(ConfigError, match=r"numpyro_model needs NumPyro: .*jaxlike\[samplers\]"):
        jaxlike.numpyro_model(model)
