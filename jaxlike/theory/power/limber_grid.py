"""Where power is asked for: the Limber points (z_q, (ell + 1/2) / chi_q), and what is made for them
once."""

from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.linalg import block_diag

from jaxlike.numerics import chebyshev
from jaxlike.numerics.splines import lattice_windows
from jaxlike.theory.power.collapse import CollapseGrid
from jaxlike.theory.power.linear import LINEAR, LinearModel, linear_model, ln_free_streaming
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.universe.line_of_sight import LN_ELL_START, N_LATTICE, LineOfSight, Nodes
from jaxlike.theory.wavenumbers import LN_K, LN_K_STEP, TO_LATTICE, K

_N_SCALE, _N_SCALE_FAR = 7, 12
_EARLY = 1.02  # D (1 + z) in any universe is less
_X_END, _X_FAR = np.log1p([6.0, 3.0])  # nodes that end later have two sets of Chebyshev nodes

Z_NONLINEAR = {False: 50.0, True: 10.0}
"""Redshift beyond which power is linear, without and with haloes: the convergence of the CMB sees
structure of every age, and no model was made for that beyond. Halofit's correction has gone down
to 1e-3 there, at what any multipole below 2000 sees of it."""


def limber_window(coefficients: Array, los: LineOfSight, ell_lattice: ArrayLike) -> Array:
    """Spline in ln k read at k = (ell + 1/2) / f_k(chi), (n_q, n_ell).

    coefficients: (n_q, n_k + 2), or (1, n_k + 2) for all. The multipole nodes lie on a lattice of
    the same step as ln k, so that one redshift reads one contiguous window.
    """
    position = (LN_ELL_START - jnp.log(los.f_k) - LN_K[0]) / LN_K_STEP
    window = lattice_windows(coefficients, position, N_LATTICE)
    return window.at[:, ell_lattice].get(
        mode="promise_in_bounds", indices_are_sorted=True, unique_indices=True
    )


def _nodes_of_scale(x: NDArray) -> tuple[NDArray, NDArray]:
    """Chebyshev nodes (n_scale,) in ln(1 + z), and the matrix from them to x (n,) = ln(1 + z_q)."""
    if x[-1] <= _X_END:
        scale = chebyshev.nodes(_N_SCALE, 0.0, x[-1])
        return scale, chebyshev.interpolation_matrix(scale, x)
    near = chebyshev.nodes(_N_SCALE, 0.0, _X_FAR)
    far = chebyshev.nodes(_N_SCALE_FAR, _X_FAR, x[-1])
    parts = ((near, x[x <= _X_FAR]), (far, x[x > _X_FAR]))
    matrix = block_diag(*(chebyshev.interpolation_matrix(*part) for part in parts))
    return np.append(near, far), matrix


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class PowerGrid:
    """Chebyshev nodes in redshift for what is nonlinear; `growth` covers z_q, then these.

    scale_to_nodes: (n, n_scale) to the first redshift nodes, those before Z_NONLINEAR; collapse: of
    haloes, None for models without them; early: whether nodes lie before what a linear model knows
    of massive neutrinos.
    """

    scale_to_nodes: NDArray
    growth: GrowthGrid
    collapse: CollapseGrid | None
    early: bool = field(default=False, metadata={"static": True})

    @classmethod
    def build(cls, nodes: Nodes, *, haloes: bool = True) -> "PowerGrid":
        """Grid that spans the redshift nodes, with what haloes need unless told otherwise."""
        x = np.log1p(nodes.z[nodes.z <= Z_NONLINEAR[haloes]])
        scale, scale_to_nodes = _nodes_of_scale(x)
        return cls(
            scale_to_nodes,
            GrowthGrid.build(np.concatenate([nodes.z, np.expm1(scale)])),
            CollapseGrid.build(np.expm1(scale)) if haloes else None,
            bool(nodes.z[-1] > min(model.z_max_neutrinos for model in LINEAR.values())),
        )

    def known(self, growth: Array, linear: LinearModel) -> Array:
        """Growth (n,) at which free streaming is known: early on its effect no longer changes."""
        end = linear_model(linear).z_max_neutrinos
        return jnp.maximum(growth, _EARLY / (1 + end)) if self.early and end < np.inf else growth


class LinearShape(NamedTuple):
    """ln P_lin / D^2 (n_node,) at K_NODES without free streaming, and D at z = 0."""

    ln_cold: Array
    today: Array

    def power_today(self, cosmo: Cosmology, linear: LinearModel) -> Array:
        """P_lin (n_k,) in (Mpc/h)^3 at z = 0 on the lattice K."""
        ln_p = jnp.matmul(TO_LATTICE, self.ln_cold) + 2 * jnp.log(self.today)
        if linear_model(linear).ln_change is not None:  # which begins today
            return jnp.exp(ln_p)
        return jnp.exp(
            ln_p + ln_free_streaming(cosmo, K, self.today[None], linear, z=np.zeros(1))[0]
        )


class LimberPoints(NamedTuple):
    """What a nonlinear model makes its power of, at the Limber points of the first n redshifts.

    k: (n, n_ell) in h/Mpc; z: (n,); power: (n, n_ell) of linear theory in (Mpc/h)^3; ln_cold: as in
    LinearShape; at_scale: D at the Chebyshev nodes of the grid; los: of the n redshifts; ln_change:
    (n_scale, n_node) at K_NODES of a provider's power, None for the core's own.
    """

    cosmo: Cosmology
    k: Array
    z: NDArray
    power: Array
    ln_cold: Array
    at_scale: Array
    los: LineOfSight
    nodes: Nodes
    grid: PowerGrid
    linear: LinearModel
    ln_change: Array | None = None

    @property
    def z_scale(self) -> ArrayLike:
        """Redshifts of the Chebyshev nodes (n_scale,)."""
        return self.grid.growth.z[np.size(self.nodes.z) :]

    def read(self, coefficients: Array) -> Array:
        """Splines in ln k (n, n_k + 2) at the points' wavenumbers (n, n_ell)."""
        return limber_window(coefficients, self.los, self.nodes.ell_lattice)
