"""Some of the likelihoods of an input: whose parameters are whose, and which of them stay."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from jaxlike.config.data_options import prefix_from, suffix_from
from jaxlike.config.likelihood_config import LikelihoodConfig, names_of
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import ExternalPrior
from jaxlike.registry.samples import owner_words


def foreign_names(
    parameters: tuple[Parameter, ...],
    likelihoods: Mapping[str, Mapping[str, object]],
    found: Sequence[LikelihoodConfig],
) -> set[str]:
    """Names of the parameters of likelihoods that are left out."""
    owners = {owner for one in found for owner in one.owners}
    others = {
        owner
        for one in likelihoods.values()
        for owner in owner_words(prefix_from(one.get("prefix")), suffix_from(one.get("suffix")))
    } - owners
    theirs = names_of(others)
    named = {p.name: theirs.find(p.name) for p in parameters if others}
    return {name for name, one in named.items() if one is not None and one.sample is not None}


def parameters_wanted(
    parameters: tuple[Parameter, ...], priors: tuple[ExternalPrior, ...], foreign: set[str]
) -> tuple[Parameter, ...]:
    """The parameters without the foreign ones, of which those that functions take are dropped, as
    parameters are that feed functions alone."""
    functions = {p.name: p.derived_from.arguments for p in parameters if p.derived_from}
    taken = {name for prior in priors for name in prior.arguments}
    waiting = [*taken, *(p.name for p in parameters if p.name not in foreign)]
    while waiting:
        new = set(functions.get(waiting.pop(), ())) - taken
        taken |= new
        waiting += new
    return tuple(
        replace(p, drop=True) if p.name in foreign else p
        for p in parameters
        if p.name in taken or p.name not in foreign
    )
