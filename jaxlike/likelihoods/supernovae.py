"""Supernovae: a Gaussian in distance moduli, as Cobaya's `sn` has it (arXiv:2311.12098)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data.supernovae import SupernovaData
from jaxlike.likelihoods.gaussian import whitening
from jaxlike.likelihoods.protocol import cosmology_of
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.universe.background import DistanceGrid

ABSOLUTE_MAGNITUDE = "Mb"
"""Of a supernova, where it is a parameter."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Supernovae:
    """A Gaussian in magnitudes m = 5 log10(D_L / Mpc) + 25 + M.

    D_L = (1 + z_hel) D_M(z_cmb); distance: to z_cmb; value: (n,) magnitudes; stretch: (n,)
    5 log10(1 + z_hel) + 25; whitening W (n, n): W^T W is C^-1, or, where the absolute magnitude M
    is marginalised over all numbers, C^-1 - C^-1 1 1^T C^-1 / (1^T C^-1 1), without a constant, as
    Cobaya has it.
    """

    distance: DistanceGrid
    value: NDArray
    stretch: NDArray
    whitening: NDArray
    sampled: bool = field(default=False, metadata={"static": True})

    @classmethod
    def of(cls, data: SupernovaData, *, sampled: bool = False) -> "Supernovae":
        """The likelihood of data; sampled: the absolute magnitude is the parameter `Mb`."""
        z = np.asarray(data.z_cmb, float)
        distance = DistanceGrid.reaching(z)
        rows = whitening(np.asarray(data.covariance, float))
        if not sampled:
            ones = rows.sum(axis=1)
            ones /= np.linalg.norm(ones)
            rows = rows - np.outer(ones, ones @ rows)
        stretch = 5 * np.log10(1 + np.asarray(data.z_hel, float)) + 25
        return cls(distance, np.asarray(data.magnitude, float), stretch, rows, sampled)

    def __repr__(self) -> str:
        return f"Supernovae: {len(self.value)} magnitudes"

    @property
    def n_points(self) -> int:
        """How many numbers it is the sum over."""
        return len(self.value)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The absolute magnitude, where it is sampled."""
        return (ABSOLUTE_MAGNITUDE,) if self.sampled else ()

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """-chi^2 / 2; -inf, with a slope of zero, where a distance is not positive."""
        possible, moduli = self._moduli(universe)
        if self.sampled:
            moduli = moduli + parameters[ABSOLUTE_MAGNITUDE]
        r = self.whitening @ (self.value - moduli)
        return jnp.where(possible, -0.5 * (r @ r), -jnp.inf)

    def theory_vector(self, universe: Universe) -> Array:
        """Distance moduli (n,); NaN where a distance is not positive."""
        possible, moduli = self._moduli(universe)
        return jnp.where(possible, moduli, jnp.nan)

    def _moduli(self, universe: Universe) -> tuple[Array, Array]:
        """Whether all distances are positive, and the distance moduli (n,), which are finite."""
        cosmo = cosmology_of(universe)
        D_M = self.distance.transverse_distance(cosmo) / cosmo.h
        possible = jnp.all(D_M > 0)
        return possible, 5 * jnp.log10(jnp.where(D_M > 0, D_M, 1.0)) + self.stretch
