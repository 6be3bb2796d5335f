"""Inputs of the commands: a model made up, chains of a small survey, spectra of a smaller one."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike import loading
from jaxlike.cli.main import main
from jaxlike.config import read_config
from jaxlike.data import write_two_point_fits
from jaxlike.inference import with_derived, write_chains
from jaxlike.inference.runs.parameter_space import chains_of
from jaxlike.mocks.making import with_vector
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Normal, Uniform

CONFIG = """\
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear}}
likelihood:
  jaxlike.cobaya.3x2pt: {{data_file: {folder}/data.fits, scale_cuts: none, params: {{}}}}
params:
  omegam: [0.1, 0.9, 0.3, 0.01]
  As: [5.0e-10, 5.0e-9, 2.1e-9, 1.0e-11]
  H0: 70
  omegab: 0.046
  ns: 0.96
  b1: [0.8, 3.0, 1.4, 0.1]
  b2: [0.8, 3.0, 1.6, 0.1]
"""
CL_CONFIG = """\
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear, radiation: false}}
likelihood:
  jaxlike.cobaya.3x2pt: {{data_file: {folder}/cl.fits, scale_cuts: none, params: {{}}}}
params:
  omegam: [0.1, 0.9, 0.3, 0.01]
  sigma8: [0.4, 1.2, 0.8, 0.01]
  H0: 70
  omegab: 0.046
  ns: 0.96
  b1: [0.8, 3.0, 1.4, 0.1]
  b2: [0.8, 3.0, 1.6, 0.1]
