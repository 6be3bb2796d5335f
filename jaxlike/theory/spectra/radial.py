"""Radial kernels at distances that are fixed, whatever the universe: what FFTLog takes.

n(z) and all that is smooth in redshift are given at redshifts, which stand at other distances in
every universe. The redshift of each fixed distance is the inverse of r(z) by Hermite's cubics, as
H says how redshift passes with distance; r is the transverse distance, which is chi in flat space.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.numerics.splines import bspline_taps, prefilter_matrix
from jaxlike.theory.power.fields import TREE
from jaxlike.theory.tracers.terms import Angular, Term
from jaxlike.theory.universe.background import comoving_distance
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.line_of_sight import Nodes, Sight

R_FIRST = 15.0
"""First distance in Mpc/h: what is nearer is left out beyond Limber's approximation."""

_EMPTIEST = Cosmology(Omega_m=0.1, Omega_b=0.02, h=0.7, n_s=0.96, sigma8=0.8, radiation=False)
_FARTHER = 1.15  # dark energy, or curvature, that makes distances larger still
_MARGIN = 10  # points on either side that a coefficient is made of: to 2e-6


def r_last(nodes: Nodes) -> float:
    """A distance in Mpc/h that the last node has in next to no universe."""
    return _FARTHER * float(comoving_distance(_EMPTIEST, np.asarray(nodes.z)[-1:])[0])


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class RadialGrid:
    """Distances r (n,) in Mpc/h, and what reads kernels there.

    prefilter: (n_q + 2, n_q) of splines through the nodes, which are uniform in ln(0.3 + z); n_far:
    how many nodes lie beyond the lattice of n(z).
    """

    r: NDArray
    prefilter: NDArray
    n_far: int = field(metadata={"static": True})

    @classmethod
    def build(cls, r: NDArray, nodes: Nodes, lattice: int) -> "RadialGrid":
        """For the lattice of this number."""
        z = np.asarray(nodes.z)
        beyond = z > np.asarray(nodes.lattices[lattice].z)[-1]
        return cls(r, prefilter_matrix(z.size), int(beyond.sum()))

    def redshifts(self, sight: Sight) -> tuple[Array, Array]:
        """z (n,) there, and which share of their cells lies within the nodes and the lattice."""
        los, lattice, far = sight.los, sight.lattice, sight.nodes.z.size - self.n_far
        z, r = jnp.asarray(lattice.z), jnp.asarray(self.r)
        hubble = jnp.exp(jnp.asarray(lattice.splines) @ jnp.log(los.hubble))
        slope = hubble / jnp.where(z > 0, sight.cot_fine * sight.f_k_fine, 1.0)
        # of x = ln(0.3 + z), in which the nodes that only maps see are dense enough
        x = jnp.log(0.3 + jnp.concatenate([z, jnp.asarray(sight.nodes.z)[far:]]))
        at = jnp.concatenate([sight.f_k_fine, los.f_k[far:]])
        slope = jnp.concatenate([slope, (los.hubble / los.c_k)[far:]]) * jnp.exp(-x)

        end = jnp.minimum(los.f_k[-1], at[-1])
        # as much of its cell as lies before the end, so that no point drops out at once
        covered = jnp.clip(jnp.log(end / r) / jnp.log(r[1] / r[0]) + 0.5, 0.0, 1.0)
        covered = jnp.where(r >= at[0], covered, 0.0)
        r = jnp.clip(r, at[0], end)
        i = jnp.clip(jnp.searchsorted(at, r) - 1, 0, at.size - 2)
        length = at[i + 1] - at[i]
        t = (r - at[i]) / length
        rise, left, right = x[i + 1] - x[i], slope[i] * length, slope[i + 1] * length
        second, third = 3 * rise - 2 * left - right, left + right - 2 * rise
        return jnp.exp(x[i] + t * (left + t * (second + t * third))) - 0.3, covered

    def kernels(self, sight: Sight, terms: Sequence[Term]) -> dict[Angular, Array]:
        """Growth times kernels of matter dN/dlnr (n_bin, n), by how they are projected."""
        z, covered = self.redshifts(sight)
        lattice, nodes = jnp.asarray(sight.lattice.z), jnp.asarray(sight.nodes.z)
        x = jnp.log(0.3 + nodes)
        at_node = jnp.clip((jnp.log(0.3 + z) - x[0]) / (x[1] - x[0]), 0.0, nodes.size - 1.0)
        at_lattice = (z - lattice[0]) / (lattice[1] - lattice[0])

        def of_nodes(values: Array) -> Array:
            """(n_row, n) from what is given at the nodes, (n_row, n_q), or (n_row, 1) of all."""
            if values.shape[1] == 1:
                return values
            rows = jnp.asarray(self.prefilter) @ values.T
            return _read(rows, at_node)

        los, r = sight.los, jnp.asarray(self.r)
        growth, c_k, hubble = of_nodes(jnp.stack([los.growth, los.c_k, los.hubble]))
        # of dz and of f_k dchi to dlnr
        density, path = covered * growth * hubble * r / c_k, covered * growth * r**2 / c_k
        found: dict[Angular, Array] = {}

        def add(angular: Angular, kernel: Array) -> None:
            found[angular] = found[angular] + kernel if angular in found else kernel

        for term in terms:
            if term.field not in TREE:
                continue
            if term.local is not None:
                rows = _coefficients(term.local.T)
                before_zeros = jnp.clip(at_lattice, 0.0, term.local.shape[1] + _MARGIN - 3.0)
                here = _read(rows, before_zeros + _MARGIN - 1)
                amplitude = 1.0 if term.amplitude is None else of_nodes(term.amplitude)
                add(term.angular, here * amplitude * density)
            if term.smooth is not None:
                angular: Angular = "shear" if term.angular == "shear" else "convergence"
                add(angular, of_nodes(term.smooth) * path)
        return found


def _coefficients(rows: Array) -> Array:
    """B-spline coefficients (n + 2 _MARGIN, n_row) of samples (n, n_row) between zeros: the inverse
    of (1, 4, 1) / 6 as a short filter, which decays by 2 - sqrt(3) a point."""
    padded = jnp.pad(rows, ((2 * _MARGIN, 2 * _MARGIN), (0, 0)))
    n = len(rows) + 2 * _MARGIN
    weights = np.sqrt(3) * (np.sqrt(3) - 2) ** np.abs(np.arange(-_MARGIN, _MARGIN + 1))
    return sum((w * padded[i : i + n] for i, w in enumerate(weights.tolist())), jnp.zeros(()))


def _read(rows: Array, position: Array) -> Array:
    """Splines (n_row, n) at positions (n,) from coefficients (n_point, n_row), the second of which
    has position 0: a point's row is read whole, and whole rows are added to in derivatives."""
    start = jnp.minimum(jnp.floor(jax.lax.stop_gradient(position)), rows.shape[0] - 4.0)
    weights = bspline_taps(position - start)
    first = start.astype(int)
    read = [
        weights[i][:, None] * rows.at[first + i].get(mode="promise_in_bounds") for i in range(4)
    ]
    return (read[0] + read[1] + read[2] + read[3]).T
