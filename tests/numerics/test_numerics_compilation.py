"""What is compiled quickly is what it would be otherwise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.numerics import compilation
from jaxlike.numerics.compilation import compile_quickly, jit_quickly

X = np.array([0.1, 0.2, 0.7])


def of_a_vector(x):
    return jnp.sin(x) @ x


@pytest.mark.parametrize("options", [compilation._QUICK, {"an option of no XLA": True}])
def test_values_are_the_same(monkeypatch, options):
    monkeypatch.setattr(compilation, "_QUICK", options)
    expected = pytest.approx(np.sin(X) @ X)
    assert float(compile_quickly(jax.jit(of_a_vector).lower(X))(X)) == expected
    assert float(jit_quickly(of_a_vector)(X)) == expected


def test_only_options_that_this_xla_does_not_have_are_left_out():
    known = {"xla_backend_optimization_level": "0"}
    assert compilation._usable({**known, "an option of no XLA": True}) == known
