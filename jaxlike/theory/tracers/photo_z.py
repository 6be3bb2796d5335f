"""Errors of photometric redshifts: true n(z) of tomographic bins, shifts, stretches and modes."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy.special import ndtr
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.errors import ParameterError
from jaxlike.numerics.splines import lattice_points
from jaxlike.theory.tracers.distributions import (
    lattice_weights,
    mean_redshift,
    normalised,
    uniform_step,
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Tomography:
    """Bins of a survey: dndz (n_bin, n), normalised, and density (n_bin,) per arcmin^2."""

    dndz: Array
    density: Array


def photo_z_bins(
    z: ArrayLike,
    dndz: ArrayLike,
    edges: ArrayLike,
    sigma_z: ArrayLike,
    *,
    density: ArrayLike = 1.0,
    bias: ArrayLike = 0.0,
    outlier_fraction: ArrayLike = 0.0,
    outlier_sigma: ArrayLike = 0.05,
    outlier_bias: ArrayLike = -0.1,
) -> Tomography:
    """True-redshift distributions of the galaxies whose photometric redshift is in each bin.

    dndz (n,) of all galaxies on the lattice z (n,), `density` () of them per arcmin^2; edges
    (n_bin + 1,) of the bins in photometric redshift. A galaxy at z is seen at a redshift of mean
    z + bias (1 + z) and Gaussian scatter sigma_z (1 + z); a fraction of outliers has a bias and a
    scatter of its own (Ma, Hu & Huterer 2006, astro-ph/0506614, eqs. 5-7; Euclid, Blanchard et al.
    2020, arXiv:1910.09273, eq. 115). Differentiable in all but z, whose step must not exceed the
    scatter for the bins' edges to be resolved. Bins that are no interval and scatters that are no
    positive number are a ParameterError where they are not traced.
    """
    z = np.asarray(z, float)
    _check_edges(edges)
    _check_positive("sigma_z", sigma_z)
    _check_positive("outlier_sigma", outlier_sigma)
    limits, growing = jnp.asarray(edges, float)[:, None], jnp.asarray(1 + z)

    def share(bias: ArrayLike, sigma: ArrayLike) -> Array:
        centre, scatter = z + jnp.asarray(bias) * growing, jnp.asarray(sigma) * growing
        below = ndtr((limits - centre) / scatter)
        return below[1:] - below[:-1]

    selected = share(bias, sigma_z)
    if not (isinstance(outlier_fraction, int | float) and outlier_fraction == 0):
        outliers = share(outlier_bias, outlier_sigma)
        fraction = jnp.asarray(outlier_fraction)
        selected = (1 - fraction) * selected + fraction * outliers
    seen = selected * normalised(z, dndz)
    return Tomography(normalised(z, seen), jnp.asarray(density) * (seen @ lattice_weights(z)))


def _is_traced(value: object) -> bool:
    return isinstance(value, jax.core.Tracer)


def _check_edges(edges: ArrayLike) -> None:
    if _is_traced(edges):
        return
    values = np.asarray(edges, float)
    if values.ndim != 1 or values.size < 2 or not np.all(np.diff(values) > 0):
        listed = ", ".join(f"{value:g}" for value in np.ravel(values))
        raise ParameterError(f"the edges of the bins are {listed}: they must ascend, two or more")


def _check_positive(name: str, value: ArrayLike) -> None:
    if not _is_traced(value) and not np.all(np.asarray(value, float) > 0):
        raise ParameterError(f"{name} is {value}, but must be positive")


def transformed(z: ArrayLike, dndz: ArrayLike, dz: ArrayLike, width: ArrayLike) -> Array:
    """n((z - <z> - dz) / width + <z>) / width, (..., n): shifted by dz, stretched about the mean.

    dndz (..., n) on a uniform lattice z (n,), dz and width (...,). The mean moves by dz, whatever
    the width, as where CosmoSIS's photoz_bias and photoz_width follow each other (DES-Y3). Cubic
    splines; galaxies that leave the lattice are lost, and the rest normalised.
    """
    z = np.asarray(z, float)
    step = uniform_step(z, "a shift or stretch")
    dndz = jnp.asarray(dndz)
    pieces = (mean_redshift(z, dndz), dz, width)
    mean, dz, width = (jnp.asarray(piece, float)[..., None] for piece in pieces)
    position = ((z - mean - dz) / width + mean - z[0]) / step
    return normalised(z, _spline_at(dndz, position))


def shift(z: ArrayLike, dndz: ArrayLike, dz: ArrayLike) -> Array:
    """n(z - dz), (..., n), for one dz (...,) of each dndz (..., n) on a uniform lattice z (n,)."""
    return transformed(z, dndz, dz, 1.0)


def stretch(z: ArrayLike, dndz: ArrayLike, width: ArrayLike) -> Array:
    """n((z - <z>) / width + <z>) / width, (..., n): as wide by a factor, with its mean kept."""
    return transformed(z, dndz, 0.0, width)


def pca_modes(z: ArrayLike, dndz: ArrayLike, modes: ArrayLike, u: ArrayLike) -> Array:
    """n(z) + sum_i u_i U_i(z), (..., n), for modes U (n_mode, ..., n) and amplitudes u (n_mode,).

    One amplitude moves all bins together, as a decomposition of their joint covariance has it.
    """
    changed = jnp.asarray(dndz) + jnp.tensordot(jnp.asarray(u), jnp.asarray(modes), axes=1)
    return normalised(z, changed)


def _spline_at(values: Array, position: Array) -> Array:
    """Cubic B-splines through values (..., n) at positions (..., n_x) in steps; zero outside."""
    shape = jnp.broadcast_shapes(values.shape[:-1], position.shape[:-1])
    coefficients = _prefilter(values)
    rows, at = (jnp.broadcast_to(x, (*shape, x.shape[-1])) for x in (coefficients, position))
    at = at.reshape(-1, at.shape[-1])
    return lattice_points(rows.reshape(len(at), -1), at).reshape(*shape, -1)


def _prefilter(values: Array) -> Array:
    """B-spline coefficients (..., n + 2) of natural splines: `splines.prefilter`, traced."""
    n = values.shape[-1]
    ones: NDArray = np.ones(n)
    below, diagonal, above = ones.copy(), 4 * ones, ones.copy()
    # the end conditions make the outermost coefficients equal to the values
    diagonal[[0, -1]] = 1.0
    below[[0, -1]] = above[[0, -1]] = 0.0
    right = jnp.moveaxis(values, -1, 0).reshape(n, -1)
    right = right.at[1:-1].multiply(6.0)
    bands = [jnp.asarray(band, values.dtype) for band in (below, diagonal, above)]
    c = lax.linalg.tridiagonal_solve(bands[0], bands[1], bands[2], right)
    c = jnp.concatenate([2 * c[:1] - c[1:2], c, 2 * c[-1:] - c[-2:-1]])
    return jnp.moveaxis(c.reshape(n + 2, *values.shape[:-1]), 0, -1)
