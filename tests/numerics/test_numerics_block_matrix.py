"""Block-diagonal matrices in any order of their rows."""

import numpy as np
import pytest
from scipy.linalg import block_diag

from jaxlike.numerics.block_matrix import BlockMatrix, find_blocks, take_blocks, whole_matrix

RNG = np.random.default_rng(5)


def shuffled(sizes):
    """A positive definite matrix of full blocks of these sizes, and its rows' block numbers."""
    squares = [RNG.normal(size=(size, size)) for size in sizes]
    order = RNG.permutation(sum(sizes))
    matrix = block_diag(*[s @ s.T + np.eye(len(s)) for s in squares])[np.ix_(order, order)]
    return matrix, np.repeat(np.arange(len(sizes)), sizes)[order]


@pytest.mark.parametrize("sizes", [(3, 3), (4, 4, 4), (5, 3, 4, 5), (1, 1, 1)])
def test_blocks_are_found_in_any_order(sizes):
    matrix, block = shuffled(sizes)
    rows = find_blocks(matrix)
    assert rows.shape == (len(sizes), max(sizes))
    found = sorted(tuple(row[row < len(matrix)]) for row in rows)
    assert found == sorted(tuple(np.flatnonzero(block == b)) for b in range(len(sizes)))
    blocks = take_blocks(matrix, rows)
    np.testing.assert_array_equal(whole_matrix(blocks, rows, len(matrix)), matrix)
    # what fills the smaller blocks up is in nobody's way
    assert np.linalg.slogdet(blocks)[1].sum() == pytest.approx(np.linalg.slogdet(matrix)[1])
    inverse = whole_matrix(np.linalg.inv(blocks), rows, len(matrix))
    np.testing.assert_allclose(inverse, np.linalg.inv(matrix), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("sizes", [(6,), (8, 1), (1,)])
def test_a_matrix_of_one_large_block_stays_whole(sizes):
    matrix, _ = shuffled(sizes)
    assert find_blocks(matrix) is None


def test_a_chain_of_correlations_is_one_block():
    assert find_blocks(np.eye(6) + np.eye(6, k=1) + np.eye(6, k=-1)) is None


@pytest.mark.parametrize("sizes", [(5, 3, 4, 5), (6,)])
def test_products_by_blocks(sizes):
    """With one vector and with several, of smaller blocks and of one large one."""
    matrix, _ = shuffled(sizes)
    found = BlockMatrix.of(matrix)
    assert len(found.blocks) == len(sizes)
    np.testing.assert_array_equal(found.whole(), matrix)
    for shape in ((), (4,)):
        x = RNG.normal(size=(len(matrix), *shape))
        np.testing.assert_allclose(found @ x, matrix @ x, rtol=1e-12, atol=1e-12)
