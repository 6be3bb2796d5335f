"""What an input becomes here: its Config, and what became of each of its entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from jaxlike.config.container import Config
from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.explain_yaml import explained_yaml
from jaxlike.config.explained import Explanation
from jaxlike.config.read import read_config
from jaxlike.config.standard_library.pipeline import Library


@dataclass(frozen=True)
class Explained:
    """The Config of an input, a row for each of its entries, and what a pipeline of the standard
    library's modules was translated to.

    explanation: None for a pipeline of jaxlike's own module; library: None for other inputs.
    """

    config: Config
    explanation: Explanation | None = None
    library: Library | None = None


def explained(path: str | PathLike[str], overrides: Mapping[str, object]) -> Explained:
    """What an input becomes."""
    file = Path(path)
    if file.suffix.lower() == ".ini" and file.is_file():
        library = library_of(file, overrides)
        if library is not None:
            return Explained(library.config, library.explanation, library)
    if file.suffix.lower() in (".yaml", ".yml") and file.is_file():
        return Explained(*explained_yaml(file, overrides))
    return Explained(read_config(path, **overrides))
