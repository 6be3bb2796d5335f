"""The samplers, through `cobaya-run`: Cobaya's files, resuming, and what is refused."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from cobaya.log import LoggedError
from cobaya.model import get_model
from cobaya.output import get_output
from cobaya.run import run_script
from cobaya.sampler import get_sampler
from getdist.mcsamples import loadMCSamples

SHORT = {"chains": 2, "warmup": 100, "samples": 200, "seed": 1}
QUICK = {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
FREE = {"prior": {"min": 0.1, "max": 0.9}, "ref": 0.3, "proposal": 0.01}


def information(output: Path, small_folder: Path, **changes: Any) -> dict[str, Any]:
    """Cosmic shear of two source bins with one free cosmological parameter."""
    data = {"data_file": str(small_folder / "small.fits"), "scale_cuts": "none"}
    info = {
        "theory": {"jaxlike.cobaya.Theory": QUICK},
        "likelihood": {"jaxlike.cobaya.shear": {**data, "params": {}}},
        "params": {
            "omegam": FREE,
            **{"As": 2.1e-9, "H0": 70, "omegab": 0.046, "ns": 0.966},
            **{"sigma8": None, "S8": None, "DES_AIA": 0.0, "DES_alphaIA": 0.0},
            **{f"DES_{kind}{i}": 0.0 for kind in ("m", "DzS") for i in range(1, 3)},
        },
        "sampler": {"jaxlike.cobaya.NUTS": SHORT},
        "output": str(output),
    }
    return info | changes


def written(path: Path, info: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(dict(info)))
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, small_folder: Path) -> Path:
    """Prefix of an uninterrupted run, by the command's own function."""
    folder = tmp_path_factory.mktemp("whole")
    run_script([str(written(folder / "run.yaml", information(folder / "run", small_folder)))])
    return folder / "run"


@pytest.mark.slow
def test_a_run_writes_what_cobaya_and_getdist_read(whole: Path) -> None:
    names = {f.name.removeprefix("run.") for f in whole.parent.iterdir()}
    wanted = {"1.txt", "2.txt", "checkpoint", "covmat", "progress", "updated.yaml", "input.yaml"}
    assert wanted <= names
    samples = loadMCSamples(str(whole), no_cache=True, settings={"ignore_rows": 0})
    assert samples.numrows == 400
    omega_m = samples.mean("omegam")
    assert 0.15 < omega_m < 0.5
    s8 = samples.getParams().sigma8 * np.sqrt(samples.getParams().omegam / 0.3)
    np.testing.assert_allclose(samples.getParams().S8, s8, rtol=1e-5)
    header = whole.with_name("run.covmat").read_text().splitlines()[0]
    assert header.split()[1] == "omegam"
    assert "jaxlike.cobaya.NUTS" in whole.with_name("run.checkpoint").read_text()


@pytest.mark.slow
def test_its_densities_are_cobaya_s(whole: Path) -> None:
    info = yaml.safe_load(whole.with_name("run.updated.yaml").read_text())
    model = get_model({k: info[k] for k in ("theory", "likelihood", "params")})
    lines = whole.with_name("run.1.txt").read_text().splitlines()
    row = dict(zip(lines[0].split()[1:], map(float, lines[7].split()), strict=True))
    names = list(model.parameterization.sampled_params())
    found = model.logposterior({name: row[name] for name in names}, as_dict=True)
    assert -found["logpost"] == pytest.approx(row["minuslogpost"], abs=1e-4)
    assert found["derived"]["S8"] == pytest.approx(row["S8"], rel=1e-5)


