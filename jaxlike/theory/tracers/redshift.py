"""Redshift distributions on one uniform lattice in z, shifted differentiably.

A distribution that shifts rigidly is a fixed curve read at z - dz. On a uniform lattice every
point is read at the same fraction of a step, so a shift is a filter with two taps (linear) or
four (cubic B-spline) and costs nothing. The kernel density estimate is tabulated once.
"""

from collections.abc import Sequence
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
from jaxlike.theory.tracers.between_samples import (
    HALF_TAPS,
    first_between,
    interleaved,
    last_between,
)
from jaxlike.theory.tracers.curves import NzModel, curve_matrix, smoothing
from jaxlike.theory.tracers.histogram import TAIL, Histogram
from jaxlike.theory.tracers.nz_lattice import NzLattice, lattice_of

_MARGIN = 0.5  # largest |dz| that the lattice can follow; beyond, the shift saturates


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class ShiftedDistributions:
    """Fixed curves of one table's bins and the rules to integrate them: a pytree of arrays.

    curve: (n_bin, n_pad) samples or B-spline coefficients; z: (n,) lattice; weights: (n,) rule
    for integrals of products of n(z); norm: (n,) rule that normalises one n(z); step: of the
    lattice; mean: (n_bin,) <z>; start: what n(0) = 0 changes, end: of a histogram that has galaxies
    in its last cell (see `between_samples`); model and margin, the points of a curve before the
    lattice, are structure, known when a program is traced; modes: what changes the curves, if there
    is such.
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
    def parts(self) -> int:
        """Steps of the lattice from one sample of a histogram to the next; 1 of any other model."""
        return np.shape(self.start)[0] + 1

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
            # the last lattice point of a cell is a sample; a spline through them fills the others
            spacing, start = self.parts * self.step, self.z[self.parts - 1]
            if width is not None:  # samples of samples, as where one step follows the other
                z = start + spacing * (np.arange(curve.shape[1]) - self.margin)
                position = _stretched(z, mean, jnp.zeros_like(mean), width) - start
                curve = lattice_points(curve, position / spacing + self.margin, linear_taps)
            first = self.margin - HALF_TAPS - dz / spacing
            padded = self.z.size // self.parts + 2 * HALF_TAPS
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
        parts = self.parts
        cells = (last - self.z[parts - 1]) / (parts * self.step)
        n = parts * (round(cells) + 1)
        short = n <= 2 * HALF_TAPS * parts
        if abs(cells - round(cells)) > 1e-3 or short or n > self.z.size:
            return self
        weights, norm = self.weights[:n].copy(), self.norm[:n].copy()
        weights[-1], norm[-1] = weights[-1] / 2, norm[-1] / 2
        return replace(self, z=self.z[:n], weights=weights, norm=norm, end=last_between(parts))

    def _support(self) -> int:
        cell = max(self.parts, 2)  # an even number of points, see `lattice_of`
        size = np.abs(self.curve)
        if self.modes is not None:
            size = size + np.abs(self.modes.curve).sum(axis=0)
        used = np.flatnonzero((size > 1e-6 * self.curve.max()).any(axis=0))
        last = self.parts * (used[-1] - self.margin) + int(np.ceil(0.15 / self.step))
        return min(cell * (last // cell + 1), self.z.size)

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


def kernel_density(histogram: Histogram, bandwidth: float, z: NDArray) -> NDArray:
    """Gaussian kernel density estimate (n_bin, n) at `z`, of unit integral over all z.

    Galaxies are taken to be uniform in their redshift bin, so the estimate is the histogram
    convolved with the kernel: no ripple between bins, whatever the bandwidth.
    """
    return histogram.shares(histogram.counts) @ smoothing(histogram.edges, bandwidth, z).T


def build(
    tables: list[Histogram],
    model: NzModel | Sequence[NzModel],
    bandwidth: float,
    *,
    tail: float = TAIL,
) -> list[ShiftedDistributions]:
    """Distributions of several tables on one common lattice, so that products can be formed.

    model: of all tables, or one for each. The lattice ends where no bin has more than a share
    `tail` of its galaxies beyond.
    """
    models = [model] * len(tables) if isinstance(model, str) else list(model)
    lattice = lattice_of(tables, models, bandwidth, tail)
    pairs = zip(tables, models, strict=True)
    return [_tabulate(table, one, bandwidth, lattice) for table, one in pairs]


def _tabulate(
    table: Histogram, model: NzModel, bandwidth: float, lattice: NzLattice
) -> ShiftedDistributions:
    histogram = model == "histogram"
    parts = lattice.parts if histogram else 1
    spacing = parts * lattice.step
    margin = _margin_points(spacing)
    first = lattice.z[parts - 1] / spacing
    start = first_between(first, parts) if histogram else np.zeros((0, 0, 0))
    empty = ShiftedDistributions(
        curve=np.zeros((len(table.counts), lattice.z.size // parts + 2 * margin)),
        z=lattice.z,
        weights=lattice.weights,
        norm=lattice.norm(model),
        step=lattice.step,
        mean=np.zeros(len(table.counts)),
        start=start,
        model=model,
        margin=margin,
    )
    found = with_counts(empty, table, bandwidth, table.counts)
    return found.ending(float(table.middle[-1])) if histogram else found


def with_counts(
    distributions: ShiftedDistributions, table: Histogram, bandwidth: float, counts: ArrayLike
) -> ShiftedDistributions:
    """Distributions on the same lattice of other `counts` (n_bin, n_z), which may be traced, in
    the cells of their table."""
    model, n = distributions.model, distributions.curve.shape[1] - distributions.margin
    # numbers, not arrays: where counts are traced under jit, what JAX makes of arrays is traced too
    parts, places = distributions.parts, np.arange(-distributions.margin, n)
    first = float(np.asarray(distributions.z)[parts - 1])
    points = first + parts * float(distributions.step) * places
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
