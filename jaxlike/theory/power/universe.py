"""A universe, computed once a point for all that look at it: its geometry, and its power spectra.

The nodes are common to all likelihoods of a posterior; each has its n(z) on a lattice of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.power.fields import FieldPower, field_power
from jaxlike.theory.power.limber_grid import PowerGrid
from jaxlike.theory.power.limber_power import limber_and_linear_power
from jaxlike.theory.power.linear import LinearModel, top_hat_weights
from jaxlike.theory.power.nonlinear import NonlinearModel, nonlinear_model
from jaxlike.theory.power.one_loop import OneLoopGrid
from jaxlike.theory.power.one_loop_kernels import Family
from jaxlike.theory.power.power_table import PowerTable, PowerTableGrid
from jaxlike.theory.power.quantities import Quantities
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes, Sight


def _sigma8(power_today: Array) -> Array:
    """From P_lin (n_k,) on the lattice K; whoever does not ask for it does not pay for it."""
    return jnp.sqrt(power_today @ jnp.asarray(top_hat_weights(8.0)))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Universe(Quantities):
    """Geometry at the nodes and on the lattices, and P_XY at the Limber points; what likelihoods of
    others ask for by name are the methods of `Quantities`.

    cosmo: None where a host's tables stand for it, as are models, of linear and nonlinear power;
    linear: P_lin (n_k,) in (Mpc/h)^3 today on the lattice K, None where tables have none.
    """

    nodes: Nodes
    los: LineOfSight
    power: FieldPower
    cosmo: Cosmology | None = None
    linear: Array | None = None
    models: tuple[LinearModel, NonlinearModel] | None = field(
        default=None, metadata={"static": True}
    )

    def sight(self, lattice: int) -> Sight:
        """What galaxies on the lattice of this number see."""
        return Sight.of(self.nodes, self.los, lattice)

    def seen_from(self, nodes: Nodes) -> "Universe":
        """The same for other lattices on the same nodes, whose geometry is that of `cosmo`."""
        if self.cosmo is None:
            raise ValueError("a universe of tables has the geometry of its own lattices alone")
        los = LineOfSight.of(self.cosmo, nodes, self.los.growth)
        return replace(self, nodes=nodes, los=replace(los, sigma8=self.los.sigma8))

    @property
    def matter(self) -> Array:
        """P_nl of matter (n_q, n_ell)."""
        return self.power.of("matter", "matter")


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class UniverseGrid:
    """Everything about universes that no parameter changes: nodes, matrices, models.

    one_loop: what fields beyond the matter need; None where no tracer has them.
    """

    nodes: Nodes
    power: PowerGrid
    one_loop: OneLoopGrid | None
    linear: LinearModel = field(metadata={"static": True})
    nonlinear: NonlinearModel = field(metadata={"static": True})

    @classmethod
    def build(
        cls,
        nodes: Nodes,
        *,
        linear: LinearModel = "eisenstein_hu",
        nonlinear: NonlinearModel = "takahashi",
        loops: Sequence[Family] = (),
    ) -> "UniverseGrid":
        """The grid of these nodes; `loops`: families of the fields beyond the matter."""
        one_loop = OneLoopGrid.build(loops) if loops else None
        power = PowerGrid.build(nodes, haloes=nonlinear_model(nonlinear).haloes)
        return cls(nodes, power, one_loop, linear, nonlinear)

    def universe(self, cosmo: Cosmology) -> Universe:
        """The universe of a cosmology, by the core's own models."""
        matter, los, shape = limber_and_linear_power(
            cosmo, self.nodes, self.power, linear=self.linear, nonlinear=self.nonlinear
        )
        terms, today = None, shape.power_today(cosmo, self.linear)
        if self.one_loop is not None:
            terms = self.one_loop.spectra(today)
        los = replace(los, sigma8=_sigma8(today))
        power = field_power(matter, los, self.nodes.ell_lattice, terms)
        return Universe(self.nodes, los, power, cosmo, today, (self.linear, self.nonlinear))

    def tables(self, z: ArrayLike, k: ArrayLike, z_distance: ArrayLike) -> PowerTableGrid:
        """Matrices for tables of P(k [h/Mpc], z) and of distances on these grids."""
        return PowerTableGrid.build(self.nodes, z, k, z_distance)

    def universe_of_tables(self, grid: PowerTableGrid, table: PowerTable) -> Universe:
        """The universe whose P(k, z) and distances are handed in."""
        matter, los = grid.limber_power(table)
        terms = today = None
        if table.P_lin is not None or self.one_loop is not None:
            today = grid.linear_power_today(table)
            los = replace(los, sigma8=_sigma8(today))
            terms = None if self.one_loop is None else self.one_loop.spectra(today)
        power = field_power(matter, los, self.nodes.ell_lattice, terms)
        return Universe(self.nodes, los, power, linear=today)

    @property
    def size(self) -> int:
        """Redshift times multipole nodes."""
        return int(np.size(self.nodes.z) * np.size(self.nodes.ell))

    @property
    def temporary(self) -> float:
        """Bytes, roughly, that the gradient of a likelihood in a universe needs for a while: what
        XLA says of those of surveys."""
        found = 0.45e6 + 850.0 * self.size
        if nonlinear_model(self.nonlinear).haloes:
            found += 1.2e6 + 900.0 * self.size
        return found if self.one_loop is None else found + 3.9e6
