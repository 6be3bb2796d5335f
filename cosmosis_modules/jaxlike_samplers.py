"""CosmoSIS samplers `jaxlikenuts` and `jaxlikemclmc`, for [runtime] import_samplers."""

from jaxlike.cosmosis import JaxlikeMclmcSampler, JaxlikeNutsSampler

__all__ = ["JaxlikeMclmcSampler", "JaxlikeNutsSampler"]
