"""A second run of a command: what the first has kept, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jaxlike.data import write_two_point_fits

from .conftest import CONFIG

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nuts(tmp_path_factory, small_data):
    """A function that runs `jaxlike nuts` in a new process: its chain, and what it said."""
    folder = tmp_path_factory.mktemp("second_run")
    write_two_point_fits(small_data, folder / "data.fits")
    (folder / "small.yaml").write_text(CONFIG.format(folder=folder))
    ours = ("JAX_COMPILATION_CACHE_DIR", "JAXLIKE_KEEP")
    plain = {name: value for name, value in os.environ.items() if name not in ours}

    def run(*more, **environment):
        command = ["-m", "jaxlike", "nuts", "small.yaml", "--output", "run", "--force"]
        size = ["--chains", "1", "--warmup", "10", "--samples", "5", "--no-progress"]
        done = subprocess.run(
            [sys.executable, *command, *size, *more],
            cwd=folder,
            env={
                **plain,
                "XDG_CACHE_HOME": str(folder / "cache"),
                "JAX_LOG_COMPILES": "1",
                **environment,
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 1), done.stderr  # so few draws are told from a good chain
        return (folder / "run.1.txt").read_text(), done.stderr

    run.folder = folder
    run.first = run()
    return run


def compiled(said):
    return {name for name in ("segment", "value", "_reference") if f"jit({name})" in said}


def kept(folder: Path, kind: str = "*"):
    return sorted(folder.glob(f"cache/jaxlike/compiled/*/jaxlike/{kind}-*.kept"))


def test_a_second_run_compiles_nothing_of_the_posterior(nuts):
    chain, said = nuts.first
    assert compiled(said) == {"segment", "value", "_reference"}
    kinds = {path.name.partition("-")[0] for path in kept(nuts.folder)}
    assert kinds == {"beginning", "nodes", "operator", "program"}
    again, said = nuts()
    assert compiled(said) == set()
    assert again == chain


def test_the_switches_compile_everything_to_the_same_draws(nuts):
    chain, _ = nuts.first
    before = kept(nuts.folder)
    again, said = nuts(JAXLIKE_KEEP="no")
    assert "segment" in compiled(said)
    assert again == chain
    again, said = nuts("--no-cache")
    assert "segment" in compiled(said)
    assert again == chain
    assert kept(nuts.folder) == before


def test_damaged_files_are_left_with_a_word(nuts):
    chain, _ = nuts.first
    for path in kept(nuts.folder):
        path.write_bytes(path.read_bytes()[:-7])
    again, said = nuts()
    assert said.count("is left unused: it is damaged") >= 4
    assert "segment" in compiled(said)
    assert again == chain
    again, said = nuts()
    assert "left unused" not in said
    assert compiled(said) == set()


def test_what_another_version_kept_is_not_found(nuts):
    """Of JAX's settings, which are part of what a version is."""
    before = kept(nuts.folder, "program")
    chain, said = nuts(JAX_DEFAULT_MATMUL_PRECISION="highest")
    assert "segment" in compiled(said)
    assert chain
    assert len(kept(nuts.folder, "program")) > len(before)
