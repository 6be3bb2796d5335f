"""`jaxlike nuts` and `jaxlike sample` from config to chain files."""

import errno
import json
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
import yaml

from jaxlike.cli.main import main
from jaxlike.files import sha256_of
from jaxlike.inference.runs import drive
from jaxlike.outputs import locked

BAD = [
    (["nuts"], "required: CONFIG"),
    (["nuts", "absent.yaml"], "'absent.yaml' is not a file"),
    (["nuts", "{tmp}/notes.txt"], "accepted are .yaml, .yml, .ini"),
    (["nuts", "{config}", "--sampels", "3"], "unrecognized arguments: --sampels"),
    (["nuts", "{config}", "--chains", "many"], "--chains: 'many' is not a whole number"),
    (["nuts", "{config}", "--chains", "0"], "option chains is 0; accepted are"),
    (["nuts", "{config}", "--target-accept", "2"], "option target_accept is 2.0; accepted are"),
    (["nuts", "{config}", "--set", "nz"], "option --set is 'nz'; accepted is OPTION=VALUE"),
    (["nuts", "{config}", "--set", "nzz=kde"], "unknown keyword 'nzz'; accepted are"),
    (["nuts", "{config}", "--set", "nz=cubic"], "option 'nz' is 'cubic'; accepted are"),
    (["nuts", "{config}", "--device", "tpu"], "invalid choice: 'tpu' (choose from"),
    (["nuts", "{config}", "--output", "{tmp}"], "is a folder; accepted is a prefix"),
    (["nuts", "{config}", "--output", "{config}/a"], "is not a folder that can be written to"),
    (["sample", "{config}", "--method", "gibbs"], "option --method is 'gibbs'; accepted are nuts,"),
    (["sample", "{config}", "--option", "seed"], "option --option is 'seed'; accepted is"),
    (["sample", "{config}", "--option", "guide=x"], "option guide has no effect with method nuts"),
    (
        ["sample", "{config}", "--method", "mh", "--option", "steps=3"],
        "option steps is 3; accepted",
    ),
    (["nuts", "{config}", "--resume", "--force"], "--resume and --force contradict each other"),
    (["nuts", "{config}", "--option", "guide=x"], "option guide has no effect with method nuts"),
    (["sample", "{config}", "--guide", "mvn"], "option guide has no effect with method nuts"),
    (
        ["sample", "{config}", "--straighten", "maybe"],
        "option straighten of method nuts is 'maybe'",
    ),
    (
        ["sample", "{config}", "--mass", "dense", "--option", "mass=dense"],
        "option --mass is given twice",
    ),
    (["nuts", "{config}", "--progress", "dots"], "invalid choice: 'dots' (choose from"),
    (["nuts", "{tmp}/fixed.yaml"], "fixed.yaml: nothing is sampled: give a parameter a prior"),
    (["nuts", "{config}", "--output", ""], "output is given, and is empty"),
    (["nuts", "{config}", "--warmup", "1e20"], "draws after 100000000000000000000 of warm-up"),
    (["nuts", "{config}", "--samples", "1e12"], "4 chains of 1000000000000 draws after"),
    (["nuts", "{config}", "--samples", "1.5"], "'1.5' is not a whole number"),
    (
        ["nuts", "{config}", "--samples", "2e9"],
        "in 2 parameters are 1.01 TB on disk and 384 GB in memory",
    ),
    (["nuts", "{config}", "--devices", "99"], "option --devices is 99"),
]


@pytest.mark.parametrize(("argv", "message"), BAD, ids=[" ".join(argv) for argv, _ in BAD])
def test_wrong_input_is_one_line_and_status_2(argv, message, fake_model, tmp_path, refused):
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "fixed.yaml").write_text(
        "likelihood: {jaxlike.cobaya.shear: {params: {}}}\n"
        "params: {omegam: 0.3, As: 2.0e-9, H0: 70, omegab: 0.05, ns: 1}\n"
    )
    fill = {"tmp": tmp_path, "config": fake_model}
    assert message.format(**fill) in refused([a.format(**fill) for a in argv])


def run_nuts(config, prefix, *more):
    size = ["--chains", "2", "--warmup", "100", "--samples", "400", "--no-progress"]
    return main(["nuts", config, "--output", str(prefix), *size, "--no-report", *more])


