"""Supernovae: a Gaussian in distance moduli, as Cobaya's `sn` has it (arXiv:2311.12098)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data.supernovae import SupernovaData
from jaxlike.likelihoods.gaussian import whitening
from jaxlike.likelihoods.protocol import cosmology_of
from jaxlike.numerics import chebyshev
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.universe.background import DistanceGrid

ABSOLUTE_MAGNITUDE = "Mb"
"""Of a supernova, where it is a parameter."""

_N_NODES = 24  # to z = 3, as of distances; 64 beyond


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Supernovae:
    """A Gaussian in magnitudes m = 5 log10(D_L / Mpc) + 25 + M, D_L = (1 + z_hel) D_M(z_cmb).

    D_M / z is smooth: 5 log10 of it at the z (n_node,) of `distance` is all that chi^2 needs,
    however many supernovae there are: chi^2 = |R q - t|^2 + rest, with q these numbers, then M
    where it is sampled. Where M is marginalised over all numbers, C^-1 is in its place
    C^-1 - C^-1 1 1^T C^-1 / (1^T C^-1 1).

    triangle: R (m, n_node or n_node + 1); target: t (m,); rest: what no parameter changes;
    interpolation: (n, n_node) to the supernovae, zero where the modulus is known otherwise;
    stretch: (n,) their moduli but for D_M / z.
    """

    distance: DistanceGrid
    triangle: NDArray
    target: NDArray
    rest: ArrayLike
    interpolation: NDArray
    stretch: NDArray
    sampled: bool = field(default=False, metadata={"static": True})

    @classmethod
    def of(
        cls, data: SupernovaData, *, sampled: bool = False, normalised: bool = False
    ) -> "Supernovae":
        """The likelihood of data; what no parameter changes is made once.

        Args:
            data: Magnitudes at their redshifts, with their covariance.
            sampled: Whether the absolute magnitude is the parameter `Mb`, and not marginalised.
            normalised: Whether chi^2 has ln(1^T C^-1 1 / 2 pi) besides, as Cobaya's of Pantheon.

        Example:
            >>> from jaxlike.likelihoods.supernovae import Supernovae
            >>> Supernovae.of(jaxlike.data.union3(), sampled=True).parameters
            ('Mb',)
        """
        z = np.asarray(data.z_cmb, float)
        known = np.full(z.size, np.nan) if data.calibrated is None else data.calibrated
        followed = np.isnan(known)
        nodes = _nodes(z[followed])
        matrix = chebyshev.interpolation_matrix(np.log1p(nodes), np.log1p(z))
        matrix *= followed[:, None]
        stretch = 5 * np.log10((1 + np.asarray(data.z_hel, float)) * z) + 25
        stretch = np.where(followed, stretch, known)
        rows = whitening(np.asarray(data.covariance, float)).whole()
        ones = rows.sum(axis=1)
        constant = np.log(ones @ ones / (2 * np.pi)) if normalised else 0.0
        residual = rows @ (np.asarray(data.magnitude, float) - stretch)
        columns = rows @ matrix
        if sampled:
            columns = np.column_stack([columns, ones])
        else:
            ones /= np.linalg.norm(ones)
            residual -= ones * (ones @ residual)
            columns -= np.outer(ones, ones @ columns)
        basis, triangle = np.linalg.qr(columns)
        target = basis.T @ residual
        left = residual - basis @ target
        return cls(
            distance=DistanceGrid.reaching(nodes),
            triangle=triangle,
            target=target,
            rest=float(left @ left + constant),
            interpolation=matrix,
            stretch=stretch,
            sampled=sampled,
        )

    def __repr__(self) -> str:
        return f"Supernovae: {self.n_points} magnitudes"

    @property
    def n_points(self) -> int:
        """How many numbers it is the sum over."""
        return len(self.stretch)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The absolute magnitude, where it is sampled."""
        return (ABSOLUTE_MAGNITUDE,) if self.sampled else ()

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """-chi^2 / 2; -inf, with a slope of zero, where a distance is not positive."""
        return self.of_distances(parameters, self._distances(universe))

    def of_distances(self, parameters: Mapping[str, ArrayLike], D_M: Array) -> Array:
        """The same of D_M (n_node,) in Mpc at the redshifts of `distance`."""
        possible, smooth = self._smooth(D_M)
        r = self.triangle @ self._unknown(parameters, smooth) - self.target
        return jnp.where(possible, -0.5 * (r @ r + self.rest), -jnp.inf)

    @property
    def n_noise(self) -> int:
        """As many as the numbers that chi^2 depends on."""
        return len(self.target)

    def with_noise(
        self, parameters: Mapping[str, ArrayLike], universe: Universe, noise: Array
    ) -> "Supernovae":
        """The likelihood of data that are the predictions and noise (m,) of unit variance."""
        _, smooth = self._smooth(self._distances(universe))
        return replace(self, target=self.triangle @ self._unknown(parameters, smooth) + noise)

    def theory_vector(self, universe: Universe) -> Array:
        """Distance moduli (n,); NaN where a distance is not positive."""
        possible, smooth = self._smooth(self._distances(universe))
        return jnp.where(possible, self.interpolation @ smooth + self.stretch, jnp.nan)

    def _distances(self, universe: Universe) -> Array:
        cosmo = cosmology_of(universe)
        return self.distance.transverse_distance(cosmo) / cosmo.h

    def _unknown(self, parameters: Mapping[str, ArrayLike], smooth: Array) -> Array:
        """What chi^2 is linear in: the smooth numbers, then M where it is sampled."""
        if not self.sampled:
            return smooth
        return jnp.append(smooth, jnp.asarray(parameters[ABSOLUTE_MAGNITUDE], float))

    def _smooth(self, D_M: Array) -> tuple[Array, Array]:
        """Whether all distances are positive, and 5 log10 of D_M / z (n_node,), finite."""
        positive = D_M > 0
        ratio = jnp.where(positive, D_M, 1.0) / jnp.asarray(self.distance.z)
        return jnp.all(positive), 5 * jnp.log10(ratio)


def _nodes(z: NDArray) -> NDArray:
    """Redshifts between which D_M / z is interpolated to all of z (n,)."""
    low, high = np.log1p(z.min()), np.log1p(max(z.max(), z.min() + 1e-3))
    return np.expm1(chebyshev.nodes(_N_NODES if z.max() < 3 else 64, low, high))
