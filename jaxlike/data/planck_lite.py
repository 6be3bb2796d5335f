"""Band powers of the CMB: the foreground-marginalised ones of Planck's plik-lite, as Cobaya, Prince
& Dunkley (arXiv:1909.05869) and CosmoSIS have them in files, and two of its low multipoles."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.covariance_text import checked_covariance, read_matrix, settings_of, text_of
from jaxlike.errors import DataError

SPECTRA = ("tt", "te", "ee")
"""In the order of the files."""

DATASET_FILE = "plik_lite_v22.dataset"
"""What Cobaya calls the file that names the others."""

_FILES = ("data", "blmin", "blmax", "weights")
_SIZES = ("nbintt", "nbinte", "nbinee", "lmax", "bin_lmin_offset")
_LISTS = ("use_bins", "bins_for_L_range")
KEYS = (*_FILES, *_SIZES, *_LISTS, "use_cl", "cov_file", "cov_file_binary", "calibration_param")
"""What of a .dataset file has an effect."""

# The layout of planck-lite-py, a folder without a .dataset file
_BY_HAND = {
    "data": "cl_cmb_plik_v22.dat",
    "blmin": "blmin.dat",
    "blmax": "blmax.dat",
    "weights": "bweight.dat",
    "cov_file_binary": "c_matrix_plik_v22.dat",
    "nbintt": "215",
    "nbinte": "199",
    "nbinee": "199",
    "lmax": "2508",
    "bin_lmin_offset": "30",
}

COSMOSIS_FILE = "planck_lite_2018_v22.dat"
"""What CosmoSIS's standard library calls the file that says of each band power all but its
covariance, which is beside it with the weights."""

_COLUMNS = (
    "spectrum index_in_spectrum band_ell_min band_ell_max weight_row_min weight_row_max "
    "band_ell_nominal bandpower bandpower_sigma"
)


@dataclass(frozen=True, eq=False)
class BandPowers:
    """Band powers of C_ell in muK^2: spectrum (n,) of each, first and last multipole (n,), value
    (n,), covariance (n, n); weights (n, width): of C_ell from the first multipole on, then zeros.
    """

    spectrum: tuple[str, ...]
    first: NDArray
    last: NDArray
    weights: NDArray
    value: NDArray
    covariance: NDArray
    source: str

    def __post_init__(self) -> None:
        for name in ("first", "last", "weights", "value"):
            if not np.all(np.isfinite(getattr(self, name))):
                raise DataError(f"{self.source}: has a {name} that is no number")
        checked_covariance(np.asarray(self.covariance, float), self.source)


def planck_low_ell() -> BandPowers:
    """Planck 2018's temperature at ell = 2 to 15 and 16 to 29, whose means of ell (ell + 1) C_ell
    are nearly Gaussian (arXiv:1909.05869, sec. 3)."""
    first, last = np.array([2, 16]), np.array([15, 29])
    ell = first[:, None] + np.arange(14)
    weights = ell * (ell + 1.0)
    weights /= weights.sum(axis=1, keepdims=True)
    value, error = np.array([53.43946266, 9.69570430]), np.array([4.92290808, 0.58796780])
    return BandPowers(
        ("tt", "tt"), first, last, weights, value, np.diag(error**2), "Planck 2018 low-ell TT"
    )


def read_plik_lite(
    path: str | os.PathLike[str], changed: Mapping[str, object] | None = None
) -> BandPowers:
    """Read a .dataset file with those that it names, of which some entries are `changed`, or a
    folder of planck-lite-py's or of CosmoSIS's.

    DataError names the file and what is wrong with it.
    """
    path = Path(path)
    own = {key: str(value) for key, value in (changed or {}).items()}
    if (path / COSMOSIS_FILE).is_file():
        return _read_cosmosis(path, own)
    said = _BY_HAND | own if path.is_dir() else settings_of(path, own)
    folder = path if path.is_dir() else path.parent
    for key in (*_FILES, *_SIZES):
        if not said.get(key):
            raise DataError(f"{path}: says no {key}")
    n_bin = {one: _whole(said, f"nbin{one}", path) for one in SPECTRA}
    offset = _whole(said, "bin_lmin_offset", path)
    table = _table(folder / said["data"])
    n = sum(n_bin.values())
    if table.shape != (n, 3):
        raise DataError(
            f"{folder / said['data']}: has {table.shape[0]} rows of {table.shape[1]} numbers, but "
            f"{n} of 3 are needed, `ell C_ell error`"
        )
    first, last = (_table(folder / said[key]).ravel().astype(int) + offset for key in _FILES[1:3])
    of_ell = np.append(np.zeros(offset), _table(folder / said["weights"]).ravel())
    covariance = _covariance(folder, said, n, path)
    kept, spectrum, bins = _chosen(said, n_bin, first, last, path)
    first, last = first[bins], last[bins]
    if last.max() > (ell_max := _whole(said, "lmax", path)):
        raise DataError(f"{path}: lmax is {ell_max}, but bins reach ell = {last.max()}")
    width = int((last - first).max()) + 1
    ell = first[:, None] + np.arange(width)
    inside = (ell <= last[:, None]) & (ell < of_ell.size)
    weights = np.where(inside, of_ell[np.minimum(ell, of_ell.size - 1)], 0.0)
    return BandPowers(
        spectrum,
        first,
        last,
        weights,
        table[kept, 1],
        covariance[np.ix_(kept, kept)],
        str(path),
    )


def _read_cosmosis(folder: Path, said: Mapping[str, str]) -> BandPowers:
    """The files of `planck_py` in CosmoSIS's standard library; last multipoles are exclusive in
    them, and each band power has rows of weights of its own."""
    file = folder / COSMOSIS_FILE
    if others := [key for key in said if key not in (*_LISTS, "use_cl", "calibration_param")]:
        raise DataError(f"{file}: stands for itself; leave out {others[0]}")
    lines = text_of(file, "a table of band powers").splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    if lines[0].lstrip("# ") != _COLUMNS or any(len(row) != len(_COLUMNS.split()) for row in rows):
        raise DataError(f"{file}: needs a line `# {_COLUMNS}` and the same of each band power")
    of = tuple(row[0].lower() for row in rows)
    n_bin = {one: of.count(one) for one in SPECTRA}
    if of != tuple(one for one in SPECTRA for _ in range(n_bin[one])):
        raise DataError(f"{file}: band powers must be those of {', '.join(SPECTRA)}, in this order")
    try:
        first, end, start, stop = np.array([row[2:6] for row in rows], int).T
        value = np.array([row[7] for row in rows], float)
    except ValueError as error:
        raise DataError(f"{file}: has what is no number ({error})") from error
    kept, spectrum, _ = _chosen(said, n_bin, first, end - 1, file)
    of_ell = _table(folder / COSMOSIS_FILE.replace(".dat", "_weights.dat")).ravel()
    weights = np.zeros((kept.size, int((stop - start)[kept].max())))
    for own, row in zip(weights, kept, strict=True):
        own[: stop[row] - start[row]] = of_ell[start[row] : stop[row]]
    covariance = _stored(folder / COSMOSIS_FILE.replace(".dat", "_cov.npz"), value.size)
    return BandPowers(
        spectrum,
        first[kept],
        end[kept] - 1,
        weights,
        value[kept],
        covariance[np.ix_(kept, kept)],
        str(folder),
    )


def _stored(file: Path, n: int) -> NDArray:
    try:
        with np.load(file) as found:
            covariance = found["cov"]
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise DataError(f"{file}: is no covariance of band powers ({error})") from error
    if covariance.shape != (n, n):
        raise DataError(f"{file}: has an array {covariance.shape}, but {n} x {n} are needed")
    return covariance


def _whole(said: Mapping[str, str], key: str, path: Path) -> int:
    try:
        return int(said[key])
    except ValueError as error:
        raise DataError(f"{path}: {key} is {said[key]!r}, but must be a whole number") from error


def _table(file: Path) -> NDArray:
    text_of(file, "a table of numbers")
    try:
        return np.loadtxt(file, ndmin=2)
    except ValueError as error:
        raise DataError(f"{file}: is no table of numbers ({error})") from error


def _covariance(folder: Path, said: Mapping[str, str], n: int, path: Path) -> NDArray:
    """The binary file of Fortran's, whose lower triangle counts, or the text where it is not
    there, as in Cobaya."""
    binary = folder / said["cov_file_binary"] if said.get("cov_file_binary") else None
    if binary is None or not binary.is_file():
        if not said.get("cov_file"):
            raise DataError(f"{binary or path}: there is no covariance of the band powers")
        return read_matrix(folder / said["cov_file"], n)
    from scipy.io import FortranFile, FortranFormattingError  # and much besides

    try:
        with FortranFile(binary, "r") as file:
            numbers = file.read_reals(dtype=float)
    except (OSError, ValueError, TypeError, FortranFormattingError) as error:
        raise DataError(f"{binary}: cannot be read as a covariance ({error})") from error
    if numbers.size != n * n:
        raise DataError(f"{binary}: has {numbers.size} numbers, but {n} x {n} are needed")
    square = numbers.reshape(n, n)
    return np.tril(square) + np.tril(square, -1).T


def _chosen(
    said: Mapping[str, str], n_bin: Mapping[str, int], first: NDArray, last: NDArray, path: Path
) -> tuple[NDArray, tuple[str, ...], NDArray]:
    """Rows of the data that are used, the spectrum of each, and the number of its bin."""
    wanted = said.get("use_cl", " ".join(SPECTRA)).lower().split()
    for one in wanted:
        if one not in SPECTRA:
            raise DataError(f"{path}: use_cl has {one!r}; accepted are {', '.join(SPECTRA)}")
    if not wanted:
        raise DataError(f"{path}: use_cl is empty; accepted are {', '.join(SPECTRA)}")
    use = _bins(said, max(n_bin.values()), (first + last) / 2, path)
    rows, spectrum, bins, start = [], [], [], 0
    for one in SPECTRA:
        if one in wanted:
            own = use[use < n_bin[one]]
            rows.append(start + own)
            bins.append(own)
            spectrum += [one] * own.size
        start += n_bin[one]
    if not spectrum:
        raise DataError(f"{path}: use_bins and bins_for_L_range leave no band power")
    return np.concatenate(rows), tuple(spectrum), np.concatenate(bins)


def _bins(said: Mapping[str, str], n: int, centre: NDArray, path: Path) -> NDArray:
    given = {key: said.get(key, "").split() for key in _LISTS}
    try:
        use, between = (np.array([int(word) for word in given[key]], int) for key in _LISTS)
    except ValueError as error:
        raise DataError(f"{path}: use_bins and bins_for_L_range are whole numbers") from error
    if use.size and between.size:
        raise DataError(f"{path}: use_bins and bins_for_L_range both choose bins: give one")
    if use.size and (use.min() < 0 or use.max() >= n):
        raise DataError(f"{path}: use_bins has {use.max()}, but bins are numbered 0 to {n - 1}")
    if between.size not in (0, 2):
        raise DataError(f"{path}: bins_for_L_range has {between.size} numbers, but must have two")
    if between.size:
        return np.flatnonzero((centre[:n] >= between[0]) & (centre[:n] <= between[1]))
    return use if use.size else np.arange(n)