def test_nuts_writes_chains_and_refuses_to_overwrite_them(fake_model, tmp_path, capsys):
    prefix = tmp_path / "chains" / "run"
    assert run_nuts(fake_model, prefix) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "2 parameters, 7 points of fake.fits" in out
    assert "omegam" in out
    assert str(prefix) + ".2.txt" in out
    first = Path(f"{prefix}.1.txt").read_text()

    assert run_nuts(fake_model, prefix, "--seed", "1") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "exists already" in err
    assert Path(f"{prefix}.1.txt").read_text() == first

    assert run_nuts(fake_model, prefix, "--seed", "1", "--force") == 0
    assert Path(f"{prefix}.1.txt").read_text() != first
    recorded = yaml.safe_load(Path(f"{prefix}.updated.yaml").read_text())["jaxlike"]
    assert (recorded["seed"], recorded["warmup"]) == (1, 100)

    from jaxlike.plots.contours import load_chains

    samples = load_chains(prefix)
    assert samples.getMeans()[0] == pytest.approx(0.3, abs=0.02)
    assert main(["plot", str(prefix)]) == 0
    assert Path(f"{prefix}_triangle.png").stat().st_size > 10_000
    assert main(["plot", str(prefix), "--params", "omegam,S8"]) == 2
    assert "parameter 'S8' is not in the chains" in capsys.readouterr().err


@pytest.mark.parametrize(("method", "more"), [("adjusted_mclmc", []), ("mh", ["--steps", "500"])])
def test_sample_writes_chains_of_any_method(fake_model, tmp_path, capsys, method, more):
    prefix = tmp_path / "run"
    argv = ["sample", fake_model, "--method", method, "--output", str(prefix)]
    argv += ["--samples", "400", "--chains", "2", "--no-progress", "--no-report", *more]
    assert main(argv) in (0, 1)
    text = (tmp_path / "run.updated.yaml").read_text()
    assert f"jaxlike_{method}:" in text
    assert yaml.safe_load(text)["jaxlike"]["samples"] == 400
    assert len((tmp_path / "run.2.txt").read_text().splitlines()) == 401
    assert "R-hat" in capsys.readouterr().out
    assert main(argv) == 2
    assert "exists already" in capsys.readouterr().err


def test_few_draws_are_warned_about_with_status_1(fake_model, tmp_path, capsys):
    assert run_nuts(fake_model, tmp_path / "run", "--samples", "20") == 1
    assert "jaxlike: warning: bulk ESS" in capsys.readouterr().err


def test_nuts_goes_on_from_its_checkpoint(fake_model, tmp_path, capsys):
    prefix = tmp_path / "run"
    assert run_nuts(fake_model, prefix, "--samples", "200") in (0, 1)
    assert run_nuts(fake_model, prefix, "--resume") in (0, 1)
    resumed = (tmp_path / "run.1.txt").read_text()
    assert run_nuts(fake_model, tmp_path / "whole") in (0, 1)
    assert resumed == (tmp_path / "whole.1.txt").read_text()
    assert run_nuts(fake_model, prefix, "--resume", "--seed", "9") == 2
    assert "belongs to a run with seed = 0, not 9" in capsys.readouterr().err


def test_resuming_what_was_never_begun_begins_it_and_overwrites_nothing(
    fake_model, tmp_path, capsys
):
    prefix = tmp_path / "run"
    assert run_nuts(fake_model, prefix, "--resume", "--samples", "200") in (0, 1)
    assert "to go on from: the run starts" in capsys.readouterr().err
    before = (tmp_path / "run.1.txt").read_text()
    (tmp_path / "run.checkpoint.npz").unlink()
    assert run_nuts(fake_model, prefix, "--resume", "--seed", "3") == 2
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "run.1.txt").read_text() == before


def test_a_second_run_of_one_output_is_told(fake_model, tmp_path, refused):
    prefix = tmp_path / "run"
    with locked(prefix):
        message = refused(["nuts", fake_model, "--output", str(prefix), "--force"])
    assert f"output '{prefix}' is being written by another run" in message
    assert [file.name for file in tmp_path.iterdir()] == ["fake.yaml"]


def test_the_checkpoint_of_a_killed_warm_up_is_not_replaced(fake_model, tmp_path, refused):
    checkpoint = tmp_path / "run.checkpoint.npz"
    checkpoint.write_bytes(b"hours of warm-up")
    message = refused(["nuts", fake_model, "--output", str(tmp_path / "run")])
    assert "--resume to go on, or --force to replace it" in message
    assert checkpoint.read_bytes() == b"hours of warm-up"


