"""Gaussian covariance of C_ell, and of two-point functions in real space.

Cov(C_ab, C_cd) = (C_ac C_bd + C_ad C_bc) / ((2 ell + 1) Delta_ell f_sky), with the noise of each
field in its own C_aa. In real space
Cov = sum_ell F_A(ell) F_B(ell) (C_ac C_bd + C_ad C_bc) / ((2 ell + 1) f_sky) with each statistic
xi = sum_ell F(ell) C_ell averaged over its angular bin, e.g. Friedrich et al. 2021
(arXiv:2012.08568), eqs. 9-15. The noise-noise term is summed over all multipoles at once: by the
completeness of the d-functions it is the number of pairs in the bin.

Both are NumPy where all they are given is, and JAX, differentiable in the spectra, the noise and
the sky, where any of it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics.wigner import wigner_d
from jaxlike.theory.statistics.correlation_functions import XI_MINUS, XI_PLUS
from jaxlike.theory.statistics.projection import bin_quadrature
from jaxlike.theory.statistics.registry import STATISTICS


@dataclass(frozen=True)
class Field:
    """One tomographic bin: its kind ("counts" or "shear"), zero-based bin and noise power."""

    kind: str
    bin: int
    noise: ArrayLike


@dataclass(frozen=True)
class RealSpacePoints:
    """Points of one statistic and one pair of fields: indices (n,) of their angular bins."""

    statistic: str
    first: int
    second: int
    angle: NDArray


def gaussian_cl_covariance(
    pairs: NDArray, fields: Sequence[Field], cl: ArrayLike, ell: NDArray, f_sky: ArrayLike
) -> Any:
    """Covariance (n_ell, n_pair, n_pair) of the C_ell of `pairs` (n_pair, 2) of fields.

    cl: (n_field, n_field, n_ell) signal spectra at `ell` (n_ell,), each of which stands for the
    multipoles Delta_ell = gradient(ell) around it, as in Campagne et al. 2023 (arXiv:2302.05163).
    Multipoles do not correlate.
    """
    xp = _namespace(cl, fields, f_sky)
    observed = xp.moveaxis(xp.asarray(cl) + _noise_matrix(fields, xp), -1, 0)
    modes = xp.asarray((2 * ell + 1) * np.gradient(ell) * f_sky)[:, None, None]
    # fields are chosen by products, whose transpose is one too; that of indexing is a slow loop
    a, b = np.eye(len(fields))[pairs.T]
    ac, bd, ad, bc = (i @ observed @ j.T for i, j in ((a, a), (b, b), (a, b), (b, a)))
    return (ac * bd + ad * bc) / modes


def bin_kernels(statistic: str, theta_min: NDArray, theta_max: NDArray, ell_max: int) -> NDArray:
    """F (n_theta, ell_max + 1): xi(bin) = sum_ell F(ell) C_ell."""
    spins = STATISTICS[statistic].spins
    assert spins is not None  # points in real space are of correlation functions
    m, n = spins
    x, weight = bin_quadrature(theta_min, theta_max)
    kernel = np.zeros((len(theta_min), ell_max + 1))
    for ell, d in wigner_d(m, n, x, ell_max):
        if ell > 0:
            kernel[:, ell] = (2 * ell + 1) / (4 * np.pi) * (d @ weight)
    return kernel


def _noise_noise(
    a: RealSpacePoints,
    b: RealSpacePoints,
    fields: Sequence[Field],
    solid_angle: NDArray,
    xp: ModuleType,
) -> Any:
    """Noise powers multiplied, over the pairs of galaxies in each angular bin."""
    matches = float((a.first, a.second) == (b.first, b.second))
    matches += float((a.first, a.second) == (b.second, b.first))
    if a.statistic != b.statistic or not matches:
        return xp.zeros((a.angle.size, b.angle.size))  # E and B cancel between xi+ and xi-
    modes = 2 if a.statistic in (XI_PLUS.name, XI_MINUS.name) else 1  # E and B
    power = modes * matches * fields[a.first].noise * fields[a.second].noise
    variance = power / (4 * np.pi * solid_angle[a.angle])
    return xp.where(a.angle[:, None] == b.angle, variance[:, None], 0.0)


def gaussian_covariance(
    points: Sequence[RealSpacePoints],
    fields: Sequence[Field],
    cl: ArrayLike,
    f_sky: ArrayLike,
    theta_min: NDArray,
    theta_max: NDArray,
) -> Any:
    """Covariance (n_data, n_data) of `points`, in their order.

    cl: (n_field, n_field, ell_max + 1) signal spectra at every multipole (E modes); f_sky:
    observed fraction of the sky; theta_min, theta_max [radians]: edges (n_bin,) of the angular
    bins that `points` count.
    """
    xp = _namespace(cl, fields, f_sky)
    signal = xp.asarray(cl)
    ell_max = signal.shape[-1] - 1
    modes = (2 * np.arange(ell_max + 1) + 1) * f_sky
    solid_angle = 2 * np.pi * (np.cos(theta_min) - np.cos(theta_max))
    statistics = {p.statistic for p in points}
    kernels = {s: bin_kernels(s, theta_min, theta_max, ell_max) for s in statistics}
    noise = _noise_matrix(fields, xp)
    rows: list[list[Any]] = []
    for i, a in enumerate(points):
        row: list[Any] = []
        for j, b in enumerate(points):
            if j < i:
                row.append(rows[j][i].T)
                continue
            # the noise-noise part of this product has its own sum
            ends = (a.first, a.second), (b.first, b.second)
            spectrum = _product(signal + noise, *ends) - _product(noise, *ends)
            block = kernels[a.statistic][a.angle] * (spectrum / modes)
            block = block @ kernels[b.statistic][b.angle].T
            row.append(block + _noise_noise(a, b, fields, solid_angle, xp) / f_sky)
        rows.append(row)
    return xp.block(rows)


def _namespace(cl: ArrayLike, fields: Sequence[Field], f_sky: ArrayLike) -> ModuleType:
    """NumPy, or JAX where anything is an array of JAX."""
    given = (cl, f_sky, *(field.noise for field in fields))
    return jnp if any(isinstance(value, jax.Array) for value in given) else np


def _noise_matrix(fields: Sequence[Field], xp: ModuleType) -> Any:
    """Noise powers (n_field, n_field, 1), which no two fields have in common."""
    return xp.diag(xp.stack([xp.asarray(field.noise) for field in fields]))[:, :, None]


def _product(cl: Any, ab: tuple[int, int], cd: tuple[int, int]) -> Any:
    """C_ac C_bd + C_ad C_bc of fields a to d."""
    (a, b), (c, d) = ab, cd
    return cl[a, c] * cl[b, d] + cl[a, d] * cl[b, c]
