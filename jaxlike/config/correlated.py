"""The option `correlated_priors`, and parameters that have such priors.

In yaml and ini it is a mapping, name -> {params: ..., covariance: ..., mean: ...}, or name -> the
covariance alone. `params` are names, or what names begin with that end in 1, 2, ... (by default the
prior's own name); `covariance` is a matrix or a file of one; `mean` numbers or a file, by default
zeros. The word `survey` is for those of the likelihood's survey, which Cobaya inputs have unless
they say otherwise.
"""

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.config.analysis import analysis_for
from jaxlike.config.data_options import prefix_from, suffix_from
from jaxlike.config.places import find_file
from jaxlike.config.records import expand, prior_from
from jaxlike.data.shipped import OF_SURVEY
from jaxlike.errors import ConfigError, JaxlikeError, ParameterError
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import CorrelatedPrior, Normal, Prior, TruncatedNormal, Uniform
from jaxlike.posterior.priors.correlated import numbers_of
from jaxlike.registry.names import Names
from jaxlike.registry.option_values import bad_value, parsed
from jaxlike.registry.samples import DES, owner_word
from jaxlike.surveys import ABOUT

OPTION = "correlated_priors"
_KEYS = ("params", "covariance", "mean")
_ACCEPTED = (
    "{NAME: {params: names, covariance: a file or matrix, mean: numbers}, ...}, survey, null"
)
_OF_INPUT = ("ref", "proposal")  # where a chain starts belongs to the prior that it comes with
_FAR = 5.0  # deviations; a prior that is cut there loses 6e-7 of a parameter


def correlated_from(given: object, path: Path) -> tuple[CorrelatedPrior, ...]:
    """The priors that the option says, with files found from here or beside `path`; ConfigError
    names the prior and what is wrong."""
    found = parsed(OPTION, given)
    if found in (None, "", {}):
        return ()
    if not isinstance(found, Mapping):
        raise bad_value(OPTION, given, _ACCEPTED)
    return tuple(_prior(name, one, path) for name, one in found.items())


def correlated_of(options: Mapping[str, object], path: Path) -> tuple[CorrelatedPrior, ...]:
    """The priors of a likelihood of these options, an input's at `path`: as `correlated_from`, or
    its survey's; ConfigError where that has none."""
    if options.get(OPTION) != OF_SURVEY:
        return correlated_from(options.get(OPTION), path)
    found = of_survey(options)
    if not found:
        analysis = analysis_for(options.get("data_file"), options.get("survey"))
        why = "the data are of no known survey: give the option 'survey'"
        if analysis is not None and analysis.options.get(OPTION):
            why = "prefixes or suffixes by n(z) do not say whose they are: give them themselves"
        elif analysis is not None:
            why = f"survey {analysis.folder.name} has none"
        raise ConfigError(f"option '{OPTION}' is '{OF_SURVEY}', but {why}")
    return correlated_from(found[OPTION], path)


def own_option(options: Mapping[str, Any]) -> Any:
    """What a likelihood's options say themselves; None where they leave it to the survey."""
    given = options.get(OPTION)
    return None if given == OF_SURVEY else given


def of_survey(
    options: Mapping[str, object], taken: Container[str] = ()
) -> dict[str, dict[str, Any]]:
    """The option of the survey that a likelihood of these options follows, with the likelihood's
    prefix or suffix in its names and its own files, without parameters that are `taken`; {} where
    it has none, or where the input has its own."""
    if own_option(options) is not None:
        return {}
    analysis = analysis_for(options.get("data_file"), options.get("survey"))
    given = {} if analysis is None else analysis.options.get(OPTION)
    words = prefix_from(options.get("prefix")), suffix_from(options.get("suffix"))
    if not given or analysis is None or not all(isinstance(word, str) for word in words):
        return {}
    own = owner_word(*map(str, words))
    found = {}
    for one in correlated_from(given, analysis.folder / ABOUT):
        every = (one.name, *one.params)
        names = {name: own + name.removeprefix(DES) for name in every if own}
        for kept in among([one.renamed(names)], lambda name: name not in taken):
            found[names.get(one.name, one.name)] = kept.as_option
    return {OPTION: found} if found else {}


