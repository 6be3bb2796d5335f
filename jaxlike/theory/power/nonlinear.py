"""Nonlinear matter power by any of the models, at Limber points or at given k and z."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.power import halofit, hmcode, provided
from jaxlike.theory.power.boost import FEEDBACK, BoostModel, load_boost
from jaxlike.theory.power.halofit import HalofitModel
from jaxlike.theory.power.limber_grid import LimberPoints
from jaxlike.theory.power.linear import (
    LinearModel,
    linear_power,
    ln_amplitude,
    ln_cold_excess,
    ln_free_streaming,
)
from jaxlike.theory.power.primordial import ln_amplitude_of
from jaxlike.theory.power.provider import load_provider
from jaxlike.theory.universe.cosmology import Cosmology, Scalar
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.wavenumbers import K_NODES, TO_COEFFICIENTS, TO_LATTICE, K

NonlinearModel: TypeAlias = str
"""A key of NONLINEAR; with TIMES and a boost behind it, what that multiplies."""

TIMES = " * "


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
    if points.ln_change is None:
        known = points.grid.known(points.at_scale, points.linear)
        ln_p = ln_p + ln_free_streaming(
            points.cosmo, K_NODES[smoothed], known, points.linear, z=points.z_scale
        )
    else:
        ln_p = ln_p + points.ln_change[:, smoothed]
    scale = halofit.nonlinear_scale(jnp.exp(ln_p))
    there = jnp.stack([scale.ln_k_sigma, scale.n_eff, scale.curvature])
    there = there @ jnp.asarray(points.grid.scale_to_nodes).T
    at_nodes = halofit.NonlinearScale(*there)
    return halofit.halofit(points.cosmo, points.k, points.power, points.z, at_nodes, model=model)


def _haloes(points: LimberPoints, version: hmcode.Version) -> tuple[Array, Any]:
    """Splines of HMCode's haloes at the points, and its haloes, made at the Chebyshev nodes in
    redshift."""
    cosmo, growth, grid = points.cosmo, points.at_scale, points.grid
    ln_p = jnp.matmul(TO_LATTICE, points.ln_cold) + 2 * jnp.log(growth)[:, None]
    if points.ln_change is None:
        ln_p = ln_p + ln_free_streaming(cosmo, K, growth, points.linear, z=points.z_scale)
    else:
        ln_p = ln_p + points.ln_change @ jnp.asarray(TO_LATTICE).T
    cold = jnp.exp(ln_p + ln_cold_excess(cosmo, K, growth))
    power = jnp.exp(ln_p)
    assert grid.collapse is not None  # as whoever asks for HMCode has built it
    haloes = version.haloes(cosmo, grid.collapse, power, cold)
    haloes = jax.tree.map(lambda x: jnp.tensordot(grid.scale_to_nodes, x, 1), haloes)
    return jax.vmap(points.read, 1)(haloes.splines), haloes


def _hmcode(points: LimberPoints, *, version: hmcode.Version) -> Array:
    splines, haloes = _haloes(points, version)
    return version.power(points.k, points.power, splines, haloes)


def _provided(points: LimberPoints) -> Array:
    """A provider's own, by what it makes of linear power at the Chebyshev nodes in redshift."""
    provider, growth = load_provider(points.linear), points.at_scale
    assert points.ln_change is not None
    ln_linear = points.ln_cold + 2 * jnp.log(growth)[:, None] + points.ln_change
    A_s = _primordial_amplitude(points.cosmo, points.linear)
    ln_p = provided.ln_nonlinear_power(provider, points.cosmo, A_s, K_NODES, points.z_scale)
    ratio = jnp.matmul(points.grid.scale_to_nodes, ln_p - ln_linear)
    return points.power * jnp.exp(points.read(ratio @ jnp.asarray(TO_COEFFICIENTS).T))


def _provided_table(cosmo: Cosmology, k: ArrayLike, z: ArrayLike, linear: LinearModel) -> Array:
    A_s, z = _primordial_amplitude(cosmo, linear), jnp.atleast_1d(jnp.asarray(z, float))
    return jnp.exp(provided.ln_nonlinear_power(load_provider(linear), cosmo, A_s, k, z))


def _primordial_amplitude(cosmo: Cosmology, linear: LinearModel) -> Scalar:
    if cosmo.A_s is not None:
        return cosmo.A_s
    today = GrowthGrid.build(0.0).growth(cosmo)[1]
    return jnp.exp(ln_amplitude(cosmo, today, linear) - ln_amplitude_of(1.0, cosmo.Omega_m))


def _feedback(points: LimberPoints) -> Array:
    """HMCode2020 with feedback over the same without; one where there is none."""
    if points.cosmo.log_T_AGN is None:
        return jnp.ones_like(points.power)
    splines, haloes = _haloes(points, hmcode.HMCODE2020)
    return _response(points.k, points.power, splines, haloes)


def _feedback_table(cosmo: Cosmology, k: ArrayLike, z: ArrayLike, linear: LinearModel) -> Array:
    if cosmo.log_T_AGN is None:
        return jnp.ones((jnp.size(z), jnp.size(k)))
    version = hmcode.HMCODE2020._replace(power=_response)
    return hmcode.nonlinear_power(cosmo, jnp.asarray(k), z, linear=linear, version=version)


def _response(k: Array, power: Array, splines: Array, haloes: Any) -> Array:
    alone = replace(haloes, ln_stars=None)
    return hmcode.hmcode(k, power, splines, haloes) / hmcode.hmcode(k, power, splines, alone)


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
    "provider": NonlinearPower(_provided, _provided_table),
}
"""Name -> model; what is put here can be asked for as the option `nonlinear`."""


def _boost(name: BoostModel) -> NonlinearPower:
    """What a boost multiplies power by, in the place of power."""
    if name == FEEDBACK:
        return NonlinearPower(_feedback, _feedback_table, haloes=True)
    boost = load_boost(name)

    def table(cosmo: Cosmology, k: ArrayLike, z: ArrayLike, linear: LinearModel) -> Array:
        z = jnp.atleast_1d(jnp.asarray(z, float))[:, None]
        return boost(cosmo, jnp.broadcast_to(jnp.asarray(k), (z.size, jnp.size(k))), z)

    return NonlinearPower(lambda p: boost(p.cosmo, p.k, jnp.asarray(p.z)[:, None]), table)


def nonlinear_model(name: NonlinearModel) -> NonlinearPower:
    """The model of a name, boosted where it names a boost too."""
    base, _, boost_name = name.partition(TIMES)
    model = NONLINEAR[base]
    if not boost_name:
        return model
    boost = _boost(boost_name)
    return NonlinearPower(
        lambda points: model.limber(points) * boost.limber(points),
        lambda *where: model.table(*where) * boost.table(*where),
        haloes=model.haloes or boost.haloes,
    )


def boosted(nonlinear: NonlinearModel, boost: BoostModel) -> NonlinearModel:
    """The name of a nonlinear model with a boost, or with none."""
    return nonlinear if boost == "none" else nonlinear + TIMES + boost


def nonlinear_power(
    cosmo: Cosmology,
    k: ArrayLike,
    z: ArrayLike,
    *,
    linear: LinearModel = "eisenstein_hu",
    model: NonlinearModel = "takahashi",
) -> Array:
    """P_nl (n_z, n_k) in (Mpc/h)^3; k (n_k,) in h/Mpc, fixed redshifts z (n_z,)."""
    return nonlinear_model(model).table(cosmo, k, z, linear)
