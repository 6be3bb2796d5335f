"""External priors: counted once in every method's densities, in the evidence, and in the files."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import yaml
from checks import check_chains
from getdist.mcsamples import loadMCSamples

from jaxlike.inference import best_fit, run_nuts, with_external_priors, write_best_fit, write_chains
from jaxlike.inference.samplers.by_name import sampler

from .conftest import CHAINS, GaussianModel, functions_of

WIDTH = 0.3


@dataclass(frozen=True)
class Tied(GaussianModel):
    """With an external prior, not normalised, that ties the first two parameters together."""

    external_priors = ("tie", "level")

    def log_external(self, x):
        return jnp.stack([-0.5 * ((x[0] - x[1] - 1.0) / WIDTH) ** 2, jnp.full_like(x[0], 2.5)])

    def log_priors_batch(self, X):
        product = jax.vmap(super().log_prior)(X)
        return jnp.column_stack([product, jax.vmap(self.log_external)(X)])

    def log_prior(self, x):
        return super().log_prior(x) + self.log_external(x).sum()

    def log_reference(self, u):
        return super().log_reference(u) + self.log_external(self.from_unconstrained(u)).sum()

    @property
    def posterior(self):
        axis = np.zeros(len(self.mu))
        axis[:2] = 1 / WIDTH, -1 / WIDTH
        weight = np.eye(len(self.mu)) / self.prior.scale**2
        covariance = np.linalg.inv(self.precision + weight + np.outer(axis, axis))
        pull = self.precision @ self.mu + weight @ self.reference_mean + axis / WIDTH
        return covariance @ pull, covariance

    @property
    def ln_z(self):
        mean, covariance = self.posterior
        log_volume = 0.5 * np.linalg.slogdet(2.0 * np.pi * covariance)[1]
        return float(self.log_posterior(mean)) + log_volume


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(2)
    axes = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    return Tied(rng.standard_normal(3), (axes * np.array([0.5, 5.0, 50.0])) @ axes.T)


@pytest.fixture(scope="module")
def warm_up(model):
    """What NUTS and the warm-up of other methods need compiled for four chains."""
    return functions_of("nuts", model, 4)


RUNS = {
    "nuts": {"warmup": 100, "samples": 500},
    "adjusted_mclmc": {"warmup": 100, "samples": 500},
    "neutra": {"steps": 100, "warmup": 100, "samples": 500},
    "svi": {"steps": 600, "samples": 500},
    "nested": {"live": 200},
    "mh": {"steps": 1500, "samples": 500, "chains": 2},
}


@pytest.mark.parametrize(
    "method",
    [pytest.param(one, marks=[pytest.mark.slow] * (one == "neutra")) for one in RUNS],
)
def test_every_method_counts_them_once(model, warm_up, method):
    own = {"compiled": functions_of(method, model, 4, warm_up)} if method in CHAINS else {}
    chains = sampler(method)(model, **RUNS[method], **own, seed=1, progress=False)
    check_chains(model, chains)
    assert (chains.evidence is not None) == (method in ("svi", "nested"))


def test_the_best_fit_has_them(model, tmp_path):
    fit = best_fit(model, starts=1)
    np.testing.assert_allclose(fit.x, model.posterior[0], atol=1e-5)
    external = dict(zip(("tie", "level"), map(float, model.log_external(fit.x)), strict=True))
    write_best_fit(
        fit,
        tmp_path / "run",
        names=model.parameters,
        latex=model.parameters,
        chi2s={"l": fit.chi2},
        fixed={},
        derived={},
        external=external,
    )
    header, row = (tmp_path / "run.minimum.txt").read_text().splitlines()
    found = dict(zip(header.split()[1:], map(float, row.split()), strict=True))
    product = float(model.log_priors_batch(fit.x[None])[0, 0])
    assert found["minuslogprior__0"] == pytest.approx(-product)
    assert found["minuslogprior__level"] == pytest.approx(-2.5)
    assert found["minuslogprior"] == pytest.approx(-product - sum(external.values()))


def test_files_have_a_column_of_each(model, warm_up, tmp_path):
    chains = run_nuts(model, warmup=50, samples=30, progress=False, compiled=warm_up)
    assert chains.log_external == {}
    chains = with_external_priors(model, chains)
    assert list(chains.log_priors) == ["0", "tie", "level"]
    np.testing.assert_allclose(sum(chains.log_priors.values()), chains.log_prior)
    files = write_chains(chains, tmp_path / "run", info={"prior": {"tie": "lambda p0, p1: 0"}})
    header = files[0].read_text().splitlines()[0].split()[1:]
    table = np.loadtxt(files[0])
    wanted = ["minuslogprior", "minuslogprior__0", "minuslogprior__tie", "minuslogprior__level"]
    at = [header.index(name) for name in wanted]
    np.testing.assert_allclose(table[:, at[0]], table[:, at[1:]].sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(table[:, at[3]], -2.5)
    tie = -np.asarray(jax.vmap(model.log_external)(jnp.asarray(table[:, 2:5])))[:, 0]
    np.testing.assert_allclose(table[:, at[2]], tie, rtol=1e-5, atol=1e-7)
    assert header[-2:] == ["chi2", "chi2__jaxlike"]
    record = yaml.safe_load((tmp_path / "run.updated.yaml").read_text())
    assert record["prior"] == {"tie": "lambda p0, p1: 0", "level": "a function"}
    samples = loadMCSamples(str(tmp_path / "run"), no_cache=True)
    assert samples.numrows == 120
    np.testing.assert_allclose(samples.getParams().minuslogprior__tie[:30], table[:, at[2]])
    np.testing.assert_allclose(samples.getParams().chi2[:30], table[:, header.index("chi2")])
