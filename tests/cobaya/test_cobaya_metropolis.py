"""Cobaya's Metropolis-Hastings as one of the samplers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.cobaya.metropolis import run_mh
from jaxlike.errors import ConfigError
from jaxlike.inference import summarise
from jaxlike.inference.runs.checkpoint import Checkpoint
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Normal, Quantile, TruncatedNormal, Uniform


class Product:
    """Independent normal likelihoods of parameters with priors of every kind and any unit."""

    priors = (
        Uniform(1e-9, 4e-9),
        Normal(70.0, 5.0),
        TruncatedNormal(0.0, 1.0, -0.5, 2.0),
        Quantile("beta", (("a", 2.0), ("b", 3.0)), 1e3, 1e2),
    )
    mean = np.array([2e-9, 72.0, 0.4, 1030.0])
    width = np.array([1e-10, 2.0, 0.3, 5.0])
    parameters = ("As", "H0", "p", "q")
    reference = np.array([2.5e-9, 70.0, 0.0, 1040.0])

    @property
    def specs(self):
        pairs = zip(self.parameters, self.priors, strict=True)
        return tuple(Parameter(name, prior=prior, latex=name) for name, prior in pairs)

    def from_unconstrained(self, u):
        return jnp.stack([p.from_unit_normal(v) for p, v in zip(self.priors, u, strict=True)])

    def to_unconstrained(self, x):
        return jnp.stack([p.to_unit_normal(v) for p, v in zip(self.priors, x, strict=True)])

    def log_prior(self, x):
        return sum(p.log_density(v) for p, v in zip(self.priors, x, strict=True))

    def log_posterior(self, x):
        return self.log_prior(x) - 0.5 * (((x - self.mean) / self.width) ** 2).sum()

    def log_density(self, u):
        x = self.from_unconstrained(u)
        return -0.5 * (((x - self.mean) / self.width) ** 2).sum() + self.log_reference(u)

    def log_reference(self, u):
        return -0.5 * u @ u


class Smaller(Product):
    """Two of these parameters, whose priors compile at once."""

    priors, parameters = Product.priors[:2], Product.parameters[:2]
    mean, width, reference = Product.mean[:2], Product.width[:2], Product.reference[:2]


@pytest.mark.slow
def test_moments_and_densities(caplog):
    model = Product()
    chains = run_mh(model, chains=2, steps=2000, samples=1000, seed=1, progress=False)
    assert "positive" not in caplog.text
    summary = summarise(chains)
    # the first two are normal: priors and likelihoods multiply
    precision = 1 / model.width[1] ** 2 + 1 / 5.0**2
    expected = np.array([2e-9, (72.0 / 2.0**2 + 70.0 / 5.0**2) / precision])
    width = np.array([1e-10, precision**-0.5])
    np.testing.assert_allclose((summary.mean[:2] - expected) / width, 0, atol=0.2)
    np.testing.assert_allclose(summary.std[:2], width, rtol=0.15)
    densities = jax.jit(lambda x: (model.log_posterior(x), model.log_prior(x)))
    for draw in (3, 700):
        log_posterior, log_prior = densities(chains.draws[1, draw])
        assert chains.log_posterior[1, draw] == pytest.approx(float(log_posterior))
        assert chains.log_prior[1, draw] == pytest.approx(float(log_prior))
    assert chains.cost.values > 4000
    assert chains.method == "mh"


@pytest.mark.slow
def test_a_killed_run_resumes_bit_for_bit(tmp_path, monkeypatch):
    model, path = Smaller(), tmp_path / "mh.checkpoint.npz"
    options = {"chains": 2, "steps": 200, "samples": 50, "seed": 3, "progress": False}
    whole = run_mh(model, **options)
    write, written = Checkpoint.save, []

    def dying(checkpoint, where):
        write(checkpoint, where)
        written.append(sum(checkpoint.numbers["rounds"]))
        if len(written) == 13:
            raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "save", dying)
        with pytest.raises(RuntimeError):
            run_mh(model, **options, checkpoint=path)
    assert written[-1] == 13
    resumed = run_mh(model, **options, checkpoint=path, resume=True)
    np.testing.assert_array_equal(resumed.draws, whole.draws)
    assert resumed.cost.values == whole.cost.values
    with pytest.raises(ConfigError, match="steps = 200, not 300"):
        run_mh(model, **options | {"steps": 300}, checkpoint=path, resume=True)
    model.mean = model.mean * 1.1
    with pytest.raises(ConfigError, match="is of another posterior"):
        run_mh(model, **options, checkpoint=path, resume=True)
