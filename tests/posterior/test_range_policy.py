"""Points that the emulator was not trained for: counted, or refused."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import jaxlike
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.posterior.range_policy import N_DRAWS, RangeCount, check_prior, prior_out_of_range

REASON = "0.009 <= omega_b <= 0.0582 (range of the emulator)"


@pytest.fixture(scope="module")
def model(repository):
    """The mock survey with the emulator and the priors of DES-Y1."""
    return jaxlike.load(repository / "cobaya_yaml" / "mock_3x2pt_mcmc.yaml", linear="emulator")


def test_the_1st_the_10th_and_the_100th_are_told():
    told = []
    count = RangeCount("reject", told.append)
    for _ in range(123):
        count.record(REASON)
    assert [line.split()[0] for line in told] == ["1", "10", "100"]
    assert all(REASON in line for line in told)
    assert count.n == 123
    assert count.sentence.startswith("123 points were out of range")


def test_an_error_on_request():
    told = []
    with pytest.raises(ParameterError, match=r"0\.009 <= omega_b <= 0\.0582"):
        RangeCount("error", told.append).record(REASON)
    assert not told


def test_the_counts_are_those_of_the_posterior(model):
    """All that have posterior zero are counted, under the same reason where physics has none."""
    n = 150
    counts = prior_out_of_range(model, n, seed=0)
    u = np.random.default_rng(0).standard_normal((n, len(model.parameters)))
    points = np.asarray(jax.jit(jax.vmap(model.from_unconstrained))(u))
    reasons = [reason for x in points if (reason := model.reason_of_failure(x)) is not None]
    assert sum(counts.values()) == len(reasons) > 0
    for reason in reasons:
        assert "Omega_nu < 0.2" in reason or reason.split("it needs ")[1] in counts


def test_a_command_tells_or_refuses(model):
    told = []
    check_prior(model, told.append)
    assert len(told) == 1
    assert f"of {N_DRAWS} draws of the prior are out of range" in told[0]
    strict = replace(model, config=model.config.with_options(out_of_range="error"))
    with pytest.raises(ConfigError, match=r"mock_3x2pt_mcmc\.yaml: .* draws of the prior"):
        check_prior(strict, told.append)


def test_a_fit_has_no_range(model):
    fitted = model.config.with_options(linear="eisenstein_hu")
    assert prior_out_of_range(replace(model, config=fitted)) == {}
