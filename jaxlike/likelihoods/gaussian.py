"""A Gaussian in a data vector: its factors, made once, and chi^2 with a cheap gradient."""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from jaxlike.numerics import block_algebra
from jaxlike.numerics.block_matrix import (
    BlockMatrix,
    find_blocks,
    take_blocks,
    whole_matrix,
)


@jax.custom_jvp
def quadratic_form(precision: Array, r: Array) -> Array:
    """r^T P r for symmetric P; its derivative 2 (P r) . dr reuses the product P r.

    P (n, n) and r (n,); or the blocks of P (n_block, m, m) and r of their rows (n_block, m). P is
    data: it has no derivative.
    """
    return jnp.vdot(r, _product(precision, r))


def _product(precision: Array, r: Array) -> Array:
    return precision @ r if precision.ndim == 2 else block_algebra.multiply(precision, r)


@quadratic_form.defjvp
def _quadratic_form_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    precision, r = primals
    product = _product(precision, r)
    return jnp.vdot(r, product), 2 * jnp.vdot(product, tangents[1])


class Factors(NamedTuple):
    """Of a covariance C (n, n): `inverse` (n, n), or, where it is block diagonal, its blocks
    (n_block, m, m) with their `rows` (see `block_matrix`); `log_det`: ln|C|."""

    inverse: NDArray
    rows: NDArray | None
    log_det: float


def factorise(covariance: NDArray) -> Factors:
    """Inverse and determinant by one Cholesky factor."""
    rows = find_blocks(covariance)
    if rows is None:
        factor = cho_factor(covariance, lower=True)
        triangle = factor[0]
        inverse = cho_solve(factor, np.eye(len(covariance)))
        inverse = (inverse + inverse.T) / 2
    else:
        triangle = np.linalg.cholesky(take_blocks(covariance, rows))
        inverses = np.linalg.inv(triangle)
        inverse = np.swapaxes(inverses, 1, 2) @ inverses
    diagonal = np.diagonal(triangle, axis1=-2, axis2=-1)
    return Factors(inverse, rows, float(2 * np.log(diagonal).sum()))


def whole_inverse(inverse: NDArray, rows: NDArray | None, n: int) -> NDArray:
    """C^-1 (n, n) from the `inverse` and `rows` of Factors."""
    return inverse if rows is None else whole_matrix(inverse, rows, n)


def whitening(covariance: NDArray) -> BlockMatrix:
    """W (n, n) with W^T W = C^-1."""
    found = BlockMatrix.of(covariance)
    triangles = np.linalg.cholesky(found.blocks)
    if len(triangles) == 1:
        inverse = solve_triangular(triangles[0], np.eye(found.n), lower=True)[None]
    else:
        inverse = np.linalg.inv(triangles)
    return replace(found, blocks=inverse)
