"""One run of CosmoSIS on a pipeline of its standard library, to compare with what it is here."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from jaxlike.config.standard_library.given import LIBRARY_VARIABLES, Given
from jaxlike.errors import ConfigError

_MAX_LINES = 5


@dataclass(frozen=True)
class Saved:
    """What CosmoSIS computed at the start values.

    log_likelihoods: by its names; numbers: those of the section data_vector; theory: data vectors
    (n,) by likelihood, where they are saved; by_bins: by section, what stands there of pairs of
    bins, the larger number first.
    """

    log_likelihoods: Mapping[str, float]
    numbers: Mapping[str, float]
    theory: Mapping[str, NDArray]
    by_bins: Mapping[str, Mapping[tuple[int, int], NDArray]]


def library_root(modules: list[Given]) -> Path:
    """The folder from which the files of all modules are; ConfigError where there is none."""
    path = modules[0].path
    places = [Path(), path.parent, path.resolve().parent.parent]
    for variable in LIBRARY_VARIABLES:
        if root := os.environ.get(variable):
            places += [Path(root), Path(root) / "cosmosis-standard-library"]
    files = [given.text("file") for given in modules]
    for place in places:
        if all((place / file).is_file() for file in files):
            return place.resolve()
    place = max(places, key=lambda one: sum((one / file).is_file() for file in files))
    missing = next(file for file in files if not (place / file).is_file())
    raise ConfigError(
        f"{path}: the standard library's '{missing}' is not found from here, beside the .ini, "
        "in $CSL_DIR or in $COSMOSIS_SRC_DIR (modules in C and Fortran must have been compiled)"
    )


def run_library(command: str, modules: list[Given], sections: Iterable[str] = ()) -> Saved:
    """Run a pipeline once by CosmoSIS, of which `sections` are by bins, without the modules that
    no likelihood that counts has a use for; ConfigError with its last words where it fails."""
    used = [given for given in modules if not given.left_out]
    path, root = modules[0].path.resolve(), library_root(used)
    with TemporaryDirectory() as folder:
        saved = Path(folder) / "saved"
        settings = [
            "runtime.sampler=test",
            f"test.save_dir={saved}",
            "test.fatal_errors=T",
            *_replaced(used),
            *(_alone(used) if len(used) < len(modules) else ()),
        ]
        words = [*configured(command), str(path), "-p", *settings]
        # its modules are the library's, whatever this process finds first
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        environment |= {"PYTHONPATH": str(root / "likelihood" / "2pt")}
        try:
            done = subprocess.run(
                words, cwd=root, env=environment, capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise ConfigError(
                f"option --cosmosis: '{command}' cannot be run ({error.strerror}): give "
                "the command of a CosmoSIS with which the standard library works"
            ) from error
        if done.returncode or not (saved / "likelihoods" / "values.txt").is_file():
            last = " / ".join((done.stdout + done.stderr).strip().splitlines()[-_MAX_LINES:])
            raise ConfigError(f"{path}: CosmoSIS failed: {last}")
        return _read(saved, sections)


def configured(command: str) -> list[str]:
    """The command in the environment that the library's compiled modules need, which a program
    beside it sets."""
    words = command.split() or [command]
    found = shutil.which(words[0])
    configure = None if found is None else Path(found).parent / "cosmosis-configure"
    if configure is None or not configure.is_file():
        return words
    # it takes what stands behind the name of a script for options of its own
    script = (
        'PATH="$(dirname "$0"):$PATH"; run=("$@"); set --; . "$0" > /dev/null; exec "${run[@]}"'
    )
    return ["bash", "-c", script, str(configure), *words]


def _replaced(modules: list[Given]) -> list[str]:
    """Settings that give CosmoSIS the files that keywords have replaced, where sections name
    them."""
    found = {}
    for given in modules:
        for key, value in given.section.own.items():
            if value in given.replaced:
                found[f"{given.name}.{key}"] = str(Path(given.replaced[value]).resolve())
    return [f"{key}={value}" for key, value in found.items()]


def _alone(used: list[Given]) -> Iterator[str]:
    """Settings that leave a pipeline these modules."""
    yield f"pipeline.modules={' '.join(given.where for given in used)}"
    likes = dict.fromkeys(given.like_name for given in used if given.module.like)
    yield f"pipeline.likelihoods={' '.join(likes)}"


def _read(saved: Path, sections: Iterable[str]) -> Saved:
    likes = {k.removesuffix("_like"): v for k, v in _values(saved / "likelihoods").items()}
    theory = {}
    for name in likes:
        file = saved / "data_vector" / f"{name}_theory.txt"
        if file.is_file():
            theory[name] = np.loadtxt(file, ndmin=1)
    by_bins = {
        section: {_pair(file): np.loadtxt(file, ndmin=1) for file in folder.glob("bin_*_*.txt")}
        for section in sections
        if (folder := saved / section).is_dir()
    }
    return Saved(likes, _values(saved / "data_vector"), theory, by_bins)


def _pair(file: Path) -> tuple[int, int]:
    first, second = file.stem.split("_")[1:]
    return int(first), int(second)


def _values(folder: Path) -> dict[str, float]:
    """Numbers of a section by their names in lower case."""
    file = folder / "values.txt"
    found: dict[str, float] = {}
    if not file.is_file():
        return found
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        try:
            found[name.strip().lower()] = float(value)
        except ValueError:  # text
            continue
    return found


def default_command() -> str:
    """CosmoSIS of this Python's environment, else the one that is found."""
    own = Path(sys.executable).parent / "cosmosis"
    return str(own) if own.is_file() else "cosmosis"
