"""Configurations: a Cobaya input or a CosmoSIS pipeline file, read without either host."""

from jaxlike.config.cobaya_yaml import config_from_info
from jaxlike.config.container import Config
from jaxlike.config.likelihood_config import LikelihoodConfig
from jaxlike.config.named_files import files_named_by
from jaxlike.config.others import OtherConfig
from jaxlike.config.read import read_config
from jaxlike.registry.options import (
    LIKELIHOOD_OPTIONS,
    THEORY_OPTIONS,
    TheoryOptions,
    theory_options,
)
from jaxlike.registry.probes import PROBE_SETS, probes_from

__all__ = [
    "LIKELIHOOD_OPTIONS",
    "PROBE_SETS",
    "THEORY_OPTIONS",
    "Config",
    "LikelihoodConfig",
    "OtherConfig",
    "TheoryOptions",
    "config_from_info",
    "files_named_by",
    "probes_from",
    "read_config",
    "theory_options",
]
