"""The module of correlated parameters, where a pipeline of jaxlike's own has it as well."""

from dataclasses import dataclass
from pathlib import Path

from jaxlike.config.cosmosis_correlated import MODULE_FILE
from jaxlike.config.standard_library.given import Given, library_file
from jaxlike.config.standard_library.translate import Translation


@dataclass(frozen=True)
class Normals:
    """A module that makes parameters of unit normals: its section's name and entries; made: what
    it makes, by the names that they have among the parameters."""

    name: str
    entries: dict[str, str]
    made: tuple[str, ...] = ()


def normals_of(translation: Translation) -> tuple[Normals, ...]:
    """Those of a pipeline, which make the parameters under the names that likelihoods here read."""
    every = (one for one in translation.modules if Path(one.text("file")).name == MODULE_FILE)
    return tuple(_with_names(one, translation) for one in every)


def _with_names(given: Given, translation: Translation) -> Normals:
    targets = {use.origin: use.target for use in translation.uses}
    outputs = [word.lower().replace("/", "--") for word in given.words("output_parameters")]
    made = [targets.get(name, name) for name in outputs]
    entries = {
        **{key: " ".join(text.split()) for key, text in given.section.own.items()},
        "output_parameters": " ".join(name.replace("--", "/") for name in made),
    }
    for key in ("file", "covariance", "mean"):
        if key in entries:
            entries[key] = _place(entries[key], given.path)
    return Normals(given.name, entries, tuple(made))


def _place(name: str, path: Path) -> str:
    found = Path(library_file(name, path))
    return str(found.resolve()) if found.is_file() else name
