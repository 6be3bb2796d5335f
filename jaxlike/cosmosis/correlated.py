"""Correlated priors in CosmoSIS, whose samplers know priors of single parameters alone.

The module's likelihood has the logarithm of the Gaussian over the product of the pipeline's own
priors, which are flat: so posterior and evidence are those of the Gaussian. Pipelines may also have
CosmoSIS's own module for it, whose unit normals they then sample.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jaxlike.config import Config
from jaxlike.config.correlated import of_parameters
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import CorrelatedPrior, Normal, Prior


@dataclass(frozen=True)
class CorrelatedFactors:
    """Correlated priors of a pipeline's parameters, and what its own priors of these are."""

    joint: tuple[CorrelatedPrior, ...]
    own: dict[str, Prior]

    @classmethod
    def of(cls, config: Config, parameters: tuple[Parameter, ...]) -> "CorrelatedFactors":
        """From a module's options; ConfigError on parameters that cannot have such a prior."""
        _, joint = of_parameters(parameters, config.correlated_priors, config.names)
        taken = {name for prior in joint for name in prior.params}
        return cls(joint, {p.name: p.prior for p in parameters if p.name in taken and p.prior})

    @property
    def sentences(self) -> list[str]:
        """What a user should know, whom CosmoSIS tells the pipeline's own priors."""
        return [
            f"the likelihood has the Gaussian prior '{prior.name}' of {len(prior.params)} "
            f"parameters, {prior.params[0]} to {prior.params[-1]}, over their flat ones"
            for prior in self.joint
        ]

    def log_ratio(self, block: Any) -> float:
        """ln of the correlated priors over the pipeline's own at the block's parameters."""
        total = 0.0
        for prior in self.joint:
            values = {name: float(block[tuple(name.split("--"))]) for name in prior.params}
            total += prior(**{name: values[name] for name in prior.params})
            for name, marginal in prior.marginals.items():
                total += _log(marginal, values[name]) - _log(self.own[name], values[name])
        return total


def _log(prior: Prior, value: float) -> float:
    if isinstance(prior, Normal):
        z = (value - prior.loc) / prior.scale
        return float(-0.5 * z * z - np.log(prior.scale * np.sqrt(2 * np.pi)))
    return float(prior.log_density(value))
