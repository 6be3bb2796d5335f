"""Supernovae that `cobaya-install` brings, read and cut as Cobaya does it."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.covariance_text import finite, of_triangle, read_matrix, settings_of
from jaxlike.data.supernovae import SupernovaData, read_columns
from jaxlike.errors import DataError

_Z_MIN = 0.01  # below which peculiar velocities of Pantheon+ are too large
_OTHER_MATRICES = ("stretch", "colour", "mag_stretch", "mag_colour", "stretch_colour")


class SupernovaSet(NamedTuple):
    """dataset_file in Cobaya's `sn_data`; read: (table, covariance, what the .dataset says) to the
    data; normalised: whether Cobaya's chi^2 has the logarithm of the magnitude's width; keys: what
    of a .dataset file has an effect."""

    dataset_file: str
    read: Callable[[Path, Path, Mapping[str, str]], SupernovaData]
    source: str
    normalised: bool = False
    keys: tuple[str, ...] = ("data_file", "mag_covmat_file")


def read_dataset(file: Path, changed: Mapping[str, object]) -> dict[str, str]:
    """Keys -> values of a .dataset file, of which some are changed."""
    found = settings_of(file, changed)
    for key in ("data_file", "mag_covmat_file"):
        if not found.get(key):
            raise DataError(f"{file}: says no {key}")
    return found


def files_of(dataset: Mapping[str, str], folder: Path) -> tuple[Path, Path]:
    """Table and covariance of a .dataset file in this folder."""
    return folder / dataset["data_file"], folder / dataset["mag_covmat_file"]


def pantheon_plus(
    table: Path, covariance: Callable[[int], NDArray], *, cepheids: bool = False
) -> SupernovaData:
    """Beyond z = 0.01, and, with `cepheids`, those in galaxies of SH0ES (arXiv:2202.04077).

    covariance: of how many supernovae the table has.
    """
    wanted = {"magnitude": ("m_b_corr",), "z_cmb": ("zhd",), "z_hel": ("zhel",)}
    if cepheids:
        wanted |= {"calibrator": ("is_calibrator",), "modulus": ("ceph_dist",)}
    found = read_columns(table, wanted)
    n = found["z_cmb"].size
    calibrator = found.pop("calibrator", np.zeros(n)) != 0
    modulus = found.pop("modulus", None)
    if modulus is not None:
        found["calibrated"] = np.where(calibrator, modulus, np.nan)
    chosen = np.flatnonzero((found["z_cmb"] > _Z_MIN) | calibrator)
    matrix = covariance(n)[np.ix_(chosen, chosen)]
    kept = {name: column[chosen] for name, column in found.items()}
    return SupernovaData(**kept, covariance=matrix, source=str(table))


def _pantheon_plus(table: Path, covariance: Path, dataset: Mapping[str, str]) -> SupernovaData:
    return pantheon_plus(table, partial(read_matrix, covariance))


def _shoes(table: Path, covariance: Path, dataset: Mapping[str, str]) -> SupernovaData:
    return pantheon_plus(table, partial(read_matrix, covariance), cepheids=True)


_OF_DES = {"magnitude": ("mu",), "z_cmb": ("zhd",), "z_hel": ("zhel",)}


def des_y5(table: Path, covariance: Callable[[int], NDArray]) -> SupernovaData:
    """The matrix is of systematics; errors of each are in the table (arXiv:2401.02929).

    covariance: of how many supernovae the table has.
    """
    found = read_columns(table, {**_OF_DES, "error": ("muerr_final",)}, separator=",")
    error = found.pop("error")
    matrix = covariance(error.size) + np.diag(error**2)
    return SupernovaData(**found, covariance=matrix, source=str(table))


def _des_y5(table: Path, covariance: Path, dataset: Mapping[str, str]) -> SupernovaData:
    return des_y5(table, partial(read_matrix, covariance))


def _dovekie(table: Path, covariance: Path, dataset: Mapping[str, str]) -> SupernovaData:
    """The file has the inverse, as a triangle (arXiv:2511.07517)."""
    found = read_columns(table, _OF_DES, separator=",")
    near = found["z_cmb"] <= _Z_MIN
    if np.any(near):
        raise DataError(f"{table}: has z = {found['z_cmb'][near][0]:g}, but must be above {_Z_MIN}")
    precision = _triangle(covariance, found["z_cmb"].size)
    return SupernovaData(**found, covariance=np.linalg.inv(precision), source=str(table))


def _triangle(file: Path, n: int) -> NDArray:
    """Symmetric matrix (n, n) from n and its upper triangle, two arrays of an .npz file."""
    try:
        with np.load(file) as arrays:
            size, upper = (arrays[name] for name in arrays.files[:2])
            size = int(np.ravel(size)[0])
    except (OSError, ValueError, EOFError, BadZipFile, AttributeError, TypeError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{file}: cannot be read as an inverse covariance ({reason})") from error
    if size != n or upper.shape != (n * (n + 1) // 2,):
        raise DataError(f"{file}: has the triangle of {size} data, but the table has {n}")
    return of_triangle(upper, n)


def _pantheon(table: Path, covariance: Path, dataset: Mapping[str, str]) -> SupernovaData:
    """The matrix is of systematics; errors, and those of peculiar velocities, are added
    (arXiv:1710.00845)."""
    for one in _OTHER_MATRICES:
        if _says_yes(dataset.get(f"has_{one}_covmat")):
            raise DataError(
                f"{table}: comes with a covariance of {one}, which a light curve's parameters "
                "alpha and beta go with: the magnitudes must be corrected for them"
            )
    if _says_yes(dataset.get("twoscriptmfit")) or _number(dataset, "intrinsicdisp", table):
        raise DataError(f"{table}: twoscriptmfit and intrinsicdisp are not computed here")
    wanted = {"z_cmb": ("zcmb",), "z_hel": ("zhel",), "magnitude": ("mb",), "error": ("dmb",)}
    found = read_columns(table, wanted)
    z, error = found["z_cmb"], found.pop("error")
    pecz = _number(dataset, "pecz", table, 0.001)
    moved = 5 / np.log(10) * pecz * (1 + z) / (z * (1 + 0.5 * z))
    matrix = read_matrix(covariance, z.size) + np.diag(error**2 + moved**2)
    return SupernovaData(**found, covariance=matrix, source=str(table))


def _number(dataset: Mapping[str, str], key: str, table: Path, default: float = 0.0) -> float:
    return finite(dataset[key], f"{table}: the .dataset file", key) if key in dataset else default


def _says_yes(word: str | None) -> bool:
    return (word or "F").upper() in ("T", "TRUE", "1", "YES")


SUPERNOVA_SETS: Mapping[str, SupernovaSet] = {
    "pantheonplus": SupernovaSet(
        "PantheonPlus/config.dataset", _pantheon_plus, "Pantheon+ (arXiv:2202.04077)"
    ),
    "pantheonplusshoes": SupernovaSet(
        "PantheonPlus/config.dataset",
        _shoes,
        "Pantheon+ with the Cepheids of SH0ES (arXiv:2202.04077)",
    ),
    "desy5": SupernovaSet("DESY5/config.dataset", _des_y5, "DES-SN5YR (arXiv:2401.02929)"),
    "desdovekie": SupernovaSet(
        "DES-Dovekie/config.dataset", _dovekie, "DES-Dovekie (arXiv:2511.07517)"
    ),
    "pantheon": SupernovaSet(
        "Pantheon/full_long.dataset",
        _pantheon,
        "Pantheon (arXiv:1710.00845)",
        normalised=True,
        keys=("data_file", "mag_covmat_file", "pecz"),
    ),
}
"""Cobaya's names without `sn.` -> how it reads them, in its version 3.6."""
