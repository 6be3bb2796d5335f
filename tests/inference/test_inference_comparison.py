"""What is said of inexact draws beside exact ones."""

import numpy as np
import pytest

from jaxlike.inference import Chains
from jaxlike.inference.results.comparison import compared


def said(own, exact):
    shape = own.shape[:2]
    names = tuple(f"p{i}" for i in range(own.shape[2]))
    chains = Chains(
        names=names,
        latex=names,
        priors=({"min": -9.0, "max": 9.0},) * len(names),
        draws=own,
        log_posterior=np.zeros(shape),
        log_prior=np.zeros(shape),
        divergent=np.zeros(shape, bool),
        wanted=shape[1],
        method="mclmc",
    )
    return compared(chains, own, exact)


def white(seed, n_draws=1000):
    return np.random.default_rng(seed).standard_normal((4, n_draws, 5))


def rare_tail(seed):
    """Draws of sigma = 10, four in every thousand: too few to know the width by."""
    rng = np.random.default_rng(seed)
    return white(seed) * np.where(rng.random((4, 1000, 5)) < 0.004, 10.0, 1.0)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("draws", [white, rare_tail])
def test_nothing_is_held_against_draws_of_the_same_density(draws, seed):
    result = said(draws(seed), draws(seed + 100))
    assert result.cautions == ()
    assert "means within 0.0" in result.remarks[0]


@pytest.mark.parametrize(
    ("biased", "expected"),
    [
        (lambda u: u + 0.2, "means within 0.2"),
        (lambda u: 0.85 * u, "widths within 1"),
    ],
)
def test_a_bias_is_a_caution(biased, expected):
    (caution,) = said(biased(white(0)), white(1)).cautions
    assert caution.startswith("mclmc is biased here: inexact")
    assert expected in caution
    assert "good to 0.03 sigma and 2 %" in caution


def test_too_few_exact_draws_say_nothing():
    assert said(white(0), white(1, 40)).cautions == (
        "inexact draws, and no warm-up to compare them with",
    )
