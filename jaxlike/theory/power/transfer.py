"""Matter transfer functions of Eisenstein & Hu.

EH98: astro-ph/9709112 (cold dark matter and baryons, with and without acoustic wiggles).
EH99: astro-ph/9710252 (suppression by massive neutrinos).
"""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.power.emulator import MatterField
from jaxlike.theory.universe.cosmology import Cosmology, Scalar


def _equality_and_drag(cosmo: Cosmology) -> tuple[Scalar, Scalar, Scalar, Scalar, Array]:
    """1 + z_eq, k_eq [1/Mpc], z_drag, R(z_drag) and the sound horizon [Mpc]: EH98 eqs. 2-6.

    As in the authors' own code, the fit of eq. 2 is 1 + z_eq and R is taken at 1 + z_drag.
    """
    omega_m, omega_b = cosmo.Omega_m * cosmo.h**2, cosmo.Omega_b * cosmo.h**2
    theta = cosmo.T_cmb / 2.7
    z_eq = 2.5e4 * omega_m * theta**-4
    k_eq = 7.46e-2 * omega_m * theta**-2
    b1 = 0.313 * omega_m**-0.419 * (1 + 0.607 * omega_m**0.674)
    b2 = 0.238 * omega_m**0.223
    z_drag = 1291 * omega_m**0.251 / (1 + 0.659 * omega_m**0.828) * (1 + b1 * omega_b**b2)
    r_drag = 31.5 * omega_b * theta**-4 * 1e3 / (1 + z_drag)
    r_eq = 31.5 * omega_b * theta**-4 * 1e3 / z_eq
    growth_of_sound = (jnp.sqrt(1 + r_drag) + jnp.sqrt(r_drag + r_eq)) / (1 + jnp.sqrt(r_eq))
    horizon = 2 / (3 * k_eq) * jnp.sqrt(6 / r_eq) * jnp.log(growth_of_sound)
    return z_eq, k_eq, z_drag, r_drag, horizon


def eisenstein_hu(cosmo: Cosmology, k: ArrayLike) -> Array:
    """Transfer function T(k) with acoustic wiggles, k in h/Mpc; EH98 eqs. 7-24."""
    k_h, scale = jnp.asarray(k), cosmo.h
    k = k_h * scale
    omega_m, omega_b = cosmo.Omega_m * cosmo.h**2, cosmo.Omega_b * cosmo.h**2
    f_b = cosmo.Omega_b / cosmo.Omega_m
    f_c = 1 - f_b
    z_eq, k_eq, z_drag, r_drag, horizon = _equality_and_drag(cosmo)
    k_silk = 1.6 * omega_b**0.52 * omega_m**0.73 * (1 + (10.4 * omega_m) ** -0.95)
    q = k / (13.41 * k_eq)

    a1 = (46.9 * omega_m) ** 0.670 * (1 + (32.1 * omega_m) ** -0.532)
    a2 = (12.0 * omega_m) ** 0.424 * (1 + (45.0 * omega_m) ** -0.582)
    alpha_c = a1**-f_b * a2 ** -(f_b**3)
    b1 = 0.944 / (1 + (458 * omega_m) ** -0.708)
    b2 = (0.395 * omega_m) ** -0.0266
    beta_c = 1 / (1 + b1 * (f_c**b2 - 1))

    ln_bare, ln_damped = jnp.log(jnp.e + 1.8 * q), jnp.log(jnp.e + 1.8 * beta_c * q)
    # broken powers of k and of the cosmology apart: those of fixed k are constants
    variable = 386 / (1 + 69.9 * (scale / (13.41 * k_eq)) ** 1.08 * k_h**1.08)
    c_one, c_alpha = 14.2 + variable, 14.2 / alpha_c + variable
    x = k * horizon
    mix = 1 / (1 + (x / 5.4) ** 4)
    t_c = mix * ln_damped / (ln_damped + c_one * q**2)
    t_c = t_c + (1 - mix) * ln_damped / (ln_damped + c_alpha * q**2)

    y = z_eq / (1 + z_drag)
    root = jnp.sqrt(1 + y)
    g_of_y = y * (-6 * root + (2 + 3 * y) * jnp.log((root + 1) / (root - 1)))
    alpha_b = 2.07 * k_eq * horizon * (1 + r_drag) ** -0.75 * g_of_y
    beta_b = 0.5 + f_b + (3 - 2 * f_b) * jnp.sqrt((17.2 * omega_m) ** 2 + 1)
    beta_node = 8.41 * omega_m**0.435
    shifted = x / jnp.cbrt(1 + (beta_node / x) ** 3)
    smooth = ln_bare / (ln_bare + c_one * q**2) / (1 + (x / 5.2) ** 2)
    peaks = alpha_b / (1 + (beta_b / x) ** 3) * jnp.exp(-((scale / k_silk) ** 1.4) * k_h**1.4)
    t_b = (smooth + peaks) * jnp.sin(shifted) / shifted
    return f_b * t_b + f_c * t_c


