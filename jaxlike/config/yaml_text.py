"""YAML as Cobaya reads it."""

from pathlib import Path
from typing import Any

from jaxlike.errors import ConfigError
from jaxlike.files import YamlError, parse_yaml

COBAYA_INPUT = "a Cobaya input, which is a mapping with 'likelihood:'"


def load_yaml(text: str, where: str, what: str = COBAYA_INPUT) -> dict[str, Any]:
    """The mapping in a YAML text; ConfigError with `where` and the line if there is none."""
    try:
        info = parse_yaml(text)
    except YamlError as error:
        line = "" if error.line is None else f", line {error.line}"
        raise ConfigError(f"{where}{line}: not valid YAML ({error})") from error
    if not isinstance(info, dict):
        raise ConfigError(f"{where}: not {what}")
    return info


def read_yaml(file: Path, what: str) -> dict[str, Any]:
    """The mapping in a YAML file, which is `what`; ConfigError names the file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"'{file}' cannot be read as text: {error}") from error
    return load_yaml(text, str(file), what)
