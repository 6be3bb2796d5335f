"""A posterior without nuisance parameters that its data are next to linear in.

They are marginalised in closed form, with the derivatives of the data vectors at one point: see
`likelihoods.linearised`. The density is exact where these derivatives do not depend on the point.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.config import Config
from jaxlike.errors import ParameterError
from jaxlike.forecast.moped import expansion
from jaxlike.likelihoods.assembly import covariance_of
from jaxlike.likelihoods.correction import GAUSSIAN
from jaxlike.likelihoods.linearised import Linearised, with_linearised
from jaxlike.posterior.model import Model
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors.closed_form import Normal, TruncatedNormal
from jaxlike.registry.names import Names

_FAR = 3.0  # standard deviations from the mean, where a limit of a normal prior leaves 0.1 %


def marginalised(
    model: Model, names: Sequence[str], at: ArrayLike | Mapping[str, ArrayLike] | None = None
) -> Model:
    """The posterior of the other parameters, with those of `names` marginalised in closed form.

    names: of sampled parameters, or what those of bins have before their number ("m", "dz_source").
    at: x (n,) or a dictionary, where derivatives are taken; None: where the posterior is largest,
    which is searched for. There the parameters stay fixed. ParameterError on one that is none of a
    data vector, has no Gaussian prior, or is tied to others by a prior or by two likelihoods.

    >>> marginalised(jaxlike.load("input.yaml"), ["m", "dz_source", "dz_lens"])
    """
    chosen = chosen_of(model, names)
    mean, covariance = _prior_of(model, [model.parameters[i] for i in chosen])
    _check_likelihoods(model)
    here = expansion(model, None if at is None else np.asarray(model.point(at)))
    _check_nuisances(model, here.x, chosen)
    away, parts = mean - here.x[chosen], dict(model.parts)
    columns = model.density.split(jnp.asarray(here.derivatives[:, chosen]))
    seen = [np.any(np.asarray(own) != 0, axis=0) for own in columns]
    _check_apart(model, chosen, np.array(seen), covariance)
    for (name, one), own, mine in zip(model.measured.items(), columns, seen, strict=True):
        if mine.any():
            templates = Linearised.build(
                np.asarray(own)[:, mine], covariance[np.ix_(mine, mine)], away[mine]
            )
            before = covariance_of(one.data, one.options, None)
            arrays = with_linearised(one.arrays, before, templates)
            parts[name] = replace(one, arrays=arrays)
    return Model.of(_without(model, dict(zip(chosen, here.x[chosen].tolist(), strict=True))), parts)


def chosen_of(model: Model, names: Sequence[str]) -> list[int]:
    """Which of the sampled parameters are meant, in order; ParameterError where none is."""
    known = Names(model.samples)
    words: list[set[str]] = []
    for name in model.parameters:
        named, mine = known.find(name), {name}
        if named is not None and named.sample is not None:
            stems = named.sample.stems(named.declared) if named.number else ()
            mine |= {named.canonical, *stems}
        words.append(mine)
    for word in names:
        if not any(word in mine for mine in words):
            listed = ", ".join(model.parameters)
            raise ParameterError(
                f"'{word}' is to be marginalised, but is neither a sampled parameter nor what some "
                f"of bins are called before their number; sampled are {listed}"
            )
    return [i for i, mine in enumerate(words) if mine & {*names}]


def _prior_of(model: Model, names: Sequence[str]) -> tuple[NDArray, NDArray]:
    """Mean (k,) and covariance (k, k) of a Gaussian prior; ParameterError where it is none."""
    config, at = model.config, {name: i for i, name in enumerate(names)}
    mean, covariance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    priors = dict(zip(model.parameters, model.priors, strict=True))
    for name, i in at.items():
        prior = priors[name]
        if not isinstance(prior, Normal | TruncatedNormal) or not _is_whole(prior):
            said = ", ".join(f"{key} {value}" for key, value in prior.as_cobaya().items())
            raise ParameterError(
                f"'{name}' is to be marginalised in closed form, which needs a Gaussian prior "
                f"without limits within {_FAR:g} deviations, but its prior is {said}"
            )
        mean[i], covariance[i, i] = prior.loc, prior.scale**2
    for joint in config.correlated_priors:
        members = [at.get(name) for name in joint.params]
        if None in members and any(i is not None for i in members):
            stays = joint.params[members.index(None)]
            raise ParameterError(
                f"prior '{joint.name}' ties parameters that are to be marginalised to '{stays}', "
                "which is not: marginalise all of them or none"
            )
        if None not in members:
            rows = np.array(members, int)
            mean[rows] = joint.mean
            covariance[np.ix_(rows, rows)] = joint.covariance
    for external in config.external_priors:
        taken = _behind(config.parameters, external.arguments) & {*names}
        if taken:
            raise ParameterError(
                f"'{min(taken)}' is to be marginalised, but the external prior '{external.name}' "
                "depends on it"
            )
    return mean, covariance


def _is_whole(prior: Normal | TruncatedNormal) -> bool:
    """Whether what the limits cut off is nothing."""
    low, high = prior.support
    return min(prior.loc - low, high - prior.loc) >= _FAR * prior.scale


def _behind(parameters: Sequence[Parameter], names: Collection[str]) -> set[str]:
    """Names, and those that the parameters of these names are functions of."""
    functions = {p.name: p.derived_from.arguments for p in parameters if p.derived_from}
    found, waiting = set(), [*names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += functions.get(name, ())
    return found


def _check_likelihoods(model: Model) -> None:
    """ParameterError where a likelihood is not Gaussian in its data vector alone."""
    for one in model.measured.values():
        for there, what in (
            (one.arrays.vectors is not None, "compression = moped"),
            (one.arrays.modes is not None, "compression = modes"),
            (one.arrays.ratios is not None, "shear_ratios"),
            (one.arrays.form != GAUSSIAN, "a covariance_correction by a t-distribution"),
        ):
            if there:
                raise ParameterError(
                    "parameters are marginalised in closed form for a Gaussian in the data vector "
                    f"alone: leave out {what}"
                )


def _check_nuisances(model: Model, x: NDArray, chosen: Sequence[int]) -> None:
    """ParameterError on a parameter that more than data vectors depend on: one of the universe, or
    of another likelihood."""
    of_samples = {name for one in model.density.measured for name in one.parameters}
    slopes = jax.jacfwd(model.density.canonical)(jnp.asarray(x))
    for name, slope in slopes.items():
        reached = [i for i in chosen if slope[i] != 0]
        if reached and name not in of_samples:
            raise ParameterError(
                f"'{model.parameters[reached[0]]}' is to be marginalised in closed form, but "
                f"'{name}' depends on it, which is no parameter of a sample of galaxies"
            )


def _check_apart(model: Model, chosen: Sequence[int], seen: NDArray, covariance: NDArray) -> None:
    """ParameterError where a parameter, or a prior, ties two likelihoods; seen: (n_likelihood, k)
    which of them see it."""
    names, likelihoods = [model.parameters[i] for i in chosen], list(model.measured)
    together = seen.T.astype(float) @ seen
    for i, name in enumerate(names):
        who = [likelihoods[j] for j in np.flatnonzero(seen[:, i])]
        if len(who) != 1:
            raise ParameterError(
                f"'{name}' is to be marginalised, but "
                + (
                    f"likelihoods '{who[0]}' and '{who[1]}' both depend"
                    if who
                    else "no data depend"
                )
                + " on it"
            )
        tied = np.flatnonzero((covariance[i] != 0) & (together[i] == 0))
        if tied.size:
            raise ParameterError(
                f"'{name}' and '{names[tied[0]]}' are to be marginalised, but are of two "
                "likelihoods and have one prior"
            )


def _without(model: Model, values: Mapping[int, float]) -> Config:
    """The configuration with sampled parameters, by number, fixed at values."""
    fixed = {model.parameters[i]: value for i, value in values.items()}
    parameters = tuple(
        replace(p, prior=None, value=fixed[p.name], ref_loc=None, ref_scale=None, proposal=None)
        if p.name in fixed
        else p
        for p in model.config.parameters
    )
    joint = tuple(one for one in model.config.correlated_priors if one.params[0] not in fixed)
    asked = model.config.asked or model.config
    return replace(model.config, parameters=parameters, correlated_priors=joint, asked=asked)
