"""The posterior of models and of likelihoods of Python, multiplied."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jaxlike.config import Config, theory_options
from jaxlike.config.merged import labels, merged
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.likelihoods.function import Function, other_likelihood, words_of
from jaxlike.likelihoods.protocol import LogLikelihood, Other
from jaxlike.likelihoods.two_point import DataSet, Likelihood, build_likelihoods
from jaxlike.loading import with_checked_parameters
from jaxlike.posterior.changed import words_of as prefix_of
from jaxlike.posterior.checked import check_differentiable, dependence
from jaxlike.posterior.model import Model
from jaxlike.registry.names import Names
from jaxlike.registry.options import THEORY_OPTIONS, check_option_names

_NAME = "posterior"  # in the place of a file's name in messages
_ACCEPTED = "a Model, a likelihood (jaxlike.likelihoods.protocol), a function, or (function, data)"

Factor = Model | LogLikelihood | Callable[..., Any] | tuple[Callable[..., Any], Any]


def posterior(
    likelihoods: Iterable[Factor] | Mapping[str, Factor],
    priors: Mapping[str, object] | None = None,
    **theory: object,
) -> Model:
    """The product of models, and of likelihoods that see the same universe: `jaxlike.posterior`.

    Args:
        likelihoods: Models, objects with the protocol `LogLikelihood`, functions (parameters,
            universe) or (parameters, universe, data), the last as a pair (function, data); a
            mapping gives them names. Two-point likelihoods of several models are built again on
            common nodes.
        priors: Entries as in the block `params` of a Cobaya input, in the place of the models';
            what models say of a parameter must be the same otherwise.
        theory: Its options, where there is no model to have them.

    Returns:
        The Model of the product.

    Raises:
        ConfigError: On what cannot be multiplied, or on options that differ.
        ParameterError: On parameters that are unknown, missing or said to be different things.

    Example:
        >>> def local(parameters, universe):
        ...     return -0.5 * ((universe.H(0.0) - 73.0) / 1.0) ** 2  # km/s/Mpc
        >>> both = jaxlike.posterior([model, local], {"H0": [50, 90]})
        >>> both.likelihood_names, both.parameters
        (('jaxlike.cobaya.2x2pt', 'local'), ('omegam', 'b1', 'H0'))
    """
    try:
        return _posterior(likelihoods, dict(priors or {}), theory)
    except (ConfigError, ParameterError) as error:
        said = str(error)
        start = f"{_NAME}: "
        raise type(error)(said if said.startswith(start) else start + said) from error


def _posterior(
    likelihoods: Iterable[Factor] | Mapping[str, Factor],
    priors: dict[str, object],
    theory: Mapping[str, object],
) -> Model:
    given = _named(likelihoods)
    models = [_renamed(name, one) for name, one in given if isinstance(one, Model)]
    configs = dict(zip(labels([m.config for m in models]), [m.config for m in models], strict=True))
    check_option_names(theory, THEORY_OPTIONS, "keyword")
    if models and theory:
        raise ConfigError(f"'{next(iter(theory))}' is what the models say: load them with it")
    if not models:
        configs = {_NAME: Config(Path(_NAME), (), (), universe=theory_options(theory))}
    config = merged(configs, priors, _NAME)
    parts = _on_common_nodes([model.parts for model in models])
    factors = [_Factor.of(name, one) for name, one in given if not isinstance(one, Model)]
    for factor in factors:
        if [*parts, *(one.name for one in factors)].count(factor.name) > 1:
            raise ParameterError(
                f"there are two of the likelihood '{factor.name}': give them names, {{name: one}}"
            )
    data_sets = [_data_set(one) for one in parts.values() if isinstance(one, Likelihood)]
    config = with_checked_parameters(config, data_sets)
    return _with_factors(config, parts, factors, [*priors])


def _named(likelihoods: Iterable[Factor] | Mapping[str, Factor]) -> list[tuple[str, Factor]]:
    """Names, empty where none is given, and likelihoods; ParameterError where there is none."""
    if isinstance(likelihoods, Mapping):
        found = [(str(name), one) for name, one in likelihoods.items()]
    elif isinstance(likelihoods, Iterable):
        found = [("", one) for one in likelihoods]
    else:
        found = []
    if not found:
        raise ParameterError(
            f"{type(likelihoods).__name__} was given, but accepted is a list or a mapping of what "
            f"is {_ACCEPTED}"
        )
    return found


def _renamed(name: str, model: Model) -> Model:
    """A model whose likelihood has this name, or whose likelihoods begin with it where there are
    several; what its configuration says of others is left out."""
    several = len(model.parts) > 1
    new = {old: (f"{name}.{old}" if several else name) if name else old for old in model.parts}
    parts = {new[old]: replace(one, name=new[old]) for old, one in model.parts.items()}
    config = replace(
        model.config,
        likelihoods=tuple(
            replace(one, name=new[one.name]) for one in model.config.likelihoods if one.name in new
        ),
        others=tuple(
            replace(one, name=new[one.name]) for one in model.config.others if one.name in new
        ),
    )
    return replace(model, config=config, parts=parts)


def _on_common_nodes(
    groups: list[Mapping[str, Likelihood | Other]],
) -> dict[str, Likelihood | Other]:
    """The likelihoods of all models; those with data vectors on nodes for all of them, where they
    are not so already."""
    every = {}
    for parts in groups:
        for name, one in parts.items():
            if name in every:
                raise ParameterError(
                    f"there are two of the likelihood '{name}': give the models names, "
                    "{name: model}"
                )
            every[name] = one
    measured = [p for p in groups if any(isinstance(one, Likelihood) for one in p.values())]
    if len(measured) < 2:
        return every
    two_point = {name: one for name, one in every.items() if isinstance(one, Likelihood)}
    for one in two_point.values():
        if one.arrays.vectors is not None:
            raise ParameterError(
                f"likelihood '{one.name}' is compressed (compression = moped), for the parameters "
                "of its own model: load it without"
            )
        if one.arrays.linearised:
            raise ParameterError(
                f"likelihood '{one.name}' has parameters marginalised in closed form, for the nodes"
                " of its own model: load it without, and marginalise those of the product"
            )
    found = build_likelihoods([_data_set(one) for one in two_point.values()])
    for name, one in two_point.items():
        every[name] = found[name].with_value(one.arrays.value)
    return every


def _data_set(one: Likelihood) -> DataSet:
    words = prefix_of(one, "prefix"), prefix_of(one, "suffix")
    return DataSet(one.name, one.data, one.options, *words)


@dataclass(frozen=True)
class _Factor:
    """A likelihood of Python under its name; declared: whether it says its own parameters."""

    name: str
    one: Any
    data: Any
    declared: bool

    @classmethod
    def of(cls, name: str, given: Any) -> "_Factor":
        """From what is given; ParameterError on what it cannot be."""
        pair = isinstance(given, tuple) and len(given) == 2 and callable(given[0])
        one, data = given if pair else (given, None)
        if not (callable(one) or isinstance(one, LogLikelihood)):
            raise ParameterError(f"{given!r} was given, but accepted is {_ACCEPTED}")
        own = isinstance(one, LogLikelihood)
        name = name or getattr(one, "__name__", type(one).__name__)
        try:
            return cls(name, one, data, own or words_of(one, "parameters") is not None)
        except ParameterError as error:
            raise ParameterError(f"likelihood '{name}': {error}") from error

    def made(self, free: tuple[str, ...], given: tuple[str, ...]) -> Other:
        """The likelihood, with the parameters `free` where it does not say its own; given: names of
        all parameters that there are."""
        if isinstance(self.one, LogLikelihood):
            return other_likelihood(self.name, self.one, self.data, given)
        try:
            function = Function.of(self.one, self.data, free)
        except ParameterError as error:
            raise ParameterError(f"likelihood '{self.name}': {error}") from error
        return other_likelihood(self.name, function, None, given)


def _with_factors(
    config: Config,
    parts: Mapping[str, Likelihood | Other],
    factors: list[_Factor],
    new: list[str],
) -> Model:
    """The product with likelihoods of Python, of which those that do not say their parameters have
    those of the new ones that they use."""
    samples = tuple(sample for one in parts.values() for sample in one.samples)
    names = Names(samples)
    given = tuple(p.name for p in config.parameters)
    taken = {name for one in parts.values() for name in _own(one)}
    free = tuple(n for n in new if n in given and not names.is_known(n) and n not in taken)
    dropped = {p.name for p in config.parameters if p.drop}
    free = tuple(name for name in free if name not in dropped)
    made = {one.name: one.made(free, given) for one in factors}
    model = Model.of(config, {**parts, **made})
    undeclared = [one for one in factors if not one.declared]
    for factor in undeclared if free else ():
        used = dependence(factor.name, model.density)
        made[factor.name] = factor.made(tuple(name for name in free if used[name]), given)
    if undeclared and free:
        model = Model.of(config, {**parts, **made})
    taken |= {name for one in made.values() for name in _own(one)}
    for p in config.parameters:
        if not p.drop and not names.is_known(p.name) and p.name not in taken:
            raise ParameterError(f"parameter '{p.name}' is one that no likelihood takes")
    for name, one in made.items():
        check_differentiable(name, model.density, values=one.foreign)
    return model


def _own(one: Likelihood | Other) -> tuple[str, ...]:
    """Names of the parameters that only a likelihood without a data vector knows."""
    return one.arrays.parameters if isinstance(one, Other) else ()
