"""Shared by the tests of the Cobaya components: small inputs, and Cobaya's command."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

COSMOLOGY: dict[str, Any] = {
    "omegam": 0.3,
    "As": 2.1e-9,
    "H0": 70.0,
    "omegab": 0.046,
    "ns": 0.966,
    "omnuh2": 6.4e-4,
}
NUISANCE: dict[str, Any] = {
    **{f"DES_b{i}": b for i, b in enumerate((1.45, 1.55, 1.65, 1.8, 2.0), start=1)},
    **{f"DES_m{i}": 0.012 for i in range(1, 5)},
    **{f"DES_DzL{i}": 0.001 for i in range(1, 6)},
    **{f"DES_DzS{i}": 0.002 for i in range(1, 5)},
    "DES_AIA": 0.5,
    "DES_alphaIA": 0.3,
}


@pytest.fixture(scope="session")
def cosmology() -> dict[str, Any]:
    """A flat universe with one massive neutrino, in Cobaya's names."""
    return dict(COSMOLOGY)


@pytest.fixture(scope="session")
def nuisance() -> dict[str, Any]:
    """Values of every nuisance parameter of DES-Y1's 3x2pt, in Cobaya's names."""
    return dict(NUISANCE)


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cobaya_run(repository: Path) -> Run:
    """Run `cobaya-<command> <arguments>` from the repository's root, as a user would."""

    def run(command: str, *arguments: str | Path, timeout: float = 600) -> Any:
        path = os.pathsep.join([str(repository), os.environ.get("PYTHONPATH", "")])
        return subprocess.run(
            [sys.executable, "-m", "cobaya", command, *map(str, arguments)],
            cwd=repository,
            env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep)},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
