"""What a command answers to bad input: a result or one sentence, soon, and no file is harmed."""

import hashlib
import io
import signal
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from jaxlike.cli.main import main

LONGEST_S = 60.0
"""Seconds after which an answer is none."""

_LONGEST = 3000  # characters of a sentence


class Answer(NamedTuple):
    """Exit status, and what was printed."""

    status: int
    out: str
    err: str


@contextmanager
def in_time() -> Iterator[None]:
    """TimeoutError where the block takes longer than LONGEST_S."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: object) -> None:
        raise TimeoutError(f"no answer in {LONGEST_S:.0f} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def answer(argv: list[str], unharmed: Iterable[Path] = ()) -> Answer:
    """Run a command; AssertionError unless it ends well or says in one sentence why not.

    Whatever raises, raises here. unharmed: files that have to be as they were.
    """
    before = {file: digest(file) for file in unharmed}
    out, err = io.StringIO(), io.StringIO()
    began = time.perf_counter()
    with in_time(), warnings.catch_warnings(), redirect_stdout(out), redirect_stderr(err):
        warnings.simplefilter("ignore")
        try:
            status = main(argv)
        except SystemExit as end:  # --help and --version
            status = -1 if end.code else 0
    seconds = time.perf_counter() - began
    found = Answer(status, out.getvalue(), err.getvalue())
    assert status in (0, 1, 2), f"{argv}: status {status}"
    assert "Traceback" not in found.out + found.err, found.err
    assert seconds < LONGEST_S
    sentences = [line for line in found.err.splitlines() if line.startswith("jaxlike: error: ")]
    if status == 2:
        assert len(sentences) == 1, f"{argv}: {found.err!r}"
        assert found.err.splitlines()[-1] == sentences[0], f"{argv}: {found.err!r}"
        check_sentence(sentences[0].removeprefix("jaxlike: error: "))
    else:
        assert not sentences, found.err
    for file, known in before.items():
        assert digest(file) == known, f"{argv}: {file} is not what it was"
    return found


def check_sentence(text: str, of: str = "") -> None:
    """AssertionError unless it says something of `of`, in one line that can be read."""
    assert of in text, f"{of} is not named: {text!r}"
    assert text.strip(), "an error without a word"
    assert len(text.splitlines()) == 1, f"not one line: {text!r}"
    assert len(text) < _LONGEST, f"{len(text)} characters: {text[:300]} ..."


def digest(file: Path) -> str | None:
    """Of a file's content; None where there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None
