"""What an input asks of a likelihood of other than two-point data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from jaxlike.errors import ConfigError
from jaxlike.likelihoods.protocol import LogLikelihood
from jaxlike.registry.options import check_option_names


@dataclass(frozen=True)
class OtherConfig:
    """Its name, the name of what it is (of KINDS), and the options that are not the default ones.

    params: given in its block.  component: of jaxlike for Cobaya, where an input has it by that
    one's option `data`.  bare: whether the input leaves out its default params.  accepted: names of
    its options in an input; nulls: those of which null is not the default; places: those that are
    files or folders, where they are text.
    """

    name: str
    kind: str
    options: Mapping[str, object] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    component: str = ""
    bare: bool = field(default=False, compare=False)

    accepted: ClassVar[tuple[str, ...]] = ()
    nulls: ClassVar[tuple[str, ...]] = ()
    places: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "OtherConfig":
        """From the options in an input, all of `accepted` and None only in `nulls`; ConfigError
        on what has no meaning here."""
        return cls(name, kind, given)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters of its own."""
        return ()

    @property
    def default_params(self) -> Mapping[str, object]:
        """Entries of its parameters, as in a Cobaya input, that one need not give."""
        return {}

    @property
    def entries(self) -> dict[str, object]:
        """Those of its block, and the others of `default_params`, unless the input leaves these
        out."""
        return {**({} if self.bare else self.default_params), **self.params}

    @property
    def priors_inside(self) -> tuple[str, ...]:
        """Names of parameters that it has priors of inside of itself."""
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
        found = self.component or self.kind
        data = {"data": self.kind.partition(".")[2]} if self.component else {}
        own: dict[str, Any] = (
            {"params": {}} if self.default_params else {}
        )  # they stand in the input's own
        return {**({} if self.name == found else {"class": found}), **data, **self.options, **own}

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return self.kind

    def build(self) -> LogLikelihood:
        """The likelihood itself."""
        raise NotImplementedError


Kinds = Mapping[str, type[OtherConfig]]
"""Names that an input may give -> what they are."""


def of_component(
    component: str, name: str, given: Mapping[str, Any], kinds: Kinds, refused: Mapping[str, str]
) -> OtherConfig:
    """What an input names by the option `data` of a component of jaxlike, whose last word is what
    the names of `kinds` begin with; ConfigError where that is none of them."""
    prefix = component.rpartition(".")[2] + "."
    options = dict(given)
    data = options.pop("data", None)
    kind = f"{prefix}{data}"
    check_refused(kind, refused)
    if not isinstance(data, str) or kind not in kinds:
        accepted = ", ".join(one.removeprefix(prefix) for one in kinds)
        raise ConfigError(f"option 'data' of {component} is {data!r}; accepted are {accepted}")
    accepted_here = kinds[kind].accepted
    of_copy = ("path", "packages_path")  # which what comes with the package needs none of
    check_option_names(options, (*accepted_here, *of_copy), f"option of {component}, {data}:")
    own = {key: value for key, value in options.items() if key in accepted_here}
    return replace(kinds[kind].read(name, kind, own), component=component)


def check_refused(kind: str, refused: Mapping[str, str]) -> None:
    """ConfigError with the reason where a likelihood of this name is none here."""
    if kind in refused:
        raise ConfigError(f"likelihood '{kind}' is not computed here: {refused[kind]}")


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
