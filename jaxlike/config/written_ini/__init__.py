"""A Config as a CosmoSIS pipeline of this package's own module, with its values and priors."""

from jaxlike.config.written_ini.pipeline import translated_ini

__all__ = ["translated_ini"]
