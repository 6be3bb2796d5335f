"""What all tests share: double precision, and the folder of reference material."""

from pathlib import Path

import jax
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Choose float64, as every entry point of the package does; the library itself never does."""
    jax.config.update("jax_enable_x64", True)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data and of other codes' numbers, beside the repository; skips without it."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"reference material is not there: {folder}")
    return folder
