"""Numbers as files of mocks have them."""

import numpy as np
from numpy.typing import NDArray

_DIGITS = 9  # significant digits kept, so that the last bits of another machine do not show


def rounded(values: NDArray) -> NDArray:
    """`values` to `_DIGITS` significant digits."""
    with np.errstate(divide="ignore"):
        scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.abs(values))))
    return np.where(values == 0, 0.0, np.rint(values * np.where(values == 0, 1, scale)) / scale)
