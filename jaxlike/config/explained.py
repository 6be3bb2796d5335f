"""What becomes of every entry of an input that was written for other programs.

An `Explanation` is filled while such an input is read. Each entry has one row: what it is here, or
why it has no effect; what is refused ends the reading, with its row's place in the error.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from jaxlike.errors import ConfigError

Fate = Literal["option", "parameter", "idle"]
"""Of an entry: an option here, a parameter or its prior, or without effect here."""


@dataclass(frozen=True)
class Entry:
    """An entry of an input: in which section or block of which file, and in which line (from 1),
    None where it is not known."""

    where: str
    key: str
    value: str
    file: str = ""
    line: int | None = None

    @property
    def place(self) -> str:
        """Its file and line, as messages begin with them."""
        return self.file if self.line is None else f"{self.file}, line {self.line}"

    def refused(self, reason: str) -> ConfigError:
        """The error that it has no counterpart here."""
        begin = f"{self.place}: " if self.file else ""
        if not self.file and self.line is not None:  # whoever reads the file says which it is
            begin = f"line {self.line}: "
        return ConfigError(f"{begin}option '{self.key}' of {self.where} is {self.value}: {reason}")


@dataclass(frozen=True)
class Row:
    """What becomes of an entry; `becomes` is a name here and its value, or why it has no effect."""

    entry: Entry
    fate: Fate
    becomes: str

    @property
    def text(self) -> str:
        """What becomes of it, in words."""
        return f"no effect here: {self.becomes}" if self.fate == "idle" else self.becomes


@dataclass
class Explanation:
    """The rows of an input, in the order in which they were found.

    places: (where, key) -> line, where that is known.
    """

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    places: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def entry(self, where: str, key: object, value: object) -> Entry:
        """An entry of this input, with its line."""
        text = value if isinstance(value, str) else repr(value)
        return Entry(where, str(key), text, line=self.places.get((where, str(key))))

    def option(self, entry: Entry, becomes: str) -> None:
        """An entry that is an option here: `becomes` is `name = value`."""
        self.rows.append(Row(entry, "option", becomes))

    def parameter(self, entry: Entry, becomes: str) -> None:
        """An entry that is a parameter here, or its prior."""
        self.rows.append(Row(entry, "parameter", becomes))

    def idle(self, entry: Entry, reason: str) -> None:
        """An entry without effect here."""
        self.rows.append(Row(entry, "idle", reason))

    def note(self, sentence: str) -> None:
        """A sentence about the whole."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def named(self) -> set[tuple[str, str]]:
        """(Where, key) of all that have a row."""
        return {(row.entry.where, row.entry.key) for row in self.rows}

    def missing(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those of `entries` that have no row."""
        named = self.named()
        return [entry for entry in entries if (entry.where, entry.key) not in named]

    def lines(self, width: int = 40) -> Iterator[str]:
        """A table of the rows under a line for each place: line of the file, entry, what becomes of
        it; entries that follow each other and become the same stand in one line."""
        for where, rows in groupby(self.rows, key=lambda row: row.entry.where):
            groups = [[*group] for _, group in groupby(rows, key=lambda row: row.text)]
            if len(groups) == 1 and len(groups[0]) > 1:
                yield f"[{where}] {len(groups[0])} entries: {groups[0][0].text}"
                continue
            yield f"[{where}]"
            for group in groups:
                entry = group[0].entry
                line = "" if entry.line is None else str(entry.line)
                yield f"{line:>5}  {_entries(group, width):<{width}}  {group[0].text}"
        for note in self.notes:
            yield f"note: {note}"


def _entries(group: list[Row], width: int) -> str:
    """One entry with its value, or the first and last of several."""
    first, last = group[0].entry, group[-1].entry
    if len(group) == 1:
        return _shortened(f"{first.key} = {first.value}", width)
    between = ", " if len(group) == 2 else " ... "
    said = f"{first.key}{between}{last.key}"
    return _shortened(said if len(group) == 2 else f"{said} ({len(group)})", width)


def _shortened(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 3] + "..."
