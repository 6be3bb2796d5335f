"""Likelihoods of other than two-point data in an input: each kind is one file."""

from jaxlike.config.others.block import (
    KINDS,
    check_counted_once,
    check_names_once,
    check_priors_once,
    known_kinds,
    others_in,
    own_names,
    wanted_others,
)
from jaxlike.config.others.other_config import OtherConfig

__all__ = [
    "KINDS",
    "OtherConfig",
    "check_counted_once",
    "check_names_once",
    "check_priors_once",
    "known_kinds",
    "others_in",
    "own_names",
    "wanted_others",
]
