"""What is kept from one process to the next: files, fingerprints, programs."""

import functools
import os
import subprocess
import sys
import warnings
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.kept import programs, store
from jaxlike.kept.fingerprint import fingerprint
from jaxlike.kept.programs import Program

KEY, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where things are kept in a test."""
    monkeypatch.setattr(store, "folder", lambda: tmp_path)
    return tmp_path


def the_file(folder):
    (path,) = folder.iterdir()
    return path


def test_what_is_written_is_read(folder):
    store.write("thing", KEY, b"payload")
    assert store.has("thing", KEY)
    assert store.read("thing", KEY, bytes) == b"payload"
    assert store.read("thing", OTHER, bytes) is None
    assert store.read("other thing", KEY, bytes) is None
    assert store.read("thing", None, bytes) is None
    assert [path.suffix for path in folder.iterdir()] == [".kept"]


@pytest.mark.parametrize(
    "damage, word",
    [
        (lambda content: content[:-1], "damaged"),
        (lambda content: content[:-1] + b"?", "damaged"),
        (lambda content: b"", "no file of this version's"),
        (lambda content: content.replace(b"jaxlike, 1", b"jaxlike, 0"), "no file of this version"),
    ],
)
def test_damaged_files_are_left_with_a_word_and_replaced(folder, damage, word):
    store.write("thing", KEY, b"payload")
    path = the_file(folder)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(UserWarning, match=f"{path.name} is left unused: .*{word}"):
        assert store.read("thing", KEY, bytes) is None
    store.write("thing", KEY, b"payload")
    assert store.read("thing", KEY, bytes) == b"payload"


def test_another_user_s_files_are_left_with_a_word(folder, monkeypatch):
    """A program that is read is run: nobody else's is."""
    store.write("thing", KEY, b"payload")
    monkeypatch.setattr(store, "_user", lambda: os.stat(folder).st_uid + 1)
    with pytest.warns(UserWarning, match="is left unused: it is another user's"):
        assert store.read("thing", KEY, bytes) is None


def test_files_of_something_else_are_left_with_a_word(folder):
    store.write("thing", KEY, b"payload")
    path = the_file(folder)
    path.rename(path.with_name(path.name.replace(KEY[:40], OTHER[:40])))
    with pytest.warns(UserWarning, match="it is of something else"):
        assert store.read("thing", OTHER, bytes) is None


def test_what_cannot_be_restored_is_left_with_a_word(folder):
    def fails(payload):
        raise RuntimeError("no such device")

    store.write("thing", KEY, b"payload")
    with pytest.warns(UserWarning, match="no such device"):
        assert store.read("thing", KEY, fails) is None


def test_files_used_longest_ago_go_first(folder, monkeypatch):
    monkeypatch.setattr(store, "MAX_BYTES", 3200)
    for age, key in ((300, "1"), (200, "2"), (100, "3")):
        store.write("thing", key * 64, bytes(800))
        path = folder / f"thing-{key * 40}.kept"
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    assert store.read("thing", "1" * 64, len) == 800  # used now
    store.write("thing", "4" * 64, bytes(800))
    assert [store.has("thing", key * 64) for key in "1234"] == [True, False, True, True]


def test_a_folder_that_takes_nothing_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(store, "folder", lambda: tmp_path / "file" / "folder")
    with pytest.warns(UserWarning, match="is not kept"):
        store.write("thing", KEY, b"payload")


def test_the_switch_and_the_folder_are_jax_s_own_or_the_environment_s(monkeypatch):
    monkeypatch.delenv(store.SWITCH, raising=False)
    own = jax.config.jax_compilation_cache_dir
    assert store.folder() is not None
    assert str(store.folder()).startswith(str(own))
    monkeypatch.setenv(store.SWITCH, "no")
    assert store.folder() is None
    monkeypatch.setenv(store.SWITCH, "yes")
    jax.config.update("jax_enable_compilation_cache", False)
    assert store.folder() is None


@dataclass(frozen=True)
class Theirs:
    number: int


def theirs(x):
    return x


