"""The samples of likelihoods, as far as parameters are concerned: how many bins, whose names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from jaxlike.errors import ParameterError
from jaxlike.theory.declarations import Declared
from jaxlike.theory.systematics import parameters_of
from jaxlike.theory.tracers import TRACERS

WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""What a prefix or suffix may be."""
DES = "DES_"
"""What Cobaya's names begin with, which the prefix of another survey replaces."""

Value = TypeVar("Value")

Prefix = str | Mapping[str, str]
"""What names of a likelihood's parameters begin with, or the sections of them end with: of all, or
by the names of n(z) tables."""


def prefix_words(prefix: Prefix) -> tuple[str, ...]:
    """Every prefix, or suffix, that parameters of a likelihood may have; samples not named have
    none."""
    if isinstance(prefix, str):
        return (prefix,)
    return tuple(dict.fromkeys((*prefix.values(), "")))


def owner_words(prefix: Prefix, suffix: Prefix) -> tuple[tuple[str, str], ...]:
    """Every (prefix, suffix) that samples of a likelihood may have."""
    return tuple(product(prefix_words(prefix), prefix_words(suffix)))


def owner_word(prefix: str, suffix: str) -> str:
    """What canonical names of a sample of this prefix or suffix begin with."""
    return prefix or (f"{suffix}_" if suffix else "")


@dataclass(frozen=True)
class Sample:
    """A sample of galaxies, or the microwave background, of one likelihood.

    kind: of its tracer; n_bin, n_mode: bins, and modes by which their n(z) can change; prefix: of
    its parameters' names; suffix: of their sections in CosmoSIS; likelihood: whose it is. Raises
    ParameterError on an unknown kind and on a prefix or suffix that is no beginning, or end, of a
    name.
    """

    kind: str
    n_bin: int
    n_mode: int = 0
    prefix: str = ""
    suffix: str = ""
    likelihood: str = ""

    def __post_init__(self) -> None:
        if self.kind not in TRACERS:
            raise ParameterError(
                f"unknown kind of tracer '{self.kind}'; accepted are {', '.join(sorted(TRACERS))}"
            )
        for option in ("prefix", "suffix"):
            word = getattr(self, option)
            if word != "" and not (isinstance(word, str) and WORD.fullmatch(word)):
                raise ParameterError(
                    f"option '{option}' is {word!r}; accepted are letters, digits and _, the first "
                    "of them a letter"
                )

    @property
    def own(self) -> str:
        """What its canonical names begin with."""
        return owner_word(self.prefix, self.suffix)

    @property
    def section_end(self) -> str:
        """What its sections in CosmoSIS, or names in them, end with, in lower case."""
        return f"_{self.suffix.lower()}" if self.suffix else ""

    @property
    def parameters(self) -> tuple[Declared, ...]:
        """What its tracer takes, and systematics of its kind."""
        return (*TRACERS[self.kind].parameters, *parameters_of(self.kind))

    @property
    def word(self) -> str:
        """What people call its bins."""
        return TRACERS[self.kind].word

    def count(self, declared: Declared) -> int:
        """How many parameters there are of a numbered one."""
        return self.n_mode if declared.per == "mode" else self.n_bin

    def numbers(self, declared: Declared) -> Sequence[int | None]:
        """Their numbers; None alone where there is one without a number."""
        return range(1, self.count(declared) + 1) if declared.per else [None]

    def names(self, declared: Declared) -> list[str]:
        """Canonical names of a declared parameter."""
        return [self.own + declared.numbered(n) for n in self.numbers(declared)]

    def stems(self, declared: Declared) -> tuple[str, ...]:
        """Accepted names of a declared parameter without their number, but those in sections."""
        if not self.own:
            return declared.bare
        return tuple(dict.fromkeys(self.own + one.removeprefix(DES) for one in declared.bare))

    def accepted(self, declared: Declared, number: int | None) -> tuple[str, ...]:
        """All names of a parameter, those in CosmoSIS's sections last."""
        names = [declared.spelt(stem, number) for stem in self.stems(declared)]
        for section, _, stem in (one.partition("--") for one in declared.sections):
            name = declared.spelt(stem, number)
            if not self.suffix:
                names += [] if self.prefix else [f"{section}--{name}"]
            else:
                names += [f"{section}_{self.suffix}--{name}"]
                names += [f"{section}--{name}_{self.suffix}"]
        return tuple(names)

    def described(self, declared: Declared, number: int) -> str:
        """What one of the numbered parameters is for: "lens bin 3", "mode 2 of the source n(z)"."""
        if declared.per == "mode":
            return f"mode {number} of the {self.word} n(z)"
        return f"{self.word} bin {number}"


