"""Means and a covariance of named quantities of the universe: the CMB compressed to a few numbers,
or what else is known of them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.covariance_text import checked_covariance, lines_of, number, text_of
from jaxlike.errors import DataError

_FILES = Path(__file__).resolve().parent / "files"

COMPRESSED_CMB: Mapping[str, str] = {
    "planck_pr4_compressed": "Planck PR4 compressed (arXiv:2302.12911, arXiv:2503.14738)",
    "planck_2018_compressed": "Planck 2018 TTTEEE and lowE compressed (arXiv:1807.06209)",
    "planck_2018_compressed_as_ns": "the same with A_s and n_s (arXiv:1807.06209)",
    "planck_2018_thetastar": "theta* of Planck 2018 (arXiv:1807.06209, arXiv:2503.14738)",
    "planck_2018_lowe": "tau of Planck 2018's low-ell EE (arXiv:1807.06209)",
}
"""Name of what comes with the package -> what it is.

planck_pr4_compressed: the angle of the acoustic scale at last scattering, and the densities of
baryons and of baryons with cold dark matter, marginalised over the late universe.
planck_2018_compressed: theta_MC and the densities of baryons and cold dark matter, in LambdaCDM,
without lensing; _as_ns: with ln(10^10 A_s) and n_s, whose errors are marginalised over tau.
planck_2018_thetastar: the angle alone, its error widened by what extended models would make of it.
planck_2018_lowe: the optical depth alone, of polarisation at ell < 30.
"""


@dataclass(frozen=True, eq=False)
class GaussianData:
    """names (n,) of quantities, their mean (n,) and covariance (n, n); DataError on what is none of
    that."""

    names: tuple[str, ...]
    mean: NDArray
    covariance: NDArray
    source: str = "Gaussian data"

    def __post_init__(self) -> None:
        n = len(self.names)
        shapes = np.shape(self.mean), np.shape(self.covariance)
        if shapes != ((n,), (n, n)) or not n:
            raise DataError(
                f"{self.source}: {n} quantities are of a mean and covariance of shapes "
                f"{', '.join(map(str, shapes))}"
            )
        for name in self.names:
            if self.names.count(name) > 1:
                raise DataError(f"{self.source}: has the quantity '{name}' twice")
        numbers = np.append(self.mean, self.covariance)
        for bad in numbers[~np.isfinite(numbers)]:
            raise DataError(f"{self.source}: has {bad} among its data")
        checked_covariance(np.asarray(self.covariance, float), self.source)


def read_gaussian(path: str | os.PathLike[str]) -> GaussianData:
    """Read lines `quantity mean row of the covariance`, one for each of n quantities, of n + 2
    words.

    DataError names file and line.
    """
    lines = lines_of(text_of(path, "means and a covariance"))
    n = len(lines)
    rows = []
    for i, words in lines:
        if len(words) != n + 2:
            raise DataError(
                f"{path}: line {i} has {len(words)} columns, but of {n} quantities each has a line "
                f"`quantity mean` and {n} elements of the covariance"
            )
        rows.append([number(word, path, i, "number") for word in words[1:]])
    if not rows:
        raise DataError(f"{path}: has no line `quantity mean covariance`")
    found = np.array(rows)
    names = tuple(words[0] for _, words in lines)
    return GaussianData(names, found[:, 0], found[:, 1:], str(path))


def compressed_cmb(name: str = "planck_pr4_compressed") -> GaussianData:
    """One of COMPRESSED_CMB, which come with the package."""
    if name not in COMPRESSED_CMB:
        every = ", ".join(COMPRESSED_CMB)
        raise DataError(f"there is no compressed CMB {name!r}; they are {every}")
    return read_gaussian(_FILES / f"{name}.txt")
