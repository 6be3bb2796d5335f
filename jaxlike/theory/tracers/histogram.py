"""Tabulated redshift distributions: galaxies in cells of redshift."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TAIL = 1e-3
"""Share of any bin's galaxies that may lie beyond the lattice."""


@dataclass(frozen=True)
class Histogram:
    """n(z) as tabulated: bin edges (n_z + 1,), counts (n_bin, n_z) of any normalisation.

    modes (n_mode, n_bin, n_z), in the units of `counts`, are what amplitudes of one add to them.
    """

    edges: NDArray
    counts: NDArray
    modes: NDArray | None = None

    @property
    def width(self) -> float:
        """Width of the narrowest redshift bin."""
        return float(np.diff(self.edges).min())

    @property
    def middle(self) -> NDArray:
        """Middles (n_z,) of the redshift bins."""
        return (self.edges[1:] + self.edges[:-1]) / 2

    def shares(self, counts: NDArray) -> NDArray:
        """`counts` (..., n_bin, n_z) as shares of all galaxies of their tomographic bin."""
        width = np.diff(self.edges)
        return counts * width / (self.counts * width).sum(axis=-1, keepdims=True)

    def mean(self) -> NDArray:
        """Mean redshift (n_bin,) of each bin."""
        return self.shares(self.counts) @ self.middle

    def beyond(self, z: float) -> float:
        """Largest share of a bin's galaxies in cells beyond redshift z."""
        return float(self.shares(self.counts)[:, self.edges[:-1] >= z].sum(axis=1).max())

    def z_max(self, tail: float = TAIL) -> float:
        """Redshift beyond which every bin has less than a share `tail` of its galaxies.

        Those of modes count as far as three standard deviations go.
        """
        counts = self.counts
        if self.modes is not None:
            counts = counts + 3 * np.abs(self.modes).sum(axis=0)
        mass = counts * np.diff(self.edges)
        beyond = mass[:, ::-1].cumsum(axis=1)[:, ::-1] / mass.sum(axis=1, keepdims=True)
        used = (beyond > tail).any(axis=0)
        return float(self.edges[np.flatnonzero(used)[-1] + 1])
