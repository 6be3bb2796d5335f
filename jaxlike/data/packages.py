"""Where `cobaya-install` has put the data of others: Cobaya's `packages_path`."""

import os
import platform
from pathlib import Path

from jaxlike.errors import DataError
from jaxlike.files import YamlError, parse_yaml

_VARIABLE = "COBAYA_PACKAGES_PATH"


def packages_path(given: object = None) -> Path | None:
    """Cobaya's `packages_path`: what an input says, else $COBAYA_PACKAGES_PATH, else what Cobaya
    has kept of an earlier installation, else None."""
    if given:
        return Path(os.path.expandvars(str(given))).expanduser()
    if found := os.environ.get(_VARIABLE):
        return Path(found)
    try:
        kept = parse_yaml((_settings() / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YamlError, RuntimeError):
        return None
    found = kept.get("packages_path") if isinstance(kept, dict) else None
    return Path(found) if found else None


def _settings() -> Path:
    """The folder of Cobaya's settings."""
    if platform.system() == "Windows":
        return Path(os.environ.get("LOCALAPPDATA", "")) / "cobaya"
    if platform.system() == "Darwin":
        return Path.home() / "Library/Application Support/cobaya"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "cobaya"


def data_folder_of(kind: str, given: object = None) -> Path:
    """The folder `data` of the packages; DataError says how a likelihood of Cobaya's, `kind`, is
    installed where there is no packages_path."""
    packages = packages_path(given)
    if packages is None:
        raise DataError(
            f"the data of {kind} are not installed: `cobaya-install {kind} -p PATH` does it, then "
            f"give packages_path: PATH in the input, or ${_VARIABLE}"
        )
    return packages / "data"


def check_installed(file: Path, kind: str, packages: Path) -> None:
    """DataError, with the command, where a file of a likelihood of Cobaya's is not there."""
    if not file.is_file():
        raise DataError(
            f"{file}: is not there, but {kind} has its data in it: "
            f"`cobaya-install {kind} -p {packages}` installs them"
        )
