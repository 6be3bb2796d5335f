"""NUTS from a CosmoSIS ini: chains that CosmoSIS's own tools read, and what is refused."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from cosmosis.runtime import prior as host

import jaxlike
from jaxlike.cosmosis_sampler import model_of, prior_of
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.inference import read_draws
from jaxlike.priors import Normal, TruncatedNormal, Uniform

PIPELINE = "cosmosis_modules/pipeline.ini"


@pytest.mark.slow
def test_chains_are_cosmosis_s(run_cosmosis, repository, tmp_path):
    chain = tmp_path / "chain.txt"
    done = run_cosmosis(
        PIPELINE,
        "-p",
        "runtime.import_samplers=cosmosis_modules/jaxlike_samplers.py",
        "runtime.sampler=jaxlikenuts",
        f"output.filename={chain}",
        *(f"jaxlikenuts.{option}" for option in ("chains=2", "warmup=60", "samples=50", "seed=1")),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "R-hat" in done.stdout
    model = jaxlike.load(repository / PIPELINE)
    columns = chain.read_text().splitlines()[0].lstrip("#").lower().split()
    rows = np.loadtxt(chain)
    n = len(model.parameters)
    assert rows.shape == (100, len(columns))
    assert columns[:n] == list(model.parameters)
    sigma_8, S_8, prior, posterior = rows[:, n:].T
    Omega_m = rows[:, columns.index("cosmological_parameters--omega_m")]
    assert_allclose(S_8, sigma_8 * np.sqrt(Omega_m / 0.3), rtol=1e-9)
    assert_allclose(posterior[7], model.log_posterior(rows[7, :n]), rtol=1e-8)
    assert_allclose(prior[7], model.log_prior(rows[7, :n]), rtol=1e-8)

    draws = read_draws(chain)
    assert draws.varied == model.parameters
    assert draws.names[n:] == ("sigma8", "S8")
    assert draws.limits["bin_bias--b1"] == (0.8, 3.0)
    assert_allclose(draws.columns(model.parameters), rows[:, :n])

    tool = Path(sys.executable).with_name("cosmosis-postprocess")
    command = str(tool) if tool.is_file() else shutil.which("cosmosis-postprocess")
    assert command is not None
    done = subprocess.run(
        [sys.executable, command, str(chain), "-o", str(tmp_path / "out"), "--no-plots"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    means = (tmp_path / "out" / "means.txt").read_text()
    assert "cosmological_parameters--omega_m" in means


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (host.UniformPrior(0.1, 0.9), Uniform(0.1, 0.9)),
        (host.GaussianPrior(0.5, 0.2), Normal(0.5, 0.2)),
        (host.TruncatedGaussianPrior(0.5, 0.2, 0.1, 0.9), TruncatedNormal(0.5, 0.2, 0.1, 0.9)),
    ],
)
def test_priors_are_cosmosis_s(given, expected):
    found = prior_of("p", given)
    assert type(found) is type(expected)
    for x in (0.2, 0.5, 0.88):
        assert float(found.log_density(x)) == pytest.approx(given(x), abs=1e-8)


def test_a_prior_without_gradient_is_named():
    with pytest.raises(ParameterError, match="'a--b' has a ExponentialPrior"):
        prior_of("a--b", host.ExponentialPrior(1.0))


def test_other_modules_are_named():
    modules = [SimpleNamespace(name="camb", data=None), SimpleNamespace(name="jaxlike", data=None)]
    with pytest.raises(ConfigError, match="modules are camb, jaxlike"):
        model_of(SimpleNamespace(modules=modules, parameters=[]))
