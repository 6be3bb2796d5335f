"""What is written is whole or not at all, by one process at a time, and never over what is read."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jaxlike.cli.main import main
from jaxlike.errors import ConfigError
from jaxlike.files import atomic_writer
from jaxlike.outputs import check_no_input, check_output_file, is_same, locked

HOLD = """
import sys
from jaxlike.outputs import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(repository):
    """A function of a prefix: another process that writes files of it, until it is let go."""
    running = []

    def hold(prefix: Path) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(repository)}
        one = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(prefix)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        running.append(one)
        assert one.stdout is not None
        assert one.stdout.readline() == "held\n"
        return one

    yield hold
    for one in running:
        one.kill()
        one.communicate()


def test_one_process_writes_a_prefix_at_a_time(holder, tmp_path):
    prefix = tmp_path / "chains" / "run"
    other = holder(prefix)
    with pytest.raises(ConfigError, match="run' is being written by another run: wait for"):
        locked(prefix).__enter__()
    with locked(prefix, rank=1), locked(tmp_path / "chains" / "run2"):
        pass  # files of their own
    other.kill()  # which removes nothing
    other.wait()
    with locked(prefix):
        assert [file.name for file in prefix.parent.iterdir()] == [".run.lock"]
    assert not prefix.parent.exists() or not list(prefix.parent.iterdir())


def test_a_lock_leaves_no_folder_behind(tmp_path):
    with locked(tmp_path / "a" / "b" / "run"):
        assert (tmp_path / "a" / "b").is_dir()
    assert not list(tmp_path.iterdir())


def test_a_partial_file_has_no_name_that_is_known_before(tmp_path):
    target, names = tmp_path / "x.txt", set()
    for _ in range(3):
        with atomic_writer(target) as file:
            file.write(b"new")
            names.add(Path(file.name).name)
            assert not target.exists()
        assert target.read_bytes() == b"new"
        target.unlink()
    assert len(names) == 3
    assert all(str(os.getpid()) not in name.split(".") for name in names)


def test_a_planted_link_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setattr("jaxlike.files.secrets.token_hex", lambda _: "guessed")
    monkeypatch.setattr("jaxlike.files._remove_abandoned", lambda _: None)  # it would be removed
    victim = tmp_path / "victim"
    victim.write_text("of somebody else")
    (tmp_path / ".x.txt.guessed.part").symlink_to(victim)
    with pytest.raises(OSError, match="File exists"), atomic_writer(tmp_path / "x.txt") as file:
        file.write(b"new")
    assert victim.read_text() == "of somebody else"


def test_what_a_kill_leaves_is_removed_by_the_next_writer(tmp_path):
    (tmp_path / ".x.txt.0123.part").write_bytes(b"half of it")
    (tmp_path / ".y.txt.0123.part").write_bytes(b"of another")
    with atomic_writer(tmp_path / "x.txt") as one, atomic_writer(tmp_path / "x.txt") as other:
        assert Path(one.name).exists()  # what is being written stays
        other.write(b"new")
    assert sorted(f.name for f in tmp_path.iterdir()) == [".y.txt.0123.part", "x.txt"]


def test_a_full_disk_names_the_file_and_leaves_the_former_one(tmp_path, monkeypatch):
    target = tmp_path / "x.txt"
    target.write_text("former")

    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as raised, atomic_writer(target) as file:
        file.write(b"new")
    assert raised.value.filename == str(target)
    assert [f.name for f in tmp_path.iterdir()] == ["x.txt"]
    assert target.read_text() == "former"


def test_names_as_long_as_may_be_can_be_written(tmp_path):
    target = tmp_path / ("x" * 250)
    with atomic_writer(target) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new"


def test_files_are_the_same_by_any_name(tmp_path):
    file, link, copy = (tmp_path / name for name in ("a", "b", "c"))
    file.write_text("")
    copy.write_text("")
    link.symlink_to(file)
    assert is_same(file, link)
    assert is_same(tmp_path / "." / "a", file)
    assert not is_same(file, copy)
    assert not is_same(file, tmp_path / "absent")
    check_no_input([copy, tmp_path / "absent"], [file])
    with pytest.raises(ConfigError, match=r"b' is the input '.*a' itself, which would be lost"):
        check_no_input([link], [file])


def test_outputs_are_looked_at_before_anything_is_computed(tmp_path):
    (tmp_path / "there").write_text("")
    assert check_output_file(tmp_path / "new", force=False) == tmp_path / "new"
    assert check_output_file(tmp_path / "there", force=True) == tmp_path / "there"
    for name, message in (
        ("there", "exists already; give another name, or --force"),
        ("nowhere/x", "there is no folder"),
        (".", "is a folder; a file is needed"),
        ("there/x", "there is no folder"),
    ):
        with pytest.raises(ConfigError, match=message):
            check_output_file(tmp_path / name, force=False)


def test_a_mock_is_not_made_for_nothing(tmp_path, capsys, monkeypatch):
    def made(*_: object, **__: object) -> None:
        raise AssertionError("it was computed first")

    monkeypatch.setattr("jaxlike.mocks.files.make_mock", made)
    assert main(["mock", "--output", str(tmp_path / "nowhere" / "m.fits")]) == 2
    assert "there is no folder" in capsys.readouterr().err
