"""What adds to a data vector besides the signal of the galaxies."""

from jaxlike.theory.systematics import point_mass, psf
from jaxlike.theory.systematics.registry import SYSTEMATICS, parameters_of, register

__all__ = ["SYSTEMATICS", "parameters_of", "point_mass", "psf", "register"]
