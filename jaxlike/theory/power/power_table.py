"""P(k, z) and distances handed in as tables, in the place of the core's own.

Everything is a fixed matrix on fixed table grids, so data vectors stay differentiable in the
tables' entries. Between table points ln P is a cubic spline in ln k and in z; beyond the last k
it goes on as a power law.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.errors import DataError
from jaxlike.numerics.splines import cardinal_splines
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.limber_grid import limber_window
from jaxlike.theory.universe.cosmology import Scalar
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes
from jaxlike.theory.wavenumbers import LN_K, PREFILTER


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PowerTable:
    """What a host's Boltzmann code hands in, in h units.

    P_nl: (n_z, n_k) in (Mpc/h)^3 at PowerTableGrid.z, .k; chi: (n_d,) in Mpc/h and hubble: (n_d,)
    in h/Mpc at PowerTableGrid.z_distance; growth: (n_z,) D(z)/D(0) at .z; Omega_m today (that of
    the lensing prefactor), Omega_k; P_lin: (n_k,) at z = 0, which alignments by TATT need;
    chi_last: to last scattering, which CMB lensing needs where the distances do not reach it.
    """

    P_nl: ArrayLike
    chi: ArrayLike
    hubble: ArrayLike
    growth: ArrayLike
    Omega_m: Scalar
    Omega_k: Scalar = 0.0
    P_lin: ArrayLike | None = None
    chi_last: ArrayLike | None = None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PowerTableGrid:
    """The tables' fixed grids and the matrices from them to the nodes.

    z (n_z,) ascending from 0; k (n_k,) in h/Mpc; z_distance (n_d,) ascending from 0. Redshift
    tables must reach the last node; if not, ValueError names the redshifts. in_last: (n_d,) to the
    distance to last scattering, None where no tracer needs it or the table does not reach it.
    """

    nodes: Nodes
    in_ln_k: NDArray
    in_z: NDArray
    in_distance: NDArray
    in_last: NDArray | None = None

    @classmethod
    def build(
        cls, nodes: Nodes, z: ArrayLike, k: ArrayLike, z_distance: ArrayLike
    ) -> "PowerTableGrid":
        """Matrices for tables on these grids; DataError where they end before the galaxies."""
        z, k, z_distance = (np.asarray(x, float) for x in (z, k, z_distance))
        for name, table in (("the matter power ends", z), ("the distances end", z_distance)):
            if table[-1] < nodes.z[-1] - 1e-9:
                raise DataError(
                    f"{name} at z = {table[-1]:.3g}, but the data's n(z) need z = "
                    f"{nodes.z[-1]:.3g}: ask the host for a higher redshift"
                )
        every_z = np.concatenate([nodes.z, *(one.z for one in nodes.lattices)])
        last = None
        if nodes.last_scattering is not None and z_distance[-1] >= nodes.last_scattering.z[0]:
            last = cardinal_splines(z_distance, np.asarray(nodes.last_scattering.z))[0]
        return cls(
            nodes,
            PREFILTER @ _extended_splines(np.log(k), LN_K),
            cardinal_splines(z, np.minimum(nodes.z, z[-1])),
            cardinal_splines(z_distance, np.minimum(every_z, z_distance[-1])),
            last,
        )

    def line_of_sight(self, table: PowerTable) -> LineOfSight:
        """Geometry at the nodes from the tables."""
        n, in_distance = np.size(self.nodes.z), jnp.asarray(self.in_distance)
        return LineOfSight.from_distances(
            table.Omega_m,
            table.Omega_k,
            self.nodes,
            jnp.matmul(in_distance, jnp.asarray(table.chi)),
            jnp.matmul(in_distance[:n], jnp.asarray(table.hubble)),
            jnp.matmul(self.in_z, jnp.asarray(table.growth)),
            self._last_scattering(table),
        )

    def _last_scattering(self, table: PowerTable) -> Array | None:
        """chi of last scattering, NaN where a closed universe ends before; DataError where it is
        needed and nothing says it."""
        last = self.nodes.last_scattering
        if last is None:
            return None
        if table.chi_last is not None:
            return _this_side(table.Omega_k, jnp.asarray(table.chi_last))
        if self.in_last is None:
            raise DataError(
                "CMB lensing needs the distance to last scattering, and the table of distances "
                "ends before: ask the host for distances to z = 1100, or give chi_last"
            )
        return _this_side(table.Omega_k, jnp.asarray(self.in_last) @ jnp.asarray(table.chi))

    def limber_power(self, table: PowerTable) -> tuple[Array, LineOfSight]:
        """P_nl (n_q, n_ell) in (Mpc/h)^3 at the Limber points, and the line of sight."""
        los = self.line_of_sight(table)
        coefficients = jnp.matmul(
            jnp.asarray(self.in_z),
            jnp.log(jnp.asarray(table.P_nl)) @ jnp.asarray(self.in_ln_k).T,
        )
        return jnp.exp(limber_window(coefficients, los, self.nodes.ell_lattice)), los

    def linear_power_today(self, table: PowerTable) -> Array:
        """P_lin (n_k,) in (Mpc/h)^3 at z = 0 on the lattice K; ValueError if the table has none."""
        if table.P_lin is None:
            raise ValueError("a PowerTable for alignment = tatt needs P_lin, the power at z = 0")
        c = jnp.matmul(self.in_ln_k, jnp.log(jnp.asarray(table.P_lin)))
        return jnp.exp((c[:-2] + 4 * c[1:-1] + c[2:]) / 6)  # the B-splines on the lattice


def _this_side(Omega_k: Scalar, chi: Array) -> Array:
    """chi in Mpc/h, or NaN from near the antipode of a closed universe on."""
    return jnp.where(-Omega_k * (chi / HUBBLE_DISTANCE) ** 2 < 9.0, chi, jnp.nan)


def _extended_splines(x_nodes: NDArray, x: NDArray) -> NDArray:
    """Cardinal splines inside the nodes, straight lines through the last two points outside."""
    matrix = cardinal_splines(x_nodes, np.clip(x, x_nodes[0], x_nodes[-1]))
    for edge, inner, outside in ((0, 1, x < x_nodes[0]), (-1, -2, x > x_nodes[-1])):
        slope = (x[outside] - x_nodes[edge]) / (x_nodes[edge] - x_nodes[inner])
        matrix[outside] = 0.0
        matrix[outside, edge] = 1 + slope
        matrix[outside, inner] = -slope
    return matrix
