"""What an input asks of a likelihood of other than two-point data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from jaxlike.errors import ConfigError
from jaxlike.likelihoods.protocol import LogLikelihood


@dataclass(frozen=True)
class OtherConfig:
    """Its name, the name of what it is (of KINDS), and the options that are not the default ones.

    params: given in its block.  accepted: names of its options in an input; places: those of them
    that are files or folders, where they are text.
    """

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)

    accepted: ClassVar[tuple[str, ...]] = ()
    places: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "OtherConfig":
        """From the options in an input, all of `accepted` and none of them None; ConfigError on
        what has no meaning here."""
        return cls(name, kind, given)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters of its own."""
        return ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Quantities of `theory.power.derived` that it is a function of."""
        return ()

    @property
    def measurements(self) -> frozenset[str]:
        """What published numbers it counts; no two likelihoods may count the same."""
        return frozenset()

    @property
    def as_cobaya(self) -> dict[str, Any]:
        """Its block in a Cobaya input, apart from params."""
        return {**({} if self.name == self.kind else {"class": self.kind}), **self.options}

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return self.kind

    def build(self) -> LogLikelihood:
        """The likelihood itself."""
        raise NotImplementedError


Kinds = Mapping[str, type[OtherConfig]]
"""Names that an input may give -> what they are."""


def check_as_published(
    kind: str, given: Mapping[str, object], accepted: Mapping[str, Callable[[object], bool]]
) -> None:
    """ConfigError on an option of Cobaya's that chooses something else than what comes with
    jaxlike; accepted: option -> whether a value is that."""
    for key, is_that in accepted.items():
        if key in given and not is_that(given[key]):
            raise ConfigError(
                f"option '{key}' of {kind} is {given[key]!r}, but its data are those that come "
                "with jaxlike, as published: leave it out"
            )
