"""What is known of a module of CosmoSIS's standard library: its options, and what it does here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from jaxlike.config.standard_library.block import Block
    from jaxlike.config.standard_library.given import Given

Fate = Literal["used", "idle", "only"]


@dataclass(frozen=True)
class Option:
    """An option of a module.

    name: as in an ini file, in lower case; with `*` at its end of all names that begin so.  fate:
    used (it says something here), idle (without effect here), only (accepted with the values
    `values` alone).  meaning: what becomes of it, why it is idle, or why others are refused.
    """

    name: str
    fate: Fate
    meaning: str
    values: tuple[str, ...] = ()

    def is_of(self, name: str) -> bool:
        """Whether it is the option of this name."""
        if self.name.endswith("*"):
            return name.startswith(self.name[:-1])
        return name == self.name


def used(meaning: str, *names: str) -> tuple[Option, ...]:
    """Options that say something here."""
    return tuple(Option(name, "used", meaning) for name in names)


def idle(meaning: str, *names: str) -> tuple[Option, ...]:
    """Options without effect here."""
    return tuple(Option(name, "idle", meaning) for name in names)


def only(name: str, values: Iterable[str], otherwise: str) -> Option:
    """An option of which these values alone are meant here; `otherwise`: why others are refused."""
    return Option(name, "only", otherwise, tuple(values))


SILENT = idle("what is printed or saved", "verbose", "feedback", "save_name", "timing", "debug")
"""Options that many modules have."""


def nothing(block: "Block", given: "Given") -> None:
    """What a module does that has no effect on what is computed here."""


@dataclass(frozen=True)
class Module:
    """A module by the end of its file's path.

    files: such ends, without what the file's name ends with (.py, .so); does: what becomes of it,
    in words; run: its effect on what stands in the block; like: of a likelihood, what CosmoSIS
    calls it where no option does.
    """

    files: tuple[str, ...]
    does: str
    options: tuple[Option, ...] = ()
    run: Callable[["Block", "Given"], None] = field(default=nothing)
    refused: str = ""
    like: str = ""

    def option(self, name: str) -> Option | None:
        """The option of this name, None where it has none."""
        exact = [one for one in self.options if one.name == name]
        return exact[0] if exact else next((o for o in self.options if o.is_of(name)), None)


def refused(reason: str, *files: str) -> Module:
    """A module without counterpart here."""
    return Module(files, "", refused=reason)
