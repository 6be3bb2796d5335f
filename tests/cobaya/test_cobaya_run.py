"""Cobaya's own command, or its function, on inputs of `cobaya_yaml/`: the mock and real data."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from cobaya.log import LoggedError
from cobaya.run import run_script

import jaxlike
from jaxlike.config import read_config

REAL_NAME = "2pt_NG_mcal_1110.fits"  # as DES publishes it, and as `jaxlike data get` stores it


@pytest.fixture
def real_data(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which the data set des_y1 is the real data's 457 points."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / REAL_NAME).symlink_to((shared / "data" / "des_y1_3x2pt.fits").resolve())
    monkeypatch.setenv("JAXLIKE_DATA", str(folder))
    return folder


def write(path: Path, info: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(info, sort_keys=False), encoding="utf-8")
    return path


def read(path: Path) -> dict[str, Any]:
    # 5.0e-10 is a number to every reader of YAML; the inputs are written so
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def printed_point(output: str) -> dict[str, float]:
    """The reference point that `evaluate` prints."""
    block = output.split("Reference point:")[1].split("Evaluating")[0]
    return {k: float(v) for k, v in re.findall(r"^\s+(\w+) = (\S+)$", block, re.MULTILINE)}


def printed_number(output: str, name: str) -> float:
    found = re.search(rf"{re.escape(name)}\s+= (\S+)", output)
    assert found, output
    return float(found.group(1))


@pytest.mark.slow
def test_evaluate_on_the_mock_as_the_input_stands(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command's own function, in this process."""
    file = repository / "cobaya_yaml" / "mock_3x2pt_evaluate.yaml"
    monkeypatch.chdir(repository)
    run_script([str(file.relative_to(repository))])
    printed = capsys.readouterr().out
    point = printed_point(printed)
    model = jaxlike.load(file)
    assert set(point) == set(model.parameters)
    chi2 = printed_number(printed, "chi2_jaxlike.cobaya.3x2pt")
    # the point is printed with six digits
    assert chi2 == pytest.approx(float(model.chi2(point)), abs=0.02)
    s8 = printed_number(printed, "S8")
    assert 0.5 < s8 < 1.2


@pytest.mark.slow
def test_evaluate_shear_on_real_data(
    repository: Path, real_data: Path, tmp_path: Path, cobaya_run: Any
) -> None:
    info = read(repository / "cobaya_yaml" / "des_y1_shear.yaml")
    info["sampler"] = {"evaluate": None}
    info["output"] = str(tmp_path / "shear")
    done = cobaya_run("run", write(tmp_path / "shear.yaml", info))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "227 points" in done.stdout
    assert "backend" not in done.stdout + done.stderr  # JAX's note that there is no TPU
    # the input that Cobaya leaves, with all defaults in it, is one of jaxlike's too
    again = read_config(tmp_path / "shear.updated.yaml")
    assert [p.name for p in again.sampled] == list(printed_point(done.stdout))
    chi2 = printed_number(done.stdout, "chi2_jaxlike.cobaya.shear")
    assert 200 < chi2 < 300


@pytest.mark.slow
def test_mcmc_on_real_data(repository: Path, real_data: Path, tmp_path: Path) -> None:
    info = read(repository / "cobaya_yaml" / "des_y1_3x2pt.yaml")
    info["sampler"] = {"mcmc": {"max_samples": 6, "burn_in": 0, "seed": 1, "max_tries": 1000}}
    info["output"] = str(tmp_path / "chain")
    file = write(tmp_path / "mcmc.yaml", info)
    run_script([str(file)])
    text = (tmp_path / "chain.1.txt").read_text(encoding="utf-8")
    names = text.splitlines()[0].removeprefix("#").split()
    rows = np.loadtxt(text.splitlines(), ndmin=2)
    assert len(rows) >= 5
    column = {name: rows[:, i] for i, name in enumerate(names)}
    model = jaxlike.load(file)
    x = np.stack([column[name] for name in model.parameters], axis=1)
    expected = np.asarray(model.log_posterior_batch(x))
    np.testing.assert_allclose(-column["minuslogpost"], expected, atol=2e-3)
    np.testing.assert_allclose(
        column["S8"], column["sigma8"] * np.sqrt(column["omegam"] / 0.3), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data_file": "nowhere.fits"}, "nowhere.fits"),
        ({"powr": "host"}, "powr"),
    ],
)
def test_the_command_reports_one_sentence(
    repository: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    words: str,
) -> None:
    info = read(repository / "cobaya_yaml" / "mock_3x2pt_evaluate.yaml")
    info["likelihood"]["jaxlike.cobaya.3x2pt"] = change
    with pytest.raises(LoggedError):
        run_script([str(write(tmp_path / "bad.yaml", info))])
    reported = [line for line in capsys.readouterr().out.splitlines() if "*ERROR*" in line]
    assert len(reported) == 1
    assert words in reported[0]
