"""The comparison of samplers: what it keeps of a run, its tables, its command."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from jaxlike.benchmarks import ess
from jaxlike.errors import ConfigError
from jaxlike.inference import Chains, Cost
from jaxlike.plots.benchmarks import contour_figures


def chains(method, n_draws, *, shift=0.0, width=1.0, **cost):
    """Independent normal draws of two parameters, as a sampler returns them."""
    rng = np.random.default_rng(0)
    draws = shift + width * rng.standard_normal((4, n_draws, 2))
    zeros = np.zeros((4, n_draws))
    return Chains(
        names=("Omega_m", "h"),
        latex=(r"\Omega_m", "h"),
        priors=({"min": -9, "max": 9},) * 2,
        draws=draws,
        log_posterior=zeros,
        log_prior=zeros,
        divergent=zeros > 0,
        cost=Cost(sampling_s=2.0, cpu_s=4.0, **cost),
        wanted=n_draws,
        method=method,
    )


@pytest.fixture(scope="module")
def results():
    runs = [
        chains("nuts", 1000, sampling_gradients=40000),
        chains("mclmc", 500, shift=0.3, width=1.2, sampling_gradients=10000),
        chains("mh", 500, values=100000),
    ]
    return [ess.result_of(run.method, run, {"seed": 0}) for run in runs]


def test_relative_sizes_count_draws_or_steps(results):
    nuts, mclmc, mh = results
    assert nuts.relative[0] == pytest.approx(1.0, abs=0.3)
    assert mclmc.relative[0] == pytest.approx(1.0, abs=0.3)
    assert mh.relative[0] == pytest.approx(2000 / 100000, rel=0.3)


def test_deviations_are_from_the_longest_run(results):
    found = ess.deviations(results)
    assert [d.value for d in found["nuts"]] == [0, 0]
    shift, width = found["mclmc"]
    assert shift.value == pytest.approx(0.3, abs=0.08)
    assert width.value == pytest.approx(0.2, abs=0.06)


def test_deviations_have_errors_of_both_runs(results):
    """Of n normal draws a mean is good to sigma / sqrt(n), a width to sigma / sqrt(2 n)."""
    found = ess.deviations(results)
    own = np.array([d.error for d in found["nuts"]])
    np.testing.assert_allclose(own, np.sqrt([1 / 4000, 1 / 8000]), rtol=0.15)
    both = np.array([d.error for d in found["mclmc"]])
    wide = 1.2 * np.sqrt([1 / 2000, 1 / 4000])
    np.testing.assert_allclose(both, np.hypot(wide, np.sqrt([1 / 4000, 1 / 8000])), rtol=0.15)


def test_tables(results):
    costs = ess.cost_table(results).splitlines()
    assert len(costs) == 5
    nuts = [cell.strip() for cell in costs[2].split("|")]
    assert nuts[1] == "nuts"
    assert float(nuts[10]) == pytest.approx(results[0].worst / 40000, rel=0.05)
    assert nuts[11] == ""
    assert nuts[15] == f"0.000 +- {ess.deviations(results)['nuts'][0].error:.3f}"
    assert float(nuts[12]) == pytest.approx(900 * results[0].worst, rel=0.01)
    assert ess.relative_table(results).splitlines()[0] == "| relative ESS [%] | Omega_m | h |"


def test_files(results, tmp_path):
    written = ess.write(results, tmp_path / "out")
    stored = json.loads(written[0].read_text())
    assert [r["method"] for r in stored] == ["nuts", "mclmc", "mh"]
    assert written[1].read_text().count("| nuts |") == 2


def test_compare_runs_each_method_with_its_options(monkeypatch, tmp_path):
    seen = []

    def fake(method):
        def run(model, *, progress, checkpoint, resume, seed=0):
            if method == "mh":
                raise KeyboardInterrupt
            seen.append((method, seed, progress, checkpoint.name, resume))
            return chains(method, 100, sampling_gradients=10)

        return run

    monkeypatch.setattr(ess, "sampler", fake)
    monkeypatch.setattr(ess, "checked_options", lambda method, given: dict(given))
    options = {"nuts": {}, "nuts@paper": {"seed": 3}, "mh": {}, "hmc": {}}
    with pytest.raises(KeyboardInterrupt):
        ess.compare(SimpleNamespace(), options, tmp_path, progress=False)
    assert [r.method for r in ess.read(tmp_path)] == ["nuts", "nuts@paper"]
    del options["mh"]
    found = ess.compare(SimpleNamespace(), options, tmp_path, progress=False, resume=True)
    assert seen == [
        ("nuts", 0, False, "nuts.checkpoint.npz", False),
        ("nuts", 3, False, "nuts@paper.checkpoint.npz", False),
        ("hmc", 0, False, "hmc.checkpoint.npz", True),
    ]
    assert [r.method for r in found] == ["nuts", "nuts@paper", "hmc"]
    figures = contour_figures(found, tmp_path)
    assert [path.name for path in figures] == ["contours.png"]
    assert figures[0].stat().st_size > 10_000


def test_results_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "ess.json").write_text("[{]")
    with pytest.raises(ConfigError, match=r"ess\.json cannot be read"):
        ess.read(tmp_path)