"""


class Model:
    """Two parameters, one with a flat prior; a Gaussian likelihood."""

    specs = (
        Parameter("omegam", prior=Uniform(0.1, 0.9), latex=r"\Omega_\mathrm{m}"),
        Parameter("DES_AIA", prior=Normal(0.0, 1.0), latex=r"A_\mathrm{IA}"),
    )
    parameters = ("omegam", "DES_AIA")
    reference = np.array([0.4, 0.1])
    data = SimpleNamespace(n_data=7, n_cut=0, source="fake.fits", blinded="")
    measured = {"toy": SimpleNamespace(data=data, samples=(), name="toy")}  # noqa: RUF012
    parts = measured
    n_points, compressed = 7, False
    external_priors = ()
    derived_parameters = {"twice": r"2\Omega_\mathrm{m}"}  # noqa: RUF012

    def derived(self, x):
        return 2 * x[:1]

    def derived_batch(self, X):
        return 2 * X[:, :1]

    def __init__(self, config):
        self.config = config

    def from_unconstrained(self, u):
        return jnp.stack([s.prior.from_unit_normal(u[i]) for i, s in enumerate(self.specs)])

    def to_unconstrained(self, x):
        return jnp.stack([s.prior.to_unit_normal(x[i]) for i, s in enumerate(self.specs)])

    def log_prior(self, x):
        return sum(s.prior.log_density(x[i]) for i, s in enumerate(self.specs))

    def log_priors(self, x):
        return self.log_prior(x)[None]

    def log_likelihood(self, x):
        return -0.5 * ((x[0] - 0.3) ** 2 / 0.05**2 + (x[1] - x[0]) ** 2 / 0.3**2)

    def log_posterior(self, x):
        return self.log_prior(x) + self.log_likelihood(x)

    def log_density(self, u):
        return self.log_likelihood(self.from_unconstrained(u)) + self.log_reference(u)

    def log_reference(self, u):
        return -0.5 * u @ u


@pytest.fixture
def fake_model(monkeypatch, tmp_path):
    """A config file whose model is `Model`."""
    path = tmp_path / "fake.yaml"
    path.write_text(
        "likelihood:\n  jaxlike.cobaya.shear:\n"
        "params:\n  omegam: {prior: {min: 0.1, max: 0.9}}\n"
        "  DES_AIA: {prior: {dist: norm, loc: 0, scale: 1}}\n"
        "  As: 2.1e-9\n  H0: 70\n  omegab: 0.05\n  ns: 0.96\n"
    )
    monkeypatch.setattr(jaxlike, "load", lambda p, **o: Model(read_config(p, **o)), raising=False)
    monkeypatch.setattr(loading, "model_from_config", Model)
    return str(path)


@pytest.fixture(scope="session")
def run(tmp_path_factory, small_data):
    """A config, and chains of draws near its posterior with their exact densities."""
    folder = tmp_path_factory.mktemp("post")
    config = folder / "small.yaml"
    config.write_text(CONFIG.format(folder=folder))
    write_two_point_fits(small_data, folder / "data.fits")
    model = jaxlike.load(config)
    rng = np.random.default_rng(0)

    @jax.jit
    def theory_of(x):
        """The data vector and its derivatives."""

        def vector(x):
            theory = model.theory_vector(model.params_dict(x))
            return theory, theory

        return jax.jacfwd(vector, has_aux=True)(x)

    derivatives, theory = map(np.asarray, theory_of(model.reference))
    noise = np.linalg.cholesky(small_data.covariance) @ rng.standard_normal(theory.size)
    simulated = with_vector(small_data, theory + noise, small_data.covariance)
    write_two_point_fits(simulated, folder / "data.fits", overwrite=True)
    model = jaxlike.load(config)
    scale = np.array([0.1, 1e-9, 1.0, 1.0])
    scaled = derivatives * scale
    fisher = scaled.T @ np.linalg.solve(small_data.covariance, scaled)
    best = model.reference + scale * np.linalg.solve(
        fisher, scaled.T @ np.linalg.solve(small_data.covariance, noise)
    )
    spread = scale[:, None] * np.linalg.cholesky(np.linalg.inv(fisher))
    draws = best + rng.standard_normal((2, 150, 4)) @ spread.T
    flat = draws.reshape(-1, 4)
    log_prior = np.full((2, 150), float(model.log_prior(model.reference)))
    chains = chains_of(
        model,
        draws=draws,
        log_posterior=np.asarray(model.log_posterior_batch(flat)).reshape(2, 150),
        log_prior=log_prior,
    )
    prefix = folder / "chains" / "run"
    write_chains(with_derived(model, chains), prefix)
    return SimpleNamespace(folder=folder, config=str(config), prefix=str(prefix), model=model)


@pytest.fixture
def places(run, tmp_path):
    """Words of the tables of bad input: paths of `run`, other configs, files there or not."""
    text = Path(run.config).read_text()
    (tmp_path / "fixed.yaml").write_text(text.replace("b2: [0.8, 3.0, 1.6, 0.1]", "b2: 1.6"))
    (tmp_path / "freed.yaml").write_text(text.replace("ns: 0.96", "ns: [0.9, 1.0]"))
    (tmp_path / "taken.1.txt").write_text("")
    names = ("absent", "new", "taken")
    return {name: str(tmp_path / name) for name in names} | {
        "config": run.config,
        "prefix": run.prefix,
        "folder": run.folder,
        "fixed": tmp_path / "fixed.yaml",
        "freed": tmp_path / "freed.yaml",
    }


@pytest.fixture(scope="session")
def cl_config(tmp_path_factory, cl_data):
    """An input of C_ell whose file has densities and shape noise."""
    folder = tmp_path_factory.mktemp("cl")
    lens, source = (replace(nz, n_gal=np.array([1.0, 2.0])) for nz in cl_data.nz)
    nz = (lens, replace(source, sigma_e=np.array([0.3, 0.3])))
    write_two_point_fits(replace(cl_data, nz=nz), folder / "cl.fits")
    config = folder / "cl.yaml"
    config.write_text(CL_CONFIG.format(folder=folder))
    return SimpleNamespace(folder=folder, path=str(config))


@pytest.fixture
def refused(capsys):
    """Run a command line that is wrong: status 2 and one line, which is returned."""

    def run(argv):
        assert main(argv) == 2
        out, err = capsys.readouterr()
        lines = err.splitlines()
        # Only what a command itself refuses comes after the line about the model.
        assert len(out.splitlines()) <= 1
        assert len(lines) == 1
        assert lines[0].startswith("jaxlike: error: ")
        return lines[0]

    return run
