"""The parameters of the pipeline that the module stands in, and what depends on them."""

from dataclasses import replace
from pathlib import Path

from cosmosis.datablock import DataBlock

from jaxlike.config import Config
from jaxlike.config.correlated import of_parameters
from jaxlike.config.cosmosis_unused import without_unused
from jaxlike.config.cosmosis_values import read_values
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
