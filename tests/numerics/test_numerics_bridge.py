"""Bridge sampling between densities whose integrals are known."""

import numpy as np
import pytest
from scipy.stats import norm

from jaxlike.numerics.bridge import bridge

M = 4000


def ratios(width, seed):
    """ln p - ln g at draws of both, of p = 3 N(0.3, width) and g = N(0, 1)."""
    rng = np.random.default_rng(seed)
    p, g = 0.3 + width * rng.standard_normal(M), rng.standard_normal(M)
    return [np.log(3.0) + norm.logpdf(x, 0.3, width) - norm.logpdf(x) for x in (p, g)]


@pytest.mark.parametrize("width", [0.4, 1.0, 2.5])
def test_the_ratio_and_its_error(width):
    """Of 40 repetitions: the mean is right, and the errors are those of the scatter."""
    found = [bridge(*ratios(width, seed), M) for seed in range(40)]
    logs = np.array([one.ln_ratio for one in found])
    assert all(one.converged for one in found)
    error = np.sqrt(np.mean([one.variance for one in found]))
    assert abs(logs.mean() - np.log(3.0)) < 4 * error / np.sqrt(40)
    assert logs.std() == pytest.approx(error, rel=0.45)


def test_draws_that_are_worth_less_count_less():
    at_p, at_g = ratios(2.5, 0)
    few, many = bridge(at_p, at_g, M / 20), bridge(at_p, at_g, M)
    assert few.variance > 2 * many.variance
    assert few.ln_ratio == pytest.approx(many.ln_ratio, abs=5 * np.sqrt(few.variance))


def test_equal_densities_need_no_bridge():
    zero = np.full(10, 2.5)
    assert bridge(zero, zero, 10.0) == (2.5, 0.0, True)


def test_draws_of_g_where_p_is_zero_count():
    """p is the half of g above 0: the ratio is 1/2."""
    rng = np.random.default_rng(0)
    at_g = np.where(rng.random(M) < 0.5, -np.inf, 0.0)
    found = bridge(np.zeros(M), at_g, M)
    assert found.converged
    assert found.ln_ratio == pytest.approx(np.log(0.5), abs=4 * np.sqrt(found.variance))


def test_without_overlap_it_does_not_come_to_rest_or_says_how_wrong_it_is():
    at_p, at_g = np.full(50, 900.0) + np.arange(50), np.full(50, -900.0) - np.arange(50)
    found = bridge(at_p, at_g, 50)
    assert not found.converged or found.variance > 0.05
