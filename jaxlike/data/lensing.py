"""Band powers of CMB lensing in text, as ACT publishes them (arXiv:2304.05202)."""

import os

import numpy as np

from jaxlike.data.convergence import Convergence
from jaxlike.data.covariance_text import read_covariance, read_table
from jaxlike.data.measurement import Measurement
from jaxlike.data.twopoint import TwoPointData
from jaxlike.data.windows import BandpowerWindows
from jaxlike.errors import DataError


def read_lensing_bandpowers(
    bandpowers: str | os.PathLike[str],
    covariance: str | os.PathLike[str],
    windows: str | os.PathLike[str],
    *,
    name: str = "cmb",
) -> TwoPointData:
    """C_ell_kappa of a map of the CMB's convergence, from three files of numbers.

    Args:
        bandpowers: n numbers, C_b of kappa x kappa.
        covariance: n x n of them.
        windows: Lines of a multipole and of its weight in each of the n bands,
            C_b = sum_L W_b(L) C_L.
        name: Of the map.

    Raises:
        DataError: Naming the file and line at fault.

    Example:
        >>> np.savetxt("bands.txt", [3e-8, 1e-8])
        >>> np.savetxt("errors.txt", np.diag([1e-17, 4e-18]))
        >>> np.savetxt("windows.txt", [[100, 1, 0], [101, 1, 0], [200, 0, 1]])
        >>> data = jaxlike.data.read_lensing_bandpowers("bands.txt", "errors.txt", "windows.txt")
        >>> data.statistics, data.n_data
        (('C_ell_kappa',), 2)
    """
    values = read_table(bandpowers, "band power")
    if values.shape[1] != 1:
        raise DataError(f"{bandpowers}: has {values.shape[1]} columns; one number a line is needed")
    value = values[:, 0]
    table = read_table(windows, "weight")
    n = value.size
    if table.shape[1] != n + 1:
        raise DataError(
            f"{windows}: has {table.shape[1]} columns, but a multipole and its weight in each of "
            f"the {n} bands of {bandpowers} are {n + 1}"
        )
    seen = table[:, 1:].any(axis=1)  # a published file repeats its last multipole, of no weight
    ell, weight = table[seen, 0], table[seen, 1:].T
    where = f"{windows}: windows"
    found = BandpowerWindows(ell, weight, np.arange(n), where)
    size = np.abs(weight)
    measurement = Measurement(
        name="C_ell_kappa",
        statistic="C_ell_kappa",
        kernel1=name,
        kernel2=name,
        bin1=np.ones(n, int),
        bin2=np.ones(n, int),
        angle_bin=np.arange(1, n + 1),
        theta_arcmin=None,
        value=value,
        ell=size @ ell / size.sum(axis=1),
        windows=found,
    )
    matrix = read_covariance(covariance, n)
    return TwoPointData((measurement,), (), matrix, str(bandpowers), (Convergence(name),))
