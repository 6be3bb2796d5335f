"""Pairs of tracers and of their bins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import numpy as np
from numpy.typing import NDArray

Bins = tuple[tuple[int, int], ...]
"""Zero-based pairs of bins."""


@dataclass(frozen=True)
class PairGroup:
    """Pairs of bins of two samples, which are counted from zero; `first` <= `second`."""

    first: int
    second: int
    bins: Bins

    @property
    def samples(self) -> tuple[int, int]:
        """Its two samples."""
        return self.first, self.second

    @property
    def auto(self) -> bool:
        """Whether both are one sample, of which C_ij is C_ji."""
        return self.first == self.second

    @property
    def diagonal(self) -> bool:
        """Whether each bin of one sample meets itself alone."""
        return self.auto and all(i == j for i, j in self.bins)

    def array(self) -> NDArray:
        """The bins as an array (n_pair, 2)."""
        return np.array(self.bins, int).reshape(-1, 2)


def every_pair(n_first: int, n_second: int | None = None) -> Bins:
    """All pairs i <= j of one sample's bins, or all pairs of two samples' bins."""
    if n_second is None:
        return tuple(combinations_with_replacement(range(n_first), 2))
    return tuple(product(range(n_first), range(n_second)))


def pair_array(n_first: int, n_second: int | None = None) -> NDArray:
    """The same as an array (n_pair, 2)."""
    return np.array(every_pair(n_first, n_second), int).reshape(-1, 2)


def groups_of(pairs: Iterable[tuple[int, int, int, int]]) -> tuple[PairGroup, ...]:
    """Groups of the pairs (sample, bin, sample, bin), each in ascending order.

    C_ij of one sample with itself is C_ji: smaller bins come first.
    """
    found: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for pair in pairs:
        first, i, second, j = ordered(pair)
        found.setdefault((first, second), set()).add((i, j))
    return tuple(PairGroup(*key, tuple(sorted(found[key]))) for key in sorted(found))


def ordered(pair: Sequence[int]) -> tuple[int, int, int, int]:
    """(sample, bin, sample, bin) as groups have it."""
    first, i, second, j = pair
    if (first, i) > (second, j):
        first, i, second, j = second, j, first, i
    return first, i, second, j
