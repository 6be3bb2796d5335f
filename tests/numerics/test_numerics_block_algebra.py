"""Blocks against the dense matrices that they stand for, and derivatives by either mode."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import block_diag

from jaxlike.numerics import block_algebra
from jaxlike.numerics.derivatives import jacobian

RNG = np.random.default_rng(3)
N, M, K = 4, 3, 2


def positive(rng=RNG):
    """Positive definite blocks, of elements as small as those of a covariance of C_ell."""
    root = rng.normal(size=(N, M, M))
    return 1e-9 * (root @ np.swapaxes(root, 1, 2) + np.eye(M))


BLOCKS, OTHER, VECTOR = positive(), RNG.normal(size=(N, M, M)), RNG.normal(size=(N, M))
VECTORS = RNG.normal(size=(N, M, K))
WHOLE = block_diag(*BLOCKS)


def test_the_dense_form_in_both_orders():
    np.testing.assert_array_equal(block_algebra.dense(BLOCKS), WHOLE)
    by_element = np.arange(N * M).reshape(N, M).T.ravel()
    other = block_algebra.dense(BLOCKS, block_first=False)
    np.testing.assert_array_equal(other, WHOLE[np.ix_(by_element, by_element)])


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (block_algebra.multiply(BLOCKS, OTHER), WHOLE @ block_diag(*OTHER)),
        (block_algebra.multiply(BLOCKS, VECTOR), WHOLE @ VECTOR.ravel()),
        (block_algebra.multiply(BLOCKS, VECTORS), WHOLE @ VECTORS.reshape(-1, K)),
        (block_algebra.inverse(BLOCKS), np.linalg.inv(WHOLE)),
        (block_algebra.solve(BLOCKS, VECTOR), np.linalg.solve(WHOLE, VECTOR.ravel())),
        (block_algebra.solve(BLOCKS, VECTORS), np.linalg.solve(WHOLE, VECTORS.reshape(-1, K))),
        (block_algebra.log_det(BLOCKS), np.linalg.slogdet(WHOLE)[1]),
        (block_algebra.inner(VECTOR, VECTOR), VECTOR.ravel() @ VECTOR.ravel()),
        (
            block_algebra.inner(VECTORS, VECTORS),
            VECTORS.reshape(-1, K).T @ VECTORS.reshape(-1, K),
        ),
    ],
    ids=["matrices", "vector", "vectors", "inverse", "solve", "solves", "log_det", "dot", "dots"],
)
def test_against_dense(found, expected):
    if found.ndim == 3 and found.shape[1] == found.shape[2] == M:
        found = block_algebra.dense(found)
    scale = np.max(np.abs(expected))
    np.testing.assert_allclose(np.reshape(found, np.shape(expected)), expected, atol=1e-11 * scale)


def log_likelihood(blocks, vector):
    chi2 = block_algebra.inner(vector, block_algebra.solve(blocks, vector))
    return -0.5 * (chi2 + block_algebra.log_det(blocks) + vector.size * np.log(2 * np.pi))


def test_a_log_likelihood_is_a_gaussian_density_and_has_its_gradient():
    from scipy.stats import multivariate_normal

    vector = 3e-5 * VECTOR
    expected = multivariate_normal(cov=WHOLE).logpdf(vector.ravel())
    assert float(log_likelihood(BLOCKS, vector)) == pytest.approx(expected, rel=1e-12)
    gradient = jax.jit(jax.grad(log_likelihood))(jnp.asarray(BLOCKS), vector)
    direction = positive()
    step = 1e-5
    up, down = (float(log_likelihood(BLOCKS + s * direction, vector)) for s in (step, -step))
    slope = float(jnp.sum(gradient * direction))
    assert slope == pytest.approx((up - down) / (2 * step), rel=1e-6)
    several = jnp.stack([vector, 2 * vector])
    batch = jax.vmap(log_likelihood, in_axes=(None, 0))(BLOCKS, several)
    np.testing.assert_allclose(batch, [log_likelihood(BLOCKS, v) for v in several], rtol=1e-13)


def test_a_block_that_is_no_covariance_is_nan():
    wrong = BLOCKS.copy()
    wrong[1, 0, 0] = -1.0
    assert np.isnan(block_algebra.log_det(wrong))
    assert np.isnan(block_algebra.inverse(wrong)[1]).any()
    assert np.isfinite(block_algebra.inverse(wrong)[0]).all()


@pytest.mark.parametrize("n", [2, 7])
def test_derivatives_by_the_cheaper_mode(n, monkeypatch):
    other = "jacrev" if n < 4 else "jacfwd"
    monkeypatch.setattr(jax, other, None)
    matrix = RNG.normal(size=(4, n))

    def function(x):
        return jnp.sin(matrix @ x)

    x = jnp.linspace(0, 1, n)
    expected = np.cos(matrix @ x)[:, None] * matrix
    np.testing.assert_allclose(jacobian(function, x), expected, rtol=1e-12)
