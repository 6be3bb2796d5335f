"""What all tests share: double precision, and the folder of reference material."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import jax
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

# Many tests, and the programs they start, compile the same few functions: once is enough.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(REPOSITORY / ".pytest_cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")

# With this variable set (as CI does) a host that is not there fails the tests of its interface.
_REQUIRE_HOSTS = "JAXLIKE_REQUIRE_HOSTS"


def pytest_configure(config: pytest.Config) -> None:
    """Choose float64, as every entry point of the package does; the library itself never does."""
    jax.config.update("jax_enable_x64", True)
    if os.environ.get(_REQUIRE_HOSTS):
        for host, command in (("cobaya", "cobaya-run"), ("cosmosis", "cosmosis")):
            if find_spec(host) is None or shutil.which(command) is None:
                raise pytest.UsageError(f"{_REQUIRE_HOSTS} is set, but {command} is not installed")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where hosts are required, no test of them may have been skipped for want of one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get(_REQUIRE_HOSTS):
        return
    for report in reporter.stats.get("skipped", []):
        here = report.nodeid.startswith(("tests/cobaya", "tests/cosmosis"))
        if here and "shared" not in str(report.longrepr):
            reporter.write_line(f"skipped, but hosts are required: {report.nodeid}", red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


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
