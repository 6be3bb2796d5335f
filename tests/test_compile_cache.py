"""Compiled functions on disk: where, and whose choice it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import jax, time
from jaxlike.compile_cache import forget_compiled, keep_compiled
{before}
keep_compiled()
{after}
@jax.jit
def function(x):
    for _ in range({n}):
        x = jax.numpy.sin(x @ x) + jax.numpy.linalg.cholesky(x @ x.T + jax.numpy.eye(50))
    return x
function(jax.numpy.eye(50)).block_until_ready()
"""


def run(folder: Path, *, before: str = "", after: str = "") -> set[Path]:
    """Compile something; the files that are kept in the user's cache folder."""
    environment = {"XDG_CACHE_HOME": str(folder), "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    after = f"jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0)\n{after}"
    code = SCRIPT.format(before=before, after=after, n=3)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_compiled_functions_are_kept_in_the_user_s_cache(tmp_path):
    kept = run(tmp_path)
    assert any("jit_function" in path.name for path in kept)
    assert all("jaxlike" in str(path.relative_to(tmp_path)) for path in kept)


@pytest.mark.slow
def test_a_folder_of_the_caller_s_own_stays(tmp_path):
    own = tmp_path / "own"
    kept = run(tmp_path, before=f"jax.config.update('jax_compilation_cache_dir', '{own}')")
    assert kept
    assert all(own in path.parents for path in kept)


@pytest.mark.slow
def test_who_times_compilation_keeps_nothing(tmp_path):
    assert run(tmp_path, after="forget_compiled()") == set()


def test_double_precision_holds_for_what_has_run_in_single():
    """In one session, as notebooks have it: JAX keeps constants that it has traced."""
    code = """
import jax
from jaxlike.compile_cache import double_precision
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import growth_history
cosmo = Cosmology(Omega_m=0.3, Omega_b=0.05, h=0.7, n_s=0.96, A_s=2e-9)
assert jax.jit(growth_history)(cosmo)[0].dtype == "float32"
double_precision()
assert jax.jit(lambda c: growth_history(c))(cosmo)[0].dtype == "float64"
"""
    environment = {**os.environ, "JAX_ENABLE_X64": "0"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
