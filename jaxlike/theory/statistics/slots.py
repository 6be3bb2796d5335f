"""C_ell at the slots of a statistic's pairs, by one matrix for all pairs or one for each."""

from typing import Any

import jax.numpy as jnp
import numpy as np


def at_slots(spectra: Any, matrix: Any) -> Any:
    """(..., n_pair, n_slot) of C_ell (..., n_pair, n_ell) by a matrix (n_slot, n_ell) that serves
    all pairs, or (n_pair, n_slot, n_ell); of NumPy's arrays by NumPy."""
    if matrix.ndim == 2:
        return spectra @ matrix.T
    xp = np if isinstance(spectra, np.ndarray) else jnp
    return xp.einsum("...pe,pse->...ps", spectra, matrix)


def on_spectra(weights: Any, matrix: Any) -> Any:
    """Weights of slots (n_pair, n_slot) as weights of C_ell (n_pair, n_ell), by the same matrix."""
    if matrix.ndim == 2:
        return weights @ matrix
    return jnp.einsum("ps,pse->pe", weights, matrix)
