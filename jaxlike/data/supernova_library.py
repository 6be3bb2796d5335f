"""Supernovae in the files of CosmoSIS's standard library, read and cut as its modules do it."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxlike.data.covariance_text import read_matrix, read_triangle
from jaxlike.data.supernova_sets import des_y5, pantheon_plus
from jaxlike.data.supernovae import SupernovaData, read_columns


class LibrarySet(NamedTuple):
    """table, covariance: names of the files beside the module; read: the two to the data;
    normalised: whether chi^2 has the logarithm of the magnitude's width."""

    table: str
    covariance: str
    read: Callable[[Path, Path], SupernovaData]
    source: str
    normalised: bool = False


def _pantheon_plus(table: Path, covariance: Path, *, cepheids: bool = False) -> SupernovaData:
    """Compressed, the matrix is a triangle."""
    read = read_triangle if covariance.suffix == ".gz" else read_matrix
    return pantheon_plus(table, partial(read, covariance), cepheids=cepheids)


def _des_y5(table: Path, covariance: Path) -> SupernovaData:
    return des_y5(table, partial(read_matrix, covariance))


def _pantheon(table: Path, covariance: Path) -> SupernovaData:
    """The matrix is of systematics; errors are added, none of velocities, and moduli are those at
    the redshift in the frame of the CMB."""
    wanted = {"z_cmb": ("zcmb",), "magnitude": ("mb",), "error": ("dmb",)}
    found = read_columns(table, wanted)
    error = found.pop("error")
    matrix = read_matrix(covariance, error.size) + np.diag(error**2)
    return SupernovaData(**found, z_hel=found["z_cmb"], covariance=matrix, source=str(table))


_PANTHEON_PLUS = ("Pantheon+SH0ES.dat", "Pantheon+SH0ES_STAT+SYS.cov_compressed.gz")

LIBRARY_SETS: Mapping[str, LibrarySet] = {
    "pantheonplus_cosmosis": LibrarySet(
        *_PANTHEON_PLUS, _pantheon_plus, "Pantheon+ (arXiv:2202.04077)"
    ),
    "pantheonplusshoes_cosmosis": LibrarySet(
        *_PANTHEON_PLUS,
        partial(_pantheon_plus, cepheids=True),
        "Pantheon+ with the Cepheids of SH0ES (arXiv:2202.04077)",
    ),
    "desy5_cosmosis": LibrarySet(
        "DES-SN5YR_HD.csv",
        "STAT+SYS.txt.gz",
        _des_y5,
        "DES-SN5YR (arXiv:2401.02929)",
        normalised=True,
    ),
    "pantheon_cosmosis": LibrarySet(
        "lcparam_DS17f.txt", "sys_DS17f.txt", _pantheon, "Pantheon, binned (arXiv:1710.00845)"
    ),
}
"""Names for `data` of jaxlike.cobaya.sn."""
