"""Matter power at the Limber points (z_q, (ell + 1/2) / chi_q), from the core's own models."""

from dataclasses import dataclass, field, replace
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
from jaxlike.theory.power import halofit, hmcode
from jaxlike.theory.power.collapse import CollapseGrid
from jaxlike.theory.power.emulator import Z_MAX_NEUTRINOS
from jaxlike.theory.power.halo_model import halo_model
from jaxlike.theory.power.linear import (
    LinearModel,
    ln_amplitude,
    ln_cold_excess,
    ln_cold_shape,
    ln_free_streaming,
)
from jaxlike.theory.power.nonlinear import NonlinearModel
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.universe.line_of_sight import LN_ELL_START, N_LATTICE, LineOfSight, Nodes
from jaxlike.theory.wavenumbers import (
    K_NODES,
    LN_K,
    LN_K_STEP,
    TO_COEFFICIENTS,
    TO_LATTICE,
    K,
)

_N_SCALE, _N_SCALE_FAR = 7, 12
_EARLY = 1.02 / (1 + Z_MAX_NEUTRINOS)  # D in any universe, at which neutrinos are still known
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


def _outer(x: Array, y: Array) -> Array:
    """x[i] y[j] as a matrix product: its transpose is one too, not a slow sum."""
    return x[:, None] @ y[None, :]


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
    haloes, None for models without them; early: whether nodes lie before what the emulator knows of
    massive neutrinos.
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
            bool(nodes.z[-1] > Z_MAX_NEUTRINOS),
        )

    def known(self, growth: Array, linear: LinearModel) -> Array:
        """Growth (n,) at which free streaming is known: early on its effect no longer changes."""
        return jnp.maximum(growth, _EARLY) if self.early and linear == "emulator" else growth


class LinearShape(NamedTuple):
    """ln P_lin / D^2 (n_node,) at K_NODES without free streaming, and D at z = 0."""

    ln_cold: Array
    today: Array

    def power_today(self, cosmo: Cosmology, linear: LinearModel) -> Array:
        """P_lin (n_k,) in (Mpc/h)^3 at z = 0 on the lattice K."""
        ln_p = jnp.matmul(TO_LATTICE, self.ln_cold) + 2 * jnp.log(self.today)
        return jnp.exp(ln_p + ln_free_streaming(cosmo, K, self.today[None], linear)[0])


def limber_power(
    cosmo: Cosmology,
    nodes: Nodes,
    grid: PowerGrid,
    *,
    linear: LinearModel,
    nonlinear: NonlinearModel,
) -> tuple[Array, LineOfSight]:
    """P_nl (n_q, n_ell) in (Mpc/h)^3 at the Limber points, and the line of sight."""
    return limber_and_linear_power(cosmo, nodes, grid, linear=linear, nonlinear=nonlinear)[:2]


def limber_and_linear_power(
    cosmo: Cosmology,
    nodes: Nodes,
    grid: PowerGrid,
    *,
    linear: LinearModel,
    nonlinear: NonlinearModel,
) -> tuple[Array, LineOfSight, LinearShape]:
    """`limber_power`, and the linear power that it is made of."""
    growth, today = grid.growth.growth(cosmo)
    n_q = np.size(nodes.z)
    at_nodes, at_scale = growth[:n_q], growth[n_q:]
    los = LineOfSight.of(cosmo, nodes, at_nodes / today)

    # The wiggles are the same at every redshift; free streaming is not, but smooth in k.
    ln_cold = ln_cold_shape(cosmo, K_NODES, linear) + ln_amplitude(cosmo, today, linear)
    shape = LinearShape(ln_cold, today)
    k = _outer(1 / los.f_k, jnp.asarray(nodes.ell) + 0.5)
    ln_linear = limber_window(jnp.matmul(TO_COEFFICIENTS, ln_cold)[None], los, nodes.ell_lattice)
    ln_linear = ln_linear + ln_free_streaming(cosmo, k, grid.known(at_nodes, linear), linear)
    linear_power = jnp.exp(ln_linear + 2 * jnp.log(at_nodes)[:, None])
    if nonlinear == "linear":
        return linear_power, los, shape
    n = np.shape(grid.scale_to_nodes)[0]
    if n < n_q:
        k, z, near = k[:n], nodes.z[:n], replace(los, f_k=los.f_k[:n])
        linear_power, far = linear_power[:n], linear_power[n:]
    else:
        z, near, far = nodes.z, los, None

    def whole(power: Array) -> Array:
        return power if far is None else jnp.concatenate([power, far])

    if nonlinear == "hmcode2020":
        ln_p = jnp.matmul(TO_LATTICE, ln_cold) + 2 * jnp.log(at_scale)[:, None]
        ln_p = ln_p + ln_free_streaming(cosmo, K, at_scale, linear)
        cold = jnp.exp(ln_p + ln_cold_excess(cosmo, K, at_scale))
        power = jnp.exp(ln_p)
        assert grid.collapse is not None  # as whoever asks for HMCode has built it
        haloes = halo_model(cosmo, grid.collapse, power, cold, log_T_AGN=cosmo.log_T_AGN)
        haloes = haloes.interpolated(grid.scale_to_nodes)
        read = jax.vmap(lambda term: limber_window(term, near, nodes.ell_lattice), 1)
        found = hmcode.hmcode(k, linear_power, read(haloes.splines), haloes)
        return whole(found), los, shape

    smoothed = halofit.SMOOTHING
    ln_p = ln_cold[smoothed] + 2 * jnp.log(at_scale)[:, None]
    known = grid.known(at_scale, linear)
    ln_p = ln_p + ln_free_streaming(cosmo, K_NODES[smoothed], known, linear)
    scale = halofit.nonlinear_scale(jnp.exp(ln_p))
    there = jnp.stack([scale.ln_k_sigma, scale.n_eff, scale.curvature])
    there = there @ jnp.asarray(grid.scale_to_nodes).T
    power = halofit.halofit(
        cosmo, k, linear_power, z, halofit.NonlinearScale(*there), model=nonlinear
    )
    return whole(power), los, shape
