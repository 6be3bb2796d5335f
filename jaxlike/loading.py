"""From a configuration file to its posterior."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

from jaxlike.config import Config, LikelihoodConfig, OtherConfig, read_config
from jaxlike.config.correlated import among
from jaxlike.config.plausible import check_plausible
from jaxlike.data import is_survey_mock
from jaxlike.errors import ConfigError, JaxlikeError, ParameterError
from jaxlike.forecast.marginalisation import marginalised
from jaxlike.forecast.modes import on_modes
from jaxlike.forecast.moped import compressed
from jaxlike.likelihoods.function import other_likelihood
from jaxlike.likelihoods.protocol import SPECTRA_OF_CMB, Other
from jaxlike.likelihoods.survey import load_data
from jaxlike.likelihoods.two_point import DataSet, build_likelihoods
from jaxlike.mocks.files import survey_mock_file
from jaxlike.numerics.precision import warn_of_single_precision
from jaxlike.posterior.checked import check_differentiable
from jaxlike.posterior.model import Model
from jaxlike.registry.effects import (
    check_complete,
    check_effects,
    check_universe,
    has_effect,
)
from jaxlike.registry.names import Names
from jaxlike.registry.options import THEORY_OPTIONS
from jaxlike.registry.resolve import check_names, is_idle
from jaxlike.theory.power.derived import unmet_need

_COMPRESSIONS: Mapping[str, Callable[[Model], Model]] = {"moped": compressed, "modes": on_modes}


def model_from_config(config: Config) -> Model:
    """The Model that a Config asks for; errors name the file and the culprit."""
    if config.theory.power != "jaxlike":
        raise ConfigError(
            f"{config.path}: power = {config.theory.power} takes P(k, z) from the program that "
            "calls jaxlike, which is not there: take power = jaxlike"
        )
    data_sets = [data_set_of(one) for one in config.likelihoods]
    config = with_checked_parameters(config, data_sets)  # before what takes seconds
    others = {one.name: built_other(one, config) for one in config.others}
    parts = build_likelihoods(data_sets)
    if config.theory.compression in _COMPRESSIONS:
        parts = _compressed(Model.of(config, parts)).measured
    model = Model.of(config, {**parts, **others})
    if config.theory.marginalise is not None:
        model = _marginalised(model, config)
    _check_optical_depth(model)
    for name in (name for name, one in others.items() if one.foreign):
        try:
            check_differentiable(name, model.density)
        except ParameterError as error:
            raise ParameterError(f"{config.path}: {error}") from error
    return model


def _compressed(model: Model) -> Model:
    """The posterior whose chi^2 is computed as the option `compression` asks."""
    try:
        return _COMPRESSIONS[model.config.theory.compression](model)
    except ParameterError as error:
        raise ParameterError(f"{model.config.path}: {error}") from error


def _marginalised(model: Model, config: Config) -> Model:
    """The posterior without the parameters that the options marginalise in closed form."""
    at = model.reference if config.theory.marginalise_at == "reference" else None
    try:
        return marginalised(model, config.theory.marginalise or (), at)
    except ParameterError as error:
        raise ParameterError(f"{config.path}: {error}") from error


def _check_optical_depth(model: Model) -> None:
    """ParameterError where spectra of the CMB are wanted without tau, or none with one that varies.

    Inputs of other programs fix it where it has no effect.
    """
    path, others = model.config.path, [p for p in model.parts.values() if isinstance(p, Other)]
    given = [p for p in model.config.parameters if p.name == "tau" and not p.drop]
    if wanting := [one.name for one in others if SPECTRA_OF_CMB in one.needs]:
        if not given:
            raise ParameterError(
                f"{path}: likelihood '{wanting[0]}' needs the optical depth: give the parameter tau"
            )
    elif any(p.value is None for p in given) and not any(
        one.foreign or "tau" in one.quantities for one in others
    ):
        raise ParameterError(
            f"{path}: parameter 'tau' has no effect, as no likelihood sees spectra of the CMB: "
            "leave it out, or give it a value"
        )


def built_other(one: OtherConfig, config: Config) -> Other:
    """A likelihood of other data; ConfigError or ParameterError where it lacks something."""
    for quantity in one.needs:
        if need := unmet_need(quantity, config.theory.radiation):
            raise ConfigError(
                f"{config.path}: likelihood '{one.name}' is computed with {need} only"
            )
    try:
        return other_likelihood(
            one.name, one.build(), None, tuple(p.name for p in config.parameters)
        )
    except JaxlikeError as error:
        raise type(error)(f"{config.path}: {error}") from error


def data_set_of(config: LikelihoodConfig) -> DataSet:
    """The data of a likelihood that an input asks for, after cuts; made where that is a mock."""
    data_file = config.data_file
    if config.survey is not None and is_survey_mock(data_file, config.survey):
        data_file = str(survey_mock_file(config.survey))
    data = load_data(
        data_file,
        config.scale_cuts,
        config.probes,
        config.survey,
        kernels=config.kernels,
        nz_file=config.nz_file,
        kappa=config.kappa,
    )
    return DataSet(config.name, data, config.options, config.prefix, config.suffix)


def with_checked_parameters(config: Config, data_sets: Sequence[DataSet]) -> Config:
    """A Config without the default parameters that have no effect on these data.

    Those of files that mock data have not got go as well. ParameterError, naming the file, on
    parameters that are unknown, missing or without effect.
    """
    samples = tuple(sample for one in data_sets for sample in one.samples)
    try:
        known = Names(samples)
        kept = tuple(
            p
            for p in config.parameters
            if p.drop
            or p.name in config.own
            or not (p.assumed or _of_unread(p.name, config, data_sets))
            or _counts(p.name, data_sets)
        )
        _check_arguments(config, {p.name for p in kept})
        taken = (p.name for p in kept if not p.drop and p.name not in config.own)
        names = [name for name in taken if known.is_known(name)]
        check_names(names, samples)
        check_plausible(kept, known)
        of_theory = {key: getattr(config.theory, key) for key in THEORY_OPTIONS}
        check_effects(names, of_theory)
        check_universe(names, of_theory)
        for one in data_sets:
            check_effects(names, vars(one.options), one.samples)
            check_complete(names, vars(one.options), one.samples)
    except ParameterError as error:
        raise ParameterError(f"{config.path}: {error}") from error
    sampled = {p.name for p in kept if p.prior is not None}
    joint = among(config.correlated_priors, sampled.__contains__)
    return replace(config, parameters=kept, correlated_priors=joint)


def _counts(name: str, data_sets: Sequence[DataSet]) -> bool:
    """Whether a parameter has an effect on the likelihood of any of the data."""
    return any(
        not is_idle(name, one.samples) and has_effect(name, vars(one.options), one.samples)
        for one in data_sets
        if Names(one.samples).is_known(name)
    )


def _of_unread(name: str, config: Config, data_sets: Sequence[DataSet]) -> bool:
    """Whether a parameter is one of files that mock data have not got."""
    pairs = zip(config.likelihoods, data_sets, strict=True)
    return any(own.is_of_unread(name, one.samples) for own, one in pairs)


def _check_arguments(config: Config, kept: set[str]) -> None:
    for prior in config.external_priors:
        for name in prior.arguments:
            if name not in kept:
                raise ParameterError(
                    f"external prior '{prior.name}' takes '{name}', which has no "
                    "effect on these data"
                )


def load(path: str | PathLike[str] | Mapping[str, Any], **overrides: Any) -> Model:
    """The Model of a Cobaya input (.yaml, or the mapping in it) or a CosmoSIS pipeline (.ini).

    Args:
        path: The file, or the mapping of a Cobaya input.
        overrides: Options in the place of the file's, those of the likelihood and of the theory
            (data_file, scale_cuts, probes, linear, nonlinear, nz, bias, alignment, ...: the page of
            options); of one of several likelihoods where they are dictionaries, name -> value.
            `likelihoods` takes some of them alone.

    Returns:
        The posterior, a Model of pure functions.

    Raises:
        JaxlikeError: One sentence that names the file, option or parameter at fault.

    Warns where JAX is in single precision.

    Example:
        >>> model = jaxlike.load("small.yaml")
        >>> model.parameters
        ('omegam', 'b1')
        >>> jaxlike.load("small.yaml", bias="inverse_growth").config.theory.bias
        'inverse_growth'
    """
    warn_of_single_precision()
    return model_from_config(read_config(path, **overrides))
