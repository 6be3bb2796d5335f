"""What an input becomes here: its Config, and what became of each of its entries."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from jaxlike.config.container import Config
from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.explain_yaml import explained_yaml
from jaxlike.config.explained import Explanation
from jaxlike.config.read import read_config


def explained(
    path: str | PathLike[str], overrides: Mapping[str, object]
) -> tuple[Config, Explanation | None]:
    """The Config of an input, and a row for each of its entries; None for a pipeline of jaxlike's
    own module."""
    if Path(path).suffix.lower() == ".ini" and Path(path).is_file():
        library = library_of(Path(path), overrides)
        if library is not None:
            return library.config, library.explanation
    if Path(path).suffix.lower() in (".yaml", ".yml") and Path(path).is_file():
        return explained_yaml(Path(path), overrides)
    return read_config(path, **overrides), None
