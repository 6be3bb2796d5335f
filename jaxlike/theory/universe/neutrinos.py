"""Masses of three neutrinos in normal order, as CAMB has them: a light pair and a heavy one.

The squares of masses differ by what oscillations have measured (Particle Data Group 2015); of the
two light ones, which no cosmology can tell apart, the heavier has the mass of the lighter, and what
is left of the sum goes to the third.
"""

import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

DELTA_21, DELTA_31 = 7.54e-5, 2.46e-3
"""m_2^2 - m_1^2 and m_3^2 - m_1^2 in eV^2."""

MINIMUM = DELTA_21**0.5 + DELTA_31**0.5
"""Smallest sum of masses in eV; below it all is taken to be the third one's."""


def light_share(mnu: ArrayLike) -> Array:
    """Share of the pair of light neutrinos in a sum of masses `mnu` in eV, 0 up to MINIMUM."""
    mnu = jnp.asarray(mnu, float)
    above = mnu > MINIMUM
    total = jnp.where(above, mnu, 2 * MINIMUM)

    def excess(m1: Array) -> tuple[Array, Array]:
        """Of the sum at a lightest mass over `total`, and its slope."""
        m2, m3 = (jnp.sqrt(m1**2 + delta) for delta in (DELTA_21, DELTA_31))
        return m1 + m2 + m3 - total, 1 + m1 / m2 + m1 / m3

    # convex and rising: Newton's steps from a third of the sum come down to the root
    m1 = lax.stop_gradient(total) / 3
    for _ in range(6):
        value, slope = excess(m1)
        m1 = lax.stop_gradient(m1 - value / slope)
    value, slope = excess(m1)
    m1 = m1 - value / lax.stop_gradient(slope)  # which carries the derivative
    return jnp.where(above, 2 * m1 / total, 0.0)
