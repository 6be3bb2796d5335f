"""chi^2 by a few modes of the angles of each statistic, around one theory vector.

C_ell are smooth, so that what a correlation function does at twenty angles is the sum of some ten
modes, the same for all pairs of bins. With t_0 a theory vector, r = d - t_0 and a the amplitudes of
the modes in t - t_0,

    chi^2 = r^T C^-1 r - 2 r^T C^-1 (t - t_0) + a^T F a,   F = U^T C^-1 U,

where U takes amplitudes to data vectors. What is linear in t is as it was: the modes leave out a
small part of what is quadratic. F has as many rows as there are modes, and C^-1, of which each
value would read all, is not needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.likelihoods.gaussian import quadratic_form
from jaxlike.theory.statistics.data_vector import TwoPointTheory
from jaxlike.theory.statistics.slots import at_slots, on_spectra

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_COARSER = 3.0  # by how much the smallest amplitude that counts falls from one trial to the next
_TRIALS = 24


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class AngularModes:
    """encoders: of each statistic, C_ell (n_pair, n_ell) to the amplitudes of its pairs, as
    `projections` of the theory; centre: t_0 (n_data,); amplitudes: its own (n_mode,); precision: F
    (n_mode, n_mode). Of the data: slopes (n_pair, n_ell), r^T C^-1 t by C_ell of each statistic;
    least: r^T C^-1 (r + 2 t_0)."""

    encoders: tuple[Any, ...]
    centre: Any
    amplitudes: Any
    precision: Any
    slopes: tuple[Any, ...]
    least: Any

    @property
    def n_mode(self) -> int:
        """How many amplitudes there are, of all pairs."""
        return int(self.amplitudes.size)

    def chi2(self, spectra: Sequence[Array]) -> Array:
        """chi^2 of C_ell (n_pair, n_ell) of each statistic."""
        pairs = zip(spectra, self.encoders, strict=True)
        parts = [at_slots(c, jnp.asarray(encoder)).ravel() for c, encoder in pairs]
        along = sum(jnp.vdot(s, c) for s, c in zip(self.slopes, spectra, strict=True))
        quadratic = quadratic_form(self.precision, jnp.concatenate(parts) - self.amplitudes)
        return self.least - 2 * along + quadratic

    def of_data(self, value: Array, inverse: Array, theory: TwoPointTheory) -> "AngularModes":
        """The same of a data vector (n_data,), which may be traced, and C^-1 (n_data, n_data)."""
        residual = value - self.centre
        weighted = inverse @ residual
        sizes = _slots_of(theory)
        slots = jnp.zeros(sum(n * m for n, m in sizes)).at[theory.point].set(weighted)
        ends = np.cumsum([n * m for n, m in sizes])[:-1].tolist()
        parts = zip(jnp.split(slots, ends), sizes, theory.projections, strict=True)
        slopes = tuple(
            on_spectra(p.reshape(size), jnp.asarray(matrix)) for p, size, matrix in parts
        )
        return replace(self, slopes=slopes, least=weighted @ (residual + 2 * self.centre))


class Changes(NamedTuple):
    """C_ell of each statistic at a point (n_pair, n_ell), and how they may change from there, each
    in steps of one standard deviation (n_change, n_pair, n_ell)."""

    spectra: Sequence[NDArray]
    steps: Sequence[NDArray]


def angular_modes(
    theory: TwoPointTheory, precision: NDArray, changes: Changes, tolerance: float
) -> tuple[AngularModes, float]:
    """The fewest modes with which chi^2 is right to `tolerance`, and what it is right to.

    precision: C^-1 (n_data, n_data). What it is right to is the standard deviation of the error
    where the steps have independent amplitudes of variance one. Of a statistic whose pairs have
    their points one after another all points are kept. The modes have no data yet: see `of_data`.
    """
    sizes, point = _slots_of(theory), np.asarray(theory.point)
    ends = np.cumsum([0, *(n * m for n, m in sizes)])
    projections = [np.asarray(p) for p in theory.projections]
    steps = _together(changes.steps, projections)[:, point]
    whole = steps @ precision @ steps.T
    singular = [
        None if p.ndim == 3 else _singular(at_slots(c, p), size, first, point, precision)
        for c, p, size, first in zip(changes.steps, projections, sizes, ends, strict=False)
    ]
    smallest = max((one.size.max() for one in singular if one is not None), default=0.0)
    for _ in range(_TRIALS):
        smallest /= _COARSER
        kept = [None if one is None else one.kept(smallest) for one in singular]
        encoders = [
            p if k is None else k.encoder @ p for k, p in zip(kept, projections, strict=True)
        ]
        decoder = _decoder(kept, sizes)[point]
        moved = decoder @ _together(changes.steps, encoders).T
        error = moved.T @ (precision @ moved) - whole
        left = float(np.sqrt(2 * np.sum(error**2)))
        if left < tolerance:
            break
    matrix = decoder.T @ (decoder.T @ precision).T
    found = AngularModes(
        encoders=tuple(encoders),
        centre=_together(changes.spectra, projections)[point],
        amplitudes=_together(changes.spectra, encoders),
        precision=(matrix + matrix.T) / 2,
        slopes=tuple(np.zeros_like(c) for c in changes.spectra),
        least=np.zeros(()),
    )
    return found, left


class _Kept(NamedTuple):
    """encoder (k, n_slot) and decoder (n_slot, k) of a statistic's modes."""

    encoder: NDArray
    decoder: NDArray