@pytest.mark.slow
def test_a_killed_run_resumes_bit_for_bit_and_nothing_is_overwritten(
    whole: Path, tmp_path: Path, repository: Path, small_folder: Path
) -> None:
    """The run is killed in a process of its own, and goes on in this one."""
    output = tmp_path / "run"
    file = written(tmp_path / "run.yaml", information(output, small_folder))
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    code = (
        "import jaxlike.inference.runs.drive as m; m._SAVE_S = m._BLOCK_S = 0.0;"
        f"from cobaya.run import run; run({str(file)!r})"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=repository,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    chain = tmp_path / "run.1.txt"
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        if chain.exists() and len(chain.read_text().splitlines()) > 5:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(chain.read_text().splitlines()) < 201, "the run had ended before it was killed"

    with pytest.raises(LoggedError, match="--resume"):
        run_script([str(file)])
    run_script([str(file), "-r"])
    for index in (1, 2):
        ours, theirs = (p.with_name(f"run.{index}.txt").read_text() for p in (output, whole))
        assert ours == theirs


@pytest.mark.slow
def test_priors_of_every_kind_are_cobaya_s(tmp_path: Path, small_folder: Path) -> None:
    """Of one parameter and of several: every draw's densities are those that Cobaya computes."""
    info = information(tmp_path / "run", small_folder)
    info["params"] = info["params"] | {
        "omegam": {"prior": {"dist": "lognorm", "s": 0.5, "scale": 0.3}, "ref": 0.3},
        "ns": {"prior": {"dist": "cauchy", "loc": 0.96, "scale": 0.02}},
    }
    info["prior"] = {
        "tie": "lambda omegam, ns: stats.norm.logpdf(omegam - 0.3 * ns, loc=0.01, scale=0.02)",
        "fixed": lambda H0: -0.01 * H0,
    }
    options = SHORT | {"warmup": 60, "samples": 20}
    model = get_model(info)
    sampler = get_sampler({"jaxlike.cobaya.NUTS": options}, model)
    sampler.run()
    for collection in sampler.products()["sample"]:
        assert len(collection) == 20
        assert collection.data["omegam"].std() < 0.1
        for _, row in collection.data.iloc[::5].iterrows():
            expected = model.logposterior(row[list(model.parameterization.sampled_params())])
            assert row["minuslogprior__0"] == pytest.approx(-expected.logpriors[0], abs=1e-7)
            assert row["minuslogprior__tie"] == pytest.approx(-expected.logpriors[1], abs=1e-7)
            assert row["minuslogprior__fixed"] == pytest.approx(0.7)
            assert row["minuslogprior"] == pytest.approx(-sum(expected.logpriors), abs=1e-6)
            assert row["minuslogpost"] == pytest.approx(-expected.logpost, abs=1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"likelihood": {"jaxlike.cobaya.shear": None, "one": None}}, ("'one'", "accepted")),
        (
            {"prior": {"narrow": "lambda omegam: -float(omegam)"}},
            ("external prior 'narrow' cannot be traced", "np and stats", "Cobaya's mcmc"),
        ),
        ({"sampler": {"jaxlike.cobaya.NUTS": {"chains": 0}}}, ("chains is 0", "accepted")),
        ({"sampler": {"jaxlike.cobaya.NUTS": {"warmup": "many"}}}, ("warmup", "'many'")),
        ({"sampler": {"jaxlike.cobaya.NUTS": {"seed": -1}}}, ("seed is -1", "accepted")),
        ({"sampler": {"jaxlike.cobaya.NUTS": {"seed": "lucky"}}}, ("seed", "'lucky'")),
        ({"params": {"omegam": 0.3}}, ("nothing is sampled: give a parameter of params a prior",)),
        (
            {"params": {"omegam": {"prior": {"dist": "vonmises_line", "kappa": 3}, "ref": 4}}},
            ("omegam", "ref 4 is outside", "3.14159"),
        ),
    ],
)
def test_what_has_no_gradient_is_named(
    tmp_path: Path, small_folder: Path, change: Mapping[str, Any], words: tuple[str, ...]
) -> None:
    info = information(tmp_path / "run", small_folder)
    info["params"] = info["params"] | change.get("params", {})
    info |= {k: v for k, v in change.items() if k != "params"}
    with pytest.raises(LoggedError) as error:
        get_sampler(
            info["sampler"], get_model(info), get_output(prefix=str(tmp_path / "run"))
        ).run()
    assert all(word in str(error.value) for word in words)
