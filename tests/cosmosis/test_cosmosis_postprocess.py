"""Converted chains in CosmoSIS's own hands: `cosmosis-postprocess` finds the same moments."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from jaxlike.inference import Draws, read_draws, write_cosmosis


def make_draws(n=600):
    rng = np.random.default_rng(0)
    values = np.array([0.3, 70.0, 1.5, 0.8]) + rng.standard_normal((n, 4)) * [0.02, 3.0, 0.1, 0.02]
    return Draws(
        names=("omegam", "H0", "DES_b1", "S8"),
        latex=("a", "b", "c", "d"),
        sampled=(True, True, True, False),
        values=values,
        weights=np.ones(n),
        log_posterior=-0.5 * ((values - values.mean(axis=0)) ** 2).sum(axis=1),
        log_prior=np.full(n, -2.0),
        lengths=(n // 2, n // 2),
        limits={"omegam": (0.1, 0.9)},
    )


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_means_are_the_same(tmp_path, weighted):
    draws = make_draws()
    if weighted:
        draws = replace(draws, weights=np.exp(20.0 * (draws.values[:, 0] - 0.3)))
    chain = write_cosmosis(draws, tmp_path / "chain.txt")
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
    assert "Traceback" not in done.stdout + done.stderr
    rows = [line.split() for line in (tmp_path / "out" / "means.txt").read_text().splitlines()[1:]]
    found = {name: (float(mean), float(sigma)) for name, mean, sigma, *_ in rows}
    names = {
        "cosmological_parameters--omega_m": 0,
        "cosmological_parameters--hubble": 1,
        "bin_bias--b1": 2,
        "cosmological_parameters--s_8": 3,
    }
    for name, column in names.items():
        mean = np.average(draws.values[:, column], weights=draws.weights)
        var = np.average((draws.values[:, column] - mean) ** 2, weights=draws.weights)
        assert found[name][0] == pytest.approx(mean, rel=1e-6)
        assert found[name][1] == pytest.approx(np.sqrt(var), rel=5e-3)


def test_cosmosis_reads_the_table(tmp_path):
    from cosmosis.output.text_output import TextColumnOutput

    draws = make_draws(40)
    path = write_cosmosis(draws, tmp_path / "chain.txt")
    names, tables, settings, *_ = TextColumnOutput.load_from_options({"filename": str(path)})
    assert names[-2:] == ["prior", "post"]
    np.testing.assert_allclose(tables[0][:, :4], draws.values, rtol=1e-9)
    assert settings[0]["sampler"] == "metropolis"


def test_what_cosmosis_writes_is_read(tmp_path):
    from cosmosis.output.text_output import TextColumnOutput

    output = TextColumnOutput(str(tmp_path / "theirs.txt"))
    for name in ("cosmological_parameters--omega_m", "COSMOLOGICAL_PARAMETERS--S_8"):
        output.add_column(name, float)
    for name in ("prior", "post", "weight"):
        output.add_column(name, float)
    output.metadata("sampler", "importance")
    for line in ("START_OF_VALUES_INI", "[cosmological_parameters]", "omega_m = 0.1 0.3 0.9"):
        output.comment(line)
    output.comment("END_OF_VALUES_INI")
    for i in range(3):
        output.parameters([0.1 * i, 0.8, -1.0, -10.0 - i, 0.5 * i])
    output.close()
    read = read_draws(tmp_path / "theirs.txt")
    assert read.names == ("cosmological_parameters--omega_m", "S8")
    assert read.sampled == (True, False)
    np.testing.assert_array_equal(read.weights, [0.5, 1.0])
    np.testing.assert_array_equal(read.log_posterior, [-11.0, -12.0])
