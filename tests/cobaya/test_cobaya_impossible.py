"""Universes that there are not: refused at the start, or of likelihood zero with a reason."""

from typing import Any

import numpy as np
import pytest
from cobaya.log import LoggedError
from cobaya_model import model


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        ({"omk": -1.5, "omegam": 0.1}, "H^2"),
        ({"omegab": 0.31}, "Omega_b"),
        ({"w": 0.5}, "w0"),
    ],
)
def test_an_impossible_universe_has_likelihood_zero(
    cosmology: dict[str, Any],
    change: dict[str, float],
    condition: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    about = {n: {"prior": [x - abs(x) / 2, x + abs(x) / 2]} for n, x in change.items()}
    built = model({**cosmology, **about, "sigma8": None})
    with caplog.at_level("DEBUG"):
        assert built.loglike(change, return_derived=False) == -np.inf
    assert condition in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"H0": 0.7}, "'H0' is fixed at 0.7; .* h is a hundredth of it"),
        ({"As": 2.1}, "'As' is fixed at 2.1; accepted are numbers between 0 and 1e-06"),
        ({"ns": float("nan")}, "'ns' is fixed at nan, but must be a finite number"),
        ({"omegab": 0.5}, "'omegab' and 'omegam' are fixed at 0.5 and .*: baryons must be less"),
        ({"H0": {"prior": [0.6, 0.8]}}, "'H0' is between 0.6 and 0.8; accepted are"),
    ],
)
def test_impossible_values_are_told_at_once(
    cosmology: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    """Not as a posterior of zero without a word."""
    with pytest.raises(LoggedError, match=message):
        model({**cosmology, **changes})


def test_why_the_first_point_is_impossible_is_said_aloud(
    cosmology: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    built = model({**cosmology, "omegam": {"prior": [0.01, 0.9]}})
    with caplog.at_level("INFO"):
        for value in (0.03, 0.04):
            assert built.logpost({"omegam": value}) == -np.inf
    assert caplog.text.count("Likelihood 0, for this fails: Omega_b < Omega_m") == 1
