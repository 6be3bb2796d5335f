"""Nonlinear matter power: halofit of Smith et al. 2003 and Takahashi et al. 2012.

Smith et al.: astro-ph/0207664, appendix C. Takahashi et al.: arXiv:1208.2701, appendix A, with
the neutrino terms of Bird et al. 2012 (arXiv:1109.4416) as CAMB carries them.
"""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxlike.theory.power.linear import LinearModel, ln_amplitude, ln_power_shape
from jaxlike.theory.universe.background import cold_densities, dark_energy_w
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.wavenumbers import K_NODES, NODE_STEP

HalofitModel = Literal["takahashi", "smith"]

LINEAR_BELOW = 0.005
"""Wavenumber in h/Mpc up to which CAMB returns the linear power."""

# CAMB goes over to the linear power, and to exponents of one, in a step. Here that takes a range of
# ln k or of (1 - Omega_m)^2 in these units: gradients know nothing of a step, and samplers that
# follow them would have to creep over it.
_WIDTH_LN_K = 0.1
_CLOSE_TO_ONE, _WIDTH_CLOSE = 0.01, 0.4

# The Gaussian smoothing radius is looked for between these, in Mpc/h. Where the field is linear
# down to the smallest, sigma(R) goes on as a power law to the radius where it would be one, a
# smooth limit in which the power soon becomes the linear one.
_LN_R = np.linspace(np.log(0.01), np.log(300.0), 40)
_LN_K_MAX = 50.0  # keeps powers of k / k_sigma finite

# Those of the k nodes that Gaussian-smoothed integrals need.
SMOOTHING = slice(*np.searchsorted(K_NODES, [5e-4, 400.0]).tolist())
_K = K_NODES[SMOOTHING]
_DELTA2 = _K**3 / (2 * np.pi**2) * NODE_STEP[SMOOTHING]
_GAUSS = np.exp(-np.exp(2 * _LN_R)[:, None] * _K**2) * _DELTA2


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class NonlinearScale:
    """k_sigma [h/Mpc], effective slope and curvature of the spectrum there, each (n_z,)."""

    ln_k_sigma: Array
    n_eff: Array
    curvature: Array


def _moments(pk: Array, ln_r: Array) -> tuple[Array, Array, Array]:
    """sigma^2(R) of a Gaussian filter and its first two derivatives in ln R; (n_z,) each."""
    y = jnp.exp(2 * ln_r)[:, None] * _K**2
    weighted = pk * _DELTA2 * jnp.exp(-y)
    first, second = weighted * (-2 * y), weighted * (4 * y * (y - 1))
    return weighted.sum(-1), first.sum(-1), second.sum(-1)


def nonlinear_scale(pk: Array) -> NonlinearScale:
    """Where sigma(R) = 1: Smith et al. 2003, eqs. C5-C8. pk: (n_z, n) on K_NODES[SMOOTHING].

    The root is found without gradients; one last Newton step carries the derivative, which is
    the implicit function theorem.
    """
    fixed = lax.stop_gradient(pk)
    ln_sigma2 = jnp.log(fixed @ _GAUSS.T)  # falls with R
    # start: linear interpolation of ln R in ln sigma^2, no search needed on a monotonic table
    above = jnp.sum(ln_sigma2 > 0, axis=-1)
    i = jnp.clip(above - 1, 0, _LN_R.size - 2)[:, None]
    left = jnp.take_along_axis(ln_sigma2, i, axis=-1)[:, 0]
    right = jnp.take_along_axis(ln_sigma2, i + 1, axis=-1)[:, 0]
    step = _LN_R[1] - _LN_R[0]
    ln_r = _LN_R[0] + step * (i[:, 0] + jnp.clip(left / (left - right), 0, 1))
    found = (above > 0) & (above < _LN_R.size)

    def newton(ln_r: Array, pk: Array) -> Array:
        sigma2, first, _ = _moments(pk, ln_r)
        return ln_r - jnp.log(sigma2) * sigma2 / first

    for _ in range(2):
        ln_r = jnp.where(found, newton(ln_r, fixed), ln_r)
    ln_r = lax.stop_gradient(ln_r)
    root = newton(ln_r, pk)
    sigma2, first, second = _moments(pk, jnp.where(found, root, ln_r))
    slope = first / sigma2
    ln_k_sigma = jnp.clip(-root, -_LN_K_MAX, _LN_K_MAX)
    return NonlinearScale(ln_k_sigma, -3 - slope, slope**2 - second / sigma2)


