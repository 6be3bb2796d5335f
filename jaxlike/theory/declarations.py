"""How a part of the theory says which parameters it takes: once, where they are used."""

from dataclasses import dataclass
from typing import Literal

GIVEN = "a file"
"""Among the values of an option: anything that is given."""


def meets(value: object, wanted: tuple[object, ...]) -> bool:
    """Whether an option has one of the values that are wanted."""
    return value in wanted or (value is not None and GIVEN in wanted)


@dataclass(frozen=True)
class Declared:
    """A parameter, or the stem of numbered ones, of one for each bin or mode of n(z).

    name: canonical; aliases: what else inputs call it, bare; sections: its names in CosmoSIS, as
    section--name; latex: '#' stands for the number, as it does in an alias that does not end in it;
    default: its value where it is not given, None where it is left out then; beside: the same of a
    numbered one of which another is given; needs: the option and its values with which it has an
    effect; or_needs: another that does as well; required_by: the options and values that cannot do
    without it; instead_of: the name whose default goes where this is given; or_else: of a necessary
    one, the name that may be given in its place.
    """

    name: str
    aliases: tuple[str, ...]
    sections: tuple[str, ...] = ()
    latex: str = ""
    per: Literal["", "bin", "mode"] = ""
    default: float | None = None
    beside: float | None = None
    needs: tuple[str, tuple[object, ...]] | None = None
    or_needs: tuple[str, tuple[object, ...]] | None = None
    required_by: tuple[tuple[str, object], ...] = ()
    instead_of: str = ""
    necessary: bool = False
    or_else: str = ""

    @property
    def bare(self) -> tuple[str, ...]:
        """All accepted names without a section, the canonical one first."""
        return (self.name, *(alias for alias in self.aliases if alias != self.name))

    @staticmethod
    def spelt(stem: str, number: int | str | None) -> str:
        """An accepted stem with a number in its place; itself without one."""
        if number is None:
            return stem
        return stem.replace("#", str(number)) if "#" in stem else f"{stem}{number}"

    def numbered(self, number: int | None) -> str:
        """The canonical name with its number."""
        return self.name if number is None else f"{self.name}{number}"
