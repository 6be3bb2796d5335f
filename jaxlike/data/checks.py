"""Checks shared by the data containers: finite arrays and usable covariances."""

import warnings
from collections.abc import Sequence

import numpy as np

from jaxlike.errors import DataError
from jaxlike.numerics.block_matrix import BlockMatrix

# Rounding in files written through text leaves asymmetries of 1e-9; a real mistake leaves more.
_SYMMETRY_TOLERANCE = 1e-6
# Calibrated histograms, as DES-Y3's, fall below zero by 0.24 % of their maximum.
_NEGATIVE_TOLERANCE = 1e-2
# Published covariances that were estimated element by element, as that of KiDS-1000's xi+-, differ
# from their transposes by up to 0.017 of sigma_i sigma_j.
_ASYMMETRY_LIMIT = 0.05
_SINGULAR = 1e-12  # share of a variance that the other points leave open, below which it is none


def store(container: object, field: str, value: object) -> None:
    """Set a field of a frozen dataclass, which is how its __post_init__ normalises it."""
    object.__setattr__(container, field, value)


def finite_array(
    values: object, where: str, *, ndim: int = 1, size: int | None = None, integer: bool = False
) -> np.ndarray:
    """Read-only native float64 (or int64) copy of finite numbers; itself what is that already.

    `where` opens the message of the DataError raised for anything else, for another number of
    dimensions than `ndim`, or for another number of elements than `size`.
    """
    try:
        found = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise DataError(f"{where} must hold numbers in {ndim} dimension(s)") from error
    check_real(found, where)
    own = found.dtype == np.float64 and found.flags.owndata and not found.flags.writeable
    array = found if own and not integer else np.array(found, dtype=np.float64)
    if array.ndim != ndim:
        raise DataError(f"{where} has {array.ndim} dimension(s) where {ndim} are needed")
    if size is not None and array.size != size:
        raise DataError(f"{where} has {array.size} element(s) where {size} are needed")
    if not np.isfinite(array).all():
        bad = ~np.isfinite(array)
        index = [int(i) + 1 for i in np.argwhere(bad)[0]]
        at = f"row {index[0]}" if ndim == 1 else f"element {tuple(index)}"
        raise DataError(
            f"{where} has the value {array[bad][0]} in {at}; only finite numbers are accepted"
        )
    if integer:
        if np.any(array != np.round(array)):
            raise DataError(f"{where} must hold whole numbers")
        array = array.astype(np.int64)
    array.setflags(write=False)
    return array


def check_real(values: np.ndarray, where: str) -> None:
    """Raise DataError, opened by `where`, unless an array holds real numbers."""
    kinds = {"b": "logicals", "c": "complex numbers", "U": "text", "S": "text"}
    if values.dtype.kind not in "iuf":
        what = kinds.get(values.dtype.kind, "something else")
        raise DataError(f"{where} must hold numbers, and holds {what}")


def check_density(values: np.ndarray, where: str) -> None:
    """Raise DataError unless `values` (n_z,) can be an n(z): somewhere > 0 and nowhere below zero.

    Below zero by less than a hundredth of the maximum is noise of a calibrated n(z), and allowed.
    """
    if not values.any():
        raise DataError(f"{where} is zero in every row; an n(z) must not be")
    if values.min() < -_NEGATIVE_TOLERANCE * values.max():
        raise DataError(
            f"{where} is negative in row {int(values.argmin()) + 1}; n(z) must be >= 0, but for"
            " noise of less than a hundredth of its maximum"
        )


def check_shape(covariance: np.ndarray, blocks: Sequence[tuple[str, int]]) -> None:
    """Raise DataError unless `covariance` has a row and column for every point of `blocks`.

    `blocks` are the (name, number of points) of the measurements.
    """
    n_data = sum(size for _, size in blocks)
    if covariance.shape != (n_data, n_data):
        raise DataError(
            f"HDU 'COVMAT' is {' x '.join(map(str, covariance.shape))}, but the {n_data} points of"
            f" {', '.join(name for name, _ in blocks)} need {n_data} x {n_data}"
        )