def test_a_full_disk_says_what_is_kept(fake_model, tmp_path, monkeypatch, capsys):
    """As where chains and checkpoint were written, and then the disk was full."""
    prefix, sync, calls = tmp_path / "run", os.fsync, []

    def full(file):
        calls.append(file)
        if len(calls) > 8:
            raise OSError(errno.ENOSPC, "No space left on device")
        return sync(file)

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(drive, "_SAVE_S", 0.0)
    assert run_nuts(fake_model, prefix) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith(f"jaxlike: error: {prefix}")
    assert "No space left on device; " in message
    assert message.endswith("--resume goes on from there")
    assert not list(tmp_path.glob(".*"))
    monkeypatch.setattr(os, "fsync", sync)
    assert run_nuts(fake_model, prefix, "--resume") in (0, 1)
    assert run_nuts(fake_model, tmp_path / "whole") in (0, 1)
    assert Path(f"{prefix}.1.txt").read_text() == (tmp_path / "whole.1.txt").read_text()


def test_a_spoilt_checkpoint_is_told(fake_model, tmp_path, refused, capsys):
    """Without an array, with one of another shape, empty."""
    prefix, path = tmp_path / "run", tmp_path / "run.checkpoint.npz"
    assert run_nuts(fake_model, prefix, "--samples", "20") in (0, 1)
    capsys.readouterr()
    with np.load(path) as file:
        whole = dict(file)
    size = ["--chains", "2", "--warmup", "100", "--samples", "20", "--no-progress"]
    for arrays, message in (
        (
            {name: array for name, array in whole.items() if name != "u"},
            "it has no 'u'), or of another version of jaxlike: start again",
        ),
        ({**whole, "position": np.zeros(3)}, "its array position is of shape (3,)"),
        ({}, "it has no "),
    ):
        np.savez(path, **arrays)
        before = path.read_bytes()
        said = refused(["nuts", fake_model, "--output", str(prefix), *size, "--resume"])
        assert f"checkpoint '{path}' is damaged ({message}" in said
        assert path.read_bytes() == before


def test_the_default_prefix_comes_from_the_config(fake_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    size = ["--chains", "2", "--warmup", "100", "--samples", "20", "--no-progress"]
    assert main(["nuts", fake_model, *size]) in (0, 1)
    assert Path("chains/fake_nuts.1.txt").is_file()


def test_progress_in_json_is_for_programs(fake_model, tmp_path, capsys):
    assert run_nuts(fake_model, tmp_path / "run", "--samples", "20", "--progress", "json") == 1
    lines = capsys.readouterr().err.splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert [line for line in lines if not line.startswith("{")] == [
        f"jaxlike: warning: {sentence}" for sentence in told[-1]["warnings"]
    ]
    assert {one["event"] for one in told[:-1]} == {"progress"}
    assert [told[0]["stage"], told[-2]["stage"]] == ["compiling", "sampling"]
    assert told[-2]["done"] == told[-2]["total"] == 120
    assert told[-1]["event"] == "end"
    assert not told[-1]["trusted"]
    assert str(tmp_path / "run.1.txt") in told[-1]["files"]


def test_the_record_of_a_run_says_what_was_run(fake_model, tmp_path):
    """What `jaxlike report` tells: the command, when, by which versions, with which files."""
    prefix = tmp_path / "run"
    run_nuts(fake_model, prefix, "--samples", "20")
    recorded = yaml.safe_load(Path(f"{prefix}.updated.yaml").read_text())["jaxlike"]
    assert recorded["command"].startswith(f"jaxlike nuts {fake_model} --output {prefix}")
    assert recorded["config_sha256"] == sha256_of(Path(fake_model))
    assert recorded["versions"]["numpy"] == np.__version__
    own = recorded["jaxlike_nuts"]
    assert set(own["seconds"]) == {"compile", "fit", "warmup", "sampling"}
    assert (own["wanted"], own["draws"]) == (20, 20)
    assert len(own["e_bfmi"]) == 2
    assert all(0.1 < value < 3.0 for value in own["e_bfmi"])


@pytest.fixture
def obeys_ctrl_c():
    """Ctrl-C interrupts even tests that run in the background, where a shell has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("obeys_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_says_what_was_kept(fake_model, tmp_path, capsys, monkeypatch, number):
    from jaxlike.inference.runs import drive

    monkeypatch.setattr(drive, "_SAVE_S", 0.0)
    prefix = tmp_path / "run"
    written = Path(f"{prefix}.1.txt")

    def interrupt():
        while not written.exists():
            threading.Event().wait(0.05)
        signal.raise_signal(number)
        if not stopped.wait(10):  # a callback from C may swallow an exception
            signal.raise_signal(number)

    stopped = threading.Event()
    stopper = threading.Thread(target=interrupt)
    stopper.start()
    status = run_nuts(fake_model, prefix, "--samples", "1000000")
    stopped.set()
    stopper.join()
    assert status == 130
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith("jaxlike: interrupted; ")
    kept = int(message.split()[2])
    assert f"of 1000000 draws of each chain are in {written}" in message
    assert np.loadtxt(written, ndmin=2).shape[0] == kept > 0
