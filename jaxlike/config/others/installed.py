"""Data that Cobaya has installed, or that an input names in their place."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxlike.data.packages import check_installed, data_folder_of
from jaxlike.errors import ConfigError

_PLACES = ("path", "packages_path")


def given_places(given: Mapping[str, Any]) -> dict[str, str]:
    """What an input says of where data are."""
    return {key: _expanded(given[key]) for key in _PLACES if given.get(key)}


def _expanded(place: object) -> str:
    return os.path.expanduser(os.path.expandvars(str(place)))


def folder_of(
    kind: str, file: object, options: Mapping[str, object], package: str = ""
) -> Path | None:
    """Where a file of a likelihood is looked for, None where it is named from the root on.

    That is `path`, else the folder of the package in Cobaya's packages_path; DataError says how a
    likelihood is installed where there is neither.
    """
    if os.path.isabs(_expanded(file)):
        return None
    if options.get("path"):
        return Path(str(options["path"]))
    data = data_folder_of(kind, options.get("packages_path"))
    return data / package if package else data


def located(file: str, kind: str, options: Mapping[str, object], folder: Path | None) -> Path:
    """The file itself; DataError says how it is installed where Cobaya's packages have not got
    it."""
    found = Path(_expanded(file)) if folder is None else folder / file
    if folder is not None and not options.get("path"):
        data = data_folder_of(kind, options.get("packages_path"))
        check_installed(found, kind, data.parent)
    return found


def without_effect(kind: str, option: str, before: str) -> ConfigError:
    """That an option has no effect, as Cobaya takes another one before it."""
    return ConfigError(f"option '{option}' of {kind} has no effect beside '{before}': leave it out")