def halofit(
    cosmo: Cosmology,
    k: Array,
    pk_linear: Array,
    z: ArrayLike,
    scale: NonlinearScale,
    *,
    model: HalofitModel = "takahashi",
    linear_below: float = LINEAR_BELOW,
) -> Array:
    """P_nl (n_z, n_k) in (Mpc/h)^3 from P_lin (n_z, n_k) at k (n_k,) or (n_z, n_k) h/Mpc.

    z (n_z,) and every entry of `scale` (n_z,) belong to the rows. Dark energy enters through
    w(a), as in CAMB; f_1..f_3 are interpolated between Smith's open and flat cases.
    """
    a = 1 / (1 + jnp.asarray(z))
    n, curv = scale.n_eff, scale.curvature
    omega_m, omega_de = cold_densities(cosmo, a)
    f_nu = cosmo.Omega_nu / cosmo.Omega_m
    if model == "takahashi":
        w_term = omega_de * (1 + dark_energy_w(cosmo, a))
        ln_a = 1.5222 + n * (2.8553 + n * (2.3706 + n * (0.9903 + n * 0.2250)))
        ln_a = ln_a - 0.6038 * curv + 0.1749 * w_term
        ln_b = -0.5642 + n * (0.5864 + n * 0.5716) - 1.5474 * curv + 0.2279 * w_term
        ln_c = 0.3698 + n * (2.0404 + n * 0.8161) + 0.5869 * curv
        gamma = 0.1971 - 0.0843 * n + 0.8460 * curv
        mu, nu = jnp.zeros(()), 10 ** (5.2105 + 3.6902 * n)
        alpha = jnp.abs(6.0835 + n * (1.3373 - n * 0.1959) - 5.5274 * curv)
        beta = 2.0379 + n * (-0.7354 + n * (0.3157 + n * (1.2490 + n * 0.3980))) - 0.1682 * curv
    else:  # the digits of the authors' code; the paper rounds them
        ln_a = 1.4861 + n * (1.83693 + n * (1.67618 + n * (0.7940 + n * 0.1670756)))
        ln_a = ln_a - 0.620695 * curv
        ln_b = 0.9463 + n * (0.9466 + n * 0.3084) - 0.9400 * curv
        ln_c = -0.2807 + n * (0.6669 + n * 0.3214) - 0.0793 * curv
        gamma = 0.86485 + 0.2989 * n + 0.1631 * curv
        mu, nu = 10 ** (-3.54419 + 0.19086 * n), 10 ** (0.95897 + 1.2857 * n)
        alpha = 1.38848 + n * (0.3701 - n * 0.1452)
        beta = 0.8291 + n * (0.9854 + n * 0.3400)
    beta = beta + f_nu * (1.081 + 0.395 * n**2)

    f1, f2, f3 = _density_exponents(omega_m, omega_de)
    amplitude, b, c = 10**ln_a, 10**ln_b, 10**ln_c

    def row(x: ArrayLike) -> Array:
        return jnp.asarray(x)[..., None]

    ln_y = jnp.log(k) - row(scale.ln_k_sigma)
    y = k * row(jnp.exp(-scale.ln_k_sigma))
    delta2 = k**3 / (2 * jnp.pi**2)
    linear = delta2 * pk_linear
    halo = row(amplitude) * jnp.exp(3 * row(f1) * ln_y)
    halo = halo / (
        1
        + row(b) * jnp.exp(row(f2) * ln_y)
        + jnp.exp((3 - row(gamma)) * (row(jnp.log(f3 * c)) + ln_y))
    )
    halo = halo / (1 + row(mu) / y + row(nu) / y**2) * (1 + 0.977 * f_nu)
    boosted = linear * (1 + 47.48 * f_nu * k**2 / (1 + 1.5 * k**2))
    ratio = jnp.exp(row(beta) * jnp.log(1 + boosted) - y / 4 - y**2 / 8)
    power = pk_linear * ratio / (1 + row(alpha) * boosted) + halo / delta2
    if linear_below > 0:
        share = jax.nn.sigmoid(jnp.log(k / linear_below) / _WIDTH_LN_K)
        power = pk_linear + share * (power - pk_linear)
    return jnp.asarray(power)


def _density_exponents(omega_m: Array, omega_de: ArrayLike) -> tuple[Array, Array, Array]:
    """f_1, f_2, f_3 of Smith et al. 2003, eqs. C17-C18, between the flat and the open case.

    They go to 1 where Omega_m comes within 0.01 of 1, as in the authors' code and in CAMB.
    """
    rest = 1 - omega_m
    apart = jax.nn.sigmoid(((rest / _CLOSE_TO_ONE) ** 2 - 1) / _WIDTH_CLOSE)
    near = jnp.abs(rest) < 1e-4
    away = jnp.where(near, 0.5, rest)
    # ln(Omega_m) / (1 - Omega_m), of which there is a limit
    log_ratio = -apart * jnp.where(near, 1 + rest * (1 / 2 + rest / 3), -jnp.log1p(-away) / away)
    ln_m = log_ratio * rest

    def between(power_flat: float, power_open: float) -> Array:
        """flat * Omega_m^power_flat + (1 - flat) * Omega_m^power_open, flat = omega_de / rest."""
        x = (power_flat - power_open) * ln_m
        small = jnp.abs(x) < 1e-5
        large = jnp.where(small, 1.0, x)
        growth = jnp.where(small, 1 + x / 2, jnp.expm1(large) / large)  # (e^x - 1) / x
        towards_flat = omega_de * (power_flat - power_open) * log_ratio * growth
        return jnp.exp(power_open * ln_m) * (1 + towards_flat)

    return between(-0.0307, -0.0732), between(-0.0585, -0.1423), between(0.0743, 0.0725)


def nonlinear_power(
    cosmo: Cosmology,
    k: ArrayLike,
    z: ArrayLike,
    *,
    linear: LinearModel = "eisenstein_hu",
    model: HalofitModel = "takahashi",
) -> Array:
    """P_nl (n_z, n_k) in (Mpc/h)^3; k (n_k,) in h/Mpc, fixed redshifts z (n_z,)."""
    growth, today = GrowthGrid.build(z).growth(cosmo)
    amplitude = ln_amplitude(cosmo, today, linear)
    smoothing = jnp.exp(ln_power_shape(cosmo, _K, growth, linear, z=z) + amplitude)
    pk = jnp.exp(ln_power_shape(cosmo, k, growth, linear, z=z) + amplitude)
    z = jnp.atleast_1d(jnp.asarray(z))
    return halofit(cosmo, jnp.asarray(k), pk, z, nonlinear_scale(smoothing), model=model)
