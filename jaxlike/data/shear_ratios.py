"""Ratios of galaxy-galaxy lensing at small scales as surveys measure them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxlike.data.arrays import check_angles, check_shape, read_arrays
from jaxlike.data.checks import check_covariance, finite_array
from jaxlike.data.pickled import arrays_of_pickle
from jaxlike.data.units import ARCMIN
from jaxlike.errors import DataError
from jaxlike.files import atomic_writer

_NAMES = (
    "theta", "measured_ratios", "ratio_cov", "inv_cov_individual", "theta_min", "theta_max",
)  # fmt: skip
_PICKLED = {"theta": "theta_data", "inv_cov_individual": "inv_cov_individual_ratios"}


def read_shear_ratios(path: str) -> dict[str, NDArray]:
    """theta (n,) in radians; value (n_ratio,) and covariance (n_ratio, n_ratio) of the ratios of
    gamma_t of every source bin but the last to that of the last, lens bin by lens bin; weights
    (n_lens, n_source - 1, n) of each ratio's mean over angles.

    DataError, naming the file and the array, on another shape and on limits that leave no angle.
    """
    where = f"shear_ratios '{path}'"
    of_pickle = "jaxlike.data.convert_shear_ratios makes the .npz file that is needed"
    return _checked(read_arrays(path, "shear_ratios", _NAMES, of_pickle=of_pickle), where)


def convert_shear_ratios(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    theta_min: ArrayLike,
    theta_max: ArrayLike,
) -> None:
    """Write the ratios in a pickle of CosmoSIS's module shear_ratio (DES-Y3) as .npz.

    Nothing that the pickle asks for is run: arrays of numbers are read from it, and all else is a
    DataError. theta_min (ratios of a lens bin, lens bins), theta_max (lens bins,) [arcmin] are the
    limits of the analysis, theta_min_1, ... and theta_max in its pipeline.
    """
    path = os.fspath(source)
    given = arrays_of_pickle(path)
    found: dict[str, NDArray] = {}
    for name in _NAMES:
        limits = {"theta_min": theta_min, "theta_max": theta_max}
        key, where = _PICKLED.get(name, name), f"'{path}': {_PICKLED.get(name, name)}"
        if name not in limits and key not in given:
            raise DataError(f"'{path}' has no array '{key}'; it has {', '.join(given) or 'none'}")
        value: Any = limits.get(name, given.get(key))
        try:
            found[name] = finite_array(value, where, ndim=np.ndim(value))
        except ValueError as error:  # of lists of unlike length
            raise DataError(f"{where} is no array of numbers") from error
    _checked(found, f"'{path}'")
    with atomic_writer(Path(target)) as part:
        np.savez(part, **found)  # type: ignore[arg-type]


def _checked(file: Mapping[str, NDArray], where: str) -> dict[str, NDArray]:
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
