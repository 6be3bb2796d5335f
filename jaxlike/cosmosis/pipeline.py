"""The parameters of the pipeline that the module stands in, and what depends on them."""

from dataclasses import replace
from pathlib import Path

from cosmosis.datablock import DataBlock

from jaxlike.config import Config
from jaxlike.config.correlated import of_parameters
from jaxlike.config.cosmosis_unused import COSMOLOGY_SECTION, without_unused
from jaxlike.config.cosmosis_values import read_values
from jaxlike.config.plausible import check_plausible
from jaxlike.errors import JaxlikeError, ParameterError
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.loading import model_from_config
from jaxlike.posterior.parameters import Parameter


def compressed_for(config: Config, options: DataBlock) -> Likelihood:
    """The likelihood compressed for the pipeline's own free parameters, at their starts."""
    parameters, joint = of_parameters(
        pipeline_parameters_of(options), config.correlated_priors, config.names
    )
    parameters = without_unused(parameters, config.names, config.theory.neutrinos)
    whole = replace(config, parameters=parameters, correlated_priors=joint)
    return model_from_config(whole).likelihood


def pipeline_parameters_of(options: DataBlock) -> tuple[Parameter, ...]:
    """The pipeline's own parameters."""
    pipeline = {
        name: str(options["pipeline", name])
        for name in ("values", "priors")
        if options.has_value("pipeline", name)
    }
    return read_values(Path("pipeline"), pipeline).parameters


def check_values(config: Config, options: DataBlock) -> None:
    """ParameterError on values and priors of the pipeline's universe that are nowhere possible."""
    if config.theory.power != "jaxlike" or not options.has_value("pipeline", "values"):
        return
    try:
        parameters = pipeline_parameters_of(options)
    except JaxlikeError:
        return  # CosmoSIS reads more than is read here, and says itself what it cannot read
    own = (one for one in parameters if one.name.lower().startswith(f"{COSMOLOGY_SECTION}--"))
    try:
        check_plausible(own, config.names)
    except ParameterError as error:
        raise ParameterError(f"{options['pipeline', 'values']}: {error}") from error
