"""How far a block's table of P(k, z) must go."""

import numpy as np
from numpy.typing import NDArray

from jaxlike.errors import DataError

_K_NEEDED = 5e-3, 2.0  # h/Mpc, between which correlation functions of galaxies are made
_Z_DENSE, _Z_STEP = 3.0, 0.35  # below which, and in what steps, redshifts are needed


def check_extent(name: str, z: NDArray, k: NDArray) -> None:
    """DataError unless the table of power in section `name` has what correlation functions need:
    beyond it they would be made of extrapolations."""
    if k[0] > _K_NEEDED[0] or k[-1] < _K_NEEDED[1]:
        raise DataError(
            f"{name} in the block is for k = {k[0]:.4g} to {k[-1]:.4g} h/Mpc, but at least"
            f" {_K_NEEDED[0]:g} to {_K_NEEDED[1]:g} is needed: set kmin and kmax of the module that"
            " fills it so"
        )
    steps = np.diff(z[z <= _Z_DENSE])
    if steps.size == 0 or steps.max() > _Z_STEP:
        largest = f"steps of {steps.max():.3g}" if steps.size else "one redshift"
        raise DataError(
            f"{name} in the block has {largest} in redshift below {_Z_DENSE:g}, but steps of at"
            f" most {_Z_STEP:g} are needed: ask the module that fills it for more redshifts"
        )
