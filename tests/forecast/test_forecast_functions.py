"""Every public function of block algebra, covariances and designs: value, slope, jit and vmap."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.forecast.design import Sample, edges_from
from jaxlike.forecast.shapes import Fu, Gaussian, Smail, Table
from jaxlike.numerics import block_algebra
from jaxlike.numerics.derivatives import jacobian
from jaxlike.theory.statistics.covariance import (
    Field,
    PairPoints,
    gaussian_cl_covariance,
    gaussian_covariance,
)

Z = np.linspace(0.0, 3.0, 151)
ROOT = np.random.default_rng(0).normal(size=(4, 3, 3))
BLOCKS = ROOT @ np.swapaxes(ROOT, 1, 2) + 2 * np.eye(3)
VECTORS = np.random.default_rng(1).normal(size=(4, 3, 2))
CENTRE = np.array([1.2, 0.4, 0.3])
STEP = np.array([0.05, -0.03, 0.02])

ELL = np.geomspace(20, 500, 6)
EVERY_ELL = np.arange(301)
THETA = np.geomspace(20.0, 200.0, 4) / 60 * np.pi / 180
PAIRS = np.array([[0, 0], [0, 1], [1, 1]])
POINTS = [
    PairPoints("w", 0, 0, np.arange(3)),
    PairPoints("gamma_t", 0, 1, np.arange(3)),
    PairPoints("xi_plus", 1, 1, np.arange(3)),
]


def blocks(x):
    return BLOCKS * x[0] + x[1] * jnp.eye(3)


def vectors(x):
    return VECTORS * x[2] + x[1]


def fields(x):
    return [Field("counts", 0, 1e-7 * x[0]), Field("shear", 0, 4e-9 * x[1])]


def spectra(x, ell):
    shape = jnp.asarray([[1e-5, 1e-6], [1e-6, 3e-7]])[..., None]
    return shape * x[0] * (1 + ell / 30.0) ** (-1 - x[1])


def sample(shape):
    return lambda x: vars(
        Sample(3.0 * x[0], jnp.stack([0.2 * x[0], 0.8, 1.5]), 0.05 * x[0], shape(x), 0.01 * x[1],
               0.1 * x[2]).bins(Z)
    )  # fmt: skip


FUNCTIONS = {
    "multiply": lambda x: block_algebra.multiply(blocks(x), vectors(x)),
    "multiply one": lambda x: block_algebra.multiply(blocks(x), vectors(x)[..., 0]),
    "inner": lambda x: block_algebra.inner(vectors(x), vectors(x)),
    "inverse": lambda x: block_algebra.inverse(blocks(x)),
    "solve": lambda x: block_algebra.solve(blocks(x), vectors(x)),
    "solve one": lambda x: block_algebra.solve(blocks(x), vectors(x)[..., 0]),
    "log_det": lambda x: block_algebra.log_det(blocks(x)),
    "dense": lambda x: block_algebra.dense(blocks(x)),
    "dense by element": lambda x: block_algebra.dense(blocks(x), block_first=False),
    "jacobian": lambda x: jacobian(lambda y: jnp.outer(y, y).ravel() ** 2, x),
    "jacobian of few": lambda x: jacobian(lambda y: jnp.sum(y**3)[None], x),
    "gaussian_cl_covariance": lambda x: gaussian_cl_covariance(
        PAIRS, fields(x), spectra(x, ELL), ELL, 0.1 * x[2]
    ),
    "gaussian_covariance": lambda x: gaussian_covariance(
        POINTS, fields(x), spectra(x, EVERY_ELL), 0.1 * x[2], THETA[:-1], THETA[1:]
    ),
    "edges_from": lambda x: edges_from(x, 0.1, 2.0, 0.05),
    "bins of a smail": sample(lambda x: Smail(2.0, x[0], x[1])),
    "bins of a fu": sample(lambda x: Fu(x[1], 6.0, x[0])),
    "bins of a gaussian": sample(lambda x: Gaussian(x[0], x[1])),
    "bins of a table": sample(lambda x: Table((0.0, 0.5, 1.0, 2.0), jnp.array([0.0, *x]))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_gradient_jit_and_vmap(name):
    """A batch of three points is the loop over them; slopes are those of the values."""

    def compute(x):
        return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(FUNCTIONS[name](x))])

    points = CENTRE + np.outer([0.0, 1.0, -1.0], STEP)
    step = 1e-5
    ends = CENTRE + step * np.concatenate([np.eye(3), -np.eye(3)])
    batch = np.asarray(jax.jit(jax.vmap(compute))(np.concatenate([points, ends])))
    values, at_ends = batch[:3], batch[3:]
    size = np.abs(values).max(axis=0) + 1e-12 * np.abs(values).max()
    assert np.isfinite(values).all()
    weight = 1 / (size + 1e-3 * size.max())  # every number counts alike, tails apart
    # one program: the value, and the slopes of its sum with weights
    one = jax.jit(jax.grad(lambda x: (compute(x) @ weight, compute(x)), has_aux=True))
    for x, value in zip(points, values, strict=True):
        np.testing.assert_array_less(np.abs(np.asarray(one(x)[1]) - value), 1e-10 * size)
    gradient, _ = one(np.asarray(CENTRE))
    up, down = np.split(at_ends @ weight, 2)
    difference = (up - down) / (2 * step)
    np.testing.assert_allclose(gradient, difference, rtol=1e-5, atol=1e-6 * values.shape[1])
