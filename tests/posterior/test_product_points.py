"""Points of a product of likelihoods: vectors, dictionaries, batches, and what is neither."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxlike.errors import ParameterError

FUNCTIONS = (
    "chi2", "chi2s", "log_likelihood", "theory_vector", "mean", "log_prior", "log_priors",
    "log_posterior", "value_and_gradient", "derived", "canonical", "params_dict",
    "to_unconstrained", "reason_of_failure",
)  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_point_is_a_vector_or_a_dictionary(product, name):
    x = product.reference
    function = getattr(product, name)
    expected = jax.tree.leaves(function(x))
    forms = (jnp.asarray(x), x.tolist(), dict(zip(product.parameters, x.tolist(), strict=True)))
    for form in forms:
        for one, other in zip(jax.tree.leaves(function(form)), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


WRONG = {
    "short": (np.zeros(3), "a point has shape .3,., but must be .4,."),
    "many": (np.zeros((2, 4)), "many points go to the functions named _batch"),
    "a number": (0.3, "a point has shape"),
    "text": (["a", 1, 2, 3], "must be numbers"),
    "nothing": (None, "a point"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_points_are_one_sentence(product, name, wrong, message):
    with pytest.raises(ParameterError, match=message) as error:
        getattr(product, name)(wrong)
    assert "\n" not in str(error.value)


def test_wrong_dictionaries_and_batches(product):
    values = dict(zip(product.parameters, product.reference, strict=True))
    for wrong, message in (
        ({k: v for k, v in values.items() if k != "omegam"}, "'omegam' is missing"),
        (values | {"YHe": 0.1}, "'YHe' is unknown"),
        (values | {"omegam": "a"}, "'omegam' is 'a', but must be a real number"),
        (values | {"omegam": np.ones(2)}, "'omegam' has shape"),
    ):
        with pytest.raises(ParameterError, match=message):
            product.log_posterior(wrong)
    for wrong, message in (
        (values | {"NGC_b1": "a"}, "'NGC_b1' is 'a', but must be a real number"),
        (values | {"NGC_m9": 0.1}, "'NGC_m9' is for source bin 9"),
        (values | {"b1": 0.1}, "unknown parameter 'b1'.*'NGC_b1'"),
    ):
        with pytest.raises(ParameterError, match=message):
            product.chi2(wrong)
        with pytest.raises(ParameterError, match=message):
            product.likelihoods["sgc"].chi2(wrong)
    for wrong in (product.reference, np.zeros((3, 5)), [["a"] * 4]):
        with pytest.raises(ParameterError, match=r"points (have shape|are)"):
            product.value_and_gradient_batch(wrong)
    with pytest.raises(ParameterError, match=r"vector of shape \(107,\).* 108 points"):
        product.with_context(np.ones(107))
