"""Kernels of the one-loop integrals of tidal alignment and torquing, and of galaxy bias.

An integral int d^3q_1 / (2 pi)^3 K(q_1, q_2) P(q_1) P(q_2), q_2 = k - q_1, has a kernel of few
terms q_1^alpha q_2^beta P_l1(k.q_2) P_l2(k.q_1) P_l(q_1.q_2) in Legendre polynomials of unit
vectors. Each of them is a sum of products of spherical Bessel transforms of q^(alpha + 2) P(q):
Fang et al. 2017 (arXiv:1609.05978), section 2. Coefficients: Blazek et al. 2019 (arXiv:1708.09247),
eqs. 12 and 15 (tidal alignment), 21 (tidal torquing), 18, 19 and 27 (both), as the authors' FAST-PT
has them. Those of galaxy bias are products of F2 = 5/7 + mu (q_1/q_2 + q_2/q_1) / 2 + 2 mu^2 / 7
and S2 = mu^2 - 1/3 (Saito et al. 2014, arXiv:1405.1447, appendix A), mu = q_1.q_2.

There is one kernel of B modes. With k = q_1 + q_2 along x that of the squared tidal field,
(u.v) (u_x v_y + u_y v_x) - (2/3) (u_x u_y + v_x v_y), is 1/3 of u_x u_y + v_x v_y, which is that of
the tidal field times the density. So A_B2|B2 = A_0B|0B / 9 and D_0B|B2 = A_0B|0B / 3.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jaxlike.numerics.wigner import six_j, three_j_zero

_Legendre = tuple[int, int, int, int, int]
Product = tuple[tuple[int, int], tuple[int, int], int]
"""((alpha, J_1), (beta, J_2), J): two transforms by j_J1 and j_J2, whose product j_J takes back."""

# (alpha, beta, l_1, l_2, l) -> coefficient
_A_0_0E: dict[_Legendre, float] = {
    (0, 0, 0, 2, 0): 17 / 21, (0, 0, 0, 2, 2): 4 / 21, (1, -1, 0, 2, 1): 1 / 2,
    (-1, 1, 0, 2, 1): 1 / 2,
}  # fmt: skip
_A_0E_0E: dict[_Legendre, float] = {
    (0, 0, 0, 0, 0): 29 / 90, (0, 0, 2, 0, 0): 5 / 63, (0, 0, 2, 2, 0): 19 / 18,
    (0, 0, 0, 4, 0): 19 / 35,
}  # fmt: skip
_A_0B_0B: dict[_Legendre, float] = {
    (0, 0, 0, 0, 0): 2 / 45, (0, 0, 2, 0, 0): -44 / 63, (0, 0, 2, 2, 0): -8 / 9,
    (0, 0, 0, 4, 0): -16 / 35, (0, 0, 1, 1, 1): 2.0,
}  # fmt: skip
_A_E2_E2: dict[_Legendre, float] = {
    (0, 0, 0, 0, 0): 16 / 81, (0, 0, 2, 0, 0): 713 / 1134, (0, 0, 4, 0, 0): 38 / 315,
    (0, 0, 2, 2, 0): 95 / 162, (0, 0, 1, 1, 1): -107 / 60, (0, 0, 3, 1, 1): -19 / 15,
    (0, 0, 0, 0, 2): 239 / 756, (0, 0, 2, 0, 2): 11 / 9, (0, 0, 2, 2, 2): 19 / 27,
    (0, 0, 1, 1, 3): -7 / 10, (0, 0, 0, 0, 4): 3 / 35,
}  # fmt: skip
_A_0_E2: dict[_Legendre, float] = {
    (0, 0, 0, 0, 0): -31 / 210, (0, 0, 2, 0, 0): -34 / 63, (0, 0, 0, 0, 2): -47 / 147,
    (0, 0, 2, 0, 2): -8 / 63, (0, 0, 1, 1, 1): 93 / 70, (0, 0, 1, 1, 3): 6 / 35,
    (0, 0, 0, 0, 4): -8 / 245, (1, -1, 0, 0, 1): -3 / 10, (1, -1, 2, 0, 1): -1 / 3,
    (1, -1, 1, 1, 0): 1 / 2, (1, -1, 1, 1, 2): 1.0, (1, -1, 0, 2, 1): -1 / 3,
    (1, -1, 0, 0, 3): -1 / 5,
}  # fmt: skip
_D_0E_E2: dict[_Legendre, float] = {
    (0, 0, 0, 0, 0): -43 / 540, (0, 0, 2, 0, 0): -167 / 756, (0, 0, 4, 0, 0): -19 / 105,
    (0, 0, 0, 0, 2): 1 / 18, (0, 0, 2, 0, 2): -7 / 18, (0, 0, 1, 1, 1): 11 / 20,
    (0, 0, 3, 1, 1): 19 / 20, (0, 0, 2, 2, 0): -19 / 54,
}  # fmt: skip

_F2: dict[_Legendre, float] = {
    (0, 0, 0, 0, 0): 17 / 21, (1, -1, 0, 0, 1): 1.0, (0, 0, 0, 0, 2): 4 / 21,
}  # fmt: skip
_F2_S2: dict[_Legendre, float] = {
    (0, 0, 0, 0, 0): 8 / 315, (1, -1, 0, 0, 1): 4 / 15, (0, 0, 0, 0, 2): 254 / 441,
    (1, -1, 0, 0, 3): 2 / 5, (0, 0, 0, 0, 4): 16 / 245,
}  # fmt: skip
_S2_S2: dict[_Legendre, float] = {
    (0, 0, 0, 0, 0): 4 / 45, (0, 0, 0, 0, 2): 8 / 63, (0, 0, 0, 0, 4): 8 / 35,
}  # fmt: skip

CONVOLUTIONS: dict[str, tuple[float, dict[_Legendre, float]]] = {
    "A_0_0E": (2.0, _A_0_0E),
    "A_0E_0E": (1.0, _A_0E_0E),
    "A_0B_0B": (1.0, _A_0B_0B),
    "A_E2_E2": (2.0, _A_E2_E2),
    "A_0_E2": (2.0, _A_0_E2),
    "D_0E_E2": (2.0, _D_0E_E2),
    "d1_d2": (2.0, _F2),
    "d2_d2": (2.0, {(0, 0, 0, 0, 0): 1.0}),
    "d1_s2": (2.0, _F2_S2),
    "d2_s2": (2.0, {(0, 0, 0, 0, 2): 2 / 3}),
    "s2_s2": (2.0, _S2_S2),
}
"""Term -> (factor, Legendre coefficients of its kernel)."""


def _coupling(l1: int, l2: int, l: int, J1: int, J2: int, J: int) -> float:  # noqa: E741
    """The coefficient B of Fang et al. 2017, from 3j and 6j symbols."""
    symbols = (
        three_j_zero(J1, l2, l)
        * three_j_zero(l1, J2, l)
        * three_j_zero(l1, l2, J)
        * three_j_zero(J1, J2, J)
    )
    if symbols == 0:
        return 0.0
    size = (2 * J1 + 1) * (2 * J2 + 1) * (2 * J + 1) / math.pi**3
    return (-1) ** (l + (J1 + J2 + J) // 2) * size * symbols * six_j(J1, J2, J, l1, l2, l)


def bessel_products(name: str) -> dict[Product, float]:
    """Coefficients of a term of CONVOLUTIONS on products of spherical Bessel transforms."""
    factor, legendre = CONVOLUTIONS[name]
    found: dict[Product, float] = {}
    for (alpha, beta, l1, l2, l), size in legendre.items():  # noqa: E741
        for J1 in range(abs(l2 - l), l2 + l + 1):
            for J2 in range(abs(l1 - l), l1 + l + 1):
                for J in range(abs(l1 - l2), l1 + l2 + 1):
                    coupling = _coupling(l1, l2, l, J1, J2, J)
                    # the two transforms commute
                    first, second = sorted(((alpha, J1), (beta, J2)))
                    product = (first, second, J)
                    if coupling:
                        value = factor * size * coupling * (math.pi / 2) ** 1.5
                        found[product] = found.get(product, 0.0) + value
    largest = max(abs(value) for value in found.values())
    return {p: value for p, value in found.items() if abs(value) > 1e-12 * largest}


def _away_from_one(r: NDArray, near: NDArray, low: tuple, high: tuple) -> NDArray:
    """`near`, but its series in r^2 where r < 0.05 and in r^-2 where r > 20: it cancels there."""
    small, large = np.minimum(r, 0.05), np.maximum(r, 20.0)
    near = np.where(r < 0.05, sum(c * small ** (2 * i) for i, c in enumerate(low)), near)
    return np.where(r > 20.0, sum(c * large ** (-2 * i) for i, c in enumerate(high)), near)


def _log_term(r: NDArray, power: NDArray) -> NDArray:
    """power * ln(|r - 1| / (r + 1)); `power` vanishes as (r - 1)^4 at one."""
    gap = np.abs(r - 1)
    return power * np.log(np.where(gap < 1e-9, 1.0, gap) / (r + 1))


def kernel_C_0_0E(r: NDArray) -> NDArray:
    """Z(r), C_0|0E = k^3 / (448 pi^2) P(k) int dr Z(r) P(k r): Blazek et al. 2019, eq. 12."""
    polynomial = 30 + 146 * r**2 - 110 * r**4 + 30 * r**6
    near = polynomial + _log_term(r, 15 * (r**2 - 1) ** 4 / r)
    low = (0, 256, -256, 768 / 7, -256 / 21, -256 / 231, -256 / 1001, -256 / 3003)
    high = (768 / 7, -256 / 21, -256 / 231, -256 / 1001, -256 / 3003, -256 / 7293)
    return _away_from_one(r, near, low, high)


def kernel_B_0_E2(r: NDArray) -> NDArray:
    """Z(r), B_0|E2 = 2 k^3 / pi^2 P(k) int dr Z(r) P(k r): Blazek et al. 2019, eq. 19."""
    polynomial = 2 * r * (225 - 600 * r**2 + 1198 * r**4 - 600 * r**6 + 225 * r**8)
    log_term = _log_term(r, 225 * (r**2 - 1) ** 4 * (r**2 + 1))
    near = (polynomial + log_term) / (20160 * r**3) - 29 / 315 * r**2
    low = (0, 0, -16 / 147, 32 / 441, -16 / 1617, -64 / 63063, -16 / 63063, -32 / 357357)
    high = (
        *(-16 / 147, 32 / 441, -16 / 1617, -64 / 63063, -16 / 63063, -32 / 357357),
        -16 / 415701,
    )
    return _away_from_one(r, near, low, high) / 2


def kernel_d1_d3(r: NDArray) -> NDArray:
    """Z(r), P_d1|d3 = k^3 / (504 pi^2) P(k) int dr Z(r) P(k r): the third-order nonlocal bias.

    (64 / 315) sigma_3^2(k) P(k) of Saito et al. 2014, whose kernel is a mean over angles of
    S2 (2/7) (S2 - 2/3) + 8/63. Z = (256 - Z_C_0|0E / r^2) / 5.
    """
    polynomial = -6 / r**2 + 22 + 22 * r**2 - 6 * r**4
    near = polynomial - _log_term(r, 3 * (r**2 - 1) ** 4 / r**3)
    series = (256 / 5, -768 / 35, 256 / 105, 256 / 1155, 256 / 5005, 256 / 15015)
    return _away_from_one(r, near, (0, *series), series)


KERNELS = {
    "C_0_0E": (1 / (448 * np.pi**2), kernel_C_0_0E),
    "B_0_E2": (2 / np.pi**2, kernel_B_0_E2),
    "d1_d3": (1 / (504 * np.pi**2), kernel_d1_d3),
}
"""Term -> (factor, Z) of those that are k^3 P(k) int dr Z(r) P(k r)."""

Family = Literal["tides", "galaxies"]
"""Fields of intrinsic shear (TATT) to second order, or of galaxies to one loop."""

TERMS: dict[Family, tuple[str, ...]] = {
    "tides": (
        *("A_0_0E", "A_0E_0E", "A_0B_0B", "A_E2_E2", "A_0_E2", "D_0E_E2"),
        *("C_0_0E", "B_0_E2"),
    ),
    "galaxies": ("d1_d2", "d2_d2", "d1_s2", "d2_s2", "s2_s2", "d1_d3"),
}
"""Which terms the fields of a family need."""