def symmetrised(covariance: np.ndarray, where: str, source: str) -> np.ndarray:
    """The mean of a square matrix and its transpose, with a warning where they differ visibly.

    DataError, opened by `where`, beyond what numerical noise leaves in published covariances;
    `source` is the file, for the warning.
    """
    variance = np.diag(covariance)
    if not np.all(np.isfinite(covariance)) or np.any(variance <= 0):
        return covariance  # whoever checks it says what is wrong
    found = BlockMatrix.of(covariance)
    largest, i, j = _asymmetry(found, np.sqrt(variance))
    if largest > _ASYMMETRY_LIMIT:
        raise DataError(
            f"{where} is not symmetric: elements ({i + 1}, {j + 1}) and ({j + 1}, {i + 1})"
            f" are {covariance[i, j]:.6g} and {covariance[j, i]:.6g}, which differ by"
            f" {largest:.2g} of sigma_{i + 1} sigma_{j + 1}; up to {_ASYMMETRY_LIMIT} is accepted"
        )
    if largest <= _SYMMETRY_TOLERANCE:
        return covariance
    warnings.warn(
        f"{source}: {where} is not symmetric, by up to {largest:.2g} of sigma_i sigma_j: the mean"
        " of it and its transpose is taken",
        stacklevel=3,
    )
    return (covariance + covariance.T) / 2


def check_covariance(covariance: np.ndarray, where: str = "HDU 'COVMAT'") -> None:
    """Raise DataError unless the square `covariance` is symmetric and positive definite.

    `where` opens the message.
    """
    variance = np.diag(covariance)
    if np.any(variance <= 0):
        at = int(np.argmax(variance <= 0))
        raise DataError(
            f"{where} is not positive definite: diagonal element {at + 1} is"
            f" {variance[at]:.3g}, and variances must be > 0"
        )
    found, sigma = BlockMatrix.of(covariance), np.sqrt(variance)
    largest, i, j = _asymmetry(found, sigma)
    if largest > _SYMMETRY_TOLERANCE:
        raise DataError(
            f"{where} is not symmetric: elements ({i + 1}, {j + 1}) and ({j + 1}, {i + 1})"
            f" are {covariance[i, j]:.6g} and {covariance[j, i]:.6g}, and they must agree"
        )
    # Correlations, so that probes of very different amplitude are judged alike.
    width = np.append(sigma, 1.0)[found.rows]
    correlation = found.blocks / width[:, :, None] / width[:, None, :]
    try:
        factor = np.linalg.cholesky(correlation)
        # rounding may leave a factor to a matrix that has none
        if np.diagonal(factor, axis1=1, axis2=2).min() ** 2 < _SINGULAR:
            raise np.linalg.LinAlgError
    except np.linalg.LinAlgError as error:
        smallest = float(np.linalg.eigvalsh(correlation).min())
        raise DataError(
            f"{where} is not positive definite: the smallest eigenvalue of its correlation"
            f" matrix is {smallest:.3g}, and it must be > 0 by more than rounding"
        ) from error


def _asymmetry(covariance: BlockMatrix, sigma: np.ndarray) -> tuple[float, int, int]:
    """The largest |C_ij - C_ji| / sigma_i sigma_j, and where it is."""
    width = np.append(sigma, 1.0)[covariance.rows]
    difference = np.abs(covariance.blocks - np.swapaxes(covariance.blocks, 1, 2))
    # by the product, which is the same of (i, j) and (j, i): the first of both is named
    difference = difference / (width[:, :, None] * width[:, None, :])
    block, i, j = np.unravel_index(int(difference.argmax()), difference.shape)
    rows = covariance.rows[block]
    return float(difference[block, i, j]), int(rows[i]), int(rows[j])
