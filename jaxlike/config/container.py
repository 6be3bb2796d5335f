"""The Config container, and how overrides and relative paths enter it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jaxlike.config.analysis import analysis_for, options_of
from jaxlike.config.correlated import among, check_distinct, correlated_of
from jaxlike.config.data_options import (
    kappa_from,
    kernels_from,
    nz_file_from,
    prefix_from,
    suffix_from,
    taken_from_mock,
)
from jaxlike.config.likelihood_config import LikelihoodConfig, names_of
from jaxlike.config.others import OtherConfig, own_names
from jaxlike.config.overrides import OVERRIDES, overrides_by_likelihood
from jaxlike.config.places import find_file, find_survey
from jaxlike.config.subset import foreign_names, parameters_wanted
from jaxlike.data.shipped import OF_SURVEY, is_survey_mock
from jaxlike.errors import ConfigError
from jaxlike.posterior.parameters import Output, Parameter
from jaxlike.posterior.priors import CorrelatedPrior, ExternalPrior
from jaxlike.registry.additions import FILE_OPTIONS
from jaxlike.registry.names import Names
from jaxlike.registry.options import (
    COMMON_OPTIONS,
    THEORY_FIELDS,
    THEORY_OPTIONS,
    TheoryOptions,
    bad_value,
    check_option_names,
    theory_options,
)
from jaxlike.registry.power_options import located_boost, names_provider
from jaxlike.registry.probes import probes_from
from jaxlike.surveys import accepted_surveys

_NAME = re.compile(r"[A-Za-z0-9_][\w.:+-]*")


@dataclass(frozen=True)
class Config:
    """What a configuration file asks for.

    likelihoods: what is multiplied, in order.  parameters: of all of them.  output: prefix of files
    to write, or None.  sampler: the host's sampler name -> its options.  external_priors: functions
    of the parameters that multiply the priors of single ones.  correlated_priors: Gaussians of
    several, of which the priors of single ones are the marginals.  outputs: what is recorded
    besides the sampled parameters, whose labels are output_latex.  others: likelihoods of other
    than two-point data, which are multiplied too.  universe: options of the theory where there are
    no two-point data, whose likelihoods say them otherwise.  notes: in what it differs from what
    the file means elsewhere.  asked: the same before parameters of it were marginalised in closed
    form, which are fixed here.

    >>> jaxlike.read_config("small.yaml").probes
    ('w',)
    """

    path: Path
    likelihoods: tuple[LikelihoodConfig, ...]
    parameters: tuple[Parameter, ...]
    output: str | None = None
    sampler: Mapping[str, object] = field(default_factory=dict)
    external_priors: tuple[ExternalPrior, ...] = ()
    correlated_priors: tuple[CorrelatedPrior, ...] = ()
    outputs: tuple[Output, ...] = ()
    output_latex: Mapping[str, str] = field(default_factory=dict)
    others: tuple[OtherConfig, ...] = ()
    universe: TheoryOptions = field(default_factory=TheoryOptions)
    notes: tuple[str, ...] = field(default=(), compare=False)
    asked: "Config | None" = field(default=None, compare=False)

    @property
    def theory(self) -> TheoryOptions:
        """Options of the theory, which all likelihoods have in common, with the first one's own."""
        return self.likelihoods[0].options if self.likelihoods else self.universe

    @property
    def data_file(self) -> str | None:
        """That of the first likelihood."""
        return self.likelihoods[0].data_file

    @property
    def scale_cuts(self) -> str | Mapping[str, Any]:
        """Those of the first likelihood."""
        return self.likelihoods[0].scale_cuts

    @property
    def probes(self) -> tuple[str, ...] | None:
        """Those of the first likelihood."""
        return self.likelihoods[0].probes

    @property
    def sampled(self) -> tuple[Parameter, ...]:
        """The parameters with a prior, in order."""
        return tuple(p for p in self.parameters if p.prior is not None)

    @property
    def names(self) -> Names:
        """The names of parameters of these likelihoods, whatever their data are."""
        return names_of(dict.fromkeys(owner for one in self.likelihoods for owner in one.owners))

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the parameters that only likelihoods of other data know."""
        return own_names(self.others)

    def with_options(self, **changes: object) -> "Config":
        """The same with other options of every likelihood."""
        changed = (
            replace(one, options=replace(one.options, **changes))  # type: ignore[arg-type]
            for one in self.likelihoods
        )
        universe = replace(self.universe, **changes)  # type: ignore[arg-type]
        return replace(self, likelihoods=tuple(changed), universe=universe)


def _text(name: str, value: object, accepted: str) -> str:
    if not isinstance(value, str | Path) or not str(value).strip():
        raise bad_value(name, value, accepted)
    return os.path.expanduser(os.path.expandvars(str(value)))


def located(options: Mapping[str, object], path: Path) -> dict[str, str]:
    """Where the data file and the survey of a likelihood are, for an input at `path`, where it
    names them; ConfigError on what is no name."""
    found = {}
    if options.get("data_file") is not None:
        accepted = "a path, the name of a data set, paper_mock, mock (of a survey), null (a mock)"
        found["data_file"] = find_file(_text("data_file", options["data_file"], accepted), path)
    if options.get("survey") is not None:
        accepted = f"{accepted_surveys()}, null (the data's own)"
        found["survey"] = find_survey(_text("survey", options["survey"], accepted), path)
    return found


def make_config(
    path: Path,
    likelihoods: Mapping[str, Mapping[str, object]],
    overrides: Mapping[str, object],
    *,
    parameters: tuple[Parameter, ...],
    host: str,
    sampler: Mapping[str, object],
    external_priors: tuple[ExternalPrior, ...] = (),
    correlated_priors: tuple[CorrelatedPrior, ...] = (),
    output: object = None,
    universe: Mapping[str, object] | None = None,
) -> Config:
    """A Config from the options of each likelihood (names as OVERRIDES) and the keywords that
    replace them: of all likelihoods, or, as a dictionary or as `name.option`, of one.

    `host` is the file's word for power from outside.  universe: options of the theory where there
    are no likelihoods of two-point data.  Raises ConfigError naming the option.
    """
    try:
        own = overrides_by_likelihood(overrides, tuple(likelihoods))
        output = overrides.get("output", output)
        if output is not None:
            output = _text("output", output, "a file prefix, null")
        found = [
            _likelihood(path, name, options, own[name], host)
            for name, options in likelihoods.items()
            if name in own
        ]
        check_one_universe({one.name: one.options for one in found})
        alone = TheoryOptions() if found else _of_universe(path, universe or {}, overrides, host)
        joint = check_distinct(
            [*correlated_priors, *(prior for one in found for prior in one.correlated)]
        )
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    foreign = foreign_names(parameters, likelihoods, found)
    external_priors = tuple(
        prior for prior in external_priors if not foreign.issuperset(prior.arguments or ("",))
    )
    return Config(
        path=path,
        likelihoods=tuple(found),
        parameters=parameters_wanted(parameters, external_priors, foreign),
        output=output,
        sampler=dict(sampler),
        external_priors=external_priors,
        correlated_priors=among(joint, lambda name: name not in foreign),
        universe=alone,
    )


def _of_universe(
    path: Path, given: Mapping[str, object], overrides: Mapping[str, object], host: str
) -> TheoryOptions:
    """Options of the theory where there are no two-point data."""
    own = {key: value for key, value in overrides.items() if key not in ("output", "likelihoods")}
    for key in own:
        check_option_names([key], OVERRIDES, "keyword")
        if key not in THEORY_OPTIONS and not (key == "power" and names_provider(own[key])):
            raise ConfigError(f"'{key}' is given, but there is no likelihood of two-point data")
    return theory_options(_merged(given, own, path), host=host)


def _merged(
    given: Mapping[str, object], overrides: Mapping[str, object], path: Path
) -> dict[str, object]:
    """Options of the theory with those that replace them: a provider of power is in the place of
    `linear`; the table of a boost is where the input at `path` says."""
    merged = {**given, **overrides}
    if names_provider(overrides.get("power")) and "linear" not in overrides:
        merged.pop("linear", None)
    if "boost" in merged:
        merged["boost"] = located_boost(merged["boost"], lambda name: find_file(name, path))
    return merged


def _likelihood(
    path: Path,
    name: str,
    options: Mapping[str, object],
    overrides: Mapping[str, object],
    host: str,
) -> LikelihoodConfig:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(
            f"a likelihood is called {name!r}; accepted are names of letters, digits and _ . : + -"
        )
    check_option_names(options, OVERRIDES, "option")
    place = located({**options, **overrides}, path)
    data_file, survey = place.get("data_file"), place.get("survey")
    assumed = options_of(analysis_for(data_file, survey), {*options, *overrides})
    given = _merged(assumed, options, path)
    # In the file's words first, so that its own mistakes are reported as such.
    given.update(
        vars(theory_options({k: given[k] for k in THEORY_FIELDS if k in given}, host=host))
    )
    if overrides.get("nz", "kde") != "kde" and "nz_bandwidth" not in overrides:
        given["nz_bandwidth"] = None  # the file's bandwidth belongs to the file's choice
    given = _merged(given, overrides, path)
    for option in FILE_OPTIONS:
        if given.get(option) is not None:
            given[option] = find_file(_text(option, given[option], "a path, null"), path)
    unread = taken_from_mock(given) if is_survey_mock(data_file, survey) else ()
    theory = theory_options({k: given[k] for k in THEORY_FIELDS if k in given})
    cuts = given.get("scale_cuts", OF_SURVEY)
    if not isinstance(cuts, Mapping):
        accepted = "a preset, a path, none, survey, what a file of cuts has"
        absent = cuts is None or (isinstance(cuts, str) and not cuts)
        cuts = find_file(_text("scale_cuts", "none" if absent else cuts, accepted), path)
    prefix, suffix = prefix_from(given.get("prefix")), suffix_from(given.get("suffix"))
    if prefix and suffix and not (isinstance(prefix, str) and isinstance(suffix, str)):
        raise ConfigError(
            f"option 'prefix' is {prefix!r} and 'suffix' is {suffix!r}: give one of the two by n(z)"
        )
    return LikelihoodConfig(
        name,
        data_file,
        cuts,
        probes_from(given.get("probes")),
        theory,
        prefix=prefix,
        suffix=suffix,
        survey=survey,
        assumed=tuple(name for name in assumed if name not in unread),
        unread=tuple(name for name in unread if name not in assumed),
        kernels=kernels_from(given.get("kernels")),
        nz_file=_located_nz(nz_file_from(given.get("nz_file")), path),
        kappa=kappa_from(given),
        correlated=correlated_of({**given, **place}, path),
    )


def _located_nz(found: str | dict[str, str] | None, path: Path) -> str | dict[str, str] | None:
    """Where the files of n(z) are, for an input at `path`."""
    if found is None:
        return None
    if isinstance(found, str):
        return find_file(_text("nz_file", found, ""), path)
    return {name: find_file(_text("nz_file", one, ""), path) for name, one in found.items()}


def check_one_universe(options: Mapping[str, TheoryOptions]) -> None:
    """ConfigError where what messages call so has other options of the theory than the first."""
    for name, one in options.items():
        first, before = next(iter(options.items()))
        for option in COMMON_OPTIONS:
            here, there = getattr(before, option), getattr(one, option)
            if here != there:
                raise ConfigError(
                    f"option '{option}' is {here} for {first} and {there} for {name}: "
                    "there is one universe, give both the same"
                )
