"""Nonlinear matter power by any of the models, at Limber points or at given k and z."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.power import halofit, hmcode
from jaxlike.theory.power.halofit import HalofitModel
from jaxlike.theory.power.limber_grid import LimberPoints
from jaxlike.theory.power.linear import (
    LinearModel,
    linear_power,
    ln_cold_excess,
    ln_free_streaming,
)
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.wavenumbers import K_NODES, TO_LATTICE, K

NonlinearModel: TypeAlias = str
"""A key of NONLINEAR."""


@dataclass(frozen=True)
class NonlinearPower:
    """A model of the nonlinear power spectrum.

    limber: P_nl (n, n_ell) at Limber points.  table: P_nl (n_z, n_k) of a cosmology at k (n_k,) in
    h/Mpc and z (n_z,), on a linear spectrum by name.  haloes: whether it needs them to have been
    prepared.
    """

    limber: Callable[[LimberPoints], Array]
    table: Callable[[Cosmology, ArrayLike, ArrayLike, LinearModel], Array]
    haloes: bool = False


def pointwise(function: Callable[[Cosmology, Array, Array, Array], Array]) -> NonlinearPower:
    """The model of a function (cosmology, k, z, P_lin) -> P_nl that looks at each point alone.

    k, P_lin: (n_z, n_k); z: (n_z, 1).
    """

    def limber(points: LimberPoints) -> Array:
        return function(points.cosmo, points.k, jnp.asarray(points.z)[:, None], points.power)

    def table(cosmo: Cosmology, k: ArrayLike, z: ArrayLike, linear: LinearModel) -> Array:
        power = linear_power(cosmo, k, z, model=linear)
        wide = jnp.broadcast_to(jnp.asarray(k), power.shape)
        return function(cosmo, wide, jnp.atleast_1d(jnp.asarray(z))[:, None], power)

    return NonlinearPower(limber, table)


def _halofit(points: LimberPoints, *, model: HalofitModel) -> Array:
    """Halofit with its scale found at the Chebyshev nodes in redshift."""
    smoothed = halofit.SMOOTHING
    ln_p = points.ln_cold[smoothed] + 2 * jnp.log(points.at_scale)[:, None]
    known = points.grid.known(points.at_scale, points.linear)
    ln_p = ln_p + ln_free_streaming(points.cosmo, K_NODES[smoothed], known, points.linear)
    scale = halofit.nonlinear_scale(jnp.exp(ln_p))
    there = jnp.stack([scale.ln_k_sigma, scale.n_eff, scale.curvature])
    there = there @ jnp.asarray(points.grid.scale_to_nodes).T
    at_nodes = halofit.NonlinearScale(*there)
    return halofit.halofit(points.cosmo, points.k, points.power, points.z, at_nodes, model=model)


def _hmcode(points: LimberPoints, *, version: hmcode.Version) -> Array:
    """HMCode with its haloes made at the Chebyshev nodes in redshift."""
    cosmo, growth, grid = points.cosmo, points.at_scale, points.grid
    ln_p = jnp.matmul(TO_LATTICE, points.ln_cold) + 2 * jnp.log(growth)[:, None]
    ln_p = ln_p + ln_free_streaming(cosmo, K, growth, points.linear)
    cold = jnp.exp(ln_p + ln_cold_excess(cosmo, K, growth))
    power = jnp.exp(ln_p)
    assert grid.collapse is not None  # as whoever asks for HMCode has built it
    haloes = version.haloes(cosmo, grid.collapse, power, cold)
    haloes = jax.tree.map(lambda x: jnp.tensordot(grid.scale_to_nodes, x, 1), haloes)
    splines = jax.vmap(points.read, 1)(haloes.splines)
    return version.power(points.k, points.power, splines, haloes)


def _halofit_table(
    cosmo: Cosmology, k: ArrayLike, z: ArrayLike, linear: LinearModel, *, model: HalofitModel
) -> Array:
    return halofit.nonlinear_power(cosmo, k, z, linear=linear, model=model)


def _hmcode_table(
    cosmo: Cosmology, k: ArrayLike, z: ArrayLike, linear: LinearModel, *, version: hmcode.Version
) -> Array:
    return hmcode.nonlinear_power(cosmo, jnp.asarray(k), z, linear=linear, version=version)


def _by_hmcode(version: hmcode.Version) -> NonlinearPower:
    limber, table = partial(_hmcode, version=version), partial(_hmcode_table, version=version)
    return NonlinearPower(limber, table, haloes=True)


def _by_halofit(model: HalofitModel) -> NonlinearPower:
    return NonlinearPower(partial(_halofit, model=model), partial(_halofit_table, model=model))


NONLINEAR: dict[str, NonlinearPower] = {
    "takahashi": _by_halofit("takahashi"),
    "smith": _by_halofit("smith"),
    "hmcode2020": _by_hmcode(hmcode.HMCODE2020),
    "hmcode2016": _by_hmcode(hmcode.HMCODE2016),
    "linear": pointwise(lambda cosmo, k, z, power: power),
}
"""Name -> model; what is put here can be asked for as the option `nonlinear`."""


def nonlinear_power(
    cosmo: Cosmology,
    k: ArrayLike,
    z: ArrayLike,
    *,
    linear: LinearModel = "eisenstein_hu",
    model: NonlinearModel = "takahashi",
) -> Array:
    """P_nl (n_z, n_k) in (Mpc/h)^3; k (n_k,) in h/Mpc, fixed redshifts z (n_z,)."""
    return NONLINEAR[model].table(cosmo, k, z, linear)
