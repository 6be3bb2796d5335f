"""The points of one statistic: which pair of bins and which C_ell each of them is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jaxlike.theory.tracers.kernels import Pairs

FIELD = {
    "w": "counts", "gamma_t": "cross", "xi_plus": "shear", "xi_minus": "shear",
    "C_ell_counts": "counts", "C_ell_cross": "cross", "C_ell_shear": "shear",
}  # fmt: skip
"""Which spectra a statistic is made of."""
B_MODES = {"xi_plus": 1, "xi_minus": -1}  # with which sign they enter; C_ell are of E modes


@dataclass(frozen=True)
class Block:
    """One statistic's points: zero-based bins and indices of angles or multipoles (n,).

    project(ell) -> (n_angle, n_ell) takes C_ell at the nodes to the statistic at every one.
    """

    statistic: str
    bin1: NDArray
    bin2: NDArray
    angle: NDArray
    project: Callable[[NDArray], NDArray]


def block_pairs(block: Block) -> list[tuple[int, int]]:
    """Bin pair of every point; C_ij of one field with itself is C_ji."""
    pairs = zip(block.bin1.tolist(), block.bin2.tolist(), strict=True)
    if FIELD[block.statistic] == "cross":
        return list(pairs)
    return [(min(pair), max(pair)) for pair in pairs]


def pairs_of(blocks: Sequence[Block]) -> Pairs:
    found: dict[str, list[tuple[int, int]]] = {"counts": [], "cross": [], "shear": []}
    for block in blocks:
        pairs = found[FIELD[block.statistic]]
        for pair in block_pairs(block):
            if pair not in pairs:
                pairs.append(pair)
    return Pairs(**{name: np.array(sorted(p), int).reshape(-1, 2) for name, p in found.items()})


def pair_index(block: Block, pairs: Pairs) -> NDArray:
    """Which of its field's pairs each point of a block belongs to, (n,)."""
    known = [tuple(pair) for pair in getattr(pairs, FIELD[block.statistic]).tolist()]
    return np.array([known.index(pair) for pair in block_pairs(block)], int)


def slots(block: Block, pairs: Pairs) -> tuple[tuple[int, int], NDArray]:
    """(n_pair, n_slot) and each point's index among these: points of a pair in turn."""
    pair = pair_index(block, pairs)
    slot = np.array([np.count_nonzero(pair[:i] == p) for i, p in enumerate(pair)])
    shape = (len(getattr(pairs, FIELD[block.statistic])), int(slot.max()) + 1)
    return shape, pair * shape[1] + slot


def projection(block: Block, pairs: Pairs, ell: NDArray) -> NDArray:
    """Weights (n_pair, n_slot, n_ell) of every slot on the C_ell of its pair."""
    shape, index = slots(block, pairs)
    matrix = np.zeros((shape[0] * shape[1], ell.size))
    matrix[index] = block.project(ell)[block.angle]
    return matrix.reshape(*shape, ell.size)
