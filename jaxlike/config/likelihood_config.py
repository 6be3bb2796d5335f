"""What an input asks of one likelihood."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jaxlike.data import is_mock
from jaxlike.posterior.priors import CorrelatedPrior
from jaxlike.registry.effects import is_of_unread
from jaxlike.registry.names import Names
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import Prefix, Sample, owner_words
from jaxlike.theory.tracers import TRACERS


@dataclass(frozen=True)
class LikelihoodConfig:
    """What an input asks of one likelihood.

    data_file: a path, the name of a data set, "mock" for data made in the layout of the survey,
    None for the default mock of the package.
    scale_cuts: a preset, a path, "survey" or "none", or what is in such a file.  survey: whose
    analysis it is, a name or the path of a folder, None for that of the data.  probes: statistics,
    or None for all in the data file.  prefix, suffix: of its parameters, and of their sections in
    CosmoSIS; mappings are by the names of n(z) tables. kernels: wrong names of tables -> right
    ones. nz_file: where n(z) are read instead, one place or several by the names of n(z). kappa:
    those of KAPPA_OPTIONS that are given. correlated: Gaussian priors of several parameters.
    assumed: options that are the survey's and not the input's. unread: those that the input gives
    in vain, for data that are made have no such files.
    """

    name: str
    data_file: str | None
    scale_cuts: str | Mapping[str, Any]
    probes: tuple[str, ...] | None
    options: TheoryOptions
    prefix: Prefix = ""
    suffix: Prefix = ""
    survey: str | None = None
    kernels: Mapping[str, str] | None = None
    nz_file: str | Mapping[str, str] | None = None
    kappa: Mapping[str, float | Mapping[str, float]] = field(default_factory=dict)
    correlated: tuple[CorrelatedPrior, ...] = ()
    assumed: tuple[str, ...] = field(default=(), compare=False)
    unread: tuple[str, ...] = field(default=(), compare=False)

    @property
    def owners(self) -> tuple[tuple[str, str], ...]:
        """(Prefix, suffix) of its samples."""
        return owner_words(self.prefix, self.suffix)

    @property
    def about_mock(self) -> str | None:
        """That the data are a mock, in words, where they are."""
        if not is_mock(self.data_file):
            return None
        if not self.unread:
            return "a mock survey"
        return f"a mock survey, for which {', '.join(self.unread)} of the input are not read"

    def is_of_unread(self, name: str, samples: Sequence[Sample]) -> bool:
        """Whether a parameter has no effect for want of files that the input names in vain."""
        return is_of_unread(name, self.unread, vars(self.options), samples)

    def said_of(self, source: str) -> str:
        """Where the data are from, and that they are a mock where they are."""
        return f"{source} ({self.about_mock})" if self.about_mock else source


def names_of(owners: Iterable[tuple[str, str]]) -> Names:
    """The names of parameters of likelihoods with these prefixes and suffixes, whatever their data
    are."""
    return Names(
        Sample(kind, 0, prefix=prefix, suffix=suffix)
        for prefix, suffix in owners
        for kind in TRACERS
    )
