"""The unit normal distribution in few operations: every program of a posterior has them, several
times, and JAX's own of float64 are thousands that take seconds to compile."""

import math

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.scipy import special


def ndtr(x: Array) -> Array:
    """Probability below x, any shape, to rounding in the lower tail too."""
    return 0.5 * lax.erfc(-math.sqrt(0.5) * x)


def both_tails(x: Array) -> tuple[Array, Array]:
    """Probabilities below and above x, any shape; the smaller one to rounding."""
    below = x < 0
    # Not abs(): its derivative vanishes at 0, which is where chains start.
    tail = ndtr(jnp.where(below, x, -x))
    return jnp.where(below, tail, 1.0 - tail), jnp.where(below, 1.0 - tail, tail)


@jax.custom_jvp
def ndtri(p: Array) -> Array:
    """x of which the probability below is p, any shape; infinite at 0 and 1, where its slope
    counts as zero."""
    return special.ndtri(p)


@ndtri.defjvp
def _ndtri_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    x = ndtri(*primals)
    finite = jnp.isfinite(x)
    density = jnp.exp(-0.5 * jnp.where(finite, x, 0.0) ** 2) / math.sqrt(2.0 * math.pi)
    return x, jnp.where(finite, tangents[0] / density, 0.0)
