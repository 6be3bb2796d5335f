"""Band powers of CMB lensing in a CosmoMC .dataset file, as Planck publishes them
(arXiv:1807.06210, arXiv:2206.07773) and Cobaya's `CMBlikes` reads them."""

import os
from collections.abc import Mapping
from math import pi
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.convergence import Convergence
from jaxlike.data.covariance_text import (
    checked_covariance,
    finite,
    read_matrix,
    read_table,
    text_of,
)
from jaxlike.data.formats import path_of
from jaxlike.data.measurement import Measurement
from jaxlike.data.twopoint import TwoPointData
from jaxlike.data.windows import BandpowerWindows
from jaxlike.errors import DataError

_PHI = "PP"
# D_L = (L (L + 1))^2 C_L^phiphi / 2 pi, and kappa = L (L + 1) phi / 2
_KAPPA = pi / 2
_CORRECTION = "linear_correction_bin_window"
_MARGED = "the CMB-marginalised likelihood (..._CMBmarged.dataset) needs none"


def read_lensing_dataset(path: str | os.PathLike[str], *, name: str = "cmb") -> TwoPointData:
    """C_ell_kappa of a map of the CMB's convergence, from a .dataset file and those that it names.

    Points are in units of C_L of kappa: pi/2 times a band power of (L (L + 1))^2 C_L^phiphi / 2 pi.
    A linear correction, D_b = sum_L W_b(L) D_L + sum_L dW_b(L) D_L - f_b, is a part of the windows
    and of the points: C_b = sum_L (W_b + dW_b)(L) C_L is compared with pi/2 (D_b measured + f_b).
    name: of the map. DataError names the file at fault, and says what is not computed here:
    likelihoods other than Gaussian ones in phi alone.
    """
    file = path_of(path)
    ini = _parsed(file)
    _check_kind(file, ini)
    first, last = _whole(file, ini, "use_min", 1), _whole(file, ini, "use_max", None, "nbins")
    bins = np.arange(first, last + 1)
    if not 1 <= first <= last:
        raise DataError(f"{file}: use_min = {first} and use_max = {last} leave no bins")
    value = _of_bins(_named(file, ini, "cl_hat_file"), bins)
    ell = np.arange(_whole(file, ini, "cl_lmin", None), _whole(file, ini, "cl_lmax", None) + 1)
    weight = _windows(file, ini, "bin_window", bins, ell)
    size = np.abs(weight)
    if not np.all(size.sum(axis=1) > 0):
        raise DataError(f"{file}: has windows of no weight between cl_lmin and cl_lmax")
    nominal = size @ ell / size.sum(axis=1)
    if "linear_correction_fiducial_file" in ini:
        weight = weight + _windows(file, ini, _CORRECTION, bins, ell)
        value = value + _of_bins(_named(file, ini, "linear_correction_fiducial_file"), bins)
    seen = weight.any(axis=0)
    measurement = Measurement(
        name="C_ell_kappa",
        statistic="C_ell_kappa",
        kernel1=name,
        kernel2=name,
        bin1=np.ones(bins.size, int),
        bin2=np.ones(bins.size, int),
        angle_bin=bins,
        theta_arcmin=None,
        value=_KAPPA * value,
        ell=nominal,
        windows=BandpowerWindows(
            ell[seen], weight[:, seen], np.arange(bins.size), f"{file}: windows"
        ),
    )
    matrix = _KAPPA**2 * _covariance(file, ini, bins)
    return TwoPointData((measurement,), (), matrix, str(file), (Convergence(name),))


def _parsed(file: Path) -> dict[str, str]:
    """Keys -> values, with those of the files that it includes, as Cobaya reads them."""
    from getdist.inifile import IniError, IniFile  # with all of getdist, which takes a second

    text_of(file, "a .dataset file")
    try:
        return dict(IniFile(str(file)).params)
    except (OSError, UnicodeDecodeError, ValueError, IniError) as error:
        raise DataError(f"{file}: cannot be read as a .dataset file ({error})") from error


