"""From a configuration file to its posterior."""

from dataclasses import replace
from os import PathLike
from typing import Any

from jaxlike.config import Config, read_config
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.forecast.moped import compressed
from jaxlike.likelihoods.survey import load_data
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.posterior.model import Model
from jaxlike.registry.effects import check_complete, check_effects, has_effect
from jaxlike.registry.names import is_known
from jaxlike.registry.resolve import check_names, is_idle


def model_from_config(config: Config) -> Model:
    """The Model that a Config asks for; errors name the file and the culprit."""
    if config.theory.power != "jaxlike":
        raise ConfigError(
            f"{config.path}: power = {config.theory.power} takes P(k, z) from the program that "
            "calls jaxlike, which is not there: take power = jaxlike"
        )
    likelihoods = build_likelihoods([data_set_of(one) for one in config.likelihoods])
    config = with_checked_parameters(config, likelihoods)
    model = Model.of(config, likelihoods)
    return compressed(model) if config.theory.compression == "moped" else model


def _check_arguments(config: Config, kept: set[str]) -> None:
    for prior in config.external_priors:
        for name in prior.arguments:
            if name not in kept:
                raise ParameterError(
                    f"{config.path}: external prior '{prior.name}' takes '{name}', which has no "
                    "effect on these data"
                )


def load(path: str | PathLike[str], **overrides: Any) -> Model:
    """The Model of a Cobaya input (.yaml) or a CosmoSIS pipeline (.ini).

    Keywords replace the file's options: data_file, scale_cuts, probes, linear, nonlinear, nz,
    nz_bandwidth, projection, radiation, ell_prefactors, bias, alignment, magnification, rsd,
    compression. Raises JaxlikeError, whose one sentence names the file, option or parameter at
    fault.
    """
    return model_from_config(read_config(path, **overrides))
