"""Which posteriors are recognised in another process, and the nodes that were chosen for them."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from jaxlike.inference.target import context_of
from jaxlike.kept import store
from jaxlike.kept.fingerprint import fingerprint
from jaxlike.likelihoods import chosen_nodes
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.posterior.functions import Function
from jaxlike.posterior.model import Model
from jaxlike.posterior.priors import Normal
from jaxlike.theory.power.boost import BOOSTS
from jaxlike.theory.power.linear import LINEAR


def key(model):
    """What tells programs of a posterior from those of another."""
    shapes = [one.shape for one in jax.tree.leaves(model.density)]
    return fingerprint(model.fingerprint, jax.tree.structure(context_of(model)), shapes)


def test_a_posterior_of_an_input_has_a_fingerprint(small_model):
    assert small_model.fingerprint is not None
    assert key(small_model) is not None


def test_numbers_of_priors_and_data_do_not_count(small_model):
    name = small_model.parameters[-1]
    prior = small_model.specs[-1].prior
    other = small_model.with_priors({name: replace(prior, scale=0.02)})
    assert key(other) == key(small_model)
    assert key(small_model.with_context(2.0 * np.asarray(small_model.value))) == key(small_model)
    assert key(small_model.with_priors({name: Normal(0.0, 0.1)})) != key(small_model)


def test_functions_count_by_their_texts():
    text, other = "lambda a: 2 * a", "lambda a: 3 * a"
    assert fingerprint(Function.of(eval(text), ("a",), text)) is not None
    assert fingerprint(Function.of(eval(text), ("a",), text)) == fingerprint(
        Function.of(eval(text), ("a",), text)
    )
    assert fingerprint(Function.of(eval(text), ("a",), text)) != fingerprint(
        Function.of(eval(other), ("a",), other)
    )
    assert fingerprint(Function.of(eval(text), ("a",))) is None
    far = "lambda a: import_module('mine').f(a)"
    assert fingerprint(Function.of(len, ("a",), far)) is None


@pytest.mark.parametrize(("registry", "made"), [(LINEAR, replace), (BOOSTS, None)])
def test_what_somebody_registers_is_not_recognised(small_model, monkeypatch, registry, made):
    mine = (lambda *a: 0.0) if made is None else made(LINEAR["emulator"], ln_transfer=lambda *a: 0)
    monkeypatch.setitem(registry, "mine", mine)
    assert small_model.fingerprint is None


def test_a_class_of_somebody_s_is_not_recognised(small_model):
    class Mine(Model):
        pass

    mine = Mine(small_model.config, small_model.parts, small_model.held)
    assert mine.fingerprint is None


def test_nodes_are_chosen_once_for_data_and_options(small_data, small_model, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "folder", lambda: tmp_path)
    chosen, choose = [], chosen_nodes.choose_nodes

    def spy(*arguments, **more):
        chosen.append(1)
        return choose(*arguments, **more)

    monkeypatch.setattr(chosen_nodes, "choose_nodes", spy)
    options = small_model.config.theory
    first, second = (build_likelihood(small_data, options) for _ in range(2))
    assert len(chosen) == 1
    for one, other in zip(*map(jax.tree.leaves, (first.arrays, second.arrays)), strict=True):
        np.testing.assert_array_equal(one, other)
    assert second.node_error == first.node_error
    build_likelihood(replace(small_data, covariance=2 * small_data.covariance), options)
    assert len(chosen) == 2
    build_likelihood(small_data, options, tolerance=1e-2)
    assert len(chosen) == 3