def _check_kind(file: Path, ini: Mapping[str, str]) -> None:
    """DataError on what is no Gaussian in band powers of phi alone."""
    approx = ini.get("like_approx", "gaussian")
    if approx != "gaussian":
        raise DataError(f"{file}: like_approx = {approx} is not computed here; gaussian is")
    used = ini.get("fields_use", "")
    if used.split() != ["P"] or ini.get("covmat_cl", _PHI) != _PHI:
        raise DataError(
            f"{file}: fields_use = {used or 'nothing'}, but only P, the potential of CMB lensing, "
            "is computed here"
        )
    if {*ini.get("fields_required", "P").split()} != {"P"}:
        raise DataError(
            f"{file}: fields_required = {ini['fields_required']}: its band powers are corrected by "
            f"the CMB's own spectra, which there are none of here; {_MARGED}"
        )
    for key, accepted in {"binned": True, "cl_hat_includes_noise": False}.items():
        if key in ini and _yes(ini[key]) != accepted:
            raise DataError(f"{file}: {key} = {ini[key]} is not computed here")
    if ini.get("map_names"):
        raise DataError(f"{file}: map_names = {ini['map_names']} is not computed here")


def _yes(word: str) -> bool:
    return word.upper() in ("T", "TRUE", "1", "YES", "Y")


def _whole(
    file: Path, ini: Mapping[str, str], key: str, default: int | None, other: str | None = None
) -> int:
    """An integer, or that of another key, or the default; DataError where there is none."""
    word = ini.get(key, None if other is None else ini.get(other))
    if word is None:
        if default is None:
            raise DataError(f"{file}: says no {other or key}")
        return default
    found = finite(word, f"{file}:", key)
    if found != int(found):
        raise DataError(f"{file}: {key} = {word} is no whole number")
    return int(found)


def _named(file: Path, ini: Mapping[str, str], key: str) -> Path:
    """The file that a key names, beside the .dataset; DataError where it says none."""
    if not ini.get(key):
        raise DataError(f"{file}: says no {key}")
    return file.parent / ini[key]


def _of_bins(file: Path, bins: NDArray) -> NDArray:
    """The column PP (n_bin,) of a table of band powers, by the numbers of bins in its first column;
    the last comment before the numbers names the columns."""
    header = [line[1:].split() for line in text_of(file, "band powers").splitlines() if "#" in line]
    if not header or _PHI not in header[-1]:
        raise DataError(f"{file}: no comment names the columns, of which one must be {_PHI}")
    table = read_table(file, "band power")
    column = header[-1].index(_PHI)
    if column >= table.shape[1]:
        raise DataError(f"{file}: has {table.shape[1]} columns, but names {len(header[-1])}")
    found = dict(zip(table[:, 0].astype(int).tolist(), table[:, column], strict=True))
    for one in bins:
        if int(one) not in found:
            raise DataError(f"{file}: has no bin {one}, which the .dataset file uses")
    return np.array([found[int(one)] for one in bins])


def _windows(file: Path, ini: Mapping[str, str], stem: str, bins: NDArray, ell: NDArray) -> NDArray:
    """Weights (n_bin, n_ell) of C_L^phiphi in each bin, from a file a bin."""
    orders = {ini.get(f"{stem}_{way}_order", _PHI) for way in ("in", "out")}
    if orders != {_PHI}:
        raise DataError(
            f"{file}: {stem}_in_order = {ini.get(f'{stem}_in_order')}: its windows are of other "
            f"spectra than {_PHI}, which there are none of here; {_MARGED}"
        )
    pattern = str(_named(file, ini, f"{stem}_files"))
    found = np.zeros((bins.size, ell.size))
    for row, number in zip(found, bins, strict=True):
        try:
            one = pattern % int(number)
        except (TypeError, ValueError) as error:
            raise DataError(f"{file}: {stem}_files must have one %u for the bin") from error
        table = read_table(one, "weight")
        if table.shape[1] != 2:
            raise DataError(f"{one}: has {table.shape[1]} columns; a multipole and a weight are 2")
        inside = (table[:, 0] >= ell[0]) & (table[:, 0] <= ell[-1])
        row[table[inside, 0].astype(int) - ell[0]] = table[inside, 1]
    return found


def _covariance(file: Path, ini: Mapping[str, str], bins: NDArray) -> NDArray:
    """That of the bins in use, of one of all bins."""
    every = _whole(file, ini, "nbins", None)
    matrix = read_matrix(_named(file, ini, "covmat_fiducial"), every)
    scale = finite(ini.get("covmat_scale", "1"), f"{file}:", "covmat_scale")
    return checked_covariance(scale * matrix[np.ix_(bins - 1, bins - 1)], file)
