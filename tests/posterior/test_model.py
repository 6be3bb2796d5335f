"""The posterior of the real-data input: gradients, prior points, names, batches."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.numerics.batches import in_blocks


@pytest.fixture(scope="module")
def batch(real_model):
    """log-posterior and gradient of many points, 50 of them at once."""
    compiled = jax.jit(jax.vmap(jax.value_and_grad(real_model.log_posterior)))
    return partial(in_blocks, compiled, size=50)


def test_gradient_against_finite_differences(real_model, batch):
    x = (
        real_model.reference
        + 1e-3 * np.abs(real_model.reference)
        + 1e-4 * (real_model.reference == 0)
    )
    step = np.maximum(1e-3 * np.abs(x), np.where(np.abs(x) < 1e-6, 0.0, 1e-5))
    offsets = np.array([-2, -1, 1, 2])
    points = x + offsets[:, None, None] * np.diag(step)[None]
    values, gradients = batch(np.concatenate([x[None], points.reshape(-1, x.size)]))
    np.testing.assert_allclose(values[0], real_model.log_posterior(x), rtol=1e-12)
    values, gradient = values[1:], gradients[0]
    weights = np.array([1, -8, 8, -1]) / 12
    difference = weights @ values.reshape(4, x.size) / step
    # a difference of values near 250 keeps their rounding
    noise = 2e-13 * np.abs(values).max() / step
    assert np.all(np.abs(gradient - difference) < 1e-6 * np.abs(gradient) + noise)


def test_a_thousand_points_of_the_prior(real_model, batch):
    u = np.random.default_rng(0).standard_normal((1000, len(real_model.parameters)))
    points = np.asarray(jax.jit(jax.vmap(real_model.from_unconstrained))(jnp.asarray(u)))
    value, gradient = batch(points)
    assert np.isfinite(gradient).all()
    assert not np.isnan(value).any()
    assert np.isfinite(value).sum() > 980
    for x in points[~np.isfinite(value)]:
        assert "it needs" in real_model.reason_of_failure(x)


def test_names_of_other_codes(real_model):
    x = real_model.reference
    known = {name: float(v) for name, v in real_model.params_dict(x).items()}
    theirs = dict(known)
    theirs["h0"] = theirs.pop("H0") / 100
    theirs["Omega_m"] = theirs.pop("omegam")
    theirs["bin_bias--b1"] = theirs.pop("DES_b1")
    np.testing.assert_allclose(
        real_model.theory_vector(theirs), real_model.theory_vector(known), rtol=1e-10, atol=1e-16
    )
    with pytest.raises(jaxlike.ParameterError, match="YHe"):
        real_model.theory_vector({**known, "YHe": 0.24})
    with pytest.raises(jaxlike.ParameterError, match="sigma8"):
        real_model.theory_vector({**known, "sigma8": 0.8})


def test_outside_the_prior(real_model, batch):
    x = real_model.reference.copy()
    x[0] = 0.95
    values, gradients = batch(x[None])
    assert real_model.log_posterior(x) == values[0] == -np.inf
    assert np.isfinite(gradients).all()
    assert "'omegam' = 0.95 is outside its prior [0.1, 0.9]" in real_model.reason_of_failure(x)


def test_density_in_unit_normals(real_model):
    x = real_model.reference
    u = np.asarray(jax.jit(real_model.to_unconstrained)(x))
    back = jax.jit(real_model.from_unconstrained)(u)
    np.testing.assert_allclose(back, x, rtol=1e-9, atol=1e-12)
    log_likelihood = float(real_model.log_likelihood(real_model.params_dict(x)))
    assert float(real_model.log_density(u)) == pytest.approx(log_likelihood - u @ u / 2, abs=1e-8)
    posterior = log_likelihood + float(real_model.log_prior(x))
    assert float(real_model.log_posterior(x)) == pytest.approx(posterior, abs=1e-8)


def test_derived(real_model):
    sigma8, s8 = np.asarray(real_model.derived(real_model.reference))
    omega_m = real_model.reference[real_model.parameters.index("omegam")]
    assert list(real_model.derived_parameters) == ["sigma8", "S8"]
    assert s8 == pytest.approx(sigma8 * np.sqrt(omega_m / 0.3), rel=1e-12)
    assert 0.7 < sigma8 < 0.95
