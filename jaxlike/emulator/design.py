"""Where the emulator is trained: a low-discrepancy set that is denser towards the edges.

The transfer function of an Einstein-de Sitter universe depends on the physical densities only, so
the set lives in (omega_b, omega_cb, omega_nu): the whole DES-Y1 prior and a little more.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from jaxlike.theory.power.emulator import Domain

TRAINED = Domain(
    omega_b=(0.0087, 0.060),
    omega_cb=(0.0228, 0.79),
    baryon_fraction=(0.0315, 0.525),
    omega_nu=(1e-4, 0.0108),
    f_nu=0.215,
)
"""What the training set covers."""

ACCEPTED = Domain(
    omega_b=(0.009, 0.0582),
    omega_cb=(0.024, 0.75),
    baryon_fraction=(0.033, 0.52),
    omega_nu=(0.0, 0.0105),
    f_nu=0.2,
)
"""What the emulator answers for, within the training set (omega_nu below it: see docs)."""


@dataclass(frozen=True)
class Point:
    """One cosmology of the training set: physical densities."""

    omega_b: float
    omega_cb: float
    omega_nu: float


def design(n: int, seed: int) -> list[Point]:
    """The first `n` points of the training set."""
    unit = qmc.Sobol(3, scramble=True, rng=np.random.default_rng(seed)).random_base2(
        int(np.ceil(np.log2(n)))
    )[:n]
    s = (1 - np.cos(np.pi * unit)) / 2  # polynomials want the density of Chebyshev nodes
    ln_b = _between(s[:, 0], *np.log(TRAINED.omega_b))
    low, high = TRAINED.baryon_fraction
    ln_cb = _between(
        s[:, 1],
        np.maximum(np.log(TRAINED.omega_cb[0]), ln_b - np.log(high)),
        np.minimum(np.log(TRAINED.omega_cb[1]), ln_b - np.log(low)),
    )
    largest = np.log(TRAINED.f_nu / (1 - TRAINED.f_nu)) + ln_cb
    ln_nu = _between(
        s[:, 2],
        np.log(TRAINED.omega_nu[0]),
        np.minimum(np.log(TRAINED.omega_nu[1]), largest),
    )
    return [Point(*map(float, row)) for row in np.exp(np.stack([ln_b, ln_cb, ln_nu], axis=1))]


def _between(s: NDArray, low: NDArray | float, high: NDArray | float) -> NDArray:
    return low + (high - low) * s
