"""The options of one module in an ini file, and what is said of each."""

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jaxlike.config.explained import Entry, Explanation
from jaxlike.config.ini_file import Section
from jaxlike.config.places import find_file
from jaxlike.config.standard_library.module import Module
from jaxlike.errors import ConfigError
from jaxlike.registry.option_values import flag

LIBRARY_VARIABLES = ("CSL_DIR", "COSMOSIS_SRC_DIR")
"""Environment variables that say where the standard library is, or what has it."""

ABSENT = "there is no such file here, beside the .ini, in $CSL_DIR or $COSMOSIS_SRC_DIR"
"""Of a file that is not where a pipeline says."""

_OF_COSMOSIS = ("setup", "function", "cleanup")


@dataclass
class Given:
    """A section of a pipeline whose module is known: its options, and what becomes of them.

    name: of the section; where: as messages call it; path: of the pipeline; replaced: files that
    keywords replace, by the names that the pipeline has for them; said: what became of an option,
    in the place of the words of the module's table; notes: on the whole; left_out: why nothing of
    the module is of importance, if so.
    """

    name: str
    module: Module
    section: Section
    path: Path
    where: str
    replaced: Mapping[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left_out: str = ""

    @property
    def file(self) -> Entry:
        """The entry that says which module it is."""
        return self.entry("file")

    def entry(self, key: str) -> Entry:
        """An entry of the section, with its place."""
        return self.section.entry(self.where, key)

    def has(self, key: str) -> bool:
        """Whether an option is given."""
        return key in self.section.entries

    def text(self, key: str, default: str | None = None) -> str:
        """An option that is text; ConfigError where it is missing and has no default."""
        if self.has(key):
            return self.section.entries[key]
        if default is None:
            raise ConfigError(f"{self.file.place}: {self.where} has no option '{key}'")
        return default

    def words(self, key: str, default: str = "") -> list[str]:
        """An option that is several words."""
        return self.text(key, default).split()

    def flag(self, key: str, default: bool) -> bool:
        """An option that is yes or no."""
        if not self.has(key):
            return default
        try:
            return flag(key, self.text(key))
        except ConfigError as error:
            raise self.refused(key, "accepted are T, F") from error

    def numbers(self, key: str) -> list[float]:
        """An option that is numbers."""
        try:
            return [float(word) for word in self.text(key).replace(",", " ").split()]
        except ValueError as error:
            raise self.refused(key, "numbers are needed") from error

    def number(self, key: str, default: float) -> float:
        """An option that is a number."""
        if not self.has(key):
            return default
        found = self.numbers(key)
        if len(found) != 1 or not math.isfinite(found[0]):
            raise self.refused(key, "a number is needed")
        return found[0]

    @property
    def like_name(self) -> str:
        """What CosmoSIS calls the likelihood of a module that is one."""
        return self.text("like_name", self.module.like)

    def place(self, key: str) -> Path:
        """The file that an option names; ConfigError where it is not there."""
        found = self.place_if_there(key)
        if not found.is_file():
            raise self.refused(key, ABSENT)
        return found

    def place_if_there(self, key: str) -> Path:
        """The file that an option names, which may not be there: a likelihood that counts may have
        no use for it."""
        name = self.text(key)
        return Path(self.replaced.get(name) or library_file(name, self.path))

    def say(self, key: str, becomes: str) -> None:
        """Say what an option became."""
        self.said[key] = becomes

    def refused(self, key: str, reason: str) -> ConfigError:
        """The error that an option, or what it is without being given, has no counterpart here."""
        if not self.has(key):
            return ConfigError(f"{self.file.place}: {self.where} has no option '{key}': {reason}")
        return self.entry(key).refused(reason)

    def without_value(self, name: str, entry: Entry | None = None) -> ConfigError:
        """The error that a parameter has none; entry: what makes the module read it."""
        place = (entry or self.file).place
        return ConfigError(f"{place}: {self.where} reads '{name}', which has no value")

    def second(self, what: str) -> ConfigError:
        """The error that another module has done the same already."""
        return ConfigError(
            f"{self.file.place}: {self.where} {what} a second time: leave out one of the modules"
        )

    def entries(self) -> Iterator[Entry]:
        """Those of its own, in order."""
        yield from self.section.listed(self.where)

    def explain(self, explanation: Explanation) -> None:
        """A row for each of its own entries; ConfigError on one that the module has not got, or
        that is accepted with other values alone."""
        for entry in self.entries():
            if self.left_out:
                explanation.idle(entry, self.left_out)
            elif entry.key == "file":
                explanation.option(entry, self.module.does)
            elif entry.key in _OF_COSMOSIS:
                explanation.idle(entry, "how CosmoSIS runs the module")
            else:
                self._explain(entry, explanation)

    def _explain(self, entry: Entry, explanation: Explanation) -> None:
        option = self.module.option(entry.key)
        if option is None:
            raise entry.refused("the module has no option of this name that is known here")
        if option.fate == "idle":
            explanation.idle(entry, self.said.get(entry.key, option.meaning))
        else:
            as_here = "as it is here" if option.fate == "only" else option.meaning
            explanation.option(entry, self.said.get(entry.key, as_here))

    def existing(self, option: str, name: Path) -> Path:
        """The file of this name, which `option` says or else where the module is; ConfigError where
        it is not there."""
        found = Path(library_file(str(name), self.path))
        if not found.is_file():
            raise self.refused(
                option if self.has(option) else "file",
                f"there is no {name} here, beside the .ini, in $CSL_DIR or $COSMOSIS_SRC_DIR",
            )
        return found

    def check(self) -> None:
        """ConfigError on options, those from [DEFAULT] too, that are accepted with other values
        alone."""
        for entry in map(self.entry, self.section.entries):
            option = self.module.option(entry.key)
            if (
                option is not None
                and option.fate == "only"
                and not _is_of(entry.value, option.values)
            ):
                listed = ", ".join(option.values)
                raise entry.refused(f"{option.meaning}; accepted are {listed}")


def _is_of(value: str, values: tuple[str, ...]) -> bool:
    def plain(text: str) -> object:
        text = " ".join(text.lower().split())
        text = {
            "t": "true",
            "f": "false",
            "y": "true",
            "n": "false",
            "yes": "true",
            "no": "false",
        }.get(text, text)
        try:
            return float(text)
        except ValueError:
            return text

    return plain(value) in {plain(one) for one in values}


def library_file(name: str, path: Path) -> str:
    """Where a file is that a pipeline at `path` names: from here, beside it or above it, or in the
    folder of the standard library; as it is given where it is not found."""
    found = find_file(name, path, above=True)
    for variable in LIBRARY_VARIABLES:
        root = os.environ.get(variable)
        if not Path(found).is_file() and root:
            for folder in (Path(root), Path(root) / "cosmosis-standard-library"):
                if (folder / name).is_file():
                    return str(folder / name)
    return found
