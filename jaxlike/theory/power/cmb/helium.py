"""Helium: what other tables of nucleosynthesis have beyond the one that spectra were computed with.

The spectra of the CMB have CAMB's own helium (PRIMAT, arXiv:1801.08023, of 2024). Another mass
fraction Y changes the damping of the tail and, a little, the acoustic scale: to first order by a
function of the multipole, which is tabulated at Planck's cosmology.
"""

from typing import Literal, get_args

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

Nucleosynthesis = Literal["camb", "bbn_consistency"]
"""Tables of Y(omega_b) at N_eff = 3.046: CAMB's, and what CosmoSIS's module of that name makes of
PArthENoPE 1.00 (arXiv:0705.0290), a smoothing spline."""

Helium = Nucleosynthesis | float
"""A table, or Y itself."""

TABLES = get_args(Nucleosynthesis)
CAMB: Nucleosynthesis = "camb"

RANGE = (0.225, 0.265)
"""Of Y, where a slope does for the spectra."""

_PIVOT = 0.0224
# Y by powers of ln(omega_b / 0.0224): to 5e-7 where spectra are known
_MASS_FRACTION: dict[str, tuple[float, ...]] = {
    "camb": (0.2456689, 0.0096044, -0.0008442),
    "bbn_consistency": (0.2481553, 0.0086732, -0.0056281),
}


def mass_fraction(helium: Helium, omega_b: ArrayLike) -> Array:
    """Y of a table at Omega_b h^2 of 0.0206 to 0.0242, or the number that is given."""
    if not isinstance(helium, str):
        return jnp.asarray(helium, float)
    return jnp.polyval(np.array(_MASS_FRACTION[helium][::-1]), jnp.log(omega_b / _PIVOT))


def excess(helium: Helium, omega_b: ArrayLike) -> Array:
    """By how much Y is above that of the tabulated spectra."""
    return mass_fraction(helium, omega_b) - mass_fraction(CAMB, omega_b)
