"""Posterior predictive: bands and p-values where the answer is known, and calibration."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.forecast.predictive import Check, Predictive, as_table, check, predictive
from jaxlike.inference import Draws
from jaxlike.mocks.making import with_vector
from jaxlike.posterior.parameters import Parameter

N = 3
NAMES = ("omegam", "H0", "ns")


class Linear:
    """Theory A x with x in units of its errors; flat priors, so that the posterior is Gaussian."""

    def __init__(self, data, matrix):
        self.data, self.matrix, self.parameters = data, matrix, NAMES
        self.config = SimpleNamespace(parameters=tuple(Parameter(n) for n in NAMES))

    @property
    def measured(self):
        return {"linear": SimpleNamespace(data=self.data, covariance=self.data.covariance)}

    def mean(self, x):
        return self.matrix @ x

    def draws(self, n, seed=0):
        precision = np.linalg.inv(self.data.covariance)
        covariance = np.linalg.inv(self.matrix.T @ precision @ self.matrix)
        best = covariance @ self.matrix.T @ precision @ self.data.value
        values = np.random.default_rng(seed).multivariate_normal(best, covariance, size=n)
        return best, draws_of(values)


def draws_of(values, weights=None, names=NAMES):
    n = len(values)
    weights = np.ones(n) if weights is None else weights
    nothing = np.zeros(n)
    return Draws(names, names, (True,) * N, values, weights, nothing, nothing, (n,))


def simulate(data, seed, shift=0.0):
    """A linear model and data drawn from it, `shift` errors away in every point."""
    rng = np.random.default_rng(seed)
    error = np.sqrt(np.diag(data.covariance))
    matrix = error[:, None] * rng.standard_normal((data.n_data, N))
    noise = np.linalg.cholesky(data.covariance) @ rng.standard_normal(data.n_data)
    value = matrix @ rng.standard_normal(N) + noise + shift * error
    return Linear(with_vector(data, value, data.covariance), matrix)


def expected_p_value(model, best):
    """P(chi^2_n >= chi^2_min + chi^2_k) of a linear Gaussian model with k flat parameters."""
    residual = model.data.value - model.matrix @ best
    least = residual @ np.linalg.solve(model.data.covariance, residual)
    more = chi2.ppf((np.arange(2000) + 0.5) / 2000, N)
    return float(np.mean(chi2.sf(least + more, model.data.n_data)))


@pytest.mark.parametrize("seed", range(4))
def test_a_linear_gaussian_model(small_data, seed):
    model = simulate(small_data, seed)
    best, draws = model.draws(4000)
    found = check(predictive(model, draws, n=4000, progress=False))
    total = found[-1]
    assert [c.name for c in found] == [*small_data.statistics, "all"]
    assert total.n == sum(c.n for c in found[:-1]) == 72
    expected = expected_p_value(model, best)
    assert abs(total.p_value - expected) < 4 * total.error
    assert total.error == pytest.approx(np.sqrt(expected * (1 - expected) / 4000), rel=0.2)
    assert total.replicated.mean() == pytest.approx(72, abs=1.0)


def test_chi2_of_all_and_of_each_probe(small_data):
    model = simulate(small_data, 1)
    _, draws = model.draws(50)
    *parts, total = check(predictive(model, draws, n=50, progress=False))
    precision = np.linalg.inv(small_data.covariance)
    residual = model.data.value - model.matrix @ draws.values[7]
    assert total.measured[7] == pytest.approx(residual @ precision @ residual)
    first = slice(0, small_data.measurements[0].value.size)
    block = np.linalg.inv(small_data.covariance[first, first])
    assert parts[0].measured[7] == pytest.approx(residual[first] @ block @ residual[first])
    shear = model.data.with_probes(["xi_plus"])
    alone = check(
        Predictive({"linear": shear}, (draws.values @ model.matrix.T)[:, first], np.ones(50))
    )
    assert [c.name for c in alone] == ["xi_plus"]
    np.testing.assert_allclose(alone[0].measured, parts[0].measured)


def test_p_values_of_the_right_model_are_not_extreme(small_data):
    p_values = []
    for seed in range(40):
        model = simulate(small_data, 100 + seed)
        _, draws = model.draws(200, seed)
        theory = draws.values @ model.matrix.T
        p_values.append(
            [c.p_value for c in check(Predictive({"linear": model.data}, theory, np.ones(200)))]
        )
    found = np.array(p_values)
    assert np.mean((found > 0.02) & (found < 0.98)) > 0.9
    assert found.max(axis=1).min() > 0.05
    # their mean is 1/2, and they spread no more than uniform ones: the data are used twice
    assert np.abs(found.mean(axis=0) - 0.5).max() < 4 * np.sqrt(1 / 12 / 40)


def test_shifted_data_have_none(small_data):
    rng = np.random.default_rng(0)
    model = simulate(small_data, 3)
    error = np.sqrt(np.diag(small_data.covariance))
    model.data = with_vector(
        model.data, model.data.value + 8 * error * rng.standard_normal(72), small_data.covariance
    )
    _, draws = model.draws(400)
    found = check(predictive(model, draws, progress=False))
    assert [c.p_value for c in found] == [0.0] * 5
    assert all(0 < c.error < 0.01 for c in found)


def test_bands_hold_their_share_and_follow_weights(small_data):
    model = simulate(small_data, 5)
    best, draws = model.draws(20000)
    of = predictive(model, draws, n=20000, progress=False)
    spread = of.theory.std(axis=0)
    for probability, deviations in ((0.68, 0.9945), (0.95, 1.96)):
        low, high = of.band(probability)
        np.testing.assert_allclose((high - low) / spread, 2 * deviations, rtol=0.05)
        np.testing.assert_allclose(
            (low + high) / 2 / spread, model.matrix @ best / spread, atol=0.1
        )
    # draws of a wider density, with the weights that make them those of the posterior
    wide = best + 2.0 * (draws.values - best)
    precision = np.linalg.inv(np.cov(draws.values.T))
    d = draws.values - best
    weights = np.exp(-1.5 * np.einsum("ni,ij,nj->n", d, precision, d))
    weighted = predictive(model, draws_of(wide, weights), n=20000, progress=False)
    for ends, same in zip(weighted.band(0.68), of.band(0.68), strict=True):
        np.testing.assert_allclose(ends / spread, same / spread, atol=0.1)
    some = predictive(model, draws_of(wide, weights), n=5000, progress=False)
    assert len(some.weights) < some.weights.sum() == 5000
    np.testing.assert_allclose(some.band(0.68)[0] / spread, of.band(0.68)[0] / spread, atol=0.1)


def test_what_cannot_be_predicted_is_named(small_data):
    model = simulate(small_data, 5)
    values = np.zeros((10, N))
    with pytest.raises(ConfigError, match="parameter 'ns' of the configuration is not in the"):
        predictive(model, draws_of(values, names=("omegam", "H0", "w")), progress=False)
    fixed = (
        Parameter("omegam"),
        Parameter("ns"),
        Parameter("cosmological_parameters--hubble", value=70.0),
    )
    model.config.parameters = fixed
    with pytest.raises(ConfigError, match="parameter 'H0' of the chains is fixed by the configu"):
        predictive(model, draws_of(values), progress=False)
    model.config.parameters = ()
    values[3] = np.nan
    with pytest.raises(JaxlikeError, match="the theory is not finite at 1 of 10 draws"):
        predictive(model, draws_of(values), progress=False)


def test_the_table():
    found = Check("xi_plus", 9, np.array([8.0, 12.0]), np.array([9.0, 11.0]), np.ones(2))
    text = as_table([found]).splitlines()
    assert text[0].split() == [
        "probe",
        "points",
        "chi2,",
        "measured",
        "chi2,",
        "replicated",
        "p-value",
    ]
    assert text[1].split()[:5] == ["xi_plus", "9", "10.0", "+-", "2.0"]
    assert "0.500 +- 0.250" in text[1]