def _prior(name: object, given: object, path: Path) -> CorrelatedPrior:
    if not isinstance(name, str) or not name:
        raise bad_value(OPTION, name, _ACCEPTED)
    terms: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {"covariance": given}
    for key in terms:
        if key not in _KEYS:
            raise ConfigError(
                f"correlated prior '{name}' has unknown entry '{key}'; accepted are "
                f"{', '.join(_KEYS)}"
            )
    if terms.get("covariance") is None:
        raise ConfigError(
            f"correlated prior '{name}' has no covariance: give a file of numbers or a matrix"
        )
    try:
        covariance, file = _numbers(terms["covariance"], "covariance", path)
        stem = name if terms.get("params") is None else terms["params"]
        if isinstance(stem, str):
            stem = [f"{stem}{i + 1}" for i in range(len(np.atleast_1d(covariance)))]
        if not isinstance(stem, Sequence):
            raise ParameterError(f"params is {stem!r}; names, or the beginning of them, are needed")
        mean = np.zeros(len(stem))
        if terms.get("mean") is not None:
            mean, _ = _numbers(terms["mean"], "mean", path)
    except ParameterError as error:
        raise ConfigError(f"correlated prior '{name}': {error}") from error
    try:
        return CorrelatedPrior.of(name, stem, mean, covariance, file)
    except ParameterError as error:
        raise ConfigError(str(error)) from error


def _numbers(given: Any, what: str, path: Path) -> tuple[Any, str | None]:
    """Numbers, and the file that they are from, from the root on."""
    if not isinstance(given, str):
        return numbers_of(given, what), None
    file = Path(find_file(given, path, above=True))
    return numbers_of(str(file), what), str(file.resolve())


def check_distinct(priors: Iterable[CorrelatedPrior]) -> tuple[CorrelatedPrior, ...]:
    """The priors, each once; ConfigError on two of one name, or of one parameter."""
    found: dict[str, CorrelatedPrior] = {}
    owners: dict[str, str] = {}
    for prior in priors:
        if found.setdefault(prior.name, prior) != prior:
            raise ConfigError(f"correlated prior '{prior.name}' is given twice, with other numbers")
        for name in prior.params:
            if owners.setdefault(name, prior.name) != prior.name:
                raise ConfigError(
                    f"parameter '{name}' is in two correlated priors, '{owners[name]}' and "
                    f"'{prior.name}'"
                )
    return tuple(found.values())


def among(
    priors: Iterable[CorrelatedPrior], wanted: Callable[[str], bool]
) -> tuple[CorrelatedPrior, ...]:
    """The priors of those of their parameters that are wanted."""
    kept = (prior.among([name for name in prior.params if wanted(name)]) for prior in priors)
    return tuple(prior for prior in kept if prior is not None)


def check_own(prior: CorrelatedPrior, name: str, own: Prior) -> None:
    """ConfigError where a parameter of a correlated prior has another of its own as well."""
    marginal = prior.marginals[name]
    same = isinstance(own, Normal | TruncatedNormal) and all(
        math.isclose(getattr(own, number), getattr(marginal, number), rel_tol=1e-6, abs_tol=1e-15)
        for number in ("loc", "scale")
    )
    if not same:
        raise ConfigError(
            f"parameter '{name}' has a prior of its own, and is in the correlated prior "
            f"'{prior.name}': leave its own out"
        )


def with_correlated(
    entries: Mapping[Any, Mapping[str, object]],
    given: Mapping[Any, object],
    asked: Mapping[str, Mapping[str, object]],
    likelihoods: Mapping[str, Mapping[str, object]],
    joint: tuple[CorrelatedPrior, ...],
    path: Path,
) -> tuple[dict[Any, dict[str, object]], set[str]]:
    """Entries of Cobaya's params, in their long form, with the parameters of correlated priors, and
    the names of those whose correlated priors the input itself has.

    given: the input's own entries; asked: options of likelihoods with keywords in their place;
    likelihoods: the same with what their surveys have; joint: those in the block `prior`.
    ConfigError on a parameter that the input fixes, or gives another prior.
    """
    own = [*joint, *(p for one in asked.values() for p in correlated_from(own_option(one), path))]
    every = [
        prior
        for name, one in asked.items()
        for prior in correlated_from(own_option(one) or own_option(likelihoods[name]), path)
    ]
    found = {name: dict(entry) for name, entry in entries.items()}
    for prior in check_distinct([*joint, *every]):
        for name, marginal in prior.marginals.items():
            entry = expand(name, given[name]) if name in given else {}
            if entry.get("prior") is not None:
                check_own(prior, name, prior_from(name, entry["prior"]))
            elif entry.get("value") is not None:
                raise ConfigError(
                    f"parameter '{name}' has a value, and is in the correlated prior "
                    f"'{prior.name}': leave its value out"
                )
            found[name] = with_prior(found.get(name, {}), marginal) | {
                key: value for key, value in entry.items() if key in _OF_INPUT
            }
    return found, {name for prior in own for name in prior.params}


