"""`jaxlike evidence`: ln Z of chains, written, doubted, or refused."""

import json

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_t

from jaxlike.cli.main import main
from jaxlike.inference import bridge_evidence, read_draws
from jaxlike.inference.results.draws import systematic

QUIET = "--no-progress"

BAD = [
    (["evidence", "{prefix}"], "required: --config"),
    (["evidence", "{absent}", "--config", "{config}"], "there is no file"),
    (
        ["evidence", "{prefix}", "--config", "{fixed}"],
        "parameter 'b2' of the chains is not sampled",
    ),
    (["evidence", "{prefix}", "--config", "{config}", "--proposal", "x"], "invalid choice: 'x'"),
    (["evidence", "{prefix}", "--config", "{config}", "--seed", "-1"], "option seed is -1"),
    (
        ["evidence", "{prefix}", "--config", "{config}", "--output", "{taken}"],
        "{taken}.json exists already; give another --output, or --force to replace it",
    ),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, places, tmp_path, refused):
    (tmp_path / "taken.json").write_text("")
    assert message.format(**places) in refused([a.format(**places) for a in argv])
    assert not list(tmp_path.glob("new*"))


def test_it_is_printed_and_written(run, tmp_path, capsys):
    name = str(tmp_path / "lnz")
    argv = ["evidence", run.prefix, "--config", run.config, "--output", name, QUIET]
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads((tmp_path / "lnz.json").read_text())
    assert f"ln Z       {found['ln_z']:.3f} +- {found['error']:.3f}" in out
    assert found["converged"]
    assert found["error"] < 0.1
    again = bridge_evidence(run.model, read_draws(run.prefix), progress=False)
    assert found["ln_z"] == pytest.approx(again.evidence.ln_z, abs=1e-6)
    assert main(argv) == 2
    assert main([*argv, "--force"]) == 0


def test_of_a_likelihood_it_is_that_of_importance_sampling(run):
    """Around the chains, whose draws then stand for their posterior by their weights."""
    x = read_draws(run.prefix).columns(run.model.parameters)
    mean, std = x.mean(axis=0), x.std(axis=0)
    around = multivariate_t(shape=2 * np.corrcoef(x, rowvar=False), df=5, seed=1)
    y = around.rvs(4000)
    points = mean + std * y
    logs = np.asarray(run.model.log_posterior_batch(points)) - around.logpdf(y)
    logs += np.log(std).sum()
    rows = np.random.default_rng(2).permutation(systematic(np.exp(logs - logs.max()), 800))
    draws = points[rows].reshape(2, 400, -1)
    found = bridge_evidence(run.model, draws, progress=False).evidence
    assert found.error < 0.05
    assert found.ln_z == pytest.approx(logsumexp(logs) - np.log(4000), abs=0.1)
