"""Fourier transform of the halo profile of Navarro, Frenk & White (1997)."""

import jax
import jax.numpy as jnp
from jax import Array

# Auxiliary function of the sine and cosine integrals, g(x) = -Ci(x) cos(x) - si(x) sin(x) =
# ln(1 + r(x) / x^2) / 2 with r a ratio of polynomials (these coefficients, lowest first), which
# has the logarithm at 0 and the 1 / x^2 at infinity: within 3e-5 of g and 8e-5 of its slope.
_UPPER = (0.31523953, 4.01317593, 10.47870479, 2.6817983, 0.27803345)
_LOWER = (1.0, 9.60788531, 5.90792509, 1.34113611, 0.13901653)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> tuple[Array, Array, Array]:
    """Value, first and second derivative by Horner's rule."""
    value, slope = jnp.full_like(x, coefficients[-1]), jnp.zeros_like(x)
    half_bend = jnp.zeros_like(x)
    for c in coefficients[-2::-1]:
        value, slope, half_bend = value * x + c, slope * x + value, half_bend * x + slope
    return value, slope, 2 * half_bend


def auxiliary(x: Array) -> tuple[Array, Array, Array]:
    """g(x), Abramowitz & Stegun eq. 5.2.7, and its first and second derivative, x > 0."""
    upper, upper_slope, upper_bend = _polynomial(_UPPER, x)
    lower, lower_slope, lower_bend = _polynomial(_LOWER, x)
    one_over_x = 1 / x
    above, below = upper_slope / upper, lower_slope / lower
    ratio = upper / lower * one_over_x**2
    rate = above - below - 2 * one_over_x  # of ln r, as is its derivative
    bend = upper_bend / upper - above**2 - lower_bend / lower + below**2 + 2 * one_over_x**2
    share = ratio / (1 + ratio)
    slope = rate * share / 2
    return jnp.log1p(ratio) / 2, slope, share / 2 * (bend + rate**2 * (1 - share))


def _with_slopes(x: Array, concentration: Array) -> tuple[Array, Array, Array]:
    """`nfw_window`, and its derivatives by x and by the concentration."""
    c = concentration
    inner = x / c
    g_inner, slope_inner, _ = auxiliary(inner)
    g_outer, slope, bend = auxiliary(inner + x)
    cos, sin = jnp.cos(x), jnp.sin(x)
    # of the profile's parts at its edge, as the edge moves
    edge = slope * cos - bend * sin
    one_over_mass = 1 / (jnp.log1p(c) - c / (1 + c))
    value = (g_inner - g_outer * cos + slope * sin) * one_over_mass
    by_x = (slope_inner / c - (1 + 1 / c) * edge + g_outer * sin + slope * cos) * one_over_mass
    by_inner = (slope_inner - edge) * one_over_mass
    return value, by_x, -inner / c * by_inner - value * (one_over_mass * c / (1 + c) ** 2)


@jax.custom_jvp
def nfw_window(x: Array, concentration: Array) -> Array:
    """W(k), 1 at k = 0, of a profile cut at the virial radius; x = k r_v > 0 (..., n), the
    concentration (..., n) or (..., 1).

    Cooray & Sheth 2002 (astro-ph/0206508), eq. 81, written with g: Ci and Si oscillate, g does not.
    """
    return _with_slopes(x, concentration)[0]


@nfw_window.defjvp
def _nfw_window_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    """Both slopes come with the value, so that reverse mode keeps two numbers for each point."""
    value, by_x, by_concentration = _with_slopes(*primals)
    return value, by_x * tangents[0] + by_concentration * tangents[1]
