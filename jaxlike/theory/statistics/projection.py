"""From C_ell to bandpowers, xi+, xi-, gamma_t and w: linear, hence a fixed matrix for each.

C_ell is the cubic spline of (ell + 1/2) C_ell in ln(ell + 1/2) through the multipole nodes; above
the last node it falls as a power law. Flat sky: Hankel transforms at the bin centre (e.g. Kilbinger
et al. 2017, arXiv:1702.05301, eqs. 9, 10). Curved sky: sums over Wigner d-functions, averaged over
the bin's solid angle (e.g. Kitching et al. 2017, arXiv:1611.04954; Friedrich et al. 2021,
arXiv:2012.08568, appendix B).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline, make_interp_spline
from scipy.special import erfc, j0, j1, jv

from jaxlike.numerics.quadrature import gauss_legendre_panels
from jaxlike.numerics.splines import cardinal_splines
from jaxlike.numerics.wigner import wigner_d

Projection = Literal["flat", "curved"]

Spins = tuple[int, int]
"""(m, n) of the d-function of a statistic; the Bessel function's order is m - n."""


@dataclass(frozen=True, eq=False)
class Transfer:
    """By what maps multiply C_ell: their beams (n,) -> (n,), and nothing outside ell_min <= ell <=
    ell_max."""

    beam: Callable[[NDArray], NDArray]
    ell_min: float = 0.0
    ell_max: float = np.inf

    def __call__(self, ell: NDArray) -> NDArray:
        """The factor (n,) at multipoles (n,)."""
        inside = (ell >= self.ell_min) & (ell <= self.ell_max)
        return np.where(inside, self.beam(ell), 0.0)


_TAIL_SLOPE = -2.6  # of C_ell beyond the last node, where it hardly matters
_PHASE_MAX = 1000.0  # range of ell * theta in which a Gaussian taper closes the integral
_PHASE_FLAT = 160.0  # the same of a taper that is 1 in the first half to rounding
_ELL_EXACT = 2000  # multipoles summed one by one; beyond, d-functions are Bessel functions
_N_BIN = 12  # quadrature points over an angular bin


def cl_matrix(ell: NDArray, ell_nodes: NDArray) -> NDArray:
    """Matrix (n, n_ell) from C_ell at the nodes to C_ell at `ell`."""
    x, x_nodes = np.log(ell + 0.5), np.log(ell_nodes + 0.5)
    inside = np.clip(x, x_nodes[0], x_nodes[-1])
    matrix = cardinal_splines(x_nodes, inside) * (ell_nodes + 0.5) * np.exp(-inside)[:, None]
    return matrix * np.exp(_TAIL_SLOPE * (x - inside))[:, None]


def _cl_sums(rows: Iterable[tuple[NDArray, NDArray]], ell_nodes: NDArray) -> NDArray:
    """weights @ cl_matrix(ell, ell_nodes), as rows, of each (ell, weights), (n,) each; faster."""
    x_nodes = np.log(ell_nodes + 0.5)
    spline = make_interp_spline(x_nodes, np.eye(x_nodes.size), k=3)
    sums = []
    for ell, weight in rows:
        x = np.log(ell + 0.5)
        inside = np.clip(x, x_nodes[0], x_nodes[-1])
        size = weight * np.exp(_TAIL_SLOPE * (x - inside) - inside)
        # of four columns at each point
        sums.append(size @ BSpline.design_matrix(inside, spline.t, 3))
    return np.stack(sums) @ spline.c * (ell_nodes + 0.5)


def bandpower_matrix(ell: NDArray, weight: NDArray, ell_nodes: NDArray) -> NDArray:
    """Matrix (n_window, n_ell) to C_b = sum_l weight[b, l] C_ell(ell[l]), windows (n_window, n_l).

    Alonso et al. 2019 (arXiv:1809.09603, section 2): how pseudo-C_ell estimates are binned.
    """
    return weight @ cl_matrix(ell, ell_nodes)


def bessel(order: int, x: NDArray) -> NDArray:
    """J_order(x) for order 0, 2 or 4: upward recurrence where it is stable, and fast."""
    if order == 0:
        return j0(x)
    safe = np.where(x > 8, x, 8.0)
    result = 2 * j1(safe) / safe - j0(safe)
    if order == 4:
        third = 4 * result / safe - j1(safe)
        result = 6 * third / safe - result
    small = x <= 8
    result[small] = jv(order, x[small])
    return result


