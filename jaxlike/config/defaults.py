"""Default parameters of Cobaya's components: which an input gets, and under what names."""

from collections.abc import Container, Mapping
from typing import Any

from jaxlike.config.container import overrides_by_likelihood
from jaxlike.config.data_options import prefix_from
from jaxlike.config.likelihood_config import names_of
from jaxlike.data.shipped import DES_Y1, survey_of
from jaxlike.data.statistics import STATISTICS
from jaxlike.registry.names import Names
from jaxlike.registry.options import probes_from
from jaxlike.registry.samples import DES, prefix_words


def replaced_options(
    likelihoods: Mapping[str, Mapping[str, object]], overrides: Mapping[str, object]
) -> dict[str, dict[str, object]]:
    """Options of each likelihood with the keywords that replace them; ConfigError on a keyword."""
    replaced = overrides_by_likelihood(overrides, tuple(likelihoods))
    return {name: {**own, **replaced.get(name, {})} for name, own in likelihoods.items()}


def defaults_of(
    likelihoods: Mapping[str, Mapping[str, object]],
    params: Mapping[str, Mapping[str, Any]],
    mentioned: Container[object],
) -> list[Mapping[str, Any]]:
    """The default params of the components: those that matter to the likelihood's statistics, or
    that the input mentions, with the likelihood's prefix in the place of the survey's."""
    found: list[Mapping[str, Any]] = []
    for name, own in params.items():
        if name not in likelihoods:  # the theory
            found.append(own)
            continue
        options = likelihoods[name]
        probes = probes_from(options.get("probes"))
        found.append(
            {
                parameter: info
                for parameter, info in default_params(own, options).items()
                if parameter in mentioned or _matters(parameter, probes, options)
            }
        )
    return found


def default_params(params: Mapping[str, Any], options: Mapping[str, object]) -> dict[str, Any]:
    """A likelihood's default parameters under its prefix, where its data, or its option `survey`,
    are of the survey that they belong to; else none."""
    data_file, words = options.get("data_file"), prefix_words(prefix_from(options.get("prefix")))
    survey = options.get("survey") or survey_of(None if data_file is None else str(data_file))
    if survey != DES_Y1:
        return {}
    return {
        word + name.removeprefix(DES) if word else name: info
        for word in words
        for name, info in params.items()
    }


def names_under_prefixes(likelihoods: Mapping[str, Mapping[str, object]]) -> Names:
    """The names of parameters of likelihoods of these options, whatever their data are."""
    prefixes = [prefix_from(options.get("prefix")) for options in likelihoods.values()]
    return names_of(dict.fromkeys((word, "") for one in prefixes for word in prefix_words(one)))


def _matters(name: str, probes: tuple[str, ...] | None, options: Mapping[str, object]) -> bool:
    """Whether a likelihood's default parameter can have an effect on these statistics."""
    named = names_under_prefixes({"": options}).find(name)
    if named is None or named.sample is None:
        return True
    return any(named.sample.kind in STATISTICS[probe] for probe in probes or STATISTICS)
