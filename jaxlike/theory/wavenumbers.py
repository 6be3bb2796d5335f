"""The wavenumbers at which power spectra are evaluated, and those between which they are read.

Spectra are evaluated at a few nodes, dense where the acoustic wiggles are and sparse where the
spectrum is smooth. One matrix takes them to a uniform lattice in ln k, on which a spline at any k
is a short filter and integrals over every k are plain sums.
"""

import numpy as np
from numpy.typing import NDArray

from jaxlike.numerics.splines import cardinal_splines, prefilter_matrix

LN_K_STEP = 0.055
"""Step of the lattice: leaves 7e-5 rms in P in the wiggles, 6e-4 where they are narrowest."""

LN_K = np.log(5e-5) + LN_K_STEP * np.arange(362)
K = np.exp(LN_K)
"""The lattice in h/Mpc; its ends leave nothing off the sigma8 integral."""

_SPARSE = 0.18  # step where the spectrum is smooth: 1e-5 in sigma(R) of halofit
_WIGGLES = np.log([0.012, 0.9])  # h/Mpc
_EDGE = 0.25


def _nodes() -> tuple[NDArray, NDArray]:
    """ln k of the nodes and their step, by a count of nodes that is smooth in ln k."""
    x = np.linspace(LN_K[0], LN_K[-1], 8001)
    bumps = [np.tanh((x - edge) / _EDGE) for edge in _WIGGLES]
    density = 1 / _SPARSE + (1 / LN_K_STEP - 1 / _SPARSE) * (bumps[0] - bumps[1]) / 2
    count = np.append(0.0, np.cumsum((density[1:] + density[:-1]) / 2)) * (x[1] - x[0])
    n = int(np.ceil(count[-1]))
    nodes = np.interp(np.linspace(0, count[-1], n + 1), count, x)
    return nodes, np.interp(nodes, x, count[-1] / n / density)


LN_K_NODES, NODE_STEP = _nodes()
K_NODES = np.exp(LN_K_NODES)
"""Where spectra are evaluated, in h/Mpc; NODE_STEP weights them in integrals over ln k."""

TO_LATTICE = cardinal_splines(LN_K_NODES, LN_K)
"""Matrix from values at the nodes to values on the lattice."""

PREFILTER = prefilter_matrix(LN_K.size)
"""Matrix from values on the lattice to its B-spline coefficients."""

TO_COEFFICIENTS = PREFILTER @ TO_LATTICE
"""Matrix from values at the nodes to the lattice's B-spline coefficients."""
