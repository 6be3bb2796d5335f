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
_DEEPEST, _MOST = 50, 1000  # files that include each other, files in all
_LONGEST = 1_000_000  # characters of the entries of a section, with what %(name)s stand for
_REFERENCE = re.compile(r"%\(([^)]+)\)s")
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
    _add_lines(path, root, parents, lines, [])
    return lines


def _add_lines(
    path: Path, root: Path, parents: tuple[Path, ...], lines: list[Line], read: list[Path]
) -> None:
    """Add the lines of a file and of those that it includes; `read` are all files before it."""
    read.append(path)
    if len(read) > _MOST:
        raise ConfigError(f"{root}: %include goes through more than {_MOST} files")
    if path.resolve() in parents:
        raise ConfigError(f"{path}: %include includes itself")
    if len(parents) > _DEEPEST:
        raise ConfigError(f"{path}: %include goes deeper than {_DEEPEST} files")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ConfigError(f"'{path}' cannot be read as text: {error}") from error
    for number, line in enumerate(os.path.expandvars(text).splitlines(), start=1):
        if line.lower().startswith("%include"):
            name = line[len("%include") :].strip().strip("\"'")
            included = Path(find_file(name, root, above=True))
            if not included.is_file():
                raise ConfigError(f"{path}: %include file '{name}' does not exist")
            _add_lines(included, root, (*parents, path.resolve()), lines, read)
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
            _check_length(path, name, raw)
            for key, value in parser.items(name):
                inherited = raw[key] == defaults.get(key)
                (section.inherited if inherited else section.own)[key] = value.strip().strip("\"'")
    except configparser.Error as error:
        problem = " ".join(str(error).split())
        raise ConfigError(f"{path}: not a CosmoSIS ini file ({problem})") from error
    return out


def _check_length(path: Path, section: str, raw: Mapping[str, str]) -> None:
    """ConfigError where entries that name each other become endless."""
    lengths: dict[str, int] = {}

    def length(key: str, depth: int) -> int:
        if depth > configparser.MAX_INTERPOLATION_DEPTH or key not in raw:
            return 0  # which the parser itself tells of
        if key not in lengths:
            inner = (length(name.lower(), depth + 1) for name in _REFERENCE.findall(raw[key]))
            lengths[key] = len(raw[key]) + sum(inner)
        return lengths[key]

    if sum(length(key, 0) for key in raw) > _LONGEST:
        raise ConfigError(
            f"{path}: [{section}] has more than {_LONGEST} characters, with what %(...)s stand for"
        )


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
