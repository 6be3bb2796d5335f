"""Band powers of correlation functions: averages of ell^2 C_ell over bands in ln(ell).

Joachimi et al. 2021 (arXiv:2007.01844), after Schneider et al. 2002 (astro-ph/0206182): with
K_m(x) = int x J_m(x) dx, g_m(theta) = K_m(ell_max theta) - K_m(ell_min theta) and
N = ln(ell_max/ell_min) of a band, and T(theta) that fades at both ends of the theta range,
    EE, BB = pi/N int dtheta/theta T (g_0 xi_+ +- g_4 xi_-),
    nE = 2 pi/N int dtheta/theta T g_2 gamma_t,   nn = 2 pi/N int dtheta/theta T g_0 w.
For want of large and small angles EE has some of C_BB in it, and BB of C_EE.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import j0, j1, jv

from jaxlike.theory.statistics.filters import Filters, log_quadrature
from jaxlike.theory.statistics.projection import hankel
from jaxlike.theory.statistics.registry import Points, Statistic, register


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


def _filters(
    orders: Mapping[int, float], modes: Literal["E", "both"], points: Points, ell_max: float
) -> Filters:
    """pi/N T g_m / theta^2 of orders m, each times its factor."""
    assert points.theta_range is not None  # as whoever asks for band powers has checked
    assert points.edges is not None
    ends, width = np.array(points.theta_range), points.apodisation
    corners = np.array([ends * np.exp(-width / 2), ends * np.exp(width / 2)]).ravel()
    low, high = (edge[:, None] for edge in points.edges)
    theta, weight = log_quadrature(corners, max(ell_max, float(high.max())))
    size = np.pi / np.log(high / low) * apodisation(theta, *points.theta_range, width) / theta**2
    found = {m: _kernel(m, high * theta) - _kernel(m, low * theta) for m in orders}
    filters = {m: factor * size * found[m] for m, factor in orders.items()}
    return Filters(theta, weight * theta**2, filters, modes)


def _band_power(
    name: str, tracers: tuple[str, str], orders: dict[int, float], of_b: dict[int, float] | None
) -> Statistic:
    filters = partial(_filters, orders, "E" if of_b is None else "both")
    other = None if of_b is None else partial(_operator, partial(_filters, of_b, "both"))
    operator = partial(_operator, filters)
    return register(Statistic(name, tracers, "ell", operator, b_operator=other, filters=filters))


def _operator(filters: Callable[[Points, float], Filters], points: Points, ell: NDArray) -> NDArray:
    """The filters before Hankel transforms of C_ell."""
    found = filters(points, 0.0)
    rows = [f * found.measure @ hankel(m, found.theta, ell) for m, f in found.of.items()]
    return np.asarray(sum(rows))


_SHEAR, _SUM, _DIFFERENCE = ("shear", "shear"), {0: 1.0, 4: 1.0}, {0: 1.0, 4: -1.0}
BAND_POWER_EE = _band_power("bandpower_EE", _SHEAR, _SUM, _DIFFERENCE)
BAND_POWER_BB = _band_power("bandpower_BB", _SHEAR, _DIFFERENCE, _SUM)
BAND_POWER_NE = _band_power("bandpower_nE", ("counts", "shear"), {2: 2.0}, None)
BAND_POWER_NN = _band_power("bandpower_nn", ("counts", "counts"), {0: 2.0}, None)
