"""Redshift distributions on one uniform lattice in z, shifted differentiably.

A distribution that shifts rigidly is a fixed curve read at z - dz. On a uniform lattice every
point is read at the same fraction of a step, so a shift is a filter with two taps (linear) or
four (cubic B-spline) and costs nothing. The kernel density estimate is tabulated once.
"""

from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.numerics.splines import (
    bspline_taps,
    lattice_points,
    lattice_windows,
    linear_taps,
)
from jaxlike.theory.tracers.curves import NzModel, curve_matrix, smoothing
from jaxlike.theory.tracers.histogram import TAIL, Histogram
from jaxlike.theory.tracers.midpoints import (
    HALF_TAPS,
    first_midpoints,
    interleaved,
    last_midpoints,
)

_MARGIN = 0.5  # largest |dz| that the lattice can follow; beyond, the shift saturates
BEYOND = 0.03
"""By how much the lattice is longer than its galaxies need."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ShiftedDistributions:
    """Fixed curves of one table's bins and the rules to integrate them: a pytree of arrays.

    curve: (n_bin, n_pad) samples or B-spline coefficients; z: (n,) lattice; weights: (n,) rule
    for integrals of products of n(z); norm: (n,) rule that normalises one n(z); step: of the
    lattice; mean: (n_bin,) <z>; start: what n(0) = 0 changes, end: of a histogram that has galaxies
    in its last cell (see `midpoints`); model and margin, the points of a curve before the lattice,
    are structure, known when a program is traced; modes: what changes the curves, if there is such.
    """

    curve: NDArray
    z: NDArray
    weights: NDArray
    norm: NDArray
    step: float
    mean: NDArray
    start: NDArray
    model: NzModel = field(metadata={"static": True})
    margin: int = field(metadata={"static": True})
    modes: "Modes | None" = None
    end: NDArray | None = None

    @property
    def n_bin(self) -> int:
        """Number of tomographic bins."""
        return len(self.curve)

    @property
    def n_mode(self) -> int:
        """Number of modes."""
        return 0 if self.modes is None else len(self.modes.curve)

    def dndz(self, dz: Array, width: Array | None = None, u: Array | None = None) -> Array:
        """Normalised n(z - dz), shape (n_bin, n), for one shift per bin, dz (n_bin,).

        With a `width` (n_bin,) per bin n((z - <z> - dz) / width + <z>) / width, whose mean also
        moves by dz: as where CosmoSIS's photoz_bias and photoz_width follow each other (DES-Y3).
        With amplitudes `u` (n_mode,) it is n + sum_i u_i U_i that is shifted and stretched; where
        modes take more galaxies than there are it is negative.
        """
        curve, mean = jnp.asarray(self.curve), jnp.asarray(self.mean)
        if u is not None and self.modes is not None:
            curve, mean = self.modes.changed(curve, mean, u)
        if self.model != "histogram":
            first = self.margin - dz / self.step
            if width is None:
                values = lattice_windows(curve, first, self.z.size, bspline_taps)
            else:
                position = _stretched(self.z, mean, dz, width) / self.step
                values = lattice_points(curve, position + self.margin, bspline_taps)
        else:
            # samples stand on the odd lattice points; a spline through them fills the even ones
            spacing = 2 * self.step
            if width is not None:  # samples of samples, as where one step follows the other
                z = self.z[1] + spacing * (np.arange(curve.shape[1]) - self.margin)
                position = _stretched(z, mean, jnp.zeros_like(mean), width) - self.z[1]
                curve = lattice_points(curve, position / spacing + self.margin, linear_taps)
            first = self.margin - HALF_TAPS - dz / spacing
            padded = self.z.size // 2 + 2 * HALF_TAPS
            samples = lattice_windows(curve, first, padded, linear_taps)
            if self.end is not None:  # there is nothing behind the last sample to interpolate to
                source = np.arange(padded) - HALF_TAPS - dz[:, None] / spacing
                samples = jnp.where(source > padded - 2 * HALF_TAPS - 1 + 1e-9, 0.0, samples)
            values = interleaved(samples, self.start, self.end)
        return values / (values @ self.norm)[:, None]

    def trimmed(self) -> "ShiftedDistributions":
        """The same without the lattice points that stay empty for shifts up to 0.15.

        A lattice's length is structure: this takes arrays with numbers, none that is traced.
        """
        n = self._support()
        if n == self.z.size:
            return self
        cut = {name: getattr(self, name)[:n] for name in ("z", "weights", "norm")}
        return replace(self, **cut, end=None)

    def ending(self, last: float) -> "ShiftedDistributions":
        """The same on the lattice up to a histogram's last sample, if that is one of its points."""
        pairs = (last - self.z[1]) / (2 * self.step)
        n = 2 * round(pairs) + 2
        if abs(pairs - round(pairs)) > 1e-3 or n <= 4 * HALF_TAPS or n > self.z.size:
            return self
        weights, norm = self.weights[:n].copy(), self.norm[:n].copy()
        weights[-1], norm[-1] = weights[-1] / 2, norm[-1] / 2
        return replace(self, z=self.z[:n], weights=weights, norm=norm, end=last_midpoints())

    def _support(self) -> int:
        factor = 1 if self.model == "kde" else 2
        size = np.abs(self.curve)
        if self.modes is not None:
            size = size + np.abs(self.modes.curve).sum(axis=0)
        used = np.flatnonzero((size > 1e-6 * self.curve.max()).any(axis=0))
        last = factor * (used[-1] - self.margin) + int(np.ceil(0.15 / self.step))
        return min(2 * (last // 2 + 1), self.z.size)  # an even number, see `build`

    def without_bins(self) -> "ShiftedDistributions":
        """The same lattice with no bin on it: the sample that a data set does not use."""
        return replace(self, curve=self.curve[:0], mean=self.mean[:0], modes=None)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Modes:
    """Curves (n_mode, n_bin, n_pad) that amplitudes u add, of distributions of unit integral.

    A pytree of arrays. mass, moment: (n_mode, n_bin) integrals of each mode and of z times it.
    """

    curve: NDArray
    mass: NDArray
    moment: NDArray

    def changed(self, curve: Array, mean: Array, u: Array) -> tuple[Array, Array]:
        """A curve (n_bin, n_pad) with u (n_mode,) times the modes added, and its <z> (n_bin,)."""
        total = curve + jnp.tensordot(u, self.curve, axes=1)
        return total, (mean + u @ self.moment) / (1 + u @ self.mass)


def _stretched(z: ArrayLike, mean: Array, dz: Array, width: Array) -> Array:
    """Where in the unstretched curve (n_bin, n) stands what comes to z (n,)."""
    return (jnp.asarray(z) - mean[:, None] - dz[:, None]) / width[:, None] + mean[:, None]


def _margin_points(step: float) -> int:
    return round(_MARGIN / step) + HALF_TAPS + 2


def _first_sample(table: Histogram, spacing: float) -> float:
    """Where in [0, spacing) the lattice of samples starts, to hold the table's own."""
    last = table.middle[-1]
    return float(last - spacing * np.floor(last / spacing + 1e-6))


def kernel_density(histogram: Histogram, bandwidth: float, z: NDArray) -> NDArray:
    """Gaussian kernel density estimate (n_bin, n) at `z`, of unit integral over all z.

    Galaxies are taken to be uniform in their redshift bin, so the estimate is the histogram
    convolved with the kernel: no ripple between bins, whatever the bandwidth.
    """
    return histogram.shares(histogram.counts) @ smoothing(histogram.edges, bandwidth, z).T


def build(
    tables: list[Histogram], model: NzModel, bandwidth: float, *, tail: float = TAIL
) -> list[ShiftedDistributions]:
    """Distributions of several tables on one common lattice, so that products can be formed.

    It ends where no bin has more than a share `tail` of its galaxies beyond.
    """
    z_max = max(table.z_max(tail) for table in tables)
    step = min(table.width for table in tables) / 2
    if model == "kde":
        step = float(min(step, 2 * bandwidth))
    if model == "spline":  # which has corners where it begins and ends
        step = step / 2
    # an even number of points: pairs of (between, sample)
    n = 2 * int(np.ceil((z_max + BEYOND) / step / 2))
    z = step * np.arange(n)
    weights = np.full(n, step)
    weights[:3] *= 3 / 8, 7 / 6, 23 / 24  # Gregory: a kernel may leave galaxies at z = 0
    norm = weights
    if model == "histogram":
        first = _first_sample(min(tables, key=lambda table: table.width), 2 * step)
        # where nothing but rounding lies between, z = 0 itself, at which f_k has its zero
        first = next((at for at in (0.0, step) if abs(first - at) < 1e-9), first)
        z = z + (first - step)
        # Simpson between samples for products; CosmoSIS normalises by trapezia on the samples
        weights = np.where(np.arange(n) % 2, 2 * step / 3, 4 * step / 3)
        norm = np.where(np.arange(n) % 2, 2 * step, 0.0)
        norm[1] = step + first / 2
        if first < step:
            weights[:2] = 0.0, (first + step) / 3
        else:
            weights[0] = step / 6 + (first - step) * 7 / 6
    return [_tabulate(table, model, bandwidth, z, weights, norm, step) for table in tables]


def _tabulate(
    table: Histogram,
    model: NzModel,
    bandwidth: float,
    z: NDArray,
    weights: NDArray,
    norm: NDArray,
    step: float,
) -> ShiftedDistributions:
    margin = _margin_points(2 * step if model == "histogram" else step)
    n = z.size // 2 if model == "histogram" else z.size
    start = first_midpoints(z[1] / (2 * step)) if model == "histogram" else np.zeros((0, 0))
    empty = np.zeros((len(table.counts), n + 2 * margin))
    mean = np.zeros(len(table.counts))
    lattice = ShiftedDistributions(empty, z, weights, norm, step, mean, start, model, margin)
    found = with_counts(lattice, table, bandwidth, table.counts)
    return found.ending(float(table.middle[-1])) if model == "histogram" else found


def with_counts(
    distributions: ShiftedDistributions, table: Histogram, bandwidth: float, counts: ArrayLike
) -> ShiftedDistributions:
    """Distributions on the same lattice of other `counts` (n_bin, n_z), which may be traced, in
    the cells of their table."""
    model, n = distributions.model, distributions.curve.shape[1] - distributions.margin
    # numbers, not arrays: where counts are traced under jit, what JAX makes of arrays is traced too
    step, places = float(distributions.step), np.arange(-distributions.margin, n)
    if model == "histogram":
        points = float(np.asarray(distributions.z)[1]) + 2 * step * places
    else:
        points = step * places
    matrix = curve_matrix(table.edges, points, model, bandwidth)
    xp = jnp if isinstance(counts, Array) else np
    mass = xp.asarray(counts) * np.diff(table.edges)
    whole = mass.sum(axis=-1, keepdims=True)
    shares = mass / whole
    modes = None
    if table.modes is not None:
        changes = table.modes * np.diff(table.edges) / whole
        curve = (changes if model == "kde" else table.modes) @ matrix
        modes = Modes(curve, changes.sum(axis=-1), changes @ table.middle)
    curve = (shares if model == "kde" else xp.asarray(counts)) @ matrix
    return replace(distributions, curve=curve, mean=shares @ table.middle, modes=modes)