def with_prior(entry: Mapping[str, object], marginal: Normal) -> dict[str, object]:
    """A parameter's entry with this prior instead of what else it is, and starts, by default."""
    kept = {key: value for key, value in entry.items() if key in ("latex", "drop")}
    return {**kept, "prior": marginal.as_cobaya()}


def defaults_with_priors(
    defaults: dict[str, Any], input_options: Mapping[str, Any]
) -> dict[str, Any]:
    """Defaults of Cobaya's component with the marginals of correlated priors among the params, and
    what makes them correlated among the external priors."""
    own = own_option(input_options)
    given = own_option(defaults) if own is None else own
    try:
        priors = correlated_from(given, Path("input"))
    except JaxlikeError:
        return defaults  # `initialize` will say what is wrong
    if not priors:
        return defaults
    params = dict(defaults.get("params") or {})
    for prior in priors:
        for name, marginal in prior.marginals.items():
            params[name] = with_prior(expand(name, params.get(name)), marginal)
    external = {prior.name: prior.text for prior in priors}
    return {**defaults, "params": params, "prior": {**(defaults.get("prior") or {}), **external}}


def check_sampled(priors: Iterable[CorrelatedPrior], params: Mapping[str, object]) -> None:
    """ConfigError where parameters of correlated priors have others among Cobaya's params."""
    for prior in priors:
        for name in prior.params:
            own = expand(name, params.get(name)).get("prior")
            if own is None:
                raise ConfigError(f"correlated prior '{prior.name}': '{name}' is not sampled here")
            check_own(prior, name, prior_from(name, own))


def of_parameters(
    parameters: tuple[Parameter, ...], priors: tuple[CorrelatedPrior, ...], names: Names
) -> tuple[tuple[Parameter, ...], tuple[CorrelatedPrior, ...]]:
    """Parameters of a pipeline with the marginals of correlated priors, and these with the
    pipeline's names in the place of others that are accepted.

    Raises ConfigError on parameters that are unknown, fixed, have priors of their own, or limits
    that would cut the prior.
    """
    here = {p.name: p for p in parameters}
    known = {names.canonical(name): name for name in here if names.is_known(name)}
    found = []
    for prior in priors:
        renamed = {
            name: known.get(names.canonical(name), name)
            for name in prior.params
            if name not in here and names.is_known(name)
        }
        found.append(prior.renamed(renamed))
    for prior in check_distinct(found):
        for name, marginal in prior.marginals.items():
            own = here[name].prior if name in here else None
            if own is None:
                what = "fixed, or a function of others" if name in here else "no parameter here"
                raise ConfigError(f"correlated prior '{prior.name}': '{name}' is {what}")
            _check_limits(prior, name, own)
            here[name] = replace(here[name], prior=marginal)
    return tuple(here.values()), tuple(found)


def _check_limits(prior: CorrelatedPrior, name: str, own: Prior) -> None:
    if not isinstance(own, Uniform):
        check_own(prior, name, own)
    marginal = prior.marginals[name]
    reach = _FAR * marginal.scale
    low, high = own.support
    if low > marginal.loc - reach or high < marginal.loc + reach:
        raise ConfigError(
            f"parameter '{name}' goes from {low:g} to {high:g}, which would cut the correlated "
            f"prior '{prior.name}': it needs {marginal.loc - reach:.4g} to "
            f"{marginal.loc + reach:.4g} or more"
        )
