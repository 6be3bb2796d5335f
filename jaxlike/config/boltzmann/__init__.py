"""Cobaya's `theory: camb` and `theory: classy` in the words of jaxlike's own theory.

`translated` takes an input as a mapping to one in which the block `theory` is jaxlike's, and the
parameters have the names that it knows; every option and parameter gets a row in an `Explanation`.
"""

from jaxlike.config.boltzmann.translate import CODES, boltzmann_code, is_computed, translated

__all__ = ["CODES", "boltzmann_code", "is_computed", "translated"]
