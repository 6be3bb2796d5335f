"""Band powers of correlation functions: averages of ell^2 C_ell over bands in ln(ell).

Joachimi et al. 2021 (arXiv:2007.01844), after Schneider et al. 2002 (astro-ph/0206182): with
K_m(x) = int x J_m(x) dx, g_m(theta) = K_m(ell_max theta) - K_m(ell_min theta) and
N = ln(ell_max/ell_min) of a band, and T(theta) that fades at both ends of the theta range,
    EE, BB = pi/N int dtheta/theta T (g_0 xi_+ +- g_4 xi_-),
    nE = 2 pi/N int dtheta/theta T g_2 gamma_t,   nn = 2 pi/N int dtheta/theta T g_0 w.
For want of large and small angles EE has some of C_BB in it, and BB of C_EE.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import j0, j1, jv

from jaxlike.numerics.quadrature import gauss_legendre_panels
from jaxlike.theory.statistics.projection import hankel
from jaxlike.theory.statistics.registry import Points, Statistic, register

_STEP = 0.2  # of panels in ln(theta), which are a turn of the kernel long where that is shorter
_N_GAUSS = 8


def apodisation(theta: NDArray, theta_min: float, theta_max: float, width: float) -> NDArray:
    """T(theta) (n,): cos^2 in ln(theta) over `width` around each end, 1 between, 0 beyond."""
    if width == 0:
        return ((theta >= theta_min) & (theta <= theta_max)).astype(float)
    rise = np.clip(np.log(theta / theta_min) / width + 0.5, 0, 1)
    fall = np.clip(np.log(theta / theta_max) / width + 0.5, 0, 1)
    return np.asarray((np.sin(np.pi / 2 * rise) * np.cos(np.pi / 2 * fall)) ** 2)


def _kernel(order: int, x: NDArray) -> NDArray:
    """int x J_order(x) dx, order 0, 2 or 4."""
    if order == 0:
        return np.asarray(x * j1(x))
    if order == 2:
        return np.asarray(-x * j1(x) - 2 * j0(x))
    return np.asarray((x - 8 / x) * j1(x) - 8 * jv(2, x))


def _quadrature(points: Points, ell_max: float) -> tuple[NDArray, NDArray]:
    """Angles [radians] and weights (n,) of int dtheta/theta T(theta)."""
    assert points.theta_range is not None  # as whoever asks for band powers has checked
    ends, width = np.array(points.theta_range), points.apodisation
    corners = np.log([ends * np.exp(-width / 2), ends * np.exp(width / 2)]).ravel()
    start, stop = np.exp(corners.min()), np.exp(corners.max())
    period = 2 * np.pi / ell_max
    turn = np.clip(period / _STEP, start, stop)
    slow = np.exp(np.arange(np.log(start), np.log(turn), _STEP))
    fast = np.arange(turn, stop, period)
    panels = np.unique([*np.log([*slow, *fast]), *corners])
    z, weight = gauss_legendre_panels(panels, _N_GAUSS)
    theta = np.exp(z)
    return theta, weight * apodisation(theta, *points.theta_range, width)


def _operator(orders: dict[int, float], points: Points, ell: NDArray) -> NDArray:
    """sum over orders m of factor pi/N int dtheta/theta T g_m (Hankel transform of order m)."""
    assert points.edges is not None  # as whoever asks for band powers has checked
    low, high = (edge[:, None] for edge in points.edges)
    theta, weight = _quadrature(points, float(high.max()))
    total = np.zeros((points.at.size, ell.size))
    for order, factor in orders.items():
        kernel = _kernel(order, high * theta) - _kernel(order, low * theta)
        total += factor * (kernel * weight) @ hankel(order, theta, ell)
    return total * np.pi / np.log(high / low)


_SAME, _OTHER = (partial(_operator, {0: 1.0, 4: sign}) for sign in (1.0, -1.0))
_SHEAR = ("shear", "shear")


def _band_power(name: str, tracers: tuple[str, str], order: int) -> Statistic:
    operator = partial(_operator, {order: 2.0})
    return register(Statistic(name, tracers, "ell", operator, filtered=True))


BAND_POWER_EE = register(
    Statistic("bandpower_EE", _SHEAR, "ell", _SAME, b_operator=_OTHER, filtered=True)
)
BAND_POWER_BB = register(
    Statistic("bandpower_BB", _SHEAR, "ell", _OTHER, b_operator=_SAME, filtered=True)
)
BAND_POWER_NE = _band_power("bandpower_nE", ("counts", "shear"), 2)
BAND_POWER_NN = _band_power("bandpower_nn", ("counts", "counts"), 0)
