"""Analytic and tabulated redshift distributions, differentiable in their own parameters.

Every function takes a fixed lattice z (n,), ascending from z >= 0, and returns dndz (..., n) of
unit integral over that lattice by the rule `lattice_weights`. Leading axes are bins. Number
densities are galaxies per arcmin^2 throughout; `per_steradian` converts.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy.special import ndtr
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.errors import ParameterError
from jaxlike.numerics.splines import bspline_taps

ARCMIN2_PER_STERADIAN = (180 * 60 / np.pi) ** 2
"""Square arcminutes in a steradian."""

_GREGORY = np.array([3 / 8, 7 / 6, 23 / 24])  # ends of a uniform lattice: fourth order
_N_GREGORY = 6


def lattice_weights(z: ArrayLike) -> NDArray:
    """Rule (n,) that integrates over the lattice z (n,).

    Gregory's rule on a uniform lattice of six points or more, which integrates smooth curves to
    fourth order and jagged ones as the trapezoidal rule does; that rule itself on any other.
    """
    z = np.asarray(z, float)
    if z.ndim != 1 or z.size < 2 or not np.all(np.diff(z) > 0):
        raise ParameterError("a lattice of redshifts must be two or more ascending numbers")
    step = np.diff(z)
    weights = np.zeros(z.size)
    weights[:-1] += step / 2
    weights[1:] += step / 2
    if z.size >= _N_GREGORY and np.allclose(step, step[0], rtol=1e-6):
        weights[:] = (z[-1] - z[0]) / (z.size - 1)
        weights[:3] *= _GREGORY
        weights[-3:] *= _GREGORY[::-1]
    return weights


def normalised(z: ArrayLike, density: ArrayLike) -> Array:
    """`density` (..., n) divided by its integral over the lattice z (n,)."""
    density = jnp.asarray(density)
    return density / (density @ lattice_weights(z))[..., None]


def mean_redshift(z: ArrayLike, dndz: ArrayLike) -> Array:
    """<z> (...,) of dndz (..., n)."""
    weights = lattice_weights(z)
    dndz = jnp.asarray(dndz)
    return (dndz @ (weights * np.asarray(z))) / (dndz @ weights)


def per_steradian(density: ArrayLike) -> Array:
    """Galaxies per steradian from galaxies per arcmin^2."""
    return jnp.asarray(density) * ARCMIN2_PER_STERADIAN


def _column(value: ArrayLike) -> Array:
    """A parameter of shape (...,) against a lattice (n,)."""
    return jnp.asarray(value, float)[..., None]


def smail(z: ArrayLike, a: ArrayLike, b: ArrayLike, z0: ArrayLike) -> Array:
    """n(z) ~ z^a exp(-(z / z0)^b), (..., n), for a >= 0 and b, z0 > 0 (...,).

    Smail, Ellis & Fitchett 1994 (astro-ph/9402048); arguments in the order of jax-cosmo.
    """
    z = np.asarray(z, float)
    a, b, z0 = _column(a), _column(b), _column(z0)
    ln_z = np.log(np.where(z > 0, z, 1.0))
    # a log of z = 0 would leave its NaN to the gradient
    value = jnp.exp(a * ln_z - jnp.exp(b * (ln_z - jnp.log(z0))))
    return normalised(z, jnp.where(z > 0, value, jnp.where(a == 0, 1.0, 0.0)))


def fu(z: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Array:
    """n(z) ~ (z^a + z^(a b)) / (z^b + c), (..., n), for a, b, c > 0 (...,).

    Fu et al. 2008 (arXiv:0712.0884), eq. 15. It falls as z^(a b - b) only: let the lattice reach
    as far as galaxies are to be counted.
    """
    z = np.asarray(z, float)
    a, b, c = _column(a), _column(b), _column(c)
    ln_z = np.log(np.where(z > 0, z, 1.0))
    value = (jnp.exp(a * ln_z) + jnp.exp(a * b * ln_z)) / (jnp.exp(b * ln_z) + c)
    return normalised(z, jnp.where(z > 0, value, 0.0))


def gaussian(z: ArrayLike, mean: ArrayLike, sigma: ArrayLike) -> Array:
    """n(z) ~ exp(-(z - mean)^2 / (2 sigma^2)), (..., n), cut at the ends of the lattice."""
    z = np.asarray(z, float)
    return normalised(z, jnp.exp(-0.5 * ((z - _column(mean)) / _column(sigma)) ** 2))


def delta(z: ArrayLike, z_s: ArrayLike) -> Array:
    """All galaxies at z_s (...,), spread over four points of the uniform lattice z, (..., n).

    By a cubic B-spline, so that <z> = z_s exactly and everything is twice differentiable in z_s,
    which is kept a step and more away from the ends. ParameterError unless z is uniform.
    """
    z = np.asarray(z, float)
    step = uniform_step(z, "delta")
    weights = lattice_weights(z)
    position = jnp.clip((jnp.asarray(z_s, float) - z[0]) / step, 1.0, z.size - 2 - 1e-9)
    start = jnp.floor(lax.stop_gradient(position))
    taps = bspline_taps(position - start)
    index = start.astype(int)[..., None] + jnp.arange(-1, 3)
    hot = index[..., None] == jnp.arange(z.size)
    return jnp.einsum("i...,...in->...n", taps, hot.astype(taps.dtype)) / weights


def tabulated(z: ArrayLike, z_table: ArrayLike, density: ArrayLike) -> Array:
    """Samples `density` (..., n_table) at z_table (n_table,) joined by straight lines, (..., n).

    There are no galaxies beyond the table's ends.
    """
    z, z_table = np.asarray(z, float), np.asarray(z_table, float)
    right = np.clip(np.searchsorted(z_table, z), 1, z_table.size - 1)
    fraction = (z - z_table[right - 1]) / (z_table[right] - z_table[right - 1])
    density = jnp.asarray(density)
    value = density[..., right - 1] * (1 - fraction) + density[..., right] * fraction
    inside = (z >= z_table[0]) & (z <= z_table[-1])
    return normalised(z, jnp.where(inside, value, 0.0))


def kde(z: ArrayLike, edges: ArrayLike, counts: ArrayLike, bandwidth: ArrayLike) -> Array:
    """Kernel density estimate (..., n) of a histogram: bin edges (n_bin + 1,), counts (..., n_bin).

    Galaxies are uniform in their bin and smoothed by a Gaussian of width `bandwidth` > 0, as
    `redshift.kernel_density` has it, here differentiable in both counts and bandwidth.
    """
    z, edges = np.asarray(z, float), np.asarray(edges, float)
    below = ndtr(jnp.asarray(z[:, None] - edges) / jnp.asarray(bandwidth))
    per_bin = (below[:, :-1] - below[:, 1:]) / np.diff(edges)
    return normalised(z, jnp.asarray(counts) @ per_bin.T)


def mixture(z: ArrayLike, dndz: ArrayLike, density: ArrayLike) -> tuple[Array, Array]:
    """Samples put together: n(z) (n,) and galaxies per arcmin^2 () of the whole.

    dndz (n_sample, n), of which each counts with its density (n_sample,) per arcmin^2.
    """
    density = jnp.asarray(density)
    return normalised(z, density @ normalised(z, dndz)), jnp.sum(density)


def product(z: ArrayLike, *factors: ArrayLike) -> Array:
    """Normalised product (..., n) of distributions or selection functions (..., n)."""
    result = jnp.asarray(factors[0])
    for factor in factors[1:]:
        result = result * jnp.asarray(factor)
    return normalised(z, result)


def uniform_step(z: NDArray, what: str) -> float:
    """Step of a lattice z (n,); ParameterError, which says `what` needs it, if it has none."""
    step = np.diff(z)
    if step.size < 3 or not np.allclose(step, step[0], rtol=1e-6):
        raise ParameterError(f"{what} needs a uniform lattice: np.linspace(0, z_max, n)")
    return float((z[-1] - z[0]) / (z.size - 1))


def quantile(z: ArrayLike, dndz: ArrayLike, fraction: ArrayLike) -> Array:
    """Redshifts (n_fraction,) below which the given fractions of dndz (n,) lie.

    np.linspace(0, 1, n_bin + 1) gives the edges of bins with equally many galaxies.
    """
    z, dndz = np.asarray(z, float), jnp.asarray(dndz)
    below = jnp.cumsum((dndz[1:] + dndz[:-1]) / 2 * np.diff(z))
    below = jnp.concatenate([jnp.zeros(1), below])
    return jnp.interp(jnp.asarray(fraction) * below[-1], below, z)
