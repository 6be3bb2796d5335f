"""Tables of what the PSF leaves in xi+ or in C_ell of shear, as HSC-Y3 publishes them."""

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.arrays import check_angles, check_shape, read_arrays
from jaxlike.data.units import ARCMIN
from jaxlike.errors import DataError

_N = 4  # factors of moments; the last row and column of angles are those of a constant
_ANGLES, _BANDS = ("r", "sys1", "sys2"), ("arr_0", "arr_1")


def read_psf(path: str, transform: str | None = None) -> dict[str, NDArray]:
    """Tables of the factors' products, jacobian (4, 4) and centre (4,), by default the identity.

    From r [arcmin], sys1 and sys2 (5, 5, n): theta (n,) in radians and tables (2, 5, 5, n) of both
    components; their transform has the arrays jacobian and center. From arr_0 (n,) and arr_1
    (4, 4, n), or with further bands that are zero: ell (n,) and tables (1, 4, 4, n); their
    transform has the inverse of the jacobian in arr_0 and the centre in arr_1. DataError, naming
    the file and the array, on another shape.
    """
    file = read_arrays(path, "psf_file", _ANGLES, _BANDS)
    of_bands = _BANDS[0] in file
    found = _of_bands(path, file) if of_bands else _of_angles(path, file)
    found |= {"jacobian": np.eye(_N), "centre": np.zeros(_N)}
    if transform is None:
        return found
    names = _BANDS if of_bands else ("jacobian", "center")
    other = read_arrays(transform, "psf_transform", names)
    for name, shape in zip(names, ((_N, _N), (_N,)), strict=True):
        check_shape(other[name], shape, f"psf_transform '{transform}': {name}")
    matrix, centre = (other[name] for name in names)
    if of_bands:
        if not np.linalg.cond(matrix) < 1e12:
            raise DataError(f"psf_transform '{transform}': {names[0]} has no inverse")
        matrix = np.linalg.inv(matrix)
    return found | {"jacobian": matrix, "centre": centre}


def _of_angles(path: str, file: dict[str, NDArray]) -> dict[str, NDArray]:
    theta = file["r"]
    check_angles(theta, f"psf_file '{path}': r")
    for name in ("sys1", "sys2"):
        check_shape(file[name], (_N + 1, _N + 1, theta.size), f"psf_file '{path}': {name}")
    return {"theta": theta * ARCMIN, "tables": np.stack([file["sys1"], file["sys2"]])}


def _of_bands(path: str, file: dict[str, NDArray]) -> dict[str, NDArray]:
    where = f"psf_file '{path}'"
    ell, table = (file[name] for name in _BANDS)
    if ell.ndim != 1 or ell.size == 0 or ell[0] <= 0 or np.any(np.diff(ell) <= 0):
        raise DataError(f"{where}: arr_0 must be ascending multipoles > 0")
    if table.shape[:-1] != (_N, _N):
        raise DataError(f"{where}: arr_1 has shape {table.shape}, but must have {(_N, _N, 'n')}")
    if table.shape[-1] != ell.size:  # of all bands of the data, of which the others are zero
        table = table[..., table.any(axis=(0, 1))]
    if table.shape[-1] != ell.size:
        raise DataError(
            f"{where}: arr_1 has {table.shape[-1]} bands that are not zero, but arr_0 has "
            f"{ell.size} multipoles"
        )
    return {"ell": ell, "tables": table[None]}
