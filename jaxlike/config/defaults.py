"""Default parameters of Cobaya's components: which an input gets, and under what names."""

from collections.abc import Collection, Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from jaxlike.config.analysis import analysis_for
from jaxlike.config.container import located
from jaxlike.config.data_options import prefix_from
from jaxlike.config.likelihood_config import names_of
from jaxlike.config.overrides import overrides_by_likelihood
from jaxlike.config.yaml_text import read_yaml
from jaxlike.data.statistics import STATISTICS
from jaxlike.errors import ParameterError
from jaxlike.registry.names import Names
from jaxlike.registry.probes import probes_from
from jaxlike.registry.samples import DES, prefix_words


def replaced_options(
    likelihoods: Mapping[str, Mapping[str, object]], overrides: Mapping[str, object]
) -> dict[str, dict[str, object]]:
    """Options of each likelihood with the keywords that replace them; ConfigError on a keyword."""
    replaced = overrides_by_likelihood(overrides, tuple(likelihoods))
    return {name: {**own, **replaced.get(name, {})} for name, own in likelihoods.items()}


def defaults_of(
    likelihoods: Mapping[str, Mapping[str, object]],
    components: Mapping[str, str],
    mentioned: Container[object],
    path: Path,
) -> list[Mapping[str, Any]]:
    """The default params of likelihoods: those that matter to the likelihood's statistics, or that
    the input mentions, with the likelihood's prefix in the place of the survey's.

    components: names of the likelihoods that have any, and of their sets of probes; path: of the
    input, to find files.
    """
    found: list[Mapping[str, Any]] = []
    for name, component in components.items():
        options = {**likelihoods[name], **located(likelihoods[name], path)}
        params = default_params(component, options)
        matter = _that_matter(params, options.get("probes"), options)
        found.append({p: params[p] for p in params if p in mentioned or p in matter})
    return found


def default_params(component: str, options: Mapping[str, object]) -> dict[str, Any]:
    """The default params of a component, "3x2pt", "shear" or "2x2pt", under a likelihood's prefix:
    those of the survey that its data, or its option `survey`, are of; none where that is unknown.

    ConfigError on a survey that is not there, or whose file of parameters is wrong.
    """
    analysis = analysis_for(options.get("data_file"), options.get("survey"))
    file = None if analysis is None else analysis.parameters
    if file is None:
        return {}
    params = {str(name): info for name, info in read_yaml(file, "a mapping of parameters").items()}
    found = {
        word + name.removeprefix(DES) if word else name: info
        for word in prefix_words(prefix_from(options.get("prefix")))
        for name, info in params.items()
    }
    return {name: found[name] for name in _that_matter(found, component, options)}


def names_under_prefixes(likelihoods: Mapping[str, Mapping[str, object]]) -> Names:
    """The names of parameters of likelihoods of these options, whatever their data are."""
    prefixes = [prefix_from(options.get("prefix")) for options in likelihoods.values()]
    return names_of(dict.fromkeys((word, "") for one in prefixes for word in prefix_words(one)))


def _that_matter(params: Iterable[str], probes: object, options: Mapping[str, object]) -> list[str]:
    """Those of a likelihood's default parameters that can have an effect on these statistics."""
    names, statistics = names_under_prefixes({"": options}), probes_from(probes) or STATISTICS
    kinds = {kind for statistic in statistics for kind in STATISTICS[statistic]}
    found = {name: names.find(name) for name in params}
    return [
        name
        for name, one in found.items()
        if one is None or one.sample is None or one.sample.kind in kinds
    ]


def check_aliases(merged: Iterable[Any], given: Collection[Any], names: Names) -> None:
    """ParameterError where the input has a default parameter of a component under another name,
    which Cobaya would add to it."""
    own = {named.canonical: name for name in given if (named := names.find(str(name)))}
    for name in merged:
        named = None if name in given else names.find(str(name))
        if named is not None and named.canonical in own:
            raise ParameterError(
                f"parameter '{own[named.canonical]}' is what the component has by default as"
                f" '{name}': give it that name, for it would be there twice, or `params: {{}}` to"
                " the component for none of its defaults"
            )
