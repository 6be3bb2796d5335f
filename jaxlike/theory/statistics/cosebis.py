"""COSEBIs: E and B modes of cosmic shear between two angles, complete and without leakage.

Logarithmic filters of Schneider, Eifler & Krause 2010 (arXiv:1002.2136): T_+n is a polynomial of
degree n + 1 in z = ln(theta/theta_min), orthogonal to all others with the weight e^z and to e^z and
e^3z, by which E and B modes part on a finite interval. Its mean square over theta is 1, and it is
positive at theta_max. Then E_n = int ell dell / (2 pi) W_n(ell) C_EE(ell) with
W_n(ell) = int theta dtheta T_+n(theta) J_0(ell theta), and B_n the same of C_BB.

From its roots or coefficients T_+20 needs a hundred digits; in Legendre polynomials, orthogonalised
with the weight e^z, double precision gives it to 1e-11.
"""

from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jaxlike.theory.statistics.filters import Filters, log_quadrature
from jaxlike.theory.statistics.projection import hankel
from jaxlike.theory.statistics.registry import Points, Statistic, register

MAX_MODE = 20
"""Highest mode: beyond, noise is all that surveys see."""

_N_THETA = 96  # Gauss-Legendre points in ln(theta): integrals of MAX_MODE converge at 64


def filters(theta: NDArray, theta_min: float, theta_max: float, n_mode: int = MAX_MODE) -> NDArray:
    """T_+n (n_mode, n_theta) of modes 1 to n_mode at angles theta_min <= theta (n,) <= theta_max.

    Angles in one unit, whichever.
    """
    length = np.log(theta_max / theta_min)
    z, weight = _quadrature(length)
    root = np.sqrt(weight * np.exp(z))
    # polynomials orthonormal with the weight e^z, and the two constraints in their terms
    orthonormal, triangle = np.linalg.qr(root[:, None] * _legendre(z, length, n_mode))
    constraints = np.exp(np.outer([1, 3], z - length)) * root @ orthonormal
    at = np.linalg.solve(triangle.T, _legendre(np.log(theta / theta_min), length, n_mode).T)
    found = np.zeros((n_mode, n_mode + 2))
    for n in range(1, n_mode + 1):
        known, last = constraints[:, : n + 1], constraints[:, n + 1]
        found[n - 1, : n + 1] = -known.T @ np.linalg.solve(known @ known.T, last)
        found[n - 1, n + 1] = 1.0
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    end = np.linalg.solve(triangle.T, _legendre(np.array([length]), length, n_mode).T)
    size = np.sqrt(np.expm1(length)) * np.sign(found @ end)
    return np.asarray(size * (found @ at))


def _quadrature(length: float) -> tuple[NDArray, NDArray]:
    """Points and weights (n,) of integrals over 0 < z < length."""
    x, weight = np.polynomial.legendre.leggauss(_N_THETA)
    return length / 2 * (x + 1), length / 2 * weight


def _legendre(z: NDArray, length: float, n_mode: int) -> NDArray:
    """Legendre polynomials (n, n_mode + 2) over 0 < z < length."""
    return np.polynomial.legendre.legvander(2 * z / length - 1, n_mode + 1)


def _operator(points: Points, ell: NDArray) -> NDArray:
    assert points.theta_range is not None  # as whoever asks for modes has checked
    low, high = points.theta_range
    z, weight = _quadrature(np.log(high / low))
    theta = low * np.exp(z)
    modes = np.rint(points.at).astype(int)
    # int theta dtheta T_+n xi_+ of E modes alone: J_0 before T_+n, as C_ell at the nodes is smooth
    every = (filters(theta, low, high, modes.max()) * weight * theta**2) @ hankel(0, theta, ell)
    return every[modes - 1]


def _nothing(points: Points, ell: NDArray) -> NDArray:
    """E modes in B_n."""
    return np.zeros((points.at.size, ell.size))


def _filters(modes: Literal["E", "B"], points: Points, ell_max: float) -> Filters:
    """T_+n before xi_+ of one kind of modes alone."""
    assert points.theta_range is not None  # as whoever asks for modes has checked
    low, high = points.theta_range
    theta, weight = log_quadrature(np.array([low, high]), ell_max)
    n = np.rint(points.at).astype(int)
    every = filters(theta, low, high, n.max())
    return Filters(theta, weight * theta**2, {0: every[n - 1]}, modes)


_SHEAR = ("shear", "shear")
_E, _B = partial(_filters, "E"), partial(_filters, "B")
E_N = register(Statistic("E_n", _SHEAR, "mode", _operator, filters=_E))
B_N = register(Statistic("B_n", _SHEAR, "mode", _nothing, b_operator=_operator, filters=_B))
