"""Haloes of HMCode: what its parameters are functions of, and the one-halo terms of HMCode2020.

Mead et al. 2021 (arXiv:2009.01858), sections 2 to 5; appendix B for massive neutrinos. All numbers
as in CAMB.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics import chebyshev
from jaxlike.theory.power.collapse import Collapse, CollapseGrid
from jaxlike.theory.power.linear import top_hat_weights, top_hat_window
from jaxlike.theory.power.nfw import nfw_window
from jaxlike.theory.power.wiggles import WIGGLES, wiggles
from jaxlike.theory.universe.cosmology import Cosmology, Scalar
from jaxlike.theory.wavenumbers import LN_K, LN_K_STEP, PREFILTER, K

# Radii in Mpc/h, R^3 ~ M: one lattice also serves the radii 0.01^(1/3) R that set the time of
# formation, 8 steps below.
_EARLIER = 8
_LN_R_STEP = np.log(100) / 3 / _EARLIER
_N_R = 54
_LN_R = np.log(60.0) + _LN_R_STEP * (np.arange(_N_R) - _N_R + 1)
_R = np.exp(_LN_R)
_HALOES = slice(_EARLIER + 8, _N_R)
RADIUS = _R[_HALOES]
"""Of the masses (n_M,) in the homogeneous universe, Mpc/h."""

# Range of k [h/Mpc] in which ln of a one-halo term is interpolated; it is straight beyond.
_LN_K_NODES = chebyshev.nodes(17, *np.log([0.04, 25.0]))
_K_NODES = np.exp(_LN_K_NODES)


def _spline_matrix() -> NDArray:
    """From values at _LN_K_NODES to coefficients (n_k + 2, n) of the cubic spline on LN_K."""
    inside = np.clip(LN_K, _LN_K_NODES[0], _LN_K_NODES[-1])
    ends = chebyshev.derivative_matrix(_LN_K_NODES)[[0, -1]]
    beyond = np.minimum(LN_K - inside, 0.0)[:, None] * ends[0]
    beyond += np.maximum(LN_K - inside, 0.0)[:, None] * ends[1]
    return PREFILTER @ (chebyshev.interpolation_matrix(_LN_K_NODES, inside) + beyond)


_TO_SPLINE = _spline_matrix()


def _variance_weights() -> tuple[NDArray, NDArray]:
    """sigma^2(R) and dsigma^2/dlnR (n_R, n_k) as weights on P at K."""
    x = K * _R[:, None]
    small = x < 0.05
    safe = np.where(small, 1.0, x)
    window = top_hat_window(x)
    slope = np.where(small, -(x**2) / 5, 3 * np.sin(safe) / safe - 3 * window)
    measure = K**3 / (2 * np.pi**2) * LN_K_STEP
    return window**2 * measure, 2 * window * slope * measure


_VARIANCE, _VARIANCE_SLOPE = _variance_weights()
SIGMA8 = top_hat_weights(8.0)
"""Moments of P_lin at K: variance in spheres of 8 Mpc/h, of displacements (one dimension), and of
those of spheres of 100 Mpc/h; (Mpc/h)^2 the latter."""
VELOCITY = K / (6 * np.pi**2) * LN_K_STEP
VELOCITY_100 = VELOCITY * top_hat_window(100 * K) ** 2


class Haloes(NamedTuple):
    """Haloes of a list of masses (n_M,) at redshifts (n_z,).

    nu: height of peaks; virial: radius in Mpc/h; formed: (1 + z_f) / (1 + z) with the correction of
    dark energy; share: what sums over nu are made with, (Mpc/h)^3; all (n_z, n_M). n_eff: slope of
    the spectrum at the collapse scale (n_z,).
    """

    nu: Array
    virial: Array
    formed: Array
    share: Array
    n_eff: Array

    @classmethod
    def of(cls, collapse: Collapse, z: NDArray, pk_cold: Array) -> "Haloes":
        """From spherical collapse and the cold spectrum (n_z, n) on K."""
        variance = pk_cold @ _VARIANCE.T
        rate = -(pk_cold @ _VARIANCE_SLOPE.T) / (2 * variance)  # -dln sigma / dlnR
        sigma = jnp.sqrt(variance)
        n_eff = -3 + 2 * _slope_at_collapse(jnp.log(sigma / collapse.delta_c[:, None]), rate)
        nu = (collapse.delta_c[:, None] / sigma)[:, _HALOES]
        early = slice(_HALOES.start - _EARLIER, _HALOES.stop - _EARLIER)
        formed = collapse.formation(sigma[:, early]) / (1 + z)[:, None]
        formed = formed * collapse.dark_energy[:, None]
        peak = 0.707 * nu**2
        # Sheth & Tormen 1999 (astro-ph/9901122); never zero, so that its logarithm exists
        share = 0.21616 * (1 + peak**-0.3) * jnp.exp(-jnp.minimum(peak / 2, 200.0))
        share = share * nu * rate[:, _HALOES] * (4 * np.pi / 3 * RADIUS**3 * _LN_R_STEP)
        virial = RADIUS / jnp.cbrt(collapse.Delta_v)[:, None]
        return cls(nu, virial, formed, share, n_eff)

    def windows(self, concentration: Array, radius: Array) -> Array:
        """W(k) (n_z, n_M, n) of profiles of this concentration over `formed`, and virial radius."""
        x = radius[..., None] * _K_NODES
        c = concentration * self.formed
        return nfw_window(x, c[..., None])


def one_halo(weight: Array, square: Array) -> Array:
    """ln of sum_M weight square (n_z, n_M, n) as coefficients (n_z, n + 2) of a spline on LN_K."""
    return jnp.log(jnp.einsum("zm,zmk->zk", weight, square)) @ _TO_SPLINE.T


def ln_rms(pk: Array, weights: NDArray) -> Array:
    """ln of the root of a moment of P_lin (n_z, n) on K: of SIGMA8, VELOCITY or VELOCITY_100."""
    return jnp.log(pk @ weights) / 2


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class HaloModel:
    """All of HMCode2020 at redshifts (n_z,) but the linear power.

    ln_sigma8: of cold matter; ln_sigma_v: displacement in Mpc/h; n_eff: slope of the cold spectrum
    at the collapse scale; splines (n_z, n_term, n + 2): cubic splines on LN_K of the wiggles and of
    ln P_1h, undamped at low k, in (Mpc/h)^3, with feedback also of what makes its response;
    ln_stars and ln_baryons: of the fractions of matter that is stars, or at most can be.
    """

    ln_sigma8: Array
    ln_sigma_v: Array
    n_eff: Array
    splines: Array
    ln_stars: Array | None = None
    ln_baryons: Array | None = None


def halo_model(
    cosmo: Cosmology,
    grid: CollapseGrid,
    pk: Array,
    pk_cold: Array,
    *,
    log_T_AGN: Scalar | None = None,
) -> HaloModel:
    """HaloModel at the redshifts of `grid` from P_lin (n_z, n) on K, total and cold matter.

    pk_cold: spectrum of cold dark matter and baryons. log_T_AGN: log10 of the temperature [K] to
    which feedback heats gas, 7.6 to 8.3 in the simulations; None leaves feedback out.
    """
    haloes = Haloes.of(grid.collapse(cosmo), grid.z, pk_cold)
    nu, virial, _, share, n_eff = haloes
    ln_sigma8 = ln_rms(pk_cold, SIGMA8)
    cold = (cosmo.Omega_cb / cosmo.Omega_m) ** 2
    bloating = 0.1281 * jnp.exp(-0.3644 * ln_sigma8)[:, None]
    window = haloes.windows(jnp.asarray(5.196), nu**bloating * virial)
    terms = [
        wiggles(cosmo, pk) @ PREFILTER.T[WIGGLES],
        one_halo(share * cold, window**2),
    ]
    ln_sigma_v = ln_rms(pk, VELOCITY)
    if log_T_AGN is None:
        return HaloModel(ln_sigma8, ln_sigma_v, n_eff, jnp.stack(terms, axis=1))

    gas = _Gas.of(grid.z, log_T_AGN)
    window = haloes.windows(jnp.asarray(4.0), virial)
    terms.append(one_halo(share * cold, window**2))
    window = haloes.windows(gas.concentration[:, None], virial)
    mass = 2.775e11 * cosmo.Omega_m * 4 * np.pi / 3 * RADIUS**3
    kept = jax.nn.sigmoid(2 * (jnp.log(mass) - gas.ln_mass[:, None]))[..., None]
    # With a fraction f of stars, W (Omega_c + (Omega_b - f) kept) / Omega_m + f = bound + f freed:
    # a square in f, which stops growing at some redshift where the sums do not notice.
    baryons = cosmo.Omega_b / cosmo.Omega_m
    bound = window * (cosmo.Omega_cb / cosmo.Omega_m - baryons * (1 - kept))
    freed = 1 - window * kept
    terms += [one_halo(share, square) for square in (bound**2, bound * freed, freed**2)]
    ln_baryons = jnp.full_like(gas.ln_stars, jnp.log(baryons))
    return HaloModel(
        ln_sigma8, ln_sigma_v, n_eff, jnp.stack(terms, axis=1), gas.ln_stars, ln_baryons
    )


def _slope_at_collapse(ln_peak: Array, rate: Array) -> Array:
    """-dln sigma/dlnR (n_z,) where sigma = delta_c, from ln(sigma / delta_c) and slope on _LN_R.

    The cubic through values and slopes of the two neighbours is solved without gradients; one
    last Newton step carries the derivative. Beyond the lattice its end is taken.
    """
    i = jnp.clip(jnp.sum(ln_peak > 0, axis=-1) - 1, 0, _N_R - 2)[:, None]

    def at(values: Array, index: Array) -> Array:
        return jnp.take_along_axis(values, index, axis=-1)[:, 0]

    left, right = at(ln_peak, i), at(ln_peak, i + 1)
    fall_left, fall_right = -_LN_R_STEP * at(rate, i), -_LN_R_STEP * at(rate, i + 1)

    def cubic(t: Array, left: Array, right: Array, a: Array, b: Array) -> tuple[Array, Array]:
        second, third = 3 * (right - left) - 2 * a - b, 2 * (left - right) + a + b
        return left + t * (a + t * (second + t * third)), a + t * (2 * second + 3 * t * third)

    given = left, right, fall_left, fall_right
    fixed = [lax.stop_gradient(x) for x in given]
    t = jnp.clip(fixed[0] / (fixed[0] - fixed[1]), 0.0, 1.0)
    for _ in range(3):
        value, slope = cubic(t, *fixed)
        t = jnp.clip(t - value / slope, 0.0, 1.0)
    value, slope = cubic(t, *given)
    t = jnp.clip(t - value / slope, 0.0, 1.0)
    return -cubic(t, *given)[1] / _LN_R_STEP


class _Gas(NamedTuple):
    """Feedback: Mead et al. 2021, table 4 and eqs. 24-27; (n_z,) each.

    Concentration of haloes without the factor (1 + z_f) / (1 + z), ln of the mass [M_sun/h] that
    keeps half of its gas, and ln of the fraction of matter that is stars.
    """

    concentration: Array
    ln_mass: Array
    ln_stars: Array

    @classmethod
    def of(cls, z: ArrayLike, log_T_AGN: Scalar) -> "_Gas":
        """Parameters at redshifts z (n_z,)."""
        theta, z = log_T_AGN - 7.8, jnp.asarray(z)
        ten = np.log(10)
        return cls(
            (3.44 - 0.496 * theta) * jnp.exp(ten * z * (-0.0671 - 0.0371 * theta)),
            ten * (13.87 + 1.81 * theta + z * (-0.108 + 0.195 * theta)),
            jnp.log(0.0201 - 0.003 * theta) + ten * z * (0.409 + 0.0224 * theta),
        )
