"""From a configuration and likelihoods to what of them is compiled."""

from collections.abc import Iterable, Mapping
from typing import Any

import jax
import numpy as np

from jaxlike.config import Config
from jaxlike.likelihoods.common_nodes import usual_grid
from jaxlike.likelihoods.protocol import Other
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.numerics.compilation import as_array
from jaxlike.posterior.density import Density
from jaxlike.posterior.derived import outputs_of
from jaxlike.posterior.independent import IndependentPriors
from jaxlike.posterior.joint import JointGaussian, JointPriors
from jaxlike.registry.names import Names
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.power.universe import UniverseGrid


def density_of(config: Config, likelihoods: Mapping[str, Likelihood | Other]) -> Density:
    """The product of likelihoods on common nodes with the prior of a configuration."""
    samples = tuple(sample for one in likelihoods.values() for sample in one.samples)
    names = Names(samples)
    known = frozenset(p.name for p in config.parameters if names.is_known(p.name))
    density = Density(
        grid=grid_of(likelihoods.values(), config.theory),
        likelihoods=tuple(one.arrays for one in likelihoods.values()),
        fixed=as_array(np.array([p.value for p in config.parameters if p.value], float)),
        **priors_of(config),
        names=tuple(likelihoods),
        roles=tuple(p.role for p in config.parameters),
        external=config.external_priors,
        options=config.theory,
        known=known,
        outputs=outputs_of(config, names, known),
    )
    return jax.tree.map(as_array, density)


def grid_of(likelihoods: Iterable[Likelihood | Other], options: TheoryOptions) -> UniverseGrid:
    """Universes on the nodes of likelihoods, or on usual ones where none of them has any."""
    for one in likelihoods:
        if not isinstance(one, Other):
            return one.grid
    return usual_grid(options)


def priors_of(config: Config) -> dict[str, Any]:
    """What of a density the priors make, apart from external ones."""
    single = IndependentPriors.of([p.prior for p in config.sampled if p.prior is not None])
    names = tuple(p.name for p in config.sampled)
    joint = tuple(JointGaussian.of(prior, names) for prior in config.correlated_priors)
    return {
        "priors": jax.tree.map(as_array, JointPriors(single, joint)),
        "reference": as_array(np.array([p.ref_loc for p in config.sampled], float)),
    }
