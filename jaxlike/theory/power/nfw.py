"""Fourier transform of the halo profile of Navarro, Frenk & White (1997)."""

import jax
import jax.numpy as jnp
from jax import Array

# Auxiliary function of the sine and cosine integrals, g(x) = -Ci(x) cos(x) - si(x) sin(x) =
# ln(1 + r(x) / x^2) / 2 with r a ratio of polynomials (these coefficients, lowest first), which
# has the logarithm at 0 and the 1 / x^2 at infinity: within 3e-5 of g and 8e-5 of its slope.
_UPPER = (0.31523953, 4.01317593, 10.47870479, 2.6817983, 0.27803345)
_LOWER = (1.0, 9.60788531, 5.90792509, 1.34113611, 0.13901653)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> tuple[Array, Array]:
    """Value and derivative by Horner's rule."""
    value, slope = jnp.full_like(x, coefficients[-1]), jnp.zeros_like(x)
    for c in coefficients[-2::-1]:
        value, slope = value * x + c, slope * x + value
    return value, slope


def auxiliary(x: Array) -> tuple[Array, Array]:
    """g(x), Abramowitz & Stegun eq. 5.2.7, and its derivative, x > 0."""
    upper, upper_slope = _polynomial(_UPPER, x)
    lower, lower_slope = _polynomial(_LOWER, x)
    square = x * x * lower
    ratio = upper / square
    slope = (upper_slope / upper - lower_slope / lower - 2 / x) * ratio / (2 * (1 + ratio))
    return jnp.log1p(ratio) / 2, slope


@jax.custom_jvp
def nfw_window(x: Array, concentration: Array) -> Array:
    """W(k), 1 at k = 0, of a profile cut at the virial radius; x = k r_v > 0, of any one shape.

    Cooray & Sheth 2002 (astro-ph/0206508), eq. 81, written with g: Ci and Si oscillate, g does not.
    """
    inner = x / concentration
    g_inner, _ = auxiliary(inner)
    g_outer, slope = auxiliary(inner + x)
    mass = jnp.log1p(concentration) - concentration / (1 + concentration)
    return (g_inner - g_outer * jnp.cos(x) + slope * jnp.sin(x)) / mass


@nfw_window.defjvp
def _nfw_window_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    """Both slopes come with the value, so that reverse mode keeps two numbers for each point."""
    x, concentration = primals
    one, bare = jnp.ones_like(x), nfw_window.fun
    value, by_x = jax.jvp(lambda x: bare(x, concentration), (x,), (one,))
    _, by_concentration = jax.jvp(lambda c: bare(x, c), (concentration,), (one,))
    return value, by_x * tangents[0] + by_concentration * tangents[1]
