"""Symmetric matrices that are block diagonal once their rows are put in another order.

Such a matrix is held as `rows` (n_block, m), the rows of each block, and as its blocks (n_block, m,
m). Blocks smaller than the largest are filled up: their `rows` go on with the number of rows, and
their blocks with the identity.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components


def find_blocks(matrix: NDArray) -> NDArray | None:
    """Rows (n_block, m) of the blocks of `matrix`; None unless they save half of its elements."""
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
    larger = np.eye(n + 1)
    larger[:n, :n] = matrix
    blocks = larger[rows[:, :, None], rows[:, None, :]]
    unused = (rows[:, :, None] == n) & (rows[:, None, :] == n)
    return np.where(unused, np.eye(rows.shape[1]), blocks)


def whole_matrix(blocks: NDArray, rows: NDArray, n: int) -> NDArray:
    """The matrix (n, n) of these blocks."""
    matrix = np.zeros((n + 1, n + 1))
    matrix[rows[:, :, None], rows[:, None, :]] = blocks
    return matrix[:n, :n]
