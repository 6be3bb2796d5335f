"""Chains on several devices and in several processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import yaml

from jaxlike.cli.main import main
from jaxlike.inference import inference_data_of_files
from jaxlike.inference.runs.device_placement import Placement
from jaxlike.inference.samplers.by_name import sampler

METHODS = ("nuts", "adjusted_mclmc", "laps")
SCRIPT = """
import json
import jax
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", 3)
from cli.test_devices import draws_by_method
print(json.dumps(draws_by_method()))
"""


def draws_by_method() -> dict[str, Any]:
    """Draws of a Gaussian on the devices that JAX sees, by every method: how many were used, the
    first two draws of each chain, and the moments of all."""
    from inference.conftest import GaussianModel, functions_of

    n = 3
    axes = np.linalg.qr(np.random.default_rng(1).standard_normal((n, n)))[0]
    model = GaussianModel(np.zeros(n), (axes * np.geomspace(1e-2, 1e2, n)) @ axes.T)
    used = len(Placement.of(4).devices)
    nuts = functions_of("nuts", model, 4)  # the warm-up of the other is the same
    compiled = {"nuts": nuts, "adjusted_mclmc": functions_of("adjusted_mclmc", model, 4, nuts)}
    every = {}
    for method in METHODS:
        options: dict[str, Any] = {"seed": 3, "progress": False, "samples": 64, "chains": 4}
        if method == "laps":
            options |= {"walkers": 16, "burn_in": 40}
        else:
            options |= {"warmup": 50, "compiled": compiled[method]}
        if used > 1:  # draws enough for moments, of which the first are those of a short run
            options["samples"] = 1600 if method == "laps" else 4000
        found = sampler(method)(model, **options).draws
        z = (found.reshape(-1, n) - model.posterior[0]) / np.sqrt(np.diag(model.posterior[1]))
        every[method] = [used, found[:, :2].tolist(), z.mean(0).tolist(), z.std(0).tolist()]
    return every


@pytest.fixture(scope="module")
def on_devices() -> dict[int, dict[str, Any]]:
    """`draws_by_method` on one device of the CPU, in this process, and on three, in another."""
    tests = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)])}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {1: draws_by_method(), 3: json.loads(done.stdout.splitlines()[-1])}
    return {
        count: {name: [one[0], *map(np.array, one[1:])] for name, one in every.items()}
        for count, every in found.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_chains_over_several_devices(on_devices, method):
    """Four chains on three devices lie on two of them, and are the chains of one device."""
    one, draws, *_ = on_devices[1][method]
    two, others, mean, std = on_devices[3][method]
    assert (one, two) == (1, 2)
    # rounding differs, and grows along a chain
    np.testing.assert_allclose(draws, others, rtol=1e-5)
    np.testing.assert_allclose(mean, 0.0, atol=0.1)
    np.testing.assert_allclose(std, 1.0, atol=0.1)


@pytest.mark.slow
def test_two_processes_of_jax_distributed(repository, tmp_path, small_folder):
    command = "import sys, quick_likelihood; from jaxlike.cli.main import main; sys.exit(main())"
    shear = {"data_file": str(small_folder / "small.fits"), "scale_cuts": "none", "params": {}}
    info = {
        "theory": {
            "jaxlike.cobaya.Theory": {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
        },
        "likelihood": {"jaxlike.cobaya.shear": shear},
        "params": {
            "omegam": {"prior": {"min": 0.1, "max": 0.9}, "ref": 0.3, "proposal": 0.01},
            **{"As": 2.1e-9, "H0": 70, "omegab": 0.046, "ns": 0.966},
            **dict.fromkeys(("DES_AIA", "DES_alphaIA"), 0.0),
            **{f"DES_{kind}{i}": 0.0 for kind in ("m", "DzS") for i in range(1, 3)},
        },
    }
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(info))
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    options = [
        "--chains",
        "2",
        "--warmup",
        "60",
        "--samples",
        "100",
        "--no-progress",
        "--no-report",
    ]
    path = os.pathsep.join([str(repository), str(repository / "tests")])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", command, "nuts", str(tmp_path / "run.yaml"), *options]
            + ["--output", str(tmp_path / "run"), "--distributed", f"localhost:{port},2,{rank}"],
            cwd=repository,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in (0, 1)
    ]
    texts = [process.communicate(timeout=600)[0] for process in processes]
    assert all(process.returncode in (0, 1) for process in processes), texts
    assert "4 chains x 100" in texts[0]
    assert all(f"run.{i}.txt" in texts[0] for i in (1, 2, 3, 4))
    assert "R-hat" not in texts[1]
    draws = np.asarray(inference_data_of_files(tmp_path / "run").posterior["omegam"])
    assert draws.shape == (4, 100)
    assert len(np.unique(draws)) > 350
    assert (tmp_path / "run.checkpoint.1.npz").is_file()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--devices", "0", "option --devices is 0; accepted are whole numbers"),
        ("--distributed", "here", "'here'; accepted is HOST:PORT"),
        ("--distributed", "localhost:1,2,2", "accepted is HOST:PORT"),
        ("--distributed", "auto", "finds no cluster"),
    ],
)
def test_wrong_options(option, value, words, capsys):
    assert main(["nuts", "none.yaml", option, value]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.skipif(any(d.platform == "gpu" for d in jax.devices()), reason="JAX sees a GPU")
@pytest.mark.parametrize("command", [["info"], ["nuts", "a.yaml"], ["data", "get", "des_y1"]])
def test_a_gpu_that_is_not_there(command, capsys):
    assert main([*command, "--device", "gpu"]) == 2
    assert "JAX sees no GPU, only cpu; take --device cpu" in capsys.readouterr().err
