"""Options of what is added to a likelihood: templates, files, corrections of its covariance."""

from collections.abc import Mapping
from typing import Literal, get_args

from jaxlike.errors import ConfigError
from jaxlike.registry.option_values import bad_value, is_none

CovarianceCorrection = Literal["none", "hartlap", "percival", "percival_t", "sellentin_heavens"]
"""What is done about a covariance that was estimated from simulations."""

CORRECTIONS = get_args(CovarianceCorrection)
_OF_PARAMETERS = ("percival", "percival_t")
_GAUSSIAN = ("none", "hartlap", "percival")

FILE_OPTIONS = ("psf_file", "psf_transform", "shear_ratios")
"""Options that name a file each, besides the data."""
COUNT_OPTIONS = ("n_simulations", "n_parameters")
"""Options that are whole numbers."""

ADDED_OPTIONS = ("point_mass", *FILE_OPTIONS, "covariance_correction", *COUNT_OPTIONS)
"""All of them."""


def check_additions(options: Mapping[str, object]) -> None:
    """ConfigError on files and numbers that are none, are missing, or have no effect."""
    for name in FILE_OPTIONS:
        value = options[name]
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise bad_value(name, value, "a path, null")
    for name in COUNT_OPTIONS:
        _check_count(name, options[name])
    if options["psf_transform"] is not None and options["psf_file"] is None:
        raise ConfigError("option 'psf_transform' has no effect without psf_file: leave it out")
    _check_correction(options)
    _check_compression(options)


def _check_count(name: str, value: object) -> None:
    if value is not None and (type(value) is not int or value < 1):
        raise bad_value(name, value, "whole numbers > 0, null")


def _check_correction(options: Mapping[str, object]) -> None:
    correction = options["covariance_correction"]
    wanted = {
        "n_simulations": correction != "none",
        "n_parameters": correction in _OF_PARAMETERS,
    }
    for name, needed in wanted.items():
        if needed and options[name] is None:
            raise ConfigError(f"option 'covariance_correction' = {correction} needs {name}")
        if not needed and options[name] is not None:
            raise ConfigError(
                f"option '{name}' has no effect with covariance_correction = {correction}: leave it"
                " out"
            )
    if correction not in _GAUSSIAN and options["point_mass"] == "marginalised":
        raise ConfigError(
            "option 'point_mass' = marginalised is for a Gaussian likelihood, which "
            f"covariance_correction = {correction} is not: take point_mass = sampled"
        )


def _check_compression(options: Mapping[str, object]) -> None:
    if options["compression"] == "none":
        return
    if options["power"] != "jaxlike":
        raise ConfigError(
            f"option 'compression' = {options['compression']} takes derivatives with respect to "
            "every sampled parameter, which need power = jaxlike"
        )
    correction = options["covariance_correction"]
    for there, what in (
        (options["point_mass"] == "marginalised", "point_mass = marginalised"),
        (options["shear_ratios"] is not None, "shear_ratios"),
        (correction not in _GAUSSIAN, f"covariance_correction = {correction}"),
    ):
        if there:
            raise ConfigError(
                f"option 'compression' = {options['compression']} is of a Gaussian in the data "
                f"vector alone: leave out {what}"
            )


def count_from(name: str, value: object) -> object:
    """A whole number from itself or from text; None from an empty text, none or null."""
    if is_none(value):
        return None
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
        return int(value)
    return value


def file_from(value: object) -> object:
    """The name of a file; None from an empty text, none or null."""
    return None if is_none(value) else value
