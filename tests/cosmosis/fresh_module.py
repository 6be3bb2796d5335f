"""Modules that several tests share, each as if it were the first."""

from dataclasses import replace


def fresh(module, **changes):
    """A module as it was set up, without what it has learnt since, and with some changes."""
    return replace(module, **{"cosmology_names": (), "said": set(), **changes})
