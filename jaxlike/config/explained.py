"""What becomes of every entry of an input that was written for other programs.

An `Explanation` is filled while such an input is read. Each entry has one row: what it is here, or
why it has no effect; what is refused ends the reading, with its row's place in the error.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
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
    """The rows of an input, in the order in which they were found."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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

    def lines(self, width: int = 34) -> Iterator[str]:
        """A table of the rows, a line each, under a line for each place."""
        where = None
        for row in self.rows:
            if row.entry.where != where:
                where = row.entry.where
                yield f"[{where}]"
            said = _shortened(f"{row.entry.key} = {row.entry.value}", width)
            yield f"  {said:<{width}}  {row.text}"
        yield from self.notes


def _shortened(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 3] + "..."
