"""The two-point statistics: which fields they correlate, and what their points are at."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from types import MappingProxyType

from jaxlike.errors import DataError
from jaxlike.theory.statistics import STATISTICS as _REGISTERED

KINDS = ("counts", "shear", "convergence")
"""What a statistic may correlate: galaxies, their shapes, and the convergence of the CMB."""


class _Tracers(Mapping[str, tuple[str, str]]):
    """The two tracers of each statistic that the theory has: those of angles before those of
    multipoles, each in the order in which they were registered."""

    def __getitem__(self, name: str) -> tuple[str, str]:
        return _REGISTERED[name].tracers

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(_REGISTERED, key=lambda name: _REGISTERED[name].scale == "ell"))

    def __len__(self) -> int:
        return len(_REGISTERED)


class _OfMultipoles(Set[str]):
    """The names of statistics that are C_ell, at multipoles or in windows."""

    def __contains__(self, name: object) -> bool:
        if name not in _REGISTERED:
            return False
        one = _REGISTERED[str(name)]
        return one.scale == "ell" and not one.filtered

    def __iter__(self) -> Iterator[str]:
        return (name for name in STATISTICS if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


#: The two fields that each known statistic correlates: what kernel1 and kernel2 describe.
STATISTICS: Mapping[str, tuple[str, str]] = _Tracers()
#: The C_ell; the others are of an angle theta, or filtered between two angles.
FOURIER_SPACE: Set[str] = _OfMultipoles()
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
#: A mode is the number in ANGBIN; a table may say between which angles it is.
MODE_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"theta_min_arcmin": "ANGLEMIN", "theta_max_arcmin": "ANGLEMAX"}
)
_COLUMNS_OF: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"theta": ANGLE_COLUMNS, "ell": ELL_COLUMNS, "mode": MODE_COLUMNS}
)


def check_statistic(statistic: str) -> None:
    """Raise DataError unless `statistic` is a known probe."""
    if statistic not in STATISTICS:
        raise DataError(f"unknown probe {statistic!r}; the probes are {', '.join(STATISTICS)}")


def scale_of(statistic: str) -> str:
    """What the points of `statistic` are at: "theta", "ell" or "mode"."""
    return _REGISTERED[statistic].scale


def scale_columns(statistic: str) -> Mapping[str, str]:
    """ANGLE_COLUMNS, ELL_COLUMNS or MODE_COLUMNS, whichever the points of `statistic` are at."""
    return _COLUMNS_OF[scale_of(statistic)]


class ProbeSet(tuple[str, ...]):
    """Statistics by the name of a usual set: of a file that has none of them, those of the same
    tracers (C_ell, COSEBIs, band powers in the place of correlation functions)."""

    __slots__ = ()


def chosen_probes(wanted: Iterable[str], present: Collection[str]) -> tuple[str, ...]:
    """The statistics of a file, which has those that are `present`, that are wanted; DataError
    unless it has them."""
    chosen = tuple(wanted)
    if isinstance(wanted, ProbeSet) and not set(chosen) & set(present):
        tracers = {STATISTICS[one] for one in chosen}
        chosen = tuple(one for one in present if STATISTICS[one] in tracers) or chosen
    check_probes(chosen, present)
    return chosen


def check_probes(wanted: Iterable[str], present: Collection[str]) -> None:
    """Raise DataError unless `present`, the statistics of a file, has all that are `wanted`."""
    for probe in wanted:
        check_statistic(probe)
        if probe not in present:
            raise DataError(
                f"there is no HDU of probe {probe!r}; the file has {', '.join(present) or 'none'}"
            )
