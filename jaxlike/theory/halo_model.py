"""Haloes of HMCode: what its parameters are functions of, and the one-halo terms.

Mead et al. 2021 (arXiv:2009.01858), sections 2 to 5; appendix B for massive neutrinos. All numbers
as in CAMB.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import NDArray

from jaxlike.numerics import chebyshev
from jaxlike.theory.collapse import CollapseGrid
from jaxlike.theory.cosmology import Cosmology, Scalar
from jaxlike.theory.linear import LN_K_STEP, K, top_hat_weights
from jaxlike.theory.nfw import nfw_window

# Radii in Mpc/h, R^3 ~ M: one lattice also serves the radii 0.01^(1/3) R that set the time of
# formation, 8 steps below.
_EARLIER = 8
_LN_R_STEP = np.log(100) / 3 / _EARLIER
_N_R = 54
_LN_R = np.log(60.0) + _LN_R_STEP * (np.arange(_N_R) - _N_R + 1)
_R = np.exp(_LN_R)
_HALOES = slice(_EARLIER + 8, _N_R)

# Range of k [h/Mpc] in which the one-halo terms are Chebyshev series in ln k; power laws beyond.
_LN_K_RANGE = np.log([0.04, 25.0])
_UNIT = chebyshev.nodes(17, -1.0, 1.0)
_K_NODES = np.exp(_LN_K_RANGE[0] + np.diff(_LN_K_RANGE) * (_UNIT + 1) / 2)
_TO_SERIES = np.linalg.inv(chebvander(_UNIT, _UNIT.size - 1))


def _variance_weights() -> tuple[NDArray, NDArray]:
    """sigma^2(R) and dsigma^2/dlnR (n_R, n_k) as weights on P at K."""
    x = K * _R[:, None]
    small = x < 0.05
    safe = np.where(small, 1.0, x)
    window = 3 * (np.sin(safe) - safe * np.cos(safe)) / safe**3
    slope = 3 * np.sin(safe) / safe - 3 * window
    window = np.where(small, 1 - x**2 / 10, window)
    slope = np.where(small, -(x**2) / 5, slope)
    measure = K**3 / (2 * np.pi**2) * LN_K_STEP
    return window**2 * measure, 2 * window * slope * measure


_VARIANCE, _VARIANCE_SLOPE = _variance_weights()
_SIGMA8 = top_hat_weights(8.0)
_VELOCITY = K / (6 * np.pi**2) * LN_K_STEP


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class HaloModel:
    """All of HMCode at redshifts (n_z,) but the linear power.

    ln_sigma8: of cold matter; ln_sigma_v: displacement in Mpc/h; n_eff: slope of the cold spectrum
    at the collapse scale; one_halo (n_z, n_term, n): Chebyshev series in ln k of ln P_1h in
    (Mpc/h)^3, one term without feedback and five with it (see `halo_model`); ln_stars and
    ln_baryons: of the fractions of matter that is stars, or at most can be, None without feedback.
    """

    ln_sigma8: Array
    ln_sigma_v: Array
    n_eff: Array
    one_halo: Array
    ln_stars: Array | None = None
    ln_baryons: Array | None = None

    def interpolated(self, matrix: NDArray) -> "HaloModel":
        """The model at other redshifts by a matrix (n, n_z)."""
        return jax.tree.map(lambda x: jnp.tensordot(matrix, x, 1), self)

    def ln_one_halo(self, k: Array) -> Array:
        """ln of every term (n_term, n_z, n_k), undamped at low k; k (n_k,) or (n_z, n_k)."""
        half = np.diff(_LN_K_RANGE)[0] / 2
        position = (jnp.log(k) - _LN_K_RANGE[0]) / half - 1
        x = jnp.clip(position, -1.0, 1.0)
        series = jnp.moveaxis(self.one_halo, -1, 0).swapaxes(1, 2)[..., None]
        value = slope = last_value = last_slope = jnp.zeros_like(series[0] * x)
        for c in series[:0:-1]:  # Clenshaw's recurrence and its derivative
            value, last_value, slope, last_slope = (
                c + 2 * x * value - last_value,
                value,
                2 * value + 2 * x * slope - last_slope,
                slope,
            )
        end = value + x * slope - last_slope
        return series[0] + x * value - last_value + end * (position - x)


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
    collapse = grid.collapse(cosmo)
    variance = pk_cold @ _VARIANCE.T
    rate = -(pk_cold @ _VARIANCE_SLOPE.T) / (2 * variance)  # -dln sigma / dlnR
    sigma = jnp.sqrt(variance)
    ln_sigma8 = jnp.log(pk_cold @ _SIGMA8) / 2
    n_eff = -3 + 2 * _slope_at_collapse(jnp.log(sigma / collapse.delta_c[:, None]), rate)

    nu = (collapse.delta_c[:, None] / sigma)[:, _HALOES]
    early = slice(_HALOES.start - _EARLIER, _HALOES.stop - _EARLIER)
    formed = collapse.formation(sigma[:, early]) / (1 + grid.z)[:, None]
    formed = formed * collapse.dark_energy[:, None]
    radius = _R[_HALOES]
    share = 0.21616 * (1 + (0.707 * nu**2) ** -0.3) * jnp.exp(-0.707 * nu**2 / 2)
    share = share * nu * rate[:, _HALOES] * (4 * np.pi / 3 * radius**3 * _LN_R_STEP)
    virial = radius / jnp.cbrt(collapse.Delta_v)[:, None]

    def one_halo(weight: Array, square: Array) -> Array:
        return jnp.log(jnp.einsum("zm,zmk->zk", weight, square)) @ _TO_SERIES.T

    cold = (cosmo.Omega_cb / cosmo.Omega_m) ** 2
    bloating = 0.1281 * jnp.exp(-0.3644 * ln_sigma8)[:, None]
    x = (nu**bloating * virial)[..., None] * _K_NODES
    window = _windows(x, 5.196 * formed)
    model = HaloModel(
        ln_sigma8,
        jnp.log(pk @ _VELOCITY) / 2,
        n_eff,
        one_halo(share * cold, window**2)[:, None],
    )
    if log_T_AGN is None:
        return model

    gas = _Gas.of(grid.z, log_T_AGN)
    x = virial[..., None] * _K_NODES
    window = _windows(x, 4 * formed)
    without = one_halo(share * cold, window**2)
    window = _windows(x, gas.concentration[:, None] * formed)
    mass = 2.775e11 * cosmo.Omega_m * 4 * np.pi / 3 * radius**3
    kept = jax.nn.sigmoid(2 * (jnp.log(mass) - gas.ln_mass[:, None]))[..., None]
    # With a fraction f of stars, W (Omega_c + (Omega_b - f) kept) / Omega_m + f = bound + f freed:
    # a square in f, which stops growing at some redshift where the sums do not notice.
    baryons = cosmo.Omega_b / cosmo.Omega_m
    bound = window * (cosmo.Omega_cb / cosmo.Omega_m - baryons * (1 - kept))
    freed = 1 - window * kept
    squares = (bound**2, bound * freed, freed**2)
    terms = [model.one_halo[:, 0], without, *(one_halo(share, square) for square in squares)]
    return replace(
        model,
        one_halo=jnp.stack(terms, axis=1),
        ln_stars=gas.ln_stars,
        ln_baryons=jnp.full_like(gas.ln_stars, jnp.log(baryons)),
    )


def _windows(x: Array, concentration: Array) -> Array:
    return nfw_window(x, jnp.broadcast_to(concentration[..., None], x.shape))


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
    def of(cls, z: NDArray, log_T_AGN: Scalar) -> "_Gas":
        """Parameters at redshifts z (n_z,)."""
        theta = log_T_AGN - 7.8
        ten = np.log(10)
        return cls(
            (3.44 - 0.496 * theta) * jnp.exp(ten * z * (-0.0671 - 0.0371 * theta)),
            ten * (13.87 + 1.81 * theta + z * (-0.108 + 0.195 * theta)),
            jnp.log(0.0201 - 0.003 * theta) + ten * z * (0.409 + 0.0224 * theta),
        )
