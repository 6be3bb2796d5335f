"""Configurations and likelihoods with other priors, n(z) or data in their place."""

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from jax.typing import ArrayLike

from jaxlike.config import Config
from jaxlike.config.records import parameter_from, prior_from
from jaxlike.data import TwoPointData
from jaxlike.errors import ParameterError
from jaxlike.likelihoods.other_nz import with_nz
from jaxlike.likelihoods.protocol import Other
from jaxlike.likelihoods.two_point import DataSet, Likelihood, build_likelihoods
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Prior
from jaxlike.posterior.priors.correlated import check_not_joint
from jaxlike.registry.names import Names
from jaxlike.registry.samples import Prefix, Sample

Data = TwoPointData | ArrayLike
"""A data set, or a data vector (n_data,)."""

Parts = Mapping[str, Likelihood]


def config_with_priors(config: Config, priors: Mapping[str, object]) -> Config:
    """A configuration with other priors; see `Composed.with_priors`."""
    sampled = [parameter.name for parameter in config.sampled]
    for name in priors:
        if name not in sampled:
            raise ParameterError(
                f"'{name}' is not sampled, so it takes no prior; sampled are {', '.join(sampled)}"
            )
        check_not_joint(name, config.correlated_priors)
    parameters = tuple(
        _with_prior(p, priors[p.name]) if p.name in priors else p for p in config.parameters
    )
    asked = None if config.asked is None else config_with_priors(config.asked, priors)
    return replace(config, parameters=parameters, asked=asked)


def _with_prior(parameter: Parameter, given: object) -> Parameter:
    prior = given if isinstance(given, get_args(Prior)) else prior_from(parameter.name, given)
    low, high = prior.support
    at = parameter.ref_loc
    inside = at is not None and low <= at <= high
    return replace(parameter, prior=prior, ref_loc=at if inside else prior.centre)


def config_with_parameters(
    config: Config, likelihood: Other, params: Mapping[str, object], samples: tuple[Sample, ...]
) -> Config:
    """A configuration with the parameters that one more likelihood brings; ParameterError on names
    that are taken, and on those that nothing takes."""
    have, names = {p.name for p in config.parameters}, Names(samples)
    for name in params:
        if name in have or names.is_known(name):
            raise ParameterError(
                f"likelihood '{likelihood.name}' has the parameter '{name}', which is one of the "
                "posterior's already: give it another name"
            )
    found = (parameter_from(name, info) for name, info in params.items())
    more = [parameter for parameter in found if parameter is not None]
    own = likelihood.arrays.parameters
    taken = {*own, *(a for p in more if p.derived_from for a in p.derived_from.arguments)}
    for name in params:
        if name not in taken:
            raise ParameterError(
                f"params has '{name}', but likelihood '{likelihood.name}' takes no such "
                f"parameter: its own are {', '.join(own) or 'none'}"
            )
    return replace(config, parameters=(*config.parameters, *more))


def parts_with_nz(parts: Parts, tables: Mapping[str, ArrayLike]) -> dict[str, Likelihood]:
    """Likelihoods with other n(z); see `Composed.with_nz`."""
    own: dict[str, dict[str, ArrayLike]] = {name: {} for name in parts}
    have = {name: {table.lower() for table, _ in one.data.samples} for name, one in parts.items()}
    for given, nz in tables.items():
        name, _, table = given.rpartition(".")
        found = [one for one in parts if table.lower() in have[one] and name in ("", one)]
        if len(found) != 1:
            every = [
                f"{one}.{word}" if len(parts) > 1 else word
                for one, part in parts.items()
                for word, _ in part.data.samples
            ]
            what = "is the name of several n(z) tables" if found else "is no n(z) table in use"
            raise ParameterError(f"'{given}' {what}; there are {', '.join(dict.fromkeys(every))}")
        own[found[0]][table] = nz
    return {name: with_nz(one, own[name]) if own[name] else one for name, one in parts.items()}


def parts_with_data(parts: Parts, data: TwoPointData | Mapping[str, Data]) -> dict[str, Likelihood]:
    """Likelihoods of other data; see `Composed.with_data`."""
    if isinstance(data, TwoPointData):
        if len(parts) > 1:
            raise ParameterError(
                "the posterior has several likelihoods: give the data as a dictionary by their "
                f"names, {', '.join(parts)}"
            )
        data = dict.fromkeys(parts, data)
    for name in data:
        if name not in parts:
            raise ParameterError(f"there is no likelihood '{name}'; they are {', '.join(parts)}")
    files = {name: one for name, one in data.items() if isinstance(one, TwoPointData)}
    found = _rebuilt(parts, files) if files else dict(parts)
    for name, value in data.items():
        if not isinstance(value, TwoPointData):
            found[name] = _with_value(found[name], value)
    return found


def _with_value(one: Likelihood, value: ArrayLike) -> Likelihood:
    changed = one.with_value(value)
    if changed.arrays.value.shape != one.arrays.value.shape:
        raise ParameterError(
            f"a data vector of shape {changed.arrays.value.shape} was given for likelihood "
            f"'{one.name}', which has {one.data.n_data} points"
        )
    return changed


def _rebuilt(parts: Parts, files: Mapping[str, TwoPointData]) -> dict[str, Likelihood]:
    """All likelihoods on the nodes that the new data ask for."""
    sets = []
    for name, one in parts.items():
        if one.arrays.vectors is not None:
            raise ParameterError(
                "the data are compressed (compression = moped), which other data must be anew: "
                "load their file, or give a data vector"
            )
        if one.arrays.linearised:
            raise ParameterError(
                "parameters are marginalised in closed form, with derivatives for the data that are"
                " there: load the file of others, or give a data vector"
            )
        words = words_of(one, "prefix"), words_of(one, "suffix")
        sets.append(DataSet(name, files.get(name, one.data), one.options, *words))
    found = build_likelihoods(sets)
    for name, one in found.items():
        before = parts[name]
        if one.samples != before.samples:
            raise ParameterError(
                f"{one.data.source} has other samples of galaxies than {before.data.source}, whose "
                "parameters these are: load it with an input of its own"
            )
        if name not in files:
            found[name] = one.with_value(before.arrays.value)
    return found


def words_of(one: Likelihood, option: str) -> Prefix:
    """The prefix or suffix of a likelihood's samples: one word, or by the names of their n(z)."""
    words = {
        table: str(getattr(sample, option))
        for (table, _), sample in zip(one.data.samples, one.samples, strict=True)
    }
    if len({*words.values()}) == 1:
        return next(iter(words.values()))
    return {table: word for table, word in words.items() if word}
