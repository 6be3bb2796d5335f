"""Ratios of galaxy-galaxy lensing at small scales as surveys measure them."""

import numpy as np
from numpy.typing import NDArray

from jaxlike.data.arrays import check_angles, check_shape, read_arrays
from jaxlike.data.checks import check_covariance
from jaxlike.data.units import ARCMIN
from jaxlike.errors import DataError

_NAMES = (
    "theta", "measured_ratios", "ratio_cov", "inv_cov_individual", "theta_min", "theta_max",
)  # fmt: skip


def read_shear_ratios(path: str) -> dict[str, NDArray]:
    """theta (n,) in radians; value (n_ratio,) and covariance (n_ratio, n_ratio) of the ratios of
    gamma_t of every source bin but the last to that of the last, lens bin by lens bin; weights
    (n_lens, n_source - 1, n) of each ratio's mean over angles.

    DataError, naming the file and the array, on another shape and on limits that leave no angle.
    """
    where = f"shear_ratios '{path}'"
    file = read_arrays(path, "shear_ratios", _NAMES)
    theta, low, high = file["theta"], file["theta_min"], file["theta_max"]
    check_angles(theta, f"{where}: theta")
    value, inverses = file["measured_ratios"], file["inv_cov_individual"]
    n = value.size
    check_shape(value, (n,), f"{where}: measured_ratios")
    check_shape(file["ratio_cov"], (n, n), f"{where}: ratio_cov")
    check_shape(inverses, (n, theta.size, theta.size), f"{where}: inv_cov_individual")
    if low.ndim != 2 or not low.shape[0] or n % low.shape[0]:
        raise DataError(
            f"{where}: theta_min has shape {low.shape}, but must have a row for each ratio of a "
            "lens bin and a column for each lens bin"
        )
    n_lens = n // len(low)
    if low.shape[1] < n_lens or high.ndim != 1 or high.size < n_lens:
        raise DataError(f"{where}: theta_min and theta_max must have {n_lens} lens bins or more")
    check_covariance(file["ratio_cov"], f"{where}: ratio_cov")
    weights = np.zeros((n_lens, len(low), theta.size))
    for (lens, source), _ in np.ndenumerate(weights[..., 0]):
        used = (theta > low[source, lens]) & (theta <= high[lens])
        if not used.any():
            raise DataError(
                f"{where}: theta_min and theta_max leave no angle to lens bin {lens + 1} and "
                f"source bin {source + 1}"
            )
        each = inverses[lens * len(low) + source][np.ix_(used, used)].sum(axis=0)
        weights[lens, source, used] = each / each.sum()
    return {
        "theta": theta * ARCMIN,
        "value": value,
        "covariance": file["ratio_cov"],
        "weights": weights,
    }
