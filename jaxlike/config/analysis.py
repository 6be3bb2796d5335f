"""The published analysis that a likelihood follows, and the options that it takes from it."""

from collections.abc import Container

from jaxlike.config.places import find_file
from jaxlike.data.shipped import survey_of
from jaxlike.errors import ConfigError
from jaxlike.registry.additions import FILE_OPTIONS
from jaxlike.registry.options import (
    SURVEY_OPTIONS,
    THEORY_FIELDS,
    check_option_names,
    theory_options,
)
from jaxlike.surveys import ABOUT, Analysis, read_survey

_COMES_WITH = {
    "nz_bandwidth": "nz",
    "n_simulations": "covariance_correction",
    "n_parameters": "covariance_correction",
    "psf_transform": "psf_file",
}


def analysis_for(data_file: object, survey: object) -> Analysis | None:
    """That of the option `survey`, or else of the survey that the data are of; None if unknown."""
    name = survey or survey_of(None if data_file is None else str(data_file))
    return None if name is None else read_survey(str(name))


def options_of(analysis: Analysis | None, given: Container[str]) -> dict[str, object]:
    """Options of an analysis, without those that are given; ConfigError, naming the file, on one
    that it may not have and on a bad value."""
    if analysis is None:
        return {}
    try:
        check_option_names(analysis.options, SURVEY_OPTIONS, "option of a survey:")
        theory_options({k: v for k, v in analysis.options.items() if k in THEORY_FIELDS})
    except ConfigError as error:
        raise ConfigError(f"{analysis.folder / ABOUT}: {error}") from error
    about = analysis.folder / ABOUT
    return {
        name: find_file(str(value), about) if name in FILE_OPTIONS and value else value
        for name, value in analysis.options.items()
        # numbers belong to the choice that they come with
        if name not in given
        and _COMES_WITH.get(name) not in given
        # priors go with the default parameters (`correlated.of_survey`)
        and name != "correlated_priors"
    }
