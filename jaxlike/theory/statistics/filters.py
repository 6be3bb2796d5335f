"""Points that are integrals over correlation functions between two angles: filters, as functions.

X = sum over orders m of int theta dtheta F_m(theta) xi_m(theta), where
xi_m(theta) = int ell dell / (2 pi) J_m(ell theta) C_ell, so that
X = int ell dell / (2 pi) W(ell) C_ell with
W(ell) = sum over m of int theta dtheta F_m(theta) J_m(ell theta).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jaxlike.numerics.quadrature import gauss_legendre_panels
from jaxlike.theory.statistics.projection import bessel

_STEP = 0.2  # of panels in ln(theta), which are a turn of the kernel long where that is shorter
_N_GAUSS = 8
_QUADRUPOLE = 1.5  # where the interval around it begins
_CHUNK = 256  # multipoles at a time, or the Bessel functions fill the memory


@dataclass(frozen=True, eq=False)
class Filters:
    """Filters of n points at angles theta [radians].

    measure: (n_theta,) weights of int theta dtheta; of: order m of the Bessel function -> F_m (n,
    n_theta); modes: whose C_ell these see, "E", "B", or "both", where B modes enter order 4 with
    the other sign.
    """

    theta: NDArray
    measure: NDArray
    of: Mapping[int, NDArray]
    modes: Literal["E", "B", "both"] = "E"

    def kernel(self, ell: NDArray) -> NDArray:
        """W (n, n_ell) on C_ell of E modes."""
        rows = {order: found * self.measure for order, found in self.of.items()}
        n = next(iter(rows.values())).shape[0]
        if self.modes == "B":
            return np.zeros((n, ell.size))
        chunks = np.split(ell, np.arange(_CHUNK, ell.size, _CHUNK))
        return np.hstack(
            [
                sum(row @ bessel(m, np.outer(self.theta, part)) for m, row in rows.items())
                for part in chunks
            ]
        )


def log_quadrature(corners: NDArray, ell_max: float) -> tuple[NDArray, NDArray]:
    """Angles and weights (n,) of int dtheta/theta between the first and the last of the `corners`
    [radians] (n_corner,), at which panels end, of what turns as fast as J(ell_max theta)."""
    start, stop = corners.min(), corners.max()
    period = 2 * np.pi / ell_max
    turn = np.clip(period / _STEP, start, stop)
    slow = np.exp(np.arange(np.log(start), np.log(turn), _STEP))
    fast = np.arange(turn, stop, period)
    panels = np.unique([*np.log([*slow, *fast]), *np.log(corners)])
    z, weight = gauss_legendre_panels(panels, _N_GAUSS)
    return np.exp(z), weight


def multipoles(theta_max: float, ell_max: float) -> tuple[NDArray, NDArray]:
    """Multipoles and weights (n,) of integrals of two kernels, from the quadrupole to `ell_max`."""
    width = np.pi / theta_max  # a turn of their product
    turn = np.clip(width / _STEP, _QUADRUPOLE, ell_max)
    slow = np.exp(np.arange(np.log(_QUADRUPOLE), np.log(turn), _STEP))
    fast = np.arange(turn, ell_max, width)
    return gauss_legendre_panels(np.unique([*slow, *fast, ell_max]), _N_GAUSS)
