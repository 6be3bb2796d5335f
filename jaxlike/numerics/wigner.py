"""Wigner d-functions d^ell_mn(theta) for all multipoles, and coupling of angular momenta."""

from collections.abc import Iterator
from math import factorial, prod, sqrt

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


def three_j_zero(a: int, b: int, c: int) -> float:
    """Wigner 3j symbol of a, b, c with all m = 0 (Varshalovich et al. 1988, section 8.5)."""
    total = a + b + c
    if total % 2 or not abs(a - b) <= c <= a + b:
        return 0.0
    half = total // 2
    size = prod(factorial(total - 2 * x) for x in (a, b, c)) / factorial(total + 1)
    parts = prod(factorial(half - x) for x in (a, b, c))
    return (-1) ** half * sqrt(size) * factorial(half) / parts


def six_j(a: int, b: int, c: int, d: int, e: int, f: int) -> float:
    """Wigner 6j symbol {a b c; d e f} by Racah's sum (Varshalovich et al. 1988, section 9.2)."""
    triads = ((a, b, c), (a, e, f), (d, b, f), (d, e, c))
    if any(not abs(x - y) <= z <= x + y for x, y, z in triads):
        return 0.0
    size = prod(
        factorial(x + y - z)
        * factorial(x - y + z)
        * factorial(y + z - x)
        / factorial(x + y + z + 1)
        for x, y, z in triads
    )
    low = [sum(triad) for triad in triads]
    high = [a + b + d + e, b + c + e + f, a + c + d + f]
    terms = (
        (-1) ** t
        * factorial(t + 1)
        / prod([factorial(t - x) for x in low] + [factorial(x - t) for x in high])
        for t in range(max(low), min(high) + 1)
    )
    return sqrt(size) * sum(terms)
