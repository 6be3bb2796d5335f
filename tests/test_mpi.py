"""Two processes on this machine: each makes chains of its own, and one judges them together."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml

from jaxlike.inference import inference_data_of_files

QUICK = {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
SHORT = {"chains": 1, "warmup": 60, "samples": 100, "seed": 1}


# what the two commands call, one after the other: both need most of what the first has imported
SCRIPT = """
import sys
import quick_likelihood
cobaya, *arguments = sys.argv[1:]
from cobaya.run import run_script
run_script([cobaya])
if arguments:
    from cosmosis.main import main
    sys.argv = ["cosmosis", "--mpi", *arguments]
    sys.exit(main())
"""


@dataclass(frozen=True)
class Runs:
    """Folder of what Cobaya and CosmoSIS wrote in two processes, and what they printed."""

    folder: Path
    text: str


@pytest.fixture(scope="module")
def runs(repository: Path, tmp_path_factory: pytest.TempPathFactory, small_folder: Path) -> Runs:
    """Runs of both programs, one after the other, in two processes that MPI has started."""
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    beside = Path(sys.executable).with_name("mpiexec")
    command = str(beside) if beside.is_file() else shutil.which("mpiexec")
    if command is None:
        pytest.skip("mpiexec is not installed")
    folder = tmp_path_factory.mktemp("mpi")
    data = small_folder / "small.fits"
    arguments = [str(cobaya_input(folder, data))]
    if find_spec("cosmosis") is not None:
        arguments += cosmosis_arguments(folder, data, repository)
    root = {f"OMPI_ALLOW_RUN_AS_ROOT{x}": "1" for x in ("", "_CONFIRM")}
    path = [str(repository), str(repository / "tests"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [command, "-n", "2", "--oversubscribe", sys.executable, "-c", SCRIPT, *arguments],
        cwd=repository,
        env={**os.environ, **root, "PYTHONPATH": os.pathsep.join(filter(None, path))},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Runs(folder, done.stdout + done.stderr)


def cobaya_input(folder: Path, data: Path) -> Path:
    """Cosmic shear of two source bins with one free parameter, for Cobaya."""
    shear = {"data_file": str(data), "scale_cuts": "none", "params": {}}
    info = {
        "theory": {"jaxlike.cobaya.Theory": QUICK},
        "likelihood": {"jaxlike.cobaya.shear": shear},
        "params": {
            "omegam": {"prior": {"min": 0.1, "max": 0.9}, "ref": 0.3, "proposal": 0.01},
            **{"As": 2.1e-9, "H0": 70, "omegab": 0.046, "ns": 0.966},
            **dict.fromkeys(("DES_AIA", "DES_alphaIA"), 0.0),
            **{f"DES_{kind}{i}": 0.0 for kind in ("m", "DzS") for i in range(1, 3)},
        },
        "sampler": {"jaxlike.cobaya.NUTS": SHORT},
        "output": str(folder / "run"),
    }
    (folder / "run.yaml").write_text(yaml.safe_dump(info))
    return folder / "run.yaml"


def cosmosis_arguments(folder: Path, data: Path, repository: Path) -> list[str]:
    """The same for CosmoSIS, with the same parameter free: what Cobaya has compiled serves both."""
    (folder / "values.ini").write_text(
        "[cosmological_parameters]\nomega_m = 0.1 0.3 0.9\nA_s = 2.1e-9\nh0 = 0.7\n"
        "omega_b = 0.046\nn_s = 0.966\n[intrinsic_alignment_parameters]\nA = 0.0\n"
    )
    (folder / "priors.ini").write_text("")
    options = {
        "runtime.import_samplers": "cosmosis_modules/jaxlike_samplers.py",
        "runtime.sampler": "jaxlikenuts",
        "output.filename": folder / "chain.txt",
        "pipeline.values": folder / "values.ini",
        "pipeline.priors": folder / "priors.ini",
        "pipeline.extra_output": "",
        "jaxlike.data_file": data,
        "jaxlike.scale_cuts": "none",
        "jaxlike.probes": "shear",
        **{f"jaxlike.{name}": value for name, value in QUICK.items()},
        **{f"jaxlikenuts.{name}": value for name, value in SHORT.items()},
    }
    settings = [f"{name}={value}" for name, value in options.items()]
    return [str(repository / "cosmosis_modules" / "pipeline.ini"), "-p", *settings]


@pytest.mark.slow
def test_cobaya_with_mpi(runs: Runs) -> None:
    assert "2 chains of 100 draws: R-hat" in runs.text
    draws = np.asarray(inference_data_of_files(runs.folder / "run").posterior["omegam"])
    assert draws.shape == (2, 100)
    assert not np.isclose(draws[0], draws[1]).any()
    assert (runs.folder / "run.covmat").is_file()


@pytest.mark.slow
def test_cosmosis_with_mpi(runs: Runs) -> None:
    pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")
    assert "2 chains x 100" in runs.text
    first, second = (np.loadtxt(runs.folder / f"chain_{i}.txt") for i in (1, 2))
    assert first.shape == second.shape
    assert len(first) == 100
    assert not np.isclose(first[:, 0], second[:, 0]).any()
