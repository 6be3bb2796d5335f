"""Matter power at the Limber points (z_q, (ell + 1/2) / chi_q), from the core's own models."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.theory.power.limber_grid import LimberPoints, LinearShape, PowerGrid, limber_window
from jaxlike.theory.power.linear import (
    LinearModel,
    linear_model,
    ln_amplitude,
    ln_cold_shape,
    ln_free_streaming,
)
from jaxlike.theory.power.nonlinear import NonlinearModel, nonlinear_model
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.line_of_sight import LineOfSight, Nodes
from jaxlike.theory.wavenumbers import K_NODES, TO_COEFFICIENTS


def _outer(x: Array, y: Array) -> Array:
    """x[i] y[j] as a matrix product: its transpose is one too, not a slow sum."""
    return x[:, None] @ y[None, :]


def _changed(ln_change: Array, los: LineOfSight, nodes: Nodes, grid: PowerGrid) -> Array:
    """What a provider's power does beyond growth (n_q, n_ell), from (n_scale, n_node); constant
    beyond the last of the Chebyshev nodes."""
    near = jnp.matmul(grid.scale_to_nodes, ln_change)
    far = np.size(nodes.z) - near.shape[0]
    every = jnp.concatenate([near, jnp.repeat(near[-1:], far, axis=0)]) if far else near
    return limber_window(every @ jnp.asarray(TO_COEFFICIENTS).T, los, nodes.ell_lattice)


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
    ln_change = None
    if linear_model(linear).ln_change is None:
        known = grid.known(at_nodes, linear)
        ln_linear = ln_linear + ln_free_streaming(cosmo, k, known, linear, z=nodes.z)
    else:
        at = grid.growth.z[n_q:]
        ln_change = ln_free_streaming(cosmo, K_NODES, at_scale, linear, z=at)
        ln_linear = ln_linear + _changed(ln_change, los, nodes, grid)
    linear_power = jnp.exp(ln_linear + 2 * jnp.log(at_nodes)[:, None])
    n = np.shape(grid.scale_to_nodes)[0]
    near = los if n == n_q else replace(los, f_k=los.f_k[:n])
    points = LimberPoints(
        *(
            cosmo,
            k[:n],
            nodes.z[:n],
            linear_power[:n],
            ln_cold,
            at_scale,
            near,
            nodes,
            grid,
            linear,
        ),
        ln_change,
    )
    power = nonlinear_model(nonlinear).limber(points)
    if n < n_q:
        power = jnp.concatenate([power, linear_power[n:]])
    return power, los, shape
