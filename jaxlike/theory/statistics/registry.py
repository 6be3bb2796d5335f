"""The statistics that are known: linear operators on the C_ell of two kinds of tracer.

A statistic is one object: which tracers it correlates, what its points are at, and the matrix from
C_ell at any multipoles to its points. What is registered here can be read, cut and fitted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from numpy.typing import NDArray

from jaxlike.theory.statistics.filters import Filters
from jaxlike.theory.statistics.projection import Projection, Transfer

Scale = Literal["theta", "ell", "mode"]
"""What the points of a statistic are at: an angle, a multipole, or the number of a mode."""


@dataclass(frozen=True, eq=False)
class Points:
    """Where the points of a statistic are.

    at: (n,) angles in radians, multipoles or modes; edges: (n,) each of the angular bins, where
    known, or of the bands; projection: from C_ell to angle in the flat sky or on the curved one,
    there with C_ell of shear or of `convergence`; windows: multipoles (m,) and weights (n, m) of
    bandpowers; transfer: by what maps multiply C_ell; theta_range: angles [radians] between which
    correlation functions are filtered, at whose ends they fade over `apodisation` in ln(theta).
    """

    at: NDArray
    edges: tuple[NDArray, NDArray] | None = None
    projection: Projection = "flat"
    windows: tuple[NDArray, NDArray] | None = None
    convergence: bool = False
    transfer: Transfer | None = None
    theta_range: tuple[float, float] | None = None
    apodisation: float = 0.0


Operator = Callable[[Points, NDArray], NDArray]
"""(points, multipoles (n_ell,)) -> matrix (n, n_ell)."""


@dataclass(frozen=True)
class Statistic:
    """One statistic.

    tracers: kinds of its two tracers, in the order of a table's two kernels; scale: what its points
    are at; operator: (points, multipoles (n_ell,)) -> matrix (n, n_ell) on C_ell; b_modes: with
    which sign C_ell of B modes enter, 0 if they do not; spins: (m, n) of its Wigner d-function
    d^ell_mn, None for what is no correlation function; b_operator: the same as operator on C_ell of
    B modes, where it is another than b_modes times it; filters: of what is an integral over
    correlation functions, (points, largest multipole) -> those that resolve it.
    """

    name: str
    tracers: tuple[str, str]
    scale: Scale
    operator: Operator
    b_modes: int = 0
    spins: tuple[int, int] | None = None
    b_operator: Operator | None = None
    filters: Callable[[Points, float], Filters] | None = None

    @property
    def filtered(self) -> bool:
        """Whether points are of correlation functions, and so of C_ell at all multipoles."""
        return self.filters is not None


STATISTICS: dict[str, Statistic] = {}
"""Name -> statistic, in the order of a data vector."""


def register(statistic: Statistic) -> Statistic:
    """Make a statistic known by its name."""
    STATISTICS[statistic.name] = statistic
    return statistic
