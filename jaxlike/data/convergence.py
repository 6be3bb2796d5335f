"""A map of the convergence of the CMB: a tracer in one bin, which has no n(z)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from jaxlike.data.checks import finite_array, store
from jaxlike.data.units import ARCMIN
from jaxlike.errors import DataError

_SIGMA = ARCMIN / np.sqrt(8 * np.log(2))  # standard deviation [rad] of an arcmin of FWHM


@dataclass(frozen=True, eq=False)
class Convergence:
    """A map of the CMB's convergence and its beam, where one is known.

    The beam is a table, `beam` (n_ell,) at increasing multipoles `ell` (n_ell,), or a Gaussian of
    `fwhm_arcmin`; the map has been cut to ell_min <= ell <= ell_max. Raises DataError for both
    beams at once, for what is no beam, and for cuts that leave nothing.
    """

    name: str
    ell: np.ndarray | None = None
    beam: np.ndarray | None = None
    fwhm_arcmin: float | None = None
    ell_min: float = 0.0
    ell_max: float = np.inf

    def __post_init__(self) -> None:
        where = f"convergence {self.name!r}"
        if (self.ell is None) != (self.beam is None):
            raise DataError(f"{where}: ell and beam must be given together, or neither")
        if self.ell is not None and self.fwhm_arcmin is not None:
            raise DataError(f"{where}: the beam must be a table or fwhm_arcmin, not both")
        if self.fwhm_arcmin is not None and not 0 < self.fwhm_arcmin < np.inf:
            raise DataError(f"{where}: fwhm_arcmin is {self.fwhm_arcmin}; it must be > 0")
        if self.ell is not None:
            ell = finite_array(self.ell, f"{where}: multipoles of the beam")
            store(self, "ell", ell)
            store(self, "beam", finite_array(self.beam, f"{where}: beam", size=ell.size))
            if ell.size < 2 or ell[0] < 0 or np.any(np.diff(ell) <= 0):
                raise DataError(
                    f"{where}: multipoles of the beam must be two or more, >= 0, and increase"
                )

        if not 0 <= self.ell_min < self.ell_max:
            raise DataError(
                f"{where}: multipoles from {self.ell_min} to {self.ell_max} are none; cuts must be "
                "0 <= ell_min < ell_max"
            )

    @property
    def has_beam(self) -> bool:
        """Whether a beam is known; without one it is 1."""
        return self.beam is not None or self.fwhm_arcmin is not None

    def transfer(self, ell: ArrayLike) -> np.ndarray:
        """By what beam and cuts multiply the map's harmonics at multipoles `ell` (n,), shape (n,).

        A table ends sharply: the map has nothing beyond.
        """
        ell = np.asarray(ell, float)
        inside = (ell >= self.ell_min) & (ell <= self.ell_max)
        return np.where(inside, self.beam_at(ell), 0.0)

    def beam_at(self, ell: ArrayLike) -> np.ndarray:
        """The beam alone at multipoles `ell` (n,), shape (n,)."""
        ell = np.asarray(ell, float)
        if self.fwhm_arcmin is not None:
            return np.asarray(np.exp(-ell * (ell + 1) * (self.fwhm_arcmin * _SIGMA) ** 2 / 2))
        if self.ell is None or self.beam is None:
            return np.ones_like(ell)
        return np.interp(ell, self.ell, self.beam, right=0.0)
