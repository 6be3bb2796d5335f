"""Functions evaluated for few points at a time: the same values, and gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.numerics.batches import (
    chunk_of,
    few_at_a_time,
    in_blocks,
    in_pieces,
    sloped_few_at_a_time,
)

POINTS = np.random.default_rng(0).standard_normal((11, 3))
CONTEXT = {"scale": np.array([1.0, 2.0, 3.0]), "shift": 0.5}


def value(context, point):
    return jnp.sum(jnp.sin(context["scale"] * point)) + context["shift"] * point[0]


@pytest.mark.parametrize("many", [1, 4, 11])
def test_few_at_a_time_is_vmap(many):
    expected = jax.vmap(value, in_axes=(None, 0))(CONTEXT, POINTS[:many])
    found = jax.jit(jax.vmap(few_at_a_time(value), in_axes=(None, 0)))(CONTEXT, POINTS[:many])
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_contexts_can_be_vectorised_too():
    many = jax.tree.map(lambda a: np.stack([a + 0.1 * i for i in range(11)]), CONTEXT)
    expected = jax.vmap(value)(many, POINTS)
    np.testing.assert_allclose(jax.vmap(few_at_a_time(value))(many, POINTS), expected, rtol=1e-14)


@pytest.mark.parametrize("many", [1, 4, 11])
def test_gradients_few_at_a_time(many):
    gradient = jax.value_and_grad(value, argnums=1)
    expected = jax.vmap(gradient, in_axes=(None, 0))(CONTEXT, POINTS[:many])
    sloped = jax.value_and_grad(sloped_few_at_a_time(value), argnums=1)
    found = jax.jit(jax.vmap(sloped, in_axes=(None, 0)))(CONTEXT, POINTS[:many])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)


def test_it_is_traced_once_for_all_loops_that_call_it():
    traced = []

    def counted(context, point):
        traced.append(point)
        return value(context, point)

    sloped = sloped_few_at_a_time(counted)

    def climb(point):
        return jax.lax.fori_loop(0, 3, lambda _, p: p + jax.grad(sloped, 1)(CONTEXT, p), point)

    one = jax.jit(lambda point: climb(climb(point)))(POINTS[0])
    many = jax.jit(jax.vmap(climb))(POINTS)
    np.testing.assert_allclose(climb(many[0]), one, rtol=1e-13)
    assert len(traced) <= 2  # JAX does it again within a vmap


def test_a_point_without_value_or_gradient_has_that_of_nowhere():
    density = sloped_few_at_a_time(
        lambda _, w: jnp.where(w[0] > 0.0, jnp.sqrt(w[0]), jnp.nan), void=-1e8
    )
    points = jnp.array([[4.0, 1.0], [-1.0, 1.0], [0.0, 1.0]])
    found, slope = jax.vmap(jax.value_and_grad(lambda w: density((), w)))(points)
    np.testing.assert_array_equal(found, [2.0, -1e8, -1e8])
    np.testing.assert_array_equal(slope, [[0.25, 0.0], [0.0, 0.0], [0.0, 0.0]])


@pytest.mark.parametrize("many", [0, 1, 4, 5, 11])
def test_pieces_are_compiled_once(many):
    traced = []

    def counted(point):
        traced.append(point)
        return {"first": point[0], "sum": point.sum()}

    found = jax.jit(lambda X: in_pieces(counted, X, many, 4))(POINTS[:many])
    np.testing.assert_array_equal(found["first"], POINTS[:many, 0])
    np.testing.assert_allclose(found["sum"], POINTS[:many].sum(axis=1), rtol=1e-14)
    assert len(traced) == 1


@pytest.mark.parametrize("many", [1, 4, 11])
def test_blocks_of_one_size(many):
    found = in_blocks(lambda points: (points[:, 0], points.sum(axis=1)), POINTS[:many], 4)
    np.testing.assert_array_equal(found[0], POINTS[:many, 0])
    np.testing.assert_array_equal(found[1], POINTS[:many].sum(axis=1))


@pytest.mark.parametrize(
    ("temporary", "matrix", "expected"),
    [(1.2e6, 457**2, 16), (6e6, 25 * 210**2, 4), (17e6, 25 * 210**2, 1), (17e6, 4400**2, 4)],
)
def test_large_points_go_one_by_one_unless_they_share_a_large_matrix(temporary, matrix, expected):
    assert chunk_of(temporary, matrix) == expected
