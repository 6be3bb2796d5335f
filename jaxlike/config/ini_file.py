"""CosmoSIS's ini files: sections, what they have from [DEFAULT], and where each entry stands."""

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jaxlike.config.explained import Entry
from jaxlike.config.places import find_file
from jaxlike.errors import ConfigError

_COMMENTS = (";", "#")
_HEADER = re.compile(r"\[(?P<name>[^]]+)\]")
_DEEPEST, _LONGEST = 50, 200_000  # files that include each other, lines of all
_KEY = re.compile(r"(?P<key>[^\s=:;#\[][^=:]*?)\s*[=:]")

DEFAULT = "DEFAULT"
"""The section whose entries all others have."""


@dataclass(frozen=True)
class Line:
    """A line of a file, with environment variables in it expanded, and its number from 1."""

    text: str
    file: str
    number: int


@dataclass(frozen=True)
class Section:
    """Entries of one section, those that it has from [DEFAULT], and where its own stand."""

    own: dict[str, str] = field(default_factory=dict)
    inherited: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def entries(self) -> dict[str, str]:
        """All of them."""
        return self.inherited | self.own

    def listed(self, where: str) -> Iterator[Entry]:
        """Its own entries, of a section or module that messages call `where`."""
        for key in self.own:
            yield self.entry(where, key)

    def entry(self, where: str, key: str) -> Entry:
        """One of them."""
        file, line = self.places.get(key, ("", None))
        return Entry(where, key, self.entries.get(key, ""), file, line)


Sections = Mapping[str, Section]
"""Names of sections, in lower case as CosmoSIS uses them -> what is in them."""


def read_lines(path: Path, root: Path, parents: tuple[Path, ...] = ()) -> list[Line]:
    """Lines of an ini file with environment variables and %include lines expanded, these found
    from here or beside `root`."""
    lines: list[Line] = []
    _add_lines(path, root, parents, lines)
    return lines


def _add_lines(path: Path, root: Path, parents: tuple[Path, ...], lines: list[Line]) -> None:
    if path.resolve() in parents:
        raise ConfigError(f"{path}: %include includes itself")
    if len(parents) > _DEEPEST:
        raise ConfigError(f"{path}: %include goes deeper than {_DEEPEST} files")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ConfigError(f"'{path}' cannot be read as text: {error}") from error
    for number, line in enumerate(os.path.expandvars(text).splitlines(), start=1):
        if len(lines) > _LONGEST:
            raise ConfigError(f"{root}: has more than {_LONGEST} lines, with what it includes")
        if line.lower().startswith("%include"):
            name = line[len("%include") :].strip().strip("\"'")
            included = Path(find_file(name, root, above=True))
            if not included.is_file():
                raise ConfigError(f"{path}: %include file '{name}' does not exist")
            _add_lines(included, root, (*parents, path.resolve()), lines)
        else:
            lines.append(Line(line, str(path), number))


def read_ini(path: Path, root: Path) -> dict[str, Section]:
    """The sections of an ini file; ConfigError, with the file, on what is none."""
    lines = read_lines(path, root)
    parser = configparser.ConfigParser(strict=False, inline_comment_prefixes=_COMMENTS)
    places = _places(lines)
    out: dict[str, Section] = {}
    try:
        parser.read_string("\n".join(line.text for line in lines), source=str(path))
        defaults = parser.defaults()
        for name in parser.sections():
            lower = name.strip().lower()
            section = out.setdefault(lower, Section(places=places.get(lower, {})))
            raw = dict(parser.items(name, raw=True))
            for key, value in parser.items(name):
                inherited = raw[key] == defaults.get(key)
                (section.inherited if inherited else section.own)[key] = value.strip().strip("\"'")
    except configparser.Error as error:
        problem = " ".join(str(error).split())
        raise ConfigError(f"{path}: not a CosmoSIS ini file ({problem})") from error
    return out


def defaults_of(path: Path, root: Path) -> Section:
    """The section [DEFAULT] of an ini file, as its own."""
    lines = read_lines(path, root)
    parser = configparser.ConfigParser(strict=False, inline_comment_prefixes=_COMMENTS)
    parser.read_string("\n".join(line.text for line in lines))
    own = {key: value.strip().strip("\"'") for key, value in parser.defaults().items()}
    return Section(own, places=_places(lines).get(DEFAULT.lower(), {}))


def entries_of(ini: Sections, name: str) -> dict[str, str]:
    """All entries of a section, empty if there is none."""
    return ini.get(name.lower(), Section()).entries


def _places(lines: list[Line]) -> dict[str, dict[str, tuple[str, int]]]:
    """Section -> key -> (file, line) of where it stands, of the last one where it is repeated."""
    found: dict[str, dict[str, tuple[str, int]]] = {}
    section = ""
    for line in lines:
        # what is indented goes on with the entry before
        if header := _HEADER.match(line.text):
            section = header["name"].strip().lower()
        elif key := _KEY.match(line.text):
            own = found.setdefault(section, {})
            own[key["key"].strip().lower()] = (line.file, line.number)
    return found
