"""chi^2 by modes of the angles: the same posterior, its gradient, other data, what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxlike
from jaxlike.errors import ParameterError
from jaxlike.forecast.marginalisation import marginalised
from jaxlike.forecast.modes import TOLERANCE, on_modes
from jaxlike.forecast.moped import compressed
from jaxlike.likelihoods.modes import Changes, angular_modes
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.theory.statistics.slots import at_slots

RNG = np.random.default_rng(4)


@pytest.fixture(scope="module")
def fast(small_model):
    return on_modes(small_model, small_model.reference)


@pytest.fixture(scope="module")
def draws(small_model):
    """Points (12, n) of the Gaussian that the Fisher matrix and the prior make."""
    centre = small_model.reference
    u = np.asarray(small_model.to_unconstrained(centre))
    jacobian = jax.jacfwd(lambda u: small_model.mean(small_model.from_unconstrained(u)))(u)
    fisher = np.asarray(small_model.information(jacobian)) + np.eye(u.size)
    steps = RNG.normal(size=(12, u.size)) @ np.linalg.inv(np.linalg.cholesky(fisher))
    return np.asarray(jax.vmap(small_model.from_unconstrained)(jnp.asarray(u + steps)))


def errors(model, other, points):
    """What another way to compute it changes of chi^2, less its mean, which is a constant."""
    found = [np.asarray(jax.lax.map(m.chi2, jnp.asarray(points))) for m in (model, other)]
    difference = found[1] - found[0]
    return difference - difference.mean()


def test_fewer_modes_than_points_have_the_same_chi2(fast, small_model, draws):
    modes = fast.likelihood.arrays.modes
    assert 0 < modes.n_mode < 0.7 * small_model.data.n_data
    assert fast.n_points == small_model.n_points
    error = errors(small_model, fast, draws)
    assert 0 < np.abs(error).max() < 10 * TOLERANCE
    np.testing.assert_array_equal(fast.mean(draws[0]), small_model.mean(draws[0]))


def test_value_and_gradient_are_exact_where_the_modes_are_made(fast, small_model):
    x = small_model.reference
    (value, slope), (expected, theirs) = (m.value_and_gradient(x) for m in (fast, small_model))
    assert float(value) == pytest.approx(float(expected), abs=1e-8)
    np.testing.assert_allclose(slope, theirs, rtol=1e-7, atol=1e-7 * np.abs(theirs).max())


def test_the_gradient_elsewhere(fast, draws):
    x, step = draws[1], 1e-5
    slope = np.asarray(fast.value_and_gradient(x)[1])
    for i, h in enumerate(step * np.eye(x.size) * np.abs(x)):
        up, down = (float(fast.log_posterior(x + s * h)) for s in (1, -1))
        assert slope[i] == pytest.approx((up - down) / (2 * h[i]), rel=1e-3, abs=1e-3)


def test_batches_are_loops(fast, draws):
    u = jax.vmap(fast.to_unconstrained)(jnp.asarray(draws[:3]))
    batch = jax.vmap(fast.log_density)(u)
    np.testing.assert_allclose(batch, [float(fast.log_density(one)) for one in u], rtol=1e-9)


def test_other_data_have_modes_of_their_own(fast, small_model, draws):
    value = np.asarray(small_model.mean(draws[2]))
    new, exact = (m.with_context(value) for m in (fast, small_model))
    assert np.abs(errors(exact, new, draws)).max() < 10 * TOLERANCE
    assert float(new.chi2(draws[2])) == pytest.approx(0.0, abs=0.1)
    traced = jax.jit(lambda v: fast.with_context(v).chi2(draws[3]))(value)
    assert float(traced) == pytest.approx(float(new.chi2(draws[3])), rel=1e-9)


def test_a_stricter_tolerance_takes_more_modes(small_model, fast):
    strict = on_modes(small_model, small_model.reference, tolerance=1e-3)
    more, less = (m.likelihood.arrays.modes.n_mode for m in (strict, fast))
    assert more > less


def test_points_one_after_another_count_as_modes(small_model):
    """Of a statistic most of whose pairs have few points, which keep no modes of their own."""
    data = small_model.data
    first = data.measurements[0]
    kept = np.ones(data.n_data, bool)
    kept[: first.value.size] = (first.bin1 == 1) & (first.bin2 == 1)
    whole = build_likelihood(data.select(kept), small_model.config.theory)
    theory, inverse = whole.theory, whole.arrays.inverse
    assert {np.ndim(p) for p in theory.projections} == {2, 3}
    changes = Changes(
        [1e-8 * RNG.normal(size=c.shape[:1] + c.shape[-1:]) for c in shapes(theory)],
        [1e-10 * RNG.normal(size=(4, *c.shape[:1], *c.shape[-1:])) for c in shapes(theory)],
    )
    modes, left = angular_modes(theory, np.asarray(inverse), changes, 1e-6)
    assert left < 1e-6
    modes = modes.of_data(whole.arrays.value, inverse, theory)
    there = [jnp.asarray(c + s[0]) for c, s in zip(changes.spectra, changes.steps, strict=True)]
    residual = np.asarray(data.value[kept] - projected(theory, there))
    expected = residual @ np.asarray(inverse) @ residual
    assert float(modes.chi2(there)) == pytest.approx(expected, rel=1e-6)


def shapes(theory):
    """Arrays (n_pair, 0, n_ell) of each statistic."""
    return [
        np.empty((len(theory.groups[group].bins), 0, np.shape(p)[-1]))
        for (_, group), p in zip(theory.statistics, theory.projections, strict=True)
    ]


def projected(theory, spectra):
    """The data vector of C_ell of each statistic, whichever group it has them of."""
    pairs = zip(spectra, theory.projections, strict=True)
    slots = [at_slots(c, jnp.asarray(p)).ravel() for c, p in pairs]
    return jnp.concatenate(slots)[theory.point]


REFUSED = {
    "compressed": (compressed, "is compressed already"),
    "marginalised": (
        lambda m: marginalised(m, ["wl_photoz_errors--bias_1"], m.reference),
        "has marginalised",
    ),
}


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_modes(change, words, small_model):
    with pytest.raises(ParameterError, match=f"{words}.*: compression = modes is of a Gaussian"):
        on_modes(change(small_model), small_model.reference)


def test_covariances_in_blocks_need_none(cl_data, small_model):
    model = small_model.with_data(cl_data)
    with pytest.raises(ParameterError, match="a covariance in blocks, which cost little"):
        on_modes(model, model.reference)


def test_the_option(small_folder, small_model, fast):
    model = jaxlike.load(small_folder / "pipeline.ini", compression="modes")
    at = model.reference
    assert 0 < model.likelihood.arrays.modes.n_mode < small_model.data.n_data
    # which is far from where the modes are made
    assert float(model.chi2(at)) == pytest.approx(float(small_model.chi2(at)), rel=3e-3)
    assert f"72 points by {model.likelihood.arrays.modes.n_mode} modes" in repr(model)
    with pytest.raises(ParameterError, match="leave out compression = modes"):
        marginalised(model, ["wl_photoz_errors--bias_1"], at)