def own_parameters(parameters: Mapping[str, Value], sample: Sample) -> dict[str, Value]:
    """The canonical parameters of a sample, without its prefix."""
    names = {name: name for d in sample.parameters for name in sample.names(d)}
    return {name[len(sample.own) :]: parameters[name] for name in names if name in parameters}


def lenses_and_sources(
    n_lens: int, n_source: int, lens_modes: int = 0, source_modes: int = 0
) -> tuple[Sample, ...]:
    """The samples of a survey of lens and source bins; none of those that have no bins."""
    both = Sample("counts", n_lens, lens_modes), Sample("shear", n_source, source_modes)
    return tuple(sample for sample in both if sample.n_bin)


def check_distinct(samples: Sequence[Sample]) -> None:
    """ParameterError where two samples would have a parameter in common, or where a prefix or
    suffix belongs to no parameter."""
    taken: dict[str, int] = {}
    for i, sample in enumerate(samples):
        if sample.own and not sample.parameters:
            _check_of_use(sample, samples)
        names = [name for d in sample.parameters for name in sample.names(d)]
        for name in [*names, *_in_sections(sample)]:
            other = taken.setdefault(name, i)
            if other != i:
                raise _shared(name, samples[other], sample)


def _in_sections(sample: Sample) -> list[str]:
    """The names in sections with the sample's suffix, of which CosmoSIS ignores the case."""
    if not sample.suffix or not sample.n_bin:
        return []
    numbered = [(d, number) for d in sample.parameters for number in sample.numbers(d)]
    accepted = [name for d, number in numbered for name in sample.accepted(d, number)]
    return [name.lower() for name in accepted if "--" in name]


def _check_of_use(sample: Sample, samples: Sequence[Sample]) -> None:
    """ParameterError unless another sample of the likelihood has parameters of this prefix."""
    owner = sample.own, sample.likelihood
    if any(one.parameters for one in samples if (one.own, one.likelihood) == owner):
        return
    option = "prefix" if sample.prefix else "suffix"
    of = f" of likelihood '{sample.likelihood}'" if sample.likelihood else ""
    raise ParameterError(
        f"option '{option}'{of} is {getattr(sample, option)!r}, which has no effect: its data have "
        "no parameters of their own, leave it out"
    )


def _shared(name: str, one: Sample, other: Sample) -> ParameterError:
    together = one.likelihood == other.likelihood
    who = f"likelihoods '{one.likelihood}' and '{other.likelihood}'"
    if together:
        who = f"two {one.word} samples of one likelihood"
    if "--" in name:
        alone = "take each in a likelihood with" if together else "give each"
        return ParameterError(
            f"{who} both take '{name}': {alone} a suffix of its own, such as suffix = ngc"
        )
    how = "prefix: NGC_ (CosmoSIS: suffix = ngc)"
    if together:
        table = f"NZ_{one.word.upper()}"
        how = f"prefix: {{{table}_RED: RED_, {table}_MAG: MAG_}}, by the names of their n(z)"
    return ParameterError(
        f"{who} both take '{name}': give each a prefix of its own, such as {how}, or link the two "
        "by a function"
    )