def eisenstein_hu_no_wiggle(cosmo: Cosmology, k: ArrayLike) -> Array:
    """Transfer function T(k) without wiggles, k in h/Mpc; EH98 eqs. 26, 28-31."""
    k = jnp.asarray(k) * cosmo.h
    omega_m, omega_b = cosmo.Omega_m * cosmo.h**2, cosmo.Omega_b * cosmo.h**2
    f_b = cosmo.Omega_b / cosmo.Omega_m
    horizon = 44.5 * jnp.log(9.83 / omega_m) / jnp.sqrt(1 + 10 * omega_b**0.75)
    alpha = 1 - 0.328 * jnp.log(431 * omega_m) * f_b + 0.38 * jnp.log(22.3 * omega_m) * f_b**2
    gamma = omega_m * (alpha + (1 - alpha) / (1 + (0.43 * k * horizon) ** 4))
    q = k * (cosmo.T_cmb / 2.7) ** 2 / gamma
    logarithm = jnp.log(2 * jnp.e + 1.8 * q)
    return logarithm / (logarithm + (14.2 + 731 / (1 + 62.5 * q)) * q**2)


def _free_streaming(cosmo: Cosmology, k: ArrayLike, growth: ArrayLike) -> tuple[Array, ...]:
    """p_cb, f_cb^(0.7 / p_cb) D^-0.7, D^-0.7 and (1 + y_fs)^-0.7 of EH99, eqs. 5, 11 and 14."""
    omega_m = cosmo.Omega_m * cosmo.h**2
    # a vanishing mass suppresses nothing, but its free-streaming scale diverges
    f_nu = jnp.maximum(cosmo.Omega_nu / cosmo.Omega_m, 1e-7)
    theta = cosmo.T_cmb / 2.7
    q = jnp.asarray(k) * cosmo.h * theta**2 / omega_m
    f_cb = 1 - f_nu
    power = (5 - jnp.sqrt(1 + 24 * f_cb)) / 4
    # y_fs = 17.2 f_nu (1 + 0.488 f_nu^(-7/6)) (N q / f_nu)^2
    y = 17.2 * (cosmo.n_massive * q) ** 2 * (1 / f_nu + 0.488 * f_nu ** (-13 / 6))
    y_growth = jnp.exp(-0.7 * jnp.log(1 + y))
    d = (2.5e4 * omega_m * theta**-4) * jnp.asarray(growth)[:, None]
    early = jnp.exp(-0.7 * jnp.log(d))
    return power, early * jnp.exp(0.7 * jnp.log(f_cb) / power), early, y_growth


def ln_neutrino_suppression(
    cosmo: Cosmology, k: ArrayLike, growth: ArrayLike, field: MatterField = "total"
) -> Array:
    """ln of the factor (n_z, n_k) by which massive neutrinos lower the perturbation.

    growth: D (n_z,), normalised to a in matter domination; k (n_k,) in h/Mpc. EH99 eqs. 5, 11,
    12, 13 and 14: free streaming against the growth without it.
    """
    power, floor, early, y_growth = _free_streaming(cosmo, k, growth)
    if field == "cdm_baryons":
        floor = early
    return power / 0.7 * (jnp.log(floor + y_growth) - jnp.log1p(floor))


def ln_cold_excess(cosmo: Cosmology, k: ArrayLike, growth: ArrayLike) -> Array:
    """ln of the perturbation of cold dark matter and baryons over that of all matter (n_z, n_k).

    EH99 eqs. 12 and 13, the ratio with which CAMB's HMCode makes the cold spectrum; arguments as
    in `ln_neutrino_suppression`.
    """
    power, floor, early, y_growth = _free_streaming(cosmo, k, growth)
    return power / 0.7 * (jnp.log(early + y_growth) - jnp.log(floor + y_growth))
