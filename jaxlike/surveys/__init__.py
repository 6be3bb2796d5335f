"""Published analyses, a folder each: scale cuts, default parameters, options, sources; no code.

A folder holds `survey.yaml` (what it is called, what to cite, what its data are known by, options
of its likelihood) and, where the analysis has them, `scale_cuts.yaml`, `parameters.yaml` (its
nuisance parameters, as `params` of a Cobaya input without a prefix) and `mock.yaml` (the layout of
mock data). The folders beside this file are known by their names, any other by its path.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from jaxlike.errors import ConfigError

ABOUT = "survey.yaml"
"""The file that makes a folder a survey."""

_KEYS = ("title", "references", "data", "options")
_DATA_KEYS = ("names", "sha256", "mean_redshifts")


@dataclass(frozen=True)
class Analysis:
    """A published analysis, as its folder has it.

    name: of the folder, or its path.  title: what people call it.  references: what to cite.
    options: those of a likelihood that it takes.  names, sha256, mean_redshifts: what its data are
    known by, names of data sets, hashes of files, and (n_bin,) mean redshifts of samples.
    """

    name: str
    folder: Path
    title: str
    references: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    mean_redshifts: tuple[tuple[float, ...], ...] = ()

    @property
    def scale_cuts(self) -> Path | None:
        """The file of its scale cuts, None where it has none."""
        return _file(self.folder / "scale_cuts.yaml")

    @property
    def parameters(self) -> Path | None:
        """The file of its default parameters, None where it has none."""
        return _file(self.folder / "parameters.yaml")

    @property
    def mock(self) -> Path | None:
        """The file of the layout of its mock data, None where it has none."""
        return _file(self.folder / "mock.yaml")


@functools.cache
def known_surveys() -> tuple[str, ...]:
    """Names of the surveys that come with the package."""
    return tuple(sorted(file.parent.name for file in _shelf().glob(f"*/{ABOUT}")))


def accepted_surveys() -> str:
    """What the option `survey` may be, for messages."""
    return f"{', '.join(known_surveys())}, the path of a folder with a {ABOUT}"


def read_survey(name: str) -> Analysis:
    """The analysis of that name, or in the folder of that path; ConfigError says what is wrong."""
    return _shipped(name) if name in known_surveys() else _read(name, Path(name).expanduser())


@functools.cache  # every data file is looked up among all of them
def _shipped(name: str) -> Analysis:
    return _read(name, _shelf() / name)


def _read(name: str, folder: Path) -> Analysis:
    file = folder / ABOUT
    if not file.is_file():
        raise ConfigError(
            f"option 'survey' is {name!r}; accepted are {accepted_surveys()}, null (the data's own)"
        )
    try:
        return _parse(yaml.safe_load(file.read_text(encoding="utf-8")) or {}, name, folder)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: is not yaml ({str(error).splitlines()[0]})") from error
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error


def _shelf() -> Path:
    return Path(str(files(__name__)))


def _file(path: Path) -> Path | None:
    return path if path.is_file() else None


def _parse(content: Any, name: str, folder: Path) -> Analysis:
    _check_keys(content, _KEYS, "the file")
    data = content.get("data") or {}
    _check_keys(data, _DATA_KEYS, "data")
    options = content.get("options") or {}
    if not isinstance(options, Mapping):
        raise ConfigError(f"options is {options!r}; a mapping of a likelihood's options is needed")
    title = content.get("title", folder.resolve().name)
    if not isinstance(title, str):
        raise ConfigError(f"title is {title!r}; a text is needed")
    return Analysis(
        name,
        folder,
        title,
        _texts(content, "references"),
        dict(options),
        _texts(data, "names"),
        _texts(data, "sha256"),
        _means(data.get("mean_redshifts") or []),
    )


def fault_of_keys(content: Any, accepted: tuple[str, ...], where: str) -> str | None:
    """What is wrong with a mapping of these keys, None where nothing is."""
    if not isinstance(content, Mapping):
        return f"{where} must be a mapping with the keys {', '.join(accepted)}"
    unknown = next((key for key in content if key not in accepted), None)
    if unknown is None:
        return None
    return f"{where} has the unknown key {unknown!r}; accepted are {', '.join(accepted)}"


def _check_keys(content: Any, accepted: tuple[str, ...], where: str) -> None:
    if (fault := fault_of_keys(content, accepted, where)) is not None:
        raise ConfigError(fault)


def _texts(content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = content.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ConfigError(f"{key} is {found!r}; a list of texts is needed")
    return tuple(found)


def _means(found: Any) -> tuple[tuple[float, ...], ...]:
    try:
        return tuple(tuple(float(z) for z in sample) for sample in found)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"mean_redshifts is {found!r}; a list of numbers is needed for each sample"
        ) from error
