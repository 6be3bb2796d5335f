"""The components' default parameters: those of a survey, for data of that survey."""

from collections.abc import Mapping
from typing import Any

from jaxlike.config.container import names_of
from jaxlike.config.data_options import prefix_from
from jaxlike.data.shipped import survey_of
from jaxlike.data.statistics import STATISTICS
from jaxlike.registry.samples import prefix_words

DEFAULT_SURVEY, DEFAULT_PREFIX = "des_y1", "DES_"
"""Of the components' default parameters; a likelihood's own prefix replaces theirs."""


def default_params(params: Mapping[str, Any], options: Mapping[str, object]) -> dict[str, Any]:
    """A likelihood's default parameters under its prefix, where its data, or its option `survey`,
    are of the survey that they belong to; else none."""
    data_file, words = options.get("data_file"), prefix_words(prefix_from(options.get("prefix")))
    survey = options.get("survey") or survey_of(None if data_file is None else str(data_file))
    if survey != DEFAULT_SURVEY:
        return {}
    return {
        word + name.removeprefix(DEFAULT_PREFIX) if word else name: info
        for word in words
        for name, info in params.items()
    }


def matters(name: str, probes: tuple[str, ...] | None, options: Mapping[str, object]) -> bool:
    """Whether a likelihood's default parameter can have an effect on these statistics."""
    words = prefix_words(prefix_from(options.get("prefix")))
    named = names_of((word, "") for word in words).find(name)
    if named is None or named.sample is None:
        return True
    return any(named.sample.kind in STATISTICS[probe] for probe in probes or STATISTICS)
