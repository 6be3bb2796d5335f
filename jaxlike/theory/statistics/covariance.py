"""Gaussian covariance of C_ell, of two-point functions in real space, and of what is made of these.

Cov(C_ab, C_cd) = (C_ac C_bd + C_ad C_bc) / ((2 ell + 1) Delta_ell f_sky), with the noise of each
field in its own C_aa. In real space
Cov = sum_ell F_A(ell) F_B(ell) (C_ac C_bd + C_ad C_bc) / ((2 ell + 1) f_sky) with each statistic
xi = sum_ell F(ell) C_ell averaged over its angular bin, e.g. Friedrich et al. 2021
(arXiv:2012.08568), eqs. 9-15. The noise-noise term is summed over all multipoles at once: by the
completeness of the d-functions it is the number of pairs in the bin. COSEBIs and band powers are
integrals over correlation functions, X = int ell dell / (2 pi) W(ell) C_ell, and have the same
with F(ell) = (2 ell + 1) / (4 pi) W(ell + 1/2) and an integral over ell; by the completeness of the
Bessel functions their noise-noise term is int theta dtheta of two filters multiplied.

Both are NumPy where all they are given is, and JAX, differentiable in the spectra, the noise and
the sky, where any of it is.
"""

from collections.abc import Mapping, Sequence
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
from jaxlike.theory.statistics.registry import STATISTICS, Points


@dataclass(frozen=True)
class Field:
    """One tomographic bin: its kind ("counts" or "shear"), zero-based bin and noise power."""

    kind: str
    bin: int
    noise: ArrayLike


@dataclass(frozen=True)
class PairPoints:
    """Points of one pair of fields: the name of their kernel and their rows (n,) in it."""

    kernel: str
    first: int
    second: int
    row: NDArray


@dataclass(frozen=True, eq=False)
class Kernel:
    """How points see C_ell: X = sum over ell of F(ell) C_ell, and the noise of galaxies.

    F: (n, n_ell) on C_ell of E modes, their weights apart; white: by names of independent white
    noises rows (n, m), by whose products Cov = N_a N_b / f_sky row . row of noise powers N.
    """

    F: NDArray
    white: Mapping[str, NDArray]


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
    """F (n_theta, ell_max + 1): xi(bin) = sum_ell F(ell) C_ell, edges in radians (n_theta,)."""
    spins = STATISTICS[statistic].spins
    assert spins is not None  # points in real space are of correlation functions
    m, n = spins
    x, weight = bin_quadrature(theta_min, theta_max)
    kernel = np.zeros((len(theta_min), ell_max + 1))
    for ell, d in wigner_d(m, n, x, ell_max):
        if ell > 0:
            kernel[:, ell] = (2 * ell + 1) / (4 * np.pi) * (d @ weight)
    return kernel


def real_space_kernel(
    statistic: str, theta_min: NDArray, theta_max: NDArray, ell_max: int
) -> Kernel:
    """That of a correlation function in angular bins with these edges [radians] (n_bin,) each, at
    all multipoles from 0 to `ell_max`."""
    modes = 2 if statistic in (XI_PLUS.name, XI_MINUS.name) else 1  # E and B
    solid_angle = 2 * np.pi * (np.cos(theta_min) - np.cos(theta_max))
    # E and B cancel between xi+ and xi-
    white = {statistic: np.diag(np.sqrt(modes / (4 * np.pi * solid_angle)))}
    return Kernel(bin_kernels(statistic, theta_min, theta_max, ell_max), white)


def filtered_kernel(statistic: str, points: Points, ell: NDArray) -> Kernel:
    """That of COSEBIs or band powers at increasing multipoles (n_ell,)."""
    make = STATISTICS[statistic].filters
    assert make is not None  # as whoever asks for filtered points knows
    octaves = np.flatnonzero(np.diff(np.floor(np.log2(np.maximum(ell, 1)))) > 0) + 1
    parts = []
    for part in np.split(ell, octaves):  # at as many angles as its Bessel functions turn
        filters = make(points, float(part[-1]))
        parts.append(filters.kernel(part + 0.5))  # d^ell_mn(theta) is J((ell + 1/2) theta)
    root = np.sqrt(filters.measure / (8 * np.pi**2))
    rows = {f"order {m}": found * root for m, found in filters.of.items()}
    if filters.modes == "both":  # in E and in B, between which the product of two orders cancels
        white = {name: np.sqrt(2) * row for name, row in rows.items()}
    else:
        white = {f"{filters.modes}, {name}": row for name, row in rows.items()}
    return Kernel((2 * ell + 1) / (4 * np.pi) * np.hstack(parts), white)


def _noise_noise(
    a: PairPoints,
    b: PairPoints,
    fields: Sequence[Field],
    kernels: Mapping[str, Kernel],
    xp: ModuleType,
) -> Any:
    """Noise powers multiplied, over the pairs of galaxies that two points share."""
    matches = float((a.first, a.second) == (b.first, b.second))
    matches += float((a.first, a.second) == (b.second, b.first))
    one, other = kernels[a.kernel].white, kernels[b.kernel].white
    shared = [one[name][a.row] @ other[name][b.row].T for name in one if name in other]
    if not shared or not matches:
        return xp.zeros((a.row.size, b.row.size))
    return sum(shared) * (matches * fields[a.first].noise * fields[a.second].noise)


def gaussian_covariance(
    points: Sequence[PairPoints],
    fields: Sequence[Field],
    cl: ArrayLike,
    f_sky: ArrayLike,
    theta_min: NDArray,
    theta_max: NDArray,
) -> Any:
    """Covariance (n_data, n_data) of points of correlation functions, in their order.

    points: each kernel is the name of a statistic; cl: (n_field, n_field, ell_max + 1) signal
    spectra at every multipole (E modes); f_sky: observed fraction of the sky; theta_min, theta_max
    [radians]: edges (n_bin,) of the angular bins that `points` count.
    """
    ell_max = jnp.shape(cl)[-1] - 1
    kernels = {
        statistic: real_space_kernel(statistic, theta_min, theta_max, ell_max)
        for statistic in {p.kernel for p in points}
    }
    return covariance_by_kernels(points, kernels, fields, cl, 2 * np.arange(ell_max + 1) + 1, f_sky)


def covariance_by_kernels(
    points: Sequence[PairPoints],
    kernels: Mapping[str, Kernel],
    fields: Sequence[Field],
    cl: ArrayLike,
    modes: NDArray,
    f_sky: ArrayLike,
) -> Any:
    """Covariance (n_data, n_data) of points of any statistics, in their order.

    cl: (n_field, n_field, n_ell) signal spectra (E modes) at the multipoles of the kernels; modes
    (n_ell,) of the whole sky at each: 2 ell + 1 over the weight of its integral; f_sky: observed
    fraction of the sky.
    """
    xp = _namespace(cl, fields, f_sky)
    noise = _noise_matrix(fields, xp)
    observed = xp.asarray(cl) + noise
    modes = modes * f_sky
    rows: list[list[Any]] = []
    for i, a in enumerate(points):
        row: list[Any] = []
        for j, b in enumerate(points):
            if j < i:
                row.append(rows[j][i].T)
                continue
            # the noise-noise part of this product has its own sum
            ends = (a.first, a.second), (b.first, b.second)
            spectrum = _product(observed, *ends) - _product(noise, *ends)
            block = kernels[a.kernel].F[a.row] * (spectrum / modes)
            block = block @ kernels[b.kernel].F[b.row].T
            row.append(block + _noise_noise(a, b, fields, kernels, xp) / f_sky)
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
