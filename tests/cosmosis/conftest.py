"""Shared by the tests of the CosmoSIS module: blocks, set-up modules, and CosmoSIS's command."""

import configparser
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jaxlike

STORED = ("fiducial", "fiducial_ia1", "low_omega_m", "w_-0.8")
"""Points at which CosmoSIS's own numbers are stored."""

Values = dict[str, dict[str, float]]


def fill(block: Any, values: Mapping[str, Mapping[str, Any]]) -> Any:
    """`block` with section -> name -> value put in."""
    for section, entries in values.items():
        for name, value in entries.items():
            block[section, name] = value
    return block


def new_block(values: Mapping[str, Mapping[str, Any]]) -> Any:
    """A new DataBlock of section -> name -> value."""
    from cosmosis.datablock import DataBlock

    return fill(DataBlock(), values)


def set_up(**options: object) -> Any:
    """The module that `setup` makes of options of its section."""
    from jaxlike.cosmosis.module import setup

    given = {"file": "jaxlike_two_point.py", **options}
    return setup(new_block({"pipeline": {"current_module": "two_point"}, "module_options": given}))


@pytest.fixture
def values(repository: Path) -> Values:
    """Starting values of the shipped values.ini."""
    ini = configparser.ConfigParser(inline_comment_prefixes=(";", "#"))
    ini.read(repository / "cosmosis_modules" / "values.ini")

    def start(text: str) -> float:
        numbers = text.split()
        return float(numbers[len(numbers) // 2])

    return {s: {name: start(text) for name, text in ini[s].items()} for s in ini.sections()}


@pytest.fixture(scope="session")
def mock_module() -> Any:
    """The module on the shipped mock."""
    return set_up()


@pytest.fixture(scope="session")
def block_module(shared: Path) -> Any:
    """The module with the block's power, on the real data, with n(z) as CosmoSIS treats it."""
    return set_up(
        power="block",
        nz="histogram",
        projection="flat",
        data_file=str(shared / "data" / "des_y1_3x2pt.fits"),
        scale_cuts="des_y1",
    )


@pytest.fixture(params=STORED)
def stored(request: pytest.FixtureRequest, shared: Path) -> Mapping[str, Any]:
    """What CosmoSIS had in its block at one of the points, and the numbers it found."""
    with np.load(shared / "reference" / "cosmosis" / f"{request.param}.npz") as file:
        return {name: file[name] for name in file.files}


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run_cosmosis(repository: Path) -> Run:
    """Run `cosmosis <arguments>` from the repository's root, as a user would."""
    beside = Path(sys.executable).with_name("cosmosis")
    command = str(beside) if beside.is_file() else shutil.which("cosmosis")
    if command is None:
        pytest.skip("the cosmosis command is not there")
    # the package that is being tested, installed or not
    home = str(Path(jaxlike.__file__).resolve().parent.parent)

    def run(*arguments: str | Path, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([home, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        return subprocess.run(
            [sys.executable, command, *map(str, arguments)],
            cwd=repository,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run


def call_command(repository: Path, *arguments: str | Path) -> int:
    """The same by the command's own function, in this process, which has imported all already."""
    from cosmosis.main import main

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository)
        patch.setattr(sys, "argv", ["cosmosis", *map(str, arguments)])
        return main() or 0


@pytest.fixture
def cosmosis_here(repository: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """The same with what is printed."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        status = call_command(repository, *arguments)
        return subprocess.CompletedProcess(["cosmosis", *arguments], status, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def printed_here(repository: Path) -> Callable[..., str]:
    """The same for fixtures that serve several tests: what Python alone has printed."""

    def run(*arguments: str | Path) -> str:
        with redirect_stdout(StringIO()) as text:
            assert call_command(repository, *arguments) == 0
        return text.getvalue()

    return run


@pytest.fixture(scope="session")
def make_block() -> Callable[..., Any]:
    """A function that makes a DataBlock of section -> name -> value."""
    return new_block


@pytest.fixture(scope="session")
def make_module() -> Callable[..., Any]:
    """A function that sets the module up with options of its section."""
    return set_up


@pytest.fixture(scope="session")
def small_pipeline(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, small_folder: Path
) -> Path:
    """The ini of cosmic shear of two source bins with two free parameters."""
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "values.ini").write_text(
        "[cosmological_parameters]\nomega_m = 0.1 0.3 0.9\nA_s = 2.1e-9\nh0 = 0.7\n"
        "omega_b = 0.046\nn_s = 0.966\n[intrinsic_alignment_parameters]\nA = -5.0 0.5 5.0\n"
    )
    (folder / "priors.ini").write_text("[intrinsic_alignment_parameters]\nA = gaussian 0.5 0.3\n")
    (folder / "pipeline.ini").write_text(
        f"""[runtime]
sampler = jaxlikenuts
import_samplers = {repository}/cosmosis_modules/jaxlike_samplers.py
[jaxlikenuts]
chains = 2
warmup = 60
samples = 100
seed = 1
[output]
filename = {folder}/chain.txt
[pipeline]
modules = jaxlike
values = {folder}/values.ini
priors = {folder}/priors.ini
likelihoods = jaxlike
extra_output = cosmological_parameters/sigma_8 cosmological_parameters/S_8
debug = T
[jaxlike]
file = {repository}/cosmosis_modules/jaxlike_two_point.py
data_file = {small_folder}/small.fits
scale_cuts = none
probes = shear
linear = eisenstein_hu_no_wiggle
nonlinear = linear
"""
    )
    return folder / "pipeline.ini"
