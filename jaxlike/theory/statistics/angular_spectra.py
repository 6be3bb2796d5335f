"""Angular power spectra themselves as statistics: C_ell at given multipoles, or bandpowers."""

from numpy.typing import NDArray

from jaxlike.theory.statistics.projection import bandpower_matrix, cl_matrix
from jaxlike.theory.statistics.registry import Points, Statistic, register


def _operator(points: Points, ell: NDArray) -> NDArray:
    transfer = points.transfer
    if points.windows is not None:
        at, weight = points.windows
        return bandpower_matrix(at, weight if transfer is None else weight * transfer(at), ell)
    matrix = cl_matrix(points.at, ell)
    return matrix if transfer is None else matrix * transfer(points.at)[:, None]


def _spectrum(name: str, tracers: tuple[str, str]) -> Statistic:
    return register(Statistic(name, tracers, "ell", _operator))


C_ELL_SHEAR = _spectrum("C_ell_shear", ("shear", "shear"))
C_ELL_CROSS = _spectrum("C_ell_cross", ("counts", "shear"))
C_ELL_COUNTS = _spectrum("C_ell_counts", ("counts", "counts"))
C_ELL_KAPPA_COUNTS = _spectrum("C_ell_kappa_counts", ("counts", "convergence"))
C_ELL_KAPPA_SHEAR = _spectrum("C_ell_kappa_shear", ("shear", "convergence"))
C_ELL_KAPPA = _spectrum("C_ell_kappa", ("convergence", "convergence"))