VALUES = """
import functools, json
import jax, numpy as np
jax.config.update("jax_enable_x64", True)
from jaxlike.kept.fingerprint import fingerprint
from jaxlike.numerics.quadrature import gauss_legendre_panels
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.inference.samplers.kernels import nuts_kernel
from jaxlike.inference.samplers.mclmc import adjusted_method
cosmo = Cosmology(Omega_m=0.3, Omega_b=0.05, h=0.7, n_s=0.96, A_s=2e-9)
print(json.dumps([
    fingerprint(frozenset({"a", "b", "c", "d"}), {"x": (1, 2.5), "y": None}),
    fingerprint(np.arange(3.0), cosmo, jax.tree.structure(cosmo)),
    fingerprint(functools.partial(gauss_legendre_panels, x=1), np.log, jax.numpy.sin),
    fingerprint(nuts_kernel(8)),
    fingerprint(adjusted_method().kernel),
]))
"""


def test_fingerprints_are_the_same_in_every_process():
    found = {
        subprocess.run(
            [sys.executable, "-c", VALUES],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert "null" not in found.pop()


def kernel_of(depth):
    from jaxlike.inference.samplers.kernels import nuts_kernel

    return nuts_kernel(depth)


def test_fingerprints_tell_values_apart():
    values = [
        (1,), (1.0,), ("1",), (True,), (None,), ((1,),), ([1],), (1, 2), ((1, 2),), ({1, 2},),
        ({1: 2},), (np.array(1.0),), (np.array([1.0]),), (np.array([1.0], np.float32),),
        (np.array([2.0]),), (np.zeros(0),), (jax.ShapeDtypeStruct((1,), np.float64),),
        (jax.tree.structure((1, 2)),), (jax.tree.structure((1, (2,))),), (np.sin,), (np.cos,),
        (functools.partial(np.sin, 1),), (functools.partial(np.sin, 2),), ("a", "bc"), ("ab", "c"),
        (kernel_of(8),), (kernel_of(9),),
    ]  # fmt: skip
    found = [fingerprint(*one) for one in values]
    assert None not in found
    assert len({*found}) == len(values)
    assert found[0] == fingerprint(1)


@pytest.mark.parametrize(
    "value",
    [
        theirs,
        Theirs,
        Theirs(1),
        object(),
        lambda x: x,
        functools.partial(np.sin, theirs),
        {"a": [theirs]},
        np.array([theirs]),
        Theirs(1).__repr__,
    ],
)
def test_what_is_somebody_else_s_has_no_fingerprint(value):
    assert fingerprint(value) is None


def test_settings_count(monkeypatch):
    before = fingerprint(1)
    assert fingerprint(1) == before
    jax.config.update("jax_debug_nans", True)
    try:
        assert fingerprint(1) != before
    finally:
        jax.config.update("jax_debug_nans", False)
    monkeypatch.setenv("XLA_FLAGS", "--another")
    assert fingerprint(1) != before


def program(traced, *, factor=2.0, about=("a test",), n=3):
    def function(pair, key):
        traced.append(1)
        return {"sum": pair[0] + factor * pair[1]}, (jax.random.normal(key), None)

    point = jax.ShapeDtypeStruct((n,), jnp.result_type(float))
    return Program(jax.jit(function), ((point, point), jax.random.key(0)), about)


def test_programs_are_traced_once_for_all_processes(folder):
    traced, pair = [], (np.arange(3.0), np.ones(3))
    first = program(traced)
    assert not first.kept
    expected, (number, _) = first.compiled()(pair, jax.random.key(1))
    second = program(traced)
    assert second.kept
    found, (again, nothing) = second.compiled()(pair, jax.random.key(1))
    assert len(traced) == 1
    np.testing.assert_array_equal(found["sum"], expected["sum"])
    assert float(again) == float(number)
    assert nothing is None


def test_programs_of_other_shapes_names_and_versions_are_others(folder, monkeypatch):
    traced = []
    program(traced).compiled()
    for other in (program(traced, n=4), program(traced, about=("another test",))):
        assert not other.kept
    monkeypatch.setattr(programs, "fingerprint", functools.partial(fingerprint, "version 2"))
    assert not program(traced).kept


def test_programs_that_nobody_knows_are_not_kept(folder):
    traced = []
    for about in (None, (theirs,)):
        program(traced, about=about).compiled()
    assert len(traced) == 2
    assert not list(folder.iterdir())


def test_a_damaged_program_is_compiled_anew(folder):
    traced = []
    program(traced).compiled()
    path = the_file(folder)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.warns(UserWarning, match="damaged"):
        made = program(traced).compiled()
    assert len(traced) == 2
    assert np.isfinite(made((np.ones(3), np.ones(3)), jax.random.key(0))[1][0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        program(traced).compiled()
    assert len(traced) == 2
