"""The two-point statistics: which fields they correlate, and what their points are at."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from jaxlike.errors import DataError

KINDS = ("counts", "shear", "convergence")
"""What a statistic may correlate: galaxies, their shapes, and the convergence of the CMB."""

#: The two fields that each known statistic correlates: what kernel1 and kernel2 describe.
STATISTICS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "xi_plus": ("shear", "shear"),
        "xi_minus": ("shear", "shear"),
        "gamma_t": ("counts", "shear"),
        "w": ("counts", "counts"),
        "w_kappa": ("counts", "convergence"),
        "gamma_t_kappa": ("shear", "convergence"),
        "C_ell_shear": ("shear", "shear"),
        "C_ell_cross": ("counts", "shear"),
        "C_ell_counts": ("counts", "counts"),
        "C_ell_kappa_counts": ("counts", "convergence"),
        "C_ell_kappa_shear": ("shear", "convergence"),
        "C_ell_kappa": ("convergence", "convergence"),
    }
)
#: The statistics of a multipole ell; the others are of an angle theta.
FOURIER_SPACE = frozenset(name for name in STATISTICS if name.startswith("C_ell_"))
#: Field of a Measurement -> column of the DES 2pt FITS format.
COLUMNS: Mapping[str, str] = MappingProxyType(
    {"bin1": "BIN1", "bin2": "BIN2", "angle_bin": "ANGBIN", "value": "VALUE"}
)
#: The same for what the points are at: the angles, of which a table may lack the edges ...
ANGLE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"theta_arcmin": "ANG", "theta_min_arcmin": "ANGLEMIN", "theta_max_arcmin": "ANGLEMAX"}
)
#: ... and the multipoles.
ELL_COLUMNS: Mapping[str, str] = MappingProxyType({"ell": "ANG"})


def check_statistic(statistic: str) -> None:
    """Raise DataError unless `statistic` is a known probe."""
    if statistic not in STATISTICS:
        raise DataError(f"unknown probe {statistic!r}; the probes are {', '.join(STATISTICS)}")


def scale_columns(statistic: str) -> Mapping[str, str]:
    """ELL_COLUMNS or ANGLE_COLUMNS, whichever the points of `statistic` are at."""
    return ELL_COLUMNS if statistic in FOURIER_SPACE else ANGLE_COLUMNS


def check_probes(wanted: Iterable[str], present: Collection[str]) -> None:
    """Raise DataError unless `present`, the statistics of a file, has all that are `wanted`."""
    for probe in wanted:
        check_statistic(probe)
        if probe not in present:
            raise DataError(
                f"there is no HDU of probe {probe!r}; the file has {', '.join(present) or 'none'}"
            )
