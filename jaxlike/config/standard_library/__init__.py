"""Pipelines of the CosmoSIS standard library's own modules, read as likelihoods of this package."""
