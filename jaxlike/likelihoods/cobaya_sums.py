"""Where Cobaya's `des_y1` takes its sums, and how it goes from C_ell to angles."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaxlike.numerics.splines import cardinal_splines
from jaxlike.theory.statistics.projection import bessel

_ELL_EXACT = 100  # up to which C_ell is taken at every fourth multipole


@dataclass(frozen=True)
class Sums:
    """Cobaya's options of the sums: accuracy, last multipole, whether Bessel functions are summed
    over bands of multipoles or taken at every fourth."""

    acc: float = 1.0
    l_max: int | None = None
    binned_bessels: bool = True

    @property
    def last(self) -> int:
        """The last multipole."""
        return self.l_max or int(50000 * self.acc)

    def redshifts(self, z: NDArray) -> NDArray:
        """At which sums are taken, for n(z) given at z (n_z,)."""
        return np.linspace(0.005, z[-1], int(350 * self.acc)) if self.acc > 1 else z

    def multipoles(self) -> NDArray:
        """At which C_ell is computed, (n_ell,)."""
        low = np.arange(2.0, _ELL_EXACT - 4 / self.acc, 4 / self.acc)
        high = np.linspace(np.log(_ELL_EXACT), np.log(self.last), int(50 * self.acc))
        return np.append(low, np.exp(high))

    def projections(self, theta: NDArray) -> NDArray:
        """Matrices (3, n_theta, n_ell) with J_0, J_2 and J_4 from C_ell to angles (radians)."""
        ell, weights = self._bands(theta) if self.binned_bessels else self._every_fourth(theta)
        return weights @ cardinal_splines(self.multipoles(), ell)

    def _bands(self, theta: NDArray) -> tuple[NDArray, NDArray]:
        """Middles (n_band,) of bands of multipoles, and sums of l J_n(l theta) over each."""
        edges = np.exp(np.linspace(0.0, np.log(self.last), int(500 * self.acc)))
        widths = np.diff(np.unique(edges.astype(int)))
        first = 2 + np.append(0, np.cumsum(widths)[:-1])
        ell = np.arange(first[-1] + widths[-1], dtype=float)
        weights = [[np.add.reduceat(_bessel(n, ell, t), first) for t in theta] for n in (0, 2, 4)]
        return (2 * first + widths - 1) / 2, np.array(weights)

    def _every_fourth(self, theta: NDArray) -> tuple[NDArray, NDArray]:
        step = 4
        ell = np.arange(2 + step / 2, self.last + 1, step)
        return ell, np.array([[step * _bessel(n, ell, t) for t in theta] for n in (0, 2, 4)])


def _bessel(order: int, ell: NDArray, theta: float) -> NDArray:
    return bessel(order, ell * theta) * ell / (2 * np.pi)
