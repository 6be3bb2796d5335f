"""Wigner d-functions d^ell_mn(theta) for all multipoles, by upward recursion."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def wigner_d(m: int, n: int, x: NDArray, ell_max: int) -> Iterator[tuple[int, NDArray]]:
    """Yield (ell, d^ell_mn) for ell = max(|m|, |n|)..ell_max at x = cos(theta), any shape.

    Three-term recursion in ell (Varshalovich et al. 1988, eq. 4.8.12), stable upwards. Starting
    values are known for (m, n) = (0, 0), (2, 0), (2, 2) and (2, -2).
    """
    start = {
        (0, 0): np.ones_like(x),
        (2, 0): np.sqrt(6) / 4 * (1 - x**2),
        (2, 2): ((1 + x) / 2) ** 2,
        (2, -2): ((1 - x) / 2) ** 2,
    }
    ell = max(abs(m), abs(n))
    before, now = np.zeros_like(x), start[m, n]
    while ell <= ell_max:
        yield ell, now
        up = ell + 1
        rise = np.sqrt((up**2 - m**2) * (up**2 - n**2)) / up
        fall = np.sqrt((ell**2 - m**2) * (ell**2 - n**2)) / max(ell, 1)
        spin = m * n / (ell * up) if ell else 0.0
        before, now = now, ((2 * ell + 1) * (x - spin) * now - fall * before) / rise
        ell = up