def _hankel_sum(
    order: int,
    theta: float,
    low: float,
    transfer: Transfer | None = None,
    *,
    flat: bool = False,
) -> tuple[NDArray, NDArray]:
    """Multipoles and weights (n,) of int_low^oo ell dell / (2 pi) J_order(ell theta) C_ell.

    `flat`: to 1e-9 of smooth C_ell; a Gaussian taper leaves 1e-5.
    """
    # panels follow the spline where that is fast, the Bessel function where it is
    width, length = np.pi / theta, (_PHASE_FLAT if flat else _PHASE_MAX) / theta
    turn = max(low, 10 * width)
    fine = np.exp(np.arange(np.log(low), np.log(turn), 0.1))
    panels = np.append(fine, np.arange(turn, low + length, width))
    if transfer is not None:  # panels end where C_ell do
        first, last = np.clip([transfer.ell_min, transfer.ell_max], low, panels[-1])
        inside = panels[(panels > first) & (panels < last)]
        panels = np.unique([first, *inside, last])
        if panels.size < 2:
            return np.array([low]), np.zeros(1)
    ell, weight = gauss_legendre_panels(panels, 6 if flat else 5)
    if transfer is not None:
        weight = weight * transfer(ell)
    if flat:
        taper = erfc(12 * (ell - low) / length - 6) / 2
    else:
        taper = np.exp(-((4 * (ell - low) / length) ** 2) / 2)  # leaves the lower end as it is
    return ell, weight * taper * ell / (2 * np.pi) * bessel(order, ell * theta)


def _half_later(transfer: Transfer | None) -> Transfer | None:
    """The same as a function of ell + 1/2, whose cuts fall between whole multipoles."""
    if transfer is None:
        return None
    first, last, beam = np.ceil(transfer.ell_min), np.floor(transfer.ell_max) + 1, transfer.beam
    return Transfer(lambda x: beam(x - 0.5), first, last)


def flat_sky(
    spins: Spins, theta: NDArray, ell_nodes: NDArray, *, transfer: Transfer | None = None
) -> NDArray:
    """Matrix (n_theta, n_ell) at angles `theta` in radians."""
    order, low = spins[0] - spins[1], ell_nodes[0]
    return _cl_sums((_hankel_sum(order, t, low, transfer) for t in theta), ell_nodes)


def hankel(order: int, theta: NDArray, ell_nodes: NDArray) -> NDArray:
    """Matrix (n_theta, n_ell) to int ell dell / (2 pi) J_order(ell theta) C_ell, order 0, 2 or 4.

    theta in radians; for filters between whose large parts E modes are a small difference.
    """
    return _cl_sums((_hankel_sum(order, t, ell_nodes[0], flat=True) for t in theta), ell_nodes)


def bin_quadrature(theta_min: NDArray, theta_max: NDArray) -> tuple[NDArray, NDArray]:
    """cos(theta) (n_theta, n) and weights (n,) of a mean over each bin's solid angle."""
    unit, gauss = np.polynomial.legendre.leggauss(_N_BIN)
    low, high = np.cos(theta_max)[:, None], np.cos(theta_min)[:, None]
    return (low + high) / 2 + (high - low) / 2 * unit, gauss / 2


def shear_of_convergence(spins: Spins, ell: NDArray) -> NDArray:
    """sqrt((ell - 1)(ell + 2) / (ell (ell + 1))) (n,) per field of shear, 0 below the quadrupole.

    On the sphere convergence is ell (ell + 1) / 2 and shear sqrt((ell + 2)! / (ell - 2)!) / 2 times
    the lensing potential (Castro et al. 2005, astro-ph/0503479). CosmoSIS's bin averages have it.
    """
    ell = np.maximum(ell, 1.0)
    return ((ell - 1) * (ell + 2) / (ell * (ell + 1))) ** (np.count_nonzero(spins) / 2)


def curved_sky(
    spins: Spins,
    theta_min: NDArray,
    theta_max: NDArray,
    ell_nodes: NDArray,
    *,
    convergence: bool = False,
    transfer: Transfer | None = None,
) -> NDArray:
    """Matrix (n_theta, n_ell) averaged over angular bins, edges in radians (n_theta,) each.

    The sum begins at the quadrupole (w: at the dipole; a survey cannot see its own monopole). With
    `convergence` C_ell is that of convergence, of which shear is `shear_of_convergence`.
    """
    m, n = spins
    x, weight = bin_quadrature(theta_min, theta_max)
    first = max(m, 1)
    ell = np.arange(first, _ELL_EXACT + 1)
    terms = [d @ weight for degree, d in wigner_d(m, n, x, _ELL_EXACT) if degree >= first]
    size = (2 * ell + 1) / (4 * np.pi)
    if convergence:  # beyond _ELL_EXACT shear is convergence
        size = size * shear_of_convergence(spins, ell)
    if transfer is not None:
        size = size * transfer(ell)
    exact = (size * np.stack(terms, axis=1)) @ cl_matrix(ell, ell_nodes)

    # d^ell_mn(theta) = sqrt(theta / sin theta) J_(m-n)((ell + 1/2) theta), Hilb's approximation
    theta = np.arccos(x)
    amplitude = weight * np.sqrt(theta / np.sin(theta))

    def beyond(amplitudes: NDArray, thetas: NDArray) -> tuple[NDArray, NDArray]:
        later = _half_later(transfer)
        sums = [_hankel_sum(m - n, t, _ELL_EXACT + 1.0, later) for t in thetas]
        weights = [a * weight for a, (_, weight) in zip(amplitudes, sums, strict=True)]
        return np.concatenate([half_ell for half_ell, _ in sums]) - 0.5, np.concatenate(weights)

    return exact + _cl_sums(map(beyond, amplitude, theta), ell_nodes)
