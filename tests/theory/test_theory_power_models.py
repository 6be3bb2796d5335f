"""Models of the power spectrum from outside the package: an entry each in a registry."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.errors import ConfigError
from jaxlike.theory.power import transfer
from jaxlike.theory.power.linear import LINEAR, LinearPower, linear_power
from jaxlike.theory.power.nonlinear import NONLINEAR, nonlinear_power, pointwise

K, Z = np.geomspace(1e-3, 5, 20), np.array([0.0, 0.5, 1.5])


def damped_transfer(cosmo, k):
    """Warm dark matter of one mass, on top of Eisenstein and Hu."""
    return jnp.log(transfer.eisenstein_hu_no_wiggle(cosmo, k)) - (0.05 * jnp.asarray(k)) ** 2


def enhanced(cosmo, k, z, power):
    """More of it on small scales, the less the earlier, and the more the more matter there is."""
    return power * (1 + cosmo.Omega_m * k / (1 + z))


def dense(cosmo):
    return {"Omega_m > 0.2 (this model)": cosmo.Omega_m > 0.2}


@pytest.fixture
def models(monkeypatch):
    monkeypatch.setitem(LINEAR, "warm", LinearPower(damped_transfer, conditions=dense))
    monkeypatch.setitem(NONLINEAR, "enhanced", pointwise(enhanced))


@pytest.fixture
def load(models, small_folder):
    return partial(jaxlike.load, small_folder / "pipeline.ini")


def test_tables_of_the_models(models, universe):
    @jax.jit
    def tables(cosmo):
        plain = linear_power(cosmo, K, Z, model="eisenstein_hu_no_wiggle")
        warm = linear_power(cosmo, K, Z, model="warm")
        return plain, warm, nonlinear_power(cosmo, K, Z, linear="warm", model="enhanced")

    cosmo = universe()
    plain, warm, found = map(np.asarray, tables(cosmo))
    ratio = warm / plain  # sigma8 is given, so that only the shape is the model's
    damping = np.exp(-2 * (0.05 * K) ** 2)
    np.testing.assert_allclose(ratio / ratio[:, :1], np.tile(damping / damping[0], (3, 1)), 1e-9)
    boost = 1 + cosmo.Omega_m * K / (1 + Z[:, None])
    np.testing.assert_allclose(found, warm * boost, rtol=1e-12)


def test_a_posterior_of_the_models_has_gradients(load, small_model):
    """The data vector of models that are those of the package under another name is the same; those
    from outside give another, with slopes that are those of differences."""
    plain = small_model
    x = np.asarray(plain.reference)
    model = load(linear="warm", nonlinear="enhanced")
    assert float(jnp.max(model.theory_vector(x) / plain.theory_vector(x))) > 1.02
    step = 1e-5 * np.eye(x.size)[0]
    (_, slope), (high, _), (low, _) = map(model.value_and_gradient, (x, x + step, x - step))
    assert float(slope[0]) == pytest.approx(float(high - low) / 2e-5, rel=1e-4)
    few = x.copy()
    few[0] = 0.15
    assert float(model.value_and_gradient(few)[0]) == -np.inf
    assert "Omega_m > 0.2 (this model)" in model.reason_of_failure(few)
    assert np.isfinite(float(plain.log_posterior(few)))


def test_the_package_s_own_under_another_name(load, small_model, monkeypatch):
    monkeypatch.setitem(LINEAR, "mine", LINEAR["eisenstein_hu_no_wiggle"])
    monkeypatch.setitem(NONLINEAR, "mine", NONLINEAR["takahashi"])
    x = small_model.reference
    ours = load(linear="mine", nonlinear="mine").theory_vector(x)
    theirs = load(nonlinear="takahashi").theory_vector(x)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_a_name_that_is_not_there_lists_those_that_are(load):
    with pytest.raises(ConfigError, match=r"accepted are takahashi, smith, .*, enhanced"):
        load(nonlinear="none_such")
    with pytest.raises(ConfigError, match=r"accepted are eisenstein_hu, .*, warm"):
        load(linear="none_such")
