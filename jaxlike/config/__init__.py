"""Configurations: a Cobaya input or a CosmoSIS pipeline file, read without either host."""

from jaxlike.config.cobaya_yaml import config_from_info
from jaxlike.config.container import Config
from jaxlike.config.likelihood_config import LikelihoodConfig
from jaxlike.config.read import read_config
from jaxlike.registry.options import (
    LIKELIHOOD_OPTIONS,
    PROBE_SETS,
    THEORY_OPTIONS,
    TheoryOptions,
    probes_from,
    theory_options,
)

__all__ = [
    "LIKELIHOOD_OPTIONS",
    "PROBE_SETS",
    "THEORY_OPTIONS",
    "Config",
    "LikelihoodConfig",
    "TheoryOptions",
    "config_from_info",
    "probes_from",
    "read_config",
    "theory_options",
]
