"""Acoustic wiggles of a linear spectrum: what smoothing it takes away.

Mead et al. 2021 (arXiv:2009.01858), section 4.2, with the numbers of CAMB's HMCode.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.theory.power.linear import primordial
from jaxlike.theory.power.transfer import eisenstein_hu_no_wiggle
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.wavenumbers import LN_K, K

# The spectrum is smoothed by a Gaussian of this width in ln k, on a piece of the lattice K whose
# ends, nearer than three widths to an edge, stay as they are.
_WIDTH = 0.25
WIGGLES = slice(*np.searchsorted(K, [5e-3, 5.0]))


def _smoothing_matrix() -> NDArray:
    x = LN_K[WIGGLES]
    matrix = np.exp(-((x[:, None] - x) ** 2) / (2 * _WIDTH**2))
    matrix /= matrix.sum(axis=1, keepdims=True)
    edge = np.minimum(x - x[0], x[-1] - x) < 3 * _WIDTH
    matrix[edge] = np.eye(x.size)[edge]
    return matrix


_SMOOTHING = _smoothing_matrix()


def wiggles(cosmo: Cosmology, pk: Array) -> Array:
    """Acoustic wiggles as a fraction of P_lin, (n_z, n) on K[WIGGLES], from P_lin (n_z, n_k) on K.

    P over that of Eisenstein & Hu without wiggles is what is smoothed.
    """
    k = K[WIGGLES]
    smooth = jnp.exp(primordial(cosmo, k)) * eisenstein_hu_no_wiggle(cosmo, k) ** 2
    ratio = pk[:, WIGGLES] / smooth
    return 1 - (ratio @ _SMOOTHING.T) / ratio
