"""Everything of a forecast that no design of a survey changes: distances, power, their derivatives.

Both enter C_ell by way of the galaxies' weights alone. Differentiated once with respect to the
cosmology, they make the spectra of any design, and the derivatives of these, a few products of
small matrices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.registry.resolve import resolve
from jaxlike.theory.power import linear as linear_theory
from jaxlike.theory.power.limber_grid import PowerGrid
from jaxlike.theory.power.limber_power import limber_power
from jaxlike.theory.power.linear import LinearModel
from jaxlike.theory.power.nonlinear import NonlinearModel
from jaxlike.theory.universe.cosmology import Cosmology, from_parameters
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes, lattice_between

_N_NODES, _Z_MAX = 48, 2.9
_STEP, _Z_LAST = 0.01, 4.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Structure:
    """Power P (n_q, n_ell) at the Limber points and the line of sight; or changes of both."""

    power: Array
    los: LineOfSight


@dataclass(frozen=True)
class Universe:
    """The fiducial structure, and with a leading axis its changes with the `names`d parameters.

    S8: sigma8 (Omega_m / 0.3)^0.5, and its derivatives (n,).
    """

    nodes: Nodes
    names: tuple[str, ...]
    structure: Structure
    changes: Structure
    S8: float
    dS8: NDArray

    @property
    def z(self) -> NDArray:
        """Lattice (n,) that n(z) are given on."""
        return self.nodes.lattices[0].z


def build_universe(
    fiducial: Mapping[str, float],
    names: Sequence[str],
    *,
    ell_min: float,
    ell_max: float,
    linear: LinearModel = "eisenstein_hu",
    nonlinear: NonlinearModel = "takahashi",
) -> Universe:
    """The universe of cosmological parameters `fiducial` (any accepted names), and its changes.

    `names` of them vary. Raises ParameterError as `parameters.resolve`.
    """
    z = _STEP * np.arange(round(_Z_LAST / _STEP) + 1)
    nodes = Nodes.build(z, _N_NODES, lattice_between(ell_min, ell_max), z_max=_Z_MAX)
    grid = PowerGrid.build(nodes)

    def cosmology(theta: Array) -> Cosmology:
        values: dict[str, ArrayLike] = {**fiducial, **dict(zip(names, theta, strict=True))}
        return from_parameters(resolve(values, ()), radiation=True)

    def everything(theta: Array) -> tuple[Structure, Array]:
        cosmo = cosmology(theta)
        power, los = limber_power(cosmo, nodes, grid, linear=linear, nonlinear=nonlinear)
        sigma8 = linear_theory.sigma8(cosmo, 0.0, model=linear)[0]
        return Structure(power, los), sigma8 * jnp.sqrt(cosmo.Omega_m / 0.3)

    # compiled for one direction, which then serves all
    @jax.jit
    def along(theta: Array, change: Array) -> tuple:
        return jax.jvp(everything, (theta,), (change,))

    theta = jnp.array([fiducial[name] for name in names], float)
    (structure, S8), _ = along(theta, jnp.zeros_like(theta))
    each = [along(theta, jnp.asarray(row))[1] for row in np.eye(theta.size)]
    empty = jax.tree.map(lambda leaf: jnp.zeros((0, *jnp.shape(leaf))), (structure, S8))
    changes, dS8 = jax.tree.map(lambda *rows: jnp.stack(rows), *each) if each else empty
    return Universe(nodes, tuple(names), structure, changes, float(S8), np.asarray(dS8))
