"""The nonlinear alignment model."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.theory.tracers.alignment import nla_amplitude


def test_amplitude_is_the_formula():
    """-A C1 rho_crit Omega_m / D at the pivot redshift, C1 rho_crit = 0.0138730737."""
    found = nla_amplitude(0.3, jnp.array([0.7]), jnp.array([0.62]), 1.5, -0.7, 0.62)
    assert float(found[0]) == pytest.approx(-1.5 * 0.0138730737 * 0.3 / 0.7, rel=1e-12)


def test_power_law_around_the_pivot():
    z = jnp.array([0.1, 0.62, 2.0])
    flat = nla_amplitude(0.3, jnp.ones(3), z, 1.0, 0.0, 0.62)
    steep = nla_amplitude(0.3, jnp.ones(3), z, 1.0, 2.5, 0.62)
    np.testing.assert_allclose(steep / flat, ((1 + z) / 1.62) ** 2.5)


def test_sign_and_absence():
    growth, z = jnp.ones(2), jnp.array([0.3, 0.9])
    assert np.all(nla_amplitude(0.3, growth, z, 0.5, 0.0, 0.62) < 0)
    assert np.all(nla_amplitude(0.3, growth, z, 0.0, 3.0, 0.62) == 0)
