"""Redshift-space distortions of galaxy counts in the Limber approximation.

The distortion of counts is -f j_ell''(k chi) in the place of b j_ell(k chi). With
j'' = [ell (ell - 1) / x^2 - 1] j_ell + (2 / x) j_(ell+1) and Limber's approximation of each, it is
the difference of the galaxies at the usual distance and at (ell + 3/2)/(ell + 1/2) times it, so
that it dies out where radial structure is integrated over (Chisari et al. 2019, arXiv:1812.05995,
section 2.4.1; Tanidis & Camera 2019, arXiv:1902.07226, who take ell - 2, ell and ell + 2 instead).
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.numerics.splines import cardinal_slopes, lattice_values, prefilter_matrix
from jaxlike.theory.universe.line_of_sight import Nodes, Sight


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class VelocityGrid:
    """Matrices for n points of a lattice: rate (n, n_q) from ln D at the nodes to f = dlnD/dlna;
    prefilter (n + 2, n) of splines between the points."""

    rate: NDArray
    prefilter: NDArray

    @classmethod
    def build(cls, nodes: Nodes, lattice: int, n: int) -> "VelocityGrid":
        """For the first `n` points of the lattice of this number."""
        at = np.asarray(nodes.z)
        z = np.clip(np.asarray(nodes.lattices[lattice].z)[:n], at[0], at[-1])
        slopes = cardinal_slopes(np.log(0.3 + at), np.log(0.3 + z))
        return cls(-((1 + z) / (0.3 + z))[:, None] * slopes, prefilter_matrix(n))

    def growth_rate(self, sight: Sight) -> Array:
        """f = dlnD/dlna (n,) on those points of the lattice."""
        return jnp.asarray(self.rate) @ jnp.log(sight.los.growth)


def velocity_counts(sight: Sight, grid: VelocityGrid, dndz: Array) -> Array:
    """What redshift-space distortions add to b n(z), (n_bin, n_ell, n).

    dndz (n_bin, n) on the first points of the lattice. With p = ell + 1/2, q = ell + 3/2 and
    chi' = chi q / p: (2 ell + 1/4)/p^2 f n - (2/q) sqrt(p/q) (f n H D)(chi') / (H D)(chi). The
    ratio of growth factors stands for that of sqrt(P): it differs from one at low multipoles only.
    """
    n, los = dndz.shape[1], sight.los
    ell = jnp.asarray(sight.nodes.ell)[:, None]
    near, far = ell + 0.5, ell + 1.5
    rate = grid.growth_rate(sight)
    size = jnp.exp(jnp.asarray(sight.lattice.splines)[:n] @ jnp.log(los.growth * los.hubble))
    here = (rate * dndz)[:, None] * ((2 * ell + 0.25) / near**2)

    # lattice position of each distance times q / p: distance is next to linear from point to point
    index = jnp.arange(sight.f_k_fine.size, dtype=dndz.dtype)
    position = jnp.interp(sight.f_k_fine[:n] * (far / near), sight.f_k_fine, index, right=jnp.inf)
    inside = position <= n - 1
    coefficients = rate * size * dndz @ jnp.asarray(grid.prefilter).T
    moved = lattice_values(coefficients, jnp.where(inside, position, 0.0).ravel())
    moved = jnp.where(inside, moved.reshape(-1, *position.shape), 0.0)
    return here - moved * (2 / far * jnp.sqrt(near / far)) / size
