"""The lattice of multipoles on which spectra are tabulated: every one at first, every tenth later.

It is uniform in u(ell) = ell / 10 + 36 arctan(ell / 40).
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics import chebyshev
from jaxlike.numerics.splines import bspline_taps

ELL_MIN, ELL_MAX = 2, 4200
_STEP, _EVERY = 10.0, 40.0


def _u(ell: Any) -> Any:
    xp = chebyshev.numpy_of(ell)
    return ell / _STEP + (1 - 1 / _STEP) * _EVERY * xp.arctan(ell / _EVERY)


_FIRST, _LAST = float(_u(np.array(2.0))), float(_u(np.array(4200.0)))
N_U = int(np.ceil(_LAST - _FIRST)) + 1
_SPACING = (_LAST - _FIRST) / (N_U - 1)


def multipoles() -> NDArray:
    """Multipoles (n_u,) of the lattice, which need not be whole numbers."""
    dense = np.linspace(ELL_MIN, ELL_MAX, 400_001)
    found = np.interp(_FIRST + _SPACING * np.arange(N_U), _u(dense), dense)
    return np.clip(found, ELL_MIN, ELL_MAX)


def at_multipoles(coefficients: ArrayLike, ell: ArrayLike) -> Array:
    """Spline (n_ell,) of B-spline coefficients (n_u + 2,) at multipoles from 2 to 4200."""
    xp = chebyshev.numpy_of(ell)
    position = xp.clip((_u(xp.asarray(ell, float)) - _FIRST) / _SPACING, 0.0, N_U - 1.0)
    first = xp.minimum(xp.floor(position), N_U - 2.0)
    taps = bspline_taps(jnp.asarray(position - first))
    index = first.astype(int) + np.arange(4)[:, None]
    return jnp.sum(taps * jnp.asarray(coefficients)[index], axis=0)