class _Singular(NamedTuple):
    """Modes (n_slot, n) of a statistic in a metric M = T T^T, and their largest amplitudes (n,)."""

    size: NDArray
    vectors: NDArray
    triangle: NDArray

    def kept(self, smallest: float) -> _Kept:
        """The modes whose amplitude is larger."""
        used = self.vectors[:, self.size > smallest]
        return _Kept(used.T @ self.triangle.T, np.linalg.solve(self.triangle.T, used))


def _singular(
    steps: NDArray, size: tuple[int, int], first: int, point: NDArray, precision: NDArray
) -> _Singular:
    """Modes of changes (n_change, n_pair, n_slot), orthogonal in the mean precision of a pair."""
    n_pair, n_slot = size
    metric = np.zeros((n_slot, n_slot))
    for pair in range(n_pair):
        start = first + pair * n_slot
        used = np.flatnonzero((point >= start) & (point < start + n_slot))
        slot = point[used] - start
        metric[np.ix_(slot, slot)] += precision[np.ix_(used, used)]
    triangle = np.linalg.cholesky(metric / n_pair)
    _, amplitude, vectors = np.linalg.svd(steps.reshape(-1, n_slot) @ triangle, full_matrices=False)
    return _Singular(amplitude, vectors.T, triangle)


def _decoder(kept: Sequence[_Kept | None], sizes: Sequence[tuple[int, int]]) -> "csr_array":
    """U (n_slots, n_mode) to the slots of all pairs of all statistics."""
    from scipy.sparse import block_diag, csr_array, identity  # here, as few need it

    blocks = [
        block
        for one, (n_pair, n_slot) in zip(kept, sizes, strict=True)
        for block in [identity(n_slot) if one is None else one.decoder] * n_pair
    ]
    return csr_array(block_diag(blocks, format="csr"))


def _slots_of(theory: TwoPointTheory) -> list[tuple[int, int]]:
    """(n_pair, n_slot) of each statistic."""
    pairs = [len(theory.groups[group].bins) for _, group in theory.statistics]
    return [(n, p.shape[-2]) for n, p in zip(pairs, theory.projections, strict=True)]


def _together(spectra: Sequence[NDArray], matrices: Sequence[NDArray]) -> NDArray:
    """The same (..., n) of all statistics, one after another."""
    parts = [at_slots(c, m) for c, m in zip(spectra, matrices, strict=True)]
    return np.concatenate([part.reshape(*part.shape[:-2], -1) for part in parts], axis=-1)
