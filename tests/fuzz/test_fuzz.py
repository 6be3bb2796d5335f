"""Made-up bad input of every kind: a result or one sentence, soon, and nothing overwritten.

JAXLIKE_FUZZ is the number of cases of each kind (a few by default), JAXLIKE_FUZZ_SEED the first of
their seeds. A failure names its seed, of which the case is made again.
"""

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from jaxlike.data import TwoPointData

from .answers import answer
from .kinds import KINDS, NEED_SACC
from .originals import Originals, make_originals

CASES = int(os.environ.get("JAXLIKE_FUZZ", "20"))
FIRST = int(os.environ.get("JAXLIKE_FUZZ_SEED", "0"))


@pytest.fixture(scope="module")
def originals(
    tmp_path_factory: pytest.TempPathFactory,
    small_data: TwoPointData,
    cl_data: TwoPointData,
    small_folder: Path,
) -> Originals:
    """Good files, read only."""
    folder = tmp_path_factory.mktemp("good")
    has_sacc = find_spec("sacc") is not None
    return make_originals(folder, small_data, cl_data, small_folder, sacc=has_sacc)


def test_what_is_spoilt_was_good(
    originals: Originals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else any answer would do."""
    monkeypatch.chdir(tmp_path)
    good = {name: str(originals.folder / name) for name in os.listdir(originals.folder)}
    commands = [
        ["convert", good["run.ranges"].removesuffix(".ranges"), "--to", "cosmosis"],
        ["convert", good["cosmosis.txt"], "--to", "getdist"],
        ["data", "show", good["small.fits"], "--scale-cuts", good["cuts.yaml"]],
        ["data", "show", good["small.fits"], "--survey", good["survey"]],
        ["data", "show", good["cl.fits"], "--nz-file", f"NZ_SOURCE={good['nz.txt']}"],
        *(["explain", good[name]] for name in ("input.yaml", "foreign.yaml", "pipeline.ini")),
        ["explain", f"{good['library']}/pipeline.ini"],
        *(["data", "show", good[name]] for name in ("small.sacc", "cl.sacc") if name in good),
    ]
    for argv in commands:
        found = answer([*argv, "--output", "new.txt"] if argv[0] == "convert" else argv)
        assert found.status == 0, (argv, found)


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input_is_answered(
    kind: str, originals: Originals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback, no hang, no file harmed, no number passed on that is none."""
    if kind in NEED_SACC and originals.sacc is None:
        pytest.skip("sacc is not installed")
    for seed in range(FIRST, FIRST + CASES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        monkeypatch.chdir(folder)
        try:
            KINDS[kind](np.random.default_rng(seed), folder, originals)
        except Exception as error:
            raise AssertionError(f"{kind}, seed {seed}: {type(error).__name__}: {error}") from error
