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
from jaxlike.theory.linear import (
    LN_K,
    LN_K_STEP,
    K,
    LinearModel,
    ln_amplitude,
    ln_cold_shape,
    ln_free_streaming,
)

NonlinearModel = Literal["takahashi", "smith", "linear"]

_PREFILTER = prefilter_matrix(LN_K.size)
_N_STREAM, _N_SCALE = 5, 7


def limber_window(coefficients: Array, los: LineOfSight, ell_lattice: NDArray) -> Array:
    """Spline in ln k read at k = (ell + 1/2) / f_k(chi), (n_q, n_ell).

    coefficients: (n_q, n_k + 2). The multipole nodes lie on a lattice of the same step as ln k,
    so that one redshift reads one contiguous window.
    """
    position = (LN_ELL_START - jnp.log(los.f_k) - LN_K[0]) / LN_K_STEP
    return lattice_windows(coefficients, position, N_LATTICE)[:, ell_lattice]


@dataclass(frozen=True)
class PowerGrid:
    """Chebyshev nodes in redshift of what changes slowly, and matrices between them and z_q.

    stream: redshifts of free streaming; scale: of the nonlinear scale. `growth` covers z_q, then
    these two.
    """

    stream_to_nodes: NDArray
    stream_to_scale: NDArray
    scale_to_nodes: NDArray
    growth: GrowthGrid

    @classmethod
    def build(cls, nodes: Nodes) -> "PowerGrid":
        """Grid that spans the redshift nodes."""
        x = np.log1p(nodes.z)
        stream, scale = (chebyshev.nodes(n, 0.0, x[-1]) for n in (_N_STREAM, _N_SCALE))
        return cls(
            chebyshev.interpolation_matrix(stream, x),
            chebyshev.interpolation_matrix(stream, scale),
            chebyshev.interpolation_matrix(scale, x),
            GrowthGrid.build(np.concatenate([nodes.z, np.expm1(stream), np.expm1(scale)])),
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
    n_q = nodes.z.size
    at_nodes, at_stream, at_scale = jnp.split(growth, [n_q, n_q + _N_STREAM])
    los = LineOfSight.of(cosmo, nodes, at_nodes / today)

    ln_p = ln_cold_shape(cosmo, K, linear) + ln_amplitude(cosmo, today, linear)
    streaming = ln_free_streaming(cosmo, K, at_stream)
    coefficients = jnp.broadcast_to(_PREFILTER @ ln_p, (n_q, K.size + 2))
    if cosmo.omega_nu is not None:
        coefficients = coefficients + grid.stream_to_nodes @ smooth_coefficients(streaming)
    ln_linear = limber_window(coefficients, los, nodes.ell_lattice)
    linear_power = jnp.exp(ln_linear + 2 * jnp.log(at_nodes)[:, None])
    if nonlinear == "linear":
        return linear_power, los

    smoothing = ln_p[halofit.SMOOTHING] + 2 * jnp.log(at_scale)[:, None]
    if cosmo.omega_nu is not None:
        smoothing = smoothing + grid.stream_to_scale @ streaming[:, halofit.SMOOTHING]
    scale = halofit.nonlinear_scale(jnp.exp(smoothing))
    there = jnp.stack([scale.ln_k_sigma, scale.n_eff, scale.curvature]) @ grid.scale_to_nodes.T
    k = jnp.asarray(nodes.ell + 0.5) / los.f_k[:, None]
    power = halofit.halofit(
        cosmo, k, linear_power, nodes.z, halofit.NonlinearScale(*there), model=nonlinear
    )
    return power, los
