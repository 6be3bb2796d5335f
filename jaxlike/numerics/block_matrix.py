"""Symmetric matrices that are block diagonal once their rows are put in another order.

Such a matrix is held as `rows` (n_block, m), the rows of each block, and as its blocks (n_block, m,
m). Blocks smaller than the largest are filled up: their `rows` go on with the number of rows, and
their blocks with the identity.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components


def find_blocks(matrix: NDArray) -> NDArray | None:
    """Rows (n_block, m) of the blocks of `matrix`; None unless they save half of its elements."""
    # a row is in one block with all that it is not zero at: a dense matrix is known at once
    if 2 * np.count_nonzero(matrix, axis=1).max() ** 2 > matrix.size:
        return None
    n_block, label = connected_components(csr_array(matrix != 0), directed=False)
    size = np.bincount(label)
    if 2 * n_block * size.max() ** 2 > matrix.size:
        return None
    rows = np.full((n_block, size.max()), len(matrix))
    for block, chosen in enumerate(rows):
        chosen[: size[block]] = np.flatnonzero(label == block)
    return rows


def take_blocks(matrix: NDArray, rows: NDArray) -> NDArray:
    """The blocks (n_block, m, m) of `matrix`."""
    n = len(matrix)
    at = np.minimum(rows, n - 1)
    blocks = matrix[at[:, :, None], at[:, None, :]]
    unused = rows == n
    blocks[unused[:, :, None] | unused[:, None, :]] = 0.0
    block, place = np.nonzero(unused)
    blocks[block, place, place] = 1.0
    return blocks


def whole_matrix(blocks: NDArray, rows: NDArray, n: int) -> NDArray:
    """The matrix (n, n) of these blocks."""
    matrix = np.zeros((n + 1, n + 1))
    matrix[rows[:, :, None], rows[:, None, :]] = blocks
    return matrix[:n, :n]


@dataclass(frozen=True, eq=False)
class BlockMatrix:
    """A matrix (n, n) of its blocks (n_block, m, m) with their rows, as `find_blocks` has them."""

    blocks: NDArray
    rows: NDArray
    n: int

    @classmethod
    def of(cls, matrix: NDArray) -> "BlockMatrix":
        """The blocks of `matrix`, itself the one block where it has not got smaller ones."""
        rows = find_blocks(matrix)
        if rows is None:
            return cls(matrix[None], np.arange(len(matrix))[None], len(matrix))
        return cls(take_blocks(matrix, rows), rows, len(matrix))

    def __matmul__(self, x: NDArray) -> NDArray:
        """The product (n, ...) with x (n, ...)."""
        columns = x.reshape(self.n, -1)
        found = np.zeros((self.n + 1, columns.shape[1]))
        with_zero = np.concatenate([columns, np.zeros((1, columns.shape[1]))])
        found[self.rows] = self.blocks @ with_zero[self.rows]
        return found[: self.n].reshape(x.shape)

    def whole(self) -> NDArray:
        """The matrix (n, n)."""
        return whole_matrix(self.blocks, self.rows, self.n)
