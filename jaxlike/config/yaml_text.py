"""YAML as Cobaya reads it."""

import re
from pathlib import Path
from typing import Any

import yaml

from jaxlike.errors import ConfigError

COBAYA_INPUT = "a Cobaya input, which is a mapping with 'likelihood:'"


class _Loader(yaml.SafeLoader):
    """YAML as Cobaya reads it: 1e-9 is a number, a repeated key is an error."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for i, key in enumerate(keys):
        if key in keys[:i]:
            mark = node.value[i][0].start_mark
            raise yaml.constructor.ConstructorError(None, None, f"key '{key}' is given twice", mark)
    mapping: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return mapping


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(text: str, where: str, what: str = COBAYA_INPUT) -> dict[str, Any]:
    """The mapping in a YAML text; ConfigError with `where` and the line if there is none."""
    try:
        info = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise ConfigError(f"{where}{line}: not valid YAML ({problem})") from error
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
