"""Correlation functions of angle: cosmic shear, galaxy-galaxy lensing, clustering, CMB lensing.

xi_+- (e.g. Kilbinger et al. 2017, arXiv:1702.05301, eqs. 9, 10), gamma_t and w; of the convergence
of the microwave background w_kappa with counts and gamma_t_kappa with shapes (Omori et al. 2023,
arXiv:2203.12439).
"""

from functools import partial

from numpy.typing import NDArray

from jaxlike.theory.statistics.projection import curved_sky, flat_sky
from jaxlike.theory.statistics.registry import Points, Statistic, register


def _operator(spins: tuple[int, int], points: Points, ell: NDArray) -> NDArray:
    if points.projection == "flat":
        return flat_sky(spins, points.at, ell, transfer=points.transfer)
    assert points.edges is not None  # as whoever asks for curved has checked
    return curved_sky(
        spins, *points.edges, ell, convergence=points.convergence, transfer=points.transfer
    )


def _correlation(
    name: str, tracers: tuple[str, str], spins: tuple[int, int], b_modes: int = 0
) -> Statistic:
    return register(Statistic(name, tracers, "theta", partial(_operator, spins), b_modes, spins))


XI_PLUS = _correlation("xi_plus", ("shear", "shear"), (2, 2), 1)
XI_MINUS = _correlation("xi_minus", ("shear", "shear"), (2, -2), -1)
GAMMA_T = _correlation("gamma_t", ("counts", "shear"), (2, 0))
W = _correlation("w", ("counts", "counts"), (0, 0))
W_KAPPA = _correlation("w_kappa", ("counts", "convergence"), (0, 0))
GAMMA_T_KAPPA = _correlation("gamma_t_kappa", ("shear", "convergence"), (2, 0))
