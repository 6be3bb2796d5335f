"""Matter power at the Limber points (z_q, (ell + 1/2) / chi_q), from the core's own models."""

from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.numerics import chebyshev
from jaxlike.numerics.splines import lattice_windows, prefilter_matrix, smooth_coefficients
from jaxlike.theory import halofit
from jaxlike.theory.cosmology import Cosmology
from jaxlike.theory.growth import GrowthGrid
from jaxlike.theory.line_of_sight import LN_ELL_START, N_LATTICE, LineOfSight, Nodes
from jaxlike.theory.linear import LN_K, LN_K_STEP, LinearModel, ln_amplitude, ln_power_shape

NonlinearModel = Literal["takahashi", "smith", "linear"]

_PREFILTER = prefilter_matrix(LN_K.size)
_N_SCALE = 8  # Chebyshev nodes in z for what changes slowly: nonlinear scale, free streaming


def limber_window(coefficients: Array, los: LineOfSight, ell_lattice: NDArray) -> Array:
    """Spline in ln k read at k = (ell + 1/2) / f_k(chi), (n_q, n_ell).

    coefficients: (n_q, n_k + 2). The multipole nodes lie on a lattice of the same step as ln k,
    so that one redshift reads one contiguous window.
    """
    position = (LN_ELL_START - jnp.log(los.f_k) - LN_K[0]) / LN_K_STEP
    return lattice_windows(coefficients, position, N_LATTICE)[:, ell_lattice]


@dataclass(frozen=True)
class PowerGrid:
    """Redshifts at which the spectrum's shape is tabulated, and how to reach z_q from them."""

    scale_z: NDArray
    to_nodes: NDArray
    growth: GrowthGrid

    @classmethod
    def build(cls, nodes: Nodes) -> "PowerGrid":
        """Grid that spans the redshift nodes."""
        x = chebyshev.nodes(_N_SCALE, 0.0, np.log1p(nodes.z[-1]))
        scale_z = np.expm1(x)
        return cls(
            scale_z,
            chebyshev.interpolation_matrix(x, np.log1p(nodes.z)),
            GrowthGrid.build(np.concatenate([nodes.z, scale_z])),
        )


def limber_power(
    cosmo: Cosmology,
    nodes: Nodes,
    grid: PowerGrid,
    *,
    linear: LinearModel,
    nonlinear: NonlinearModel,
) -> tuple[Array, LineOfSight]:
    """P_nl (n_q, n_ell) in (Mpc/h)^3 at the Limber points, and the line of sight."""
    growth, today = grid.growth.growth(cosmo)
    node_growth, scale_growth = growth[: nodes.z.size], growth[nodes.z.size :]
    los = LineOfSight.of(cosmo, nodes, node_growth / today)

    ln_p = ln_power_shape(cosmo, jnp.exp(LN_K), scale_growth, linear)
    ln_p = ln_p + ln_amplitude(cosmo, today, linear)
    # ln P / D^2 changes with z through free streaming alone: one row stands for all without it
    shape = ln_p - 2 * jnp.log(scale_growth)[:, None]
    coefficients = jnp.broadcast_to(_PREFILTER @ shape[0], (nodes.z.size, LN_K.size + 2))
    if cosmo.omega_nu is not None:
        coefficients = coefficients + grid.to_nodes @ smooth_coefficients(shape - shape[0])
    ln_linear = limber_window(coefficients, los, nodes.ell_lattice)
    linear_power = jnp.exp(ln_linear + 2 * jnp.log(node_growth)[:, None])
    if nonlinear == "linear":
        return linear_power, los
    scale = halofit.nonlinear_scale(jnp.exp(ln_p))
    at_nodes = halofit.NonlinearScale(
        *(
            jnp.matmul(grid.to_nodes, x)
            for x in (scale.ln_k_sigma, scale.n_eff, scale.curvature)
        )
    )
    k = jnp.asarray(nodes.ell + 0.5) / los.f_k[:, None]
    power = halofit.halofit(cosmo, k, linear_power, nodes.z, at_nodes, model=nonlinear)
    return power, los
