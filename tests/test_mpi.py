"""Two processes on this machine: each makes chains of its own, and one judges them together."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from jaxlike.inference import inference_data_of_files

QUICK = {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
SHORT = {"chains": 1, "warmup": 60, "samples": 100, "seed": 1}


@pytest.fixture(scope="module")
def mpirun(repository: Path) -> Callable[[Sequence[str]], Any]:
    """Run a Python command line in two processes."""
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    beside = Path(sys.executable).with_name("mpiexec")
    command = str(beside) if beside.is_file() else shutil.which("mpiexec")
    if command is None:
        pytest.skip("mpiexec is not installed")

    def run(arguments: Sequence[str]) -> Any:
        root = {f"OMPI_ALLOW_RUN_AS_ROOT{x}": "1" for x in ("", "_CONFIRM")}
        path = os.pathsep.join([str(repository), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, **root, "PYTHONPATH": path.rstrip(os.pathsep)}
        done = subprocess.run(
            [command, "-n", "2", "--oversubscribe", sys.executable, *arguments],
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run


@pytest.mark.slow
def test_cobaya_with_mpi(mpirun: Callable[[Sequence[str]], Any], tmp_path: Path) -> None:
    info = {
        "theory": {"jaxlike.cobaya.Theory": QUICK},
        "likelihood": {"jaxlike.cobaya.shear": None},
        "params": {
            "omegam": {"prior": {"min": 0.1, "max": 0.9}, "ref": 0.3, "proposal": 0.01},
            **{"As": 2.1e-9, "H0": 70, "omegab": 0.046, "ns": 0.966},
            **dict.fromkeys(("DES_AIA", "DES_alphaIA"), 0.0),
            **{f"DES_{kind}{i}": 0.0 for kind in ("m", "DzS") for i in range(1, 5)},
        },
        "sampler": {"jaxlike.cobaya.NUTS": SHORT},
        "output": str(tmp_path / "run"),
    }
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(info))
    done = mpirun(["-m", "cobaya", "run", str(tmp_path / "run.yaml")])
    assert "2 chains of 100 draws: R-hat" in done.stdout + done.stderr
    draws = np.asarray(inference_data_of_files(tmp_path / "run").posterior["omegam"])
    assert draws.shape == (2, 100)
    assert not np.isclose(draws[0], draws[1]).any()
    assert (tmp_path / "run.covmat").is_file()


@pytest.mark.slow
def test_cosmosis_with_mpi(
    mpirun: Callable[[Sequence[str]], Any], repository: Path, tmp_path: Path
) -> None:
    """Of the posterior of the tests of CosmoSIS's sampler, which both processes find compiled."""
    pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")
    command = Path(sys.executable).with_name("cosmosis")
    (tmp_path / "values.ini").write_text(
        "[cosmological_parameters]\nomega_m = 0.1 0.3 0.9\nA_s = 2.1e-9\nh0 = 0.7\n"
        "omega_b = 0.046\nn_s = 0.966\n[intrinsic_alignment_parameters]\nA = -5.0 0.5 5.0\n"
    )
    prior = "[intrinsic_alignment_parameters]\nA = gaussian 0.5 0.3\n"
    (tmp_path / "priors.ini").write_text(prior)
    options = {
        "runtime.import_samplers": "cosmosis_modules/jaxlike_samplers.py",
        "runtime.sampler": "jaxlikenuts",
        "output.filename": tmp_path / "chain.txt",
        "pipeline.values": tmp_path / "values.ini",
        "pipeline.priors": tmp_path / "priors.ini",
        "jaxlike.probes": "shear",
        **{f"jaxlike.{name}": value for name, value in QUICK.items()},
        **{f"jaxlikenuts.{name}": value for name, value in SHORT.items()},
    }
    settings = [f"{name}={value}" for name, value in options.items()]
    pipeline = str(repository / "cosmosis_modules" / "pipeline.ini")
    done = mpirun([str(command), "--mpi", pipeline, "-p", *settings])
    assert "2 chains x 100" in done.stdout
    first, second = (np.loadtxt(tmp_path / f"chain_{i}.txt") for i in (1, 2))
    assert first.shape == second.shape
    assert len(first) == 100
    assert not np.isclose(first[:, 0], second[:, 0]).any()
