"""Imported by a process of its own: every likelihood becomes one that compiles in no time.

What is about processes, devices or kills runs as for a survey, without the survey's theory.
"""

from collections.abc import Mapping

from jax import Array

from jaxlike.posterior.density import Density


def _chi2(density: Density, what: str, parameters: Mapping[str, Array]) -> Array:
    """chi^2 of Omega_m = 0.3 +- 0.02 alone."""
    return ((parameters["Omega_m"] - 0.3) / 0.02) ** 2


Density._sum = _chi2
