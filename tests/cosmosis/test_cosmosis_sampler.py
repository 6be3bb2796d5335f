"""NUTS from a CosmoSIS ini: chains that CosmoSIS's own tools read, and what is refused."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from cosmosis.runtime import prior as host

import jaxlike
from jaxlike.cosmosis.sampler import model_of, prior_of
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.inference import read_draws
from jaxlike.posterior.priors import Normal, Quantile, TruncatedNormal, Uniform


@pytest.fixture(scope="module")
def whole(printed_here, small_pipeline, tmp_path_factory):
    """The chain of an uninterrupted run."""
    chain = tmp_path_factory.mktemp("whole") / "chain.txt"
    assert "R-hat" in printed_here(small_pipeline, "-p", f"output.filename={chain}")
    return chain


@pytest.mark.slow
def test_chains_are_cosmosis_s(whole, small_pipeline, tmp_path):
    model = jaxlike.load(small_pipeline)
    columns = whole.read_text().splitlines()[0].lstrip("#").lower().split()
    rows = np.loadtxt(whole)
    n = len(model.parameters)
    assert rows.shape == (200, len(columns))
    assert columns[:n] == list(model.parameters)
    sigma_8, S_8, prior, posterior = rows[:, n:].T
    Omega_m = rows[:, columns.index("cosmological_parameters--omega_m")]
    assert_allclose(S_8, sigma_8 * np.sqrt(Omega_m / 0.3), rtol=1e-9)
    assert_allclose(posterior[7], model.log_posterior(rows[7, :n]), rtol=1e-8)
    assert_allclose(prior[7], model.log_prior(rows[7, :n]), rtol=1e-8)

    draws = read_draws(whole)
    assert draws.varied == model.parameters
    assert draws.names[n:] == ("sigma8", "S8")
    assert draws.limits["cosmological_parameters--omega_m"] == (0.1, 0.9)
    assert_allclose(draws.columns(model.parameters), rows[:, :n])

    tool = Path(sys.executable).with_name("cosmosis-postprocess")
    command = str(tool) if tool.is_file() else shutil.which("cosmosis-postprocess")
    assert command is not None
    done = subprocess.run(
        [sys.executable, command, str(whole), "-o", str(tmp_path / "out"), "--no-plots"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    means = (tmp_path / "out" / "means.txt").read_text()
    assert "cosmological_parameters--omega_m" in means


@pytest.mark.slow
def test_a_run_is_extended_and_no_row_is_doubled(whole, cosmosis_here, small_pipeline, tmp_path):
    chain = tmp_path / "chain.txt"
    where = f"output.filename={chain}"
    assert cosmosis_here(small_pipeline, "-p", where, "jaxlikenuts.samples=60").returncode == 0
    first = np.loadtxt(chain)
    with chain.open("a") as file:
        file.write("0.3 0.5 0.")  # a row that a kill has cut
    done = cosmosis_here(small_pipeline, "-p", where, "runtime.resume=T")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = np.loadtxt(chain)
    assert rows.shape == (200, first.shape[1])
    # the parameters bit for bit; derived ones are computed for other points at a time
    assert {tuple(row[:2]) for row in first} < {tuple(row[:2]) for row in rows}
    assert len({tuple(row[:2]) for row in rows}) > 190
    others = np.loadtxt(whole)
    rows, others = (table[np.lexsort(table[:, :2].T)] for table in (rows, others))
    np.testing.assert_array_equal(rows[:, :2], others[:, :2])
    np.testing.assert_allclose(rows, others, rtol=1e-9)


@pytest.mark.parametrize(
    ("given", "kind", "points"),
    [
        (host.UniformPrior(0.1, 0.9), Uniform, (0.2, 0.5, 0.88, 0.95)),
        (host.GaussianPrior(0.5, 0.2), Normal, (-3.0, 0.2, 0.5)),
        (host.TruncatedGaussianPrior(0.5, 0.2, 0.1, 0.9), TruncatedNormal, (0.05, 0.2, 0.88)),
        (host.ExponentialPrior(0.3), Quantile, (-0.1, 0.0, 0.2, 4.0)),
        (host.ExponentialPrior(0.3).truncate(-1, 0.8), Quantile, (-0.1, 0.0, 0.2, 0.79, 0.81)),
        (host.ExponentialPrior(2.0).truncate(0.5, 0.8), Quantile, (0.49, 0.51, 0.79, 0.81)),
        (host.TruncatedOneoverxPrior(1e-9, 5e-9), Quantile, (1e-10, 1.1e-9, 4.9e-9, 6e-9)),
        (host.TruncatedOneoverxPrior(1e-3, 9).truncate(0.1, 20), Quantile, (0.09, 0.11, 8.0)),
    ],
)
def test_priors_are_cosmosis_s(given, kind, points):
    found = prior_of("p", given)
    assert type(found) is kind
    for x in points:
        assert float(found.log_density(x)) == pytest.approx(given(x), abs=1e-8)
    for u in (-2.0, 0.1, 1.7):
        x = given.denormalize_from_prior(float(norm.cdf(u)))
        assert float(found.from_unit_normal(u)) == pytest.approx(x, rel=1e-7)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (host.DeltaFunctionPrior(1.0), "'a--b' has a DeltaFunctionPrior.*accepted are uniform"),
        (host.TruncatedOneoverxPrior(-1.0, 2.0), "'a--b': 1/x.*above zero"),
    ],
)
def test_a_prior_without_gradient_is_named(given, words):
    with pytest.raises(ParameterError, match=words):
        prior_of("a--b", given)


def test_other_modules_are_named():
    modules = [SimpleNamespace(name=n, data=None, filename=f"{n}.py") for n in ("camb", "jaxlike")]
    with pytest.raises(ConfigError, match="modules are camb, jaxlike"):
        model_of(SimpleNamespace(modules=modules, parameters=[]))
