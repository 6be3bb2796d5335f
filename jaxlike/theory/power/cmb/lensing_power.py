"""Linear power of the CMB's convergence in Limber's approximation, without acoustic wiggles.

It measures how much, and on which scales, structure lenses the CMB: the spectra's table knows what
CAMB makes of it, in whatever universe. So the late universe enters (w0, wa, Omega_k, masses).
"""

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.numerics.quadrature import gauss_legendre_panels
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power import linear
from jaxlike.theory.universe.background import DistanceGrid, curvature_functions, hubble
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.universe.line_of_sight import Z_LAST_SCATTERING

L = np.geomspace(2.0, 4200.0, 12)
"""Multipoles that it is computed at."""

SMOOTHING = (6, 7)
"""Of them, those whose mean ln power says how much the acoustic peaks are smoothed: 131 and 263."""

_MODEL = "eisenstein_hu_no_wiggle"
_LN_1Z, _WEIGHT = gauss_legendre_panels(np.log1p([0.0, 0.4, 3.0, 900.0]), 10)
_Z = np.expm1(_LN_1Z)
_DISTANCE = DistanceGrid.build(np.append(_Z, Z_LAST_SCATTERING), n_nodes=64)
_GROWTH = GrowthGrid.build(_Z)


def ln_convergence_power(cosmo: Cosmology) -> Array:
    """ln C_L of the convergence (n_L,) at the multipoles L; for a Cosmology with A_s.

    astro-ph/0601594, eqs. 3.11 and 4.6, with Limber's approximation for matter in the place of the
    potential.
    """
    chi = _DISTANCE.comoving_distance(cosmo)
    near, last = chi[:-1], chi[-1]
    f_k, _ = curvature_functions(cosmo.Omega_k, near)
    f_behind, _ = curvature_functions(cosmo.Omega_k, last - near)
    f_last, _ = curvature_functions(cosmo.Omega_k, last)
    growth, today = _GROWTH.growth(cosmo)
    k = (L + 0.5) / f_k[:, None]
    ln_p = linear.ln_cold_shape(cosmo, k, _MODEL) + 2 * jnp.log(growth)[:, None]
    if cosmo.omega_nu is not None:
        ln_p = ln_p + linear.ln_free_streaming(cosmo, k, growth, _MODEL, z=_Z)
    kernel = 1.5 * cosmo.Omega_m / HUBBLE_DISTANCE**2 * (1 + _Z) * f_behind / f_last
    measure = _WEIGHT * (1 + _Z) / hubble(cosmo, _Z)
    ln_weight = 2 * jnp.log(kernel) + jnp.log(measure)
    total = jnp.sum(jnp.exp(ln_p + ln_weight[:, None]), axis=0)
    return jnp.log(total) + linear.ln_amplitude(cosmo, today, _MODEL)
