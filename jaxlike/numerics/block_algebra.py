"""Algebra of block-diagonal matrices that are held as their blocks, in JAX.

A covariance that couples only spectra of the same multipole is its blocks (n_block, m, m), a vector
is (n_block, m), several are (n_block, m, k). A hundred thousand elements stand for five million.
The functions differentiate in all their arguments; those that factorise take symmetric positive
definite blocks and are NaN where a block is not.
"""

import jax.numpy as jnp
from jax import Array
from jax.scipy.linalg import cho_solve, solve_triangular
from jax.typing import ArrayLike


def multiply(blocks: ArrayLike, other: ArrayLike) -> Array:
    """Product (n_block, m, k) with a matrix of blocks or with vectors (n_block, k[, ...])."""
    blocks, other = jnp.asarray(blocks), jnp.asarray(other)
    if other.ndim == 2:
        return jnp.einsum("bij,bj->bi", blocks, other)
    return blocks @ other


def inner(left: ArrayLike, right: ArrayLike) -> Array:
    """left^T right of vectors (n_block, m) or (n_block, m, k): a number, or (k, ...)."""
    left, right = jnp.asarray(left), jnp.asarray(right)
    return jnp.tensordot(left, right, axes=((0, 1), (0, 1)))


def inverse(blocks: ArrayLike) -> Array:
    """Inverse (n_block, m, m), symmetric to the last digit."""
    blocks = jnp.asarray(blocks)
    identity = jnp.broadcast_to(jnp.eye(blocks.shape[-1], dtype=blocks.dtype), blocks.shape)
    root = solve_triangular(jnp.linalg.cholesky(blocks), identity, lower=True)
    return jnp.swapaxes(root, 1, 2) @ root


def solve(blocks: ArrayLike, vectors: ArrayLike) -> Array:
    """C^-1 v for vectors (n_block, m) or (n_block, m, k), of that shape."""
    vectors = jnp.asarray(vectors)
    columns = vectors[..., None] if vectors.ndim == 2 else vectors
    solution = cho_solve((jnp.linalg.cholesky(jnp.asarray(blocks)), True), columns)
    return solution.reshape(vectors.shape)


def log_det(blocks: ArrayLike) -> Array:
    """ln|C|, which enters a log-likelihood as -ln|C|/2."""
    triangle = jnp.linalg.cholesky(jnp.asarray(blocks))
    return 2 * jnp.sum(jnp.log(jnp.diagonal(triangle, axis1=-2, axis2=-1)))


def dense(blocks: ArrayLike, *, block_first: bool = True) -> Array:
    """The matrix (n_block m, n_block m), zeros and all.

    Rows go through the elements of a block before the next block, or (not `block_first`) through
    the blocks before the next element, as in a data vector of one spectrum after another.
    """
    blocks = jnp.asarray(blocks)
    n, m = blocks.shape[:2]
    which = jnp.arange(n)
    if block_first:
        whole = jnp.zeros((n, m, n, m), blocks.dtype).at[which, :, which, :].set(blocks)
    else:
        whole = jnp.zeros((m, n, m, n), blocks.dtype).at[:, which, :, which].set(blocks)
    return whole.reshape(n * m, n * m)
