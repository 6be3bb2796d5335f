"""n(z) of a mock survey's samples, as its file mock.yaml says them.

kind (counts, shear), z [first edge, last edge, number of cells], of shapes sigma_e, and either
family, bins, n_eff: a formula (see `families`), its numbers and the density [per square arcmin] of
    each bin; or
photometric: all galaxies of the sample cut into bins of photometric redshift, as a sample of
    `jaxlike survey` is said (density, smail, edges, sigma_z, outlier_fraction, ...)
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from jaxlike.data import RedshiftDistribution
from jaxlike.errors import ConfigError
from jaxlike.forecast.design import Sample
from jaxlike.forecast.sample_options import sample_from
from jaxlike.mocks.families import FAMILIES
from jaxlike.mocks.numbers import rounded
from jaxlike.surveys import fault_of_keys

_BY_BINS = ("family", "bins", "n_eff")
_SAMPLE = ("kind", "z", *_BY_BINS, "photometric", "sigma_e")
_EMPTY = 1e-8  # of n(z) per unit redshift, below which there is nothing


def distribution(name: str, sample: Mapping[str, Any]) -> RedshiftDistribution:
    """n(z) of a checked sample, with its densities per arcmin^2 and shape noise."""
    first, last, n_z = sample["z"]
    edges = np.linspace(first, last, int(n_z) + 1)
    z = (edges[1:] + edges[:-1]) / 2
    dndz, n_gal = _photometric(name, sample, z) if "photometric" in sample else _by_bins(sample, z)
    dndz = rounded(dndz / dndz.sum(axis=1, keepdims=True) / (edges[1] - edges[0]))
    dndz[dndz < _EMPTY] = 0.0
    found = RedshiftDistribution(name, edges[:-1], z, edges[1:], dndz, n_gal=n_gal)
    if sample["kind"] == "counts":
        return found
    return replace(found, sigma_e=np.broadcast_to(np.array(sample["sigma_e"]), len(dndz)).copy())


def bins_of(sample: Mapping[str, Any]) -> int:
    """How many bins a checked sample has."""
    if "photometric" in sample:
        return len(sample["photometric"]["edges"]) - 1
    return len(sample["bins"])


def check_sample(name: str, one: Mapping[str, Any]) -> None:
    """ConfigError on what a sample of a mock lacks, or has too much."""
    where = f"sample '{name}'"
    by_bins = () if "photometric" in one else _BY_BINS
    shapes = ("sigma_e",) if one.get("kind") == "shear" else ()
    check_keys(one, _SAMPLE, ("kind", "z", *by_bins, *shapes), where)
    if not by_bins:
        if both := [key for key in _BY_BINS if key in one]:
            raise ConfigError(f"{where} has photometric and {', '.join(both)}; give one of the two")
        _galaxies(name, one)
        return
    if one["family"] not in FAMILIES:
        raise ConfigError(
            f"{where} has the family {one['family']!r}; accepted are {', '.join(FAMILIES)}"
        )
    wanted = FAMILIES[one["family"]][1]
    for numbers in one["bins"]:
        if len(numbers) != wanted:
            raise ConfigError(
                f"{where} has a bin of {len(numbers)} numbers; {one['family']} takes {wanted}"
            )
    if len(one["n_eff"]) != len(one["bins"]):
        raise ConfigError(f"{where} has {len(one['bins'])} bins, and n_eff for {len(one['n_eff'])}")


def check_keys(
    content: Any, accepted: tuple[str, ...], needed: tuple[str, ...], where: str
) -> None:
    """ConfigError unless a mapping has these keys, and all that are needed."""
    if (fault := fault_of_keys(content, accepted, where)) is not None:
        raise ConfigError(fault)
    for key in needed:
        if key not in content:
            raise ConfigError(f"{where} has no {key}")


def _galaxies(name: str, sample: Mapping[str, Any]) -> Sample:
    return sample_from({name: sample["photometric"]}, name, ())


def _photometric(name: str, sample: Mapping[str, Any], z: NDArray) -> tuple[NDArray, NDArray]:
    """n(z) (n_bin, n_z) of any normalisation and densities (n_bin,) of photometric bins."""
    with jax.enable_x64(True):
        found = _galaxies(name, sample).bins(z)
    return np.asarray(found.dndz), rounded(np.asarray(found.density))


def _by_bins(sample: Mapping[str, Any], z: NDArray) -> tuple[NDArray, NDArray]:
    family, _ = FAMILIES[sample["family"]]
    dndz = np.stack([family(z, *numbers) for numbers in sample["bins"]])
    return dndz, np.array(sample["n_eff"], float)
