"""Priors are pytrees of numbers: arguments of compiled functions, differentiable in them."""

import pickle
from dataclasses import fields
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.posterior.priors import Normal, Quantile, TruncatedNormal, Uniform

# two of each kind; whole numbers are no other type of leaf
PAIRS = {
    "uniform": (Uniform(0.1, 0.9), Uniform(-5, 5)),
    "normal": (Normal(-0.019, 0.013), Normal(np.float64(0.3), 2)),
    "truncated": (TruncatedNormal(0.3, 0.2, 0.1, 1.0), TruncatedNormal(0, 1, -1, 2)),
    "tails": (TruncatedNormal(0.0, 1.0, 6.0, 8.0), TruncatedNormal(0.0, 1.0, -8.0, -6.0)),
    "gamma": (Quantile("gamma", (("a", 3.0),)), Quantile("gamma", (("a", 4),), 1.0, 2)),
    "beta": (
        Quantile("beta", (("a", 2.0), ("b", 5.0)), -1.0, 4.0),
        Quantile("beta", (("a", 3.5), ("b", 2.0))),
    ),
    "cauchy": (Quantile("cauchy", (), 70.0, 2.0), Quantile("cauchy")),
    "expon": (Quantile("expon", (), -1.0, 0.1), Quantile("expon")),
}
U = np.linspace(-4, 4, 9)
METHODS = ("log_density", "from_unit_normal", "to_unit_normal")


from_unit_normal = jax.jit(lambda prior, u: prior.from_unit_normal(u))


@pytest.fixture(params=PAIRS)
def pair(request):
    return PAIRS[request.param]


def points(prior, method):
    return U if method == "from_unit_normal" else np.asarray(from_unit_normal(prior, U))


def test_taken_apart_and_put_together(pair):
    first, second = pair
    leaves, structure = jax.tree.flatten(first)
    assert structure == jax.tree.structure(second)
    assert hash(structure) == hash(jax.tree.structure(second))
    again = structure.unflatten(leaves)
    assert again == first
    assert again.as_cobaya() == first.as_cobaya()
    assert (again.support, again.centre) == (first.support, first.centre)
    assert len(jax.tree_util.tree_leaves_with_path(first)) == len(leaves)


def test_anything_can_stand_in_for_the_numbers(pair):
    """Axes, placeholders, shapes: what JAX and its users put there is no argument of a prior."""
    for prior in pair:
        zeros = jax.tree.map(lambda _: 0, prior)
        assert set(jax.tree.leaves(zeros)) == {0}
        structure = jax.tree.structure(prior)
        structure.unflatten([object()] * structure.num_leaves)
        jax.eval_shape(lambda p: p, prior)


@pytest.mark.parametrize("method", METHODS)
def test_one_program_serves_all_of_a_kind(pair, method):
    compiled = jax.jit(lambda prior, x: getattr(prior, method)(x))
    for prior in pair:
        x = points(prior, method)
        wanted = getattr(prior, method)(x)
        np.testing.assert_allclose(compiled(prior, x), wanted, rtol=1e-11, atol=1e-13)
    assert compiled._cache_size() == 1


def numbers_of(prior):
    return [f.name for f in fields(prior) if f.name in ("low", "high", "loc", "scale")]


def value(numbers, prior, x, method):
    """Of a prior with other numbers; its table, where it has one, stays."""
    leaves, structure = jax.tree.flatten(prior)
    if isinstance(prior, Quantile):
        *shapes, _, _ = leaves[: len(prior.shapes) + 2]
        rest = leaves[len(prior.shapes) + 2 :]
        other = structure.unflatten([*shapes, *numbers, *rest])
    else:
        other = type(prior)(**dict(zip(numbers_of(prior), numbers, strict=True)))
    return getattr(other, method)(x)


@partial(jax.jit, static_argnames="method")
def slopes_in_numbers(given, steps, prior, x, method):
    """Of JAX (point, number), and those of differences."""
    at = jax.vmap(jax.value_and_grad(partial(value, method=method)), in_axes=(None, None, 0))
    numbers = jnp.concatenate([given[None], given + steps, given - steps])
    values, slopes = jax.vmap(at, in_axes=(0, None, None))(numbers, prior, x)
    up, down = jnp.split(values[1:], 2)
    return slopes[0], ((up - down) / (2 * jnp.diag(steps)[:, None])).T


@pytest.mark.parametrize("method", METHODS)
def test_gradients_in_the_numbers(pair, method):
    for prior in pair:
        given = np.array([getattr(prior, name) for name in numbers_of(prior)], float)
        steps = 1e-6 * np.abs(given[-1] - given[0]) * np.eye(len(given))
        x = points(prior, method)[2:-2]
        found, numeric = map(np.asarray, slopes_in_numbers(given, steps, prior, x, method))
        assert np.isfinite(found).all()
        for i in range(len(given)):
            scale = np.abs(numeric[:, i]).max()
            np.testing.assert_allclose(found[:, i], numeric[:, i], rtol=1e-4, atol=2e-5 * scale)


log_density = jax.jit(lambda prior, x: prior.log_density(x))
slopes_of_density = jax.jit(jax.grad(lambda prior, x: prior.log_density(x)))


def test_gradients_outside_are_zero_not_nan(pair):
    for prior in pair:
        low, high = prior.support
        for x in (low - 1.0, high + 1.0):
            if not np.isfinite(x):
                continue
            slopes = slopes_of_density(prior, x)
            assert not any(np.isnan(leaf).any() for leaf in jax.tree.leaves(slopes))


def test_many_priors_of_a_kind_are_one_batch(pair):
    """Stacked leaves and `vmap`: as many log-densities as there are priors."""
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *pair)
    x = np.array([from_unit_normal(prior, U)[5] for prior in pair])
    found = jax.jit(jax.vmap(log_density))(stacked, x)
    wanted = [log_density(prior, value) for prior, value in zip(pair, x, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


def test_pickled_and_back(pair):
    for prior in pair:
        again = pickle.loads(pickle.dumps(prior))
        assert again == prior
        np.testing.assert_array_equal(again.from_unit_normal(U), prior.from_unit_normal(U))
        assert jax.tree.structure(again) == jax.tree.structure(prior)


def test_the_derivative_of_a_quantile_in_its_table():
    """u of x and x of u are inverse to each other however the table is changed."""
    prior = PAIRS["gamma"][0]
    x = prior.from_unit_normal(jnp.array([-1.0, 0.2, 1.7]))

    def there_and_back(amount):
        leaves, structure = jax.tree.flatten(prior.table)
        table = structure.unflatten([leaf * (1 + amount * 1e-3) for leaf in leaves])
        return table.quantile(table.normal_variable(x))

    np.testing.assert_allclose(jax.jit(jax.jacfwd(there_and_back))(0.0), 0.0, atol=1e-9)
