"""R-hat and ESS against ArviZ and against known cases; what is complained about."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from jaxlike.inference import Chains, complaints, report, summarise


def chains_of(draws, *, divergent=0, wanted=0):
    shape = draws.shape[:2]
    diverged = np.zeros(shape, bool)
    diverged.flat[:divergent] = True
    names = tuple(f"p{i}" for i in range(draws.shape[2]))
    return Chains(
        names=names,
        latex=names,
        priors=({"min": -9.0, "max": 9.0},) * len(names),
        draws=draws,
        log_posterior=-0.5 * np.sum(draws**2, axis=-1),
        log_prior=np.zeros(shape),
        divergent=diverged,
        wanted=wanted,
    )


def white(chain=4, draw=1000, n=3, seed=0):
    return np.random.default_rng(seed).standard_normal((chain, draw, n))


def red(**shape):
    """First-order autoregressive draws with correlation 0.95 from one to the next."""
    draws = white(**shape)
    for i in range(1, draws.shape[1]):
        draws[:, i] = 0.95 * draws[:, i - 1] + np.sqrt(1 - 0.95**2) * draws[:, i]
    return draws


@pytest.mark.parametrize("draws", [white(), red(), white(chain=2, draw=101, n=1)])
def test_figures_are_those_of_arviz(draws):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz
    summary = summarise(chains_of(draws))
    for i in range(draws.shape[2]):
        assert summary.r_hat[i] == pytest.approx(float(arviz.rhat(draws[:, :, i])))
        assert summary.ess_bulk[i] == pytest.approx(float(arviz.ess(draws[:, :, i])))
    np.testing.assert_allclose(summary.mean, draws.mean(axis=(0, 1)))
    np.testing.assert_allclose(summary.std, draws.std(axis=(0, 1)))


def test_known_sample_sizes():
    np.testing.assert_allclose(summarise(chains_of(white(draw=5000))).ess_bulk, 20000, rtol=0.1)
    expected = 20000 * (1 - 0.95) / (1 + 0.95)
    np.testing.assert_allclose(summarise(chains_of(red(draw=5000))).ess_bulk, expected, rtol=0.3)


def test_errors_of_mean_and_width_are_those_of_repeated_runs():
    """Rare visits of a tail (here sigma = 6 in 2 % of the draws) leave a width less certain."""
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((400, 1000, 2))
    draws[..., 1] *= np.where(rng.random((400, 1000)) < 0.02, 6.0, 1.0)
    runs = [summarise(chains_of(four)) for four in draws.reshape(100, 4, 1000, 2)]
    for value, error in (("mean", "mean_error"), ("std", "std_error")):
        spread = np.std([getattr(run, value) for run in runs], axis=0)
        stated = np.mean([getattr(run, error) for run in runs], axis=0)
        np.testing.assert_allclose(stated, spread, rtol=0.25)
    by_size = runs[0].std[1] / np.sqrt(2 * runs[0].ess_bulk[1])
    assert runs[0].std_error[1] > 2 * by_size


def test_a_single_chain_is_compared_with_itself():
    draws = white(chain=1)
    assert summarise(chains_of(draws)).r_hat.max() < 1.01
    draws[0, 500:] += 1.0
    assert summarise(chains_of(draws)).r_hat.min() > 1.05


def shifted():
    draws = white()
    draws[2, :, 1] += 0.5
    return draws


@pytest.mark.parametrize(
    ("chains", "expected"),
    [
        (chains_of(white()), []),
        (chains_of(white(), divergent=4), []),
        (chains_of(shifted()), ["R-hat of p1 is 1.0"]),
        (chains_of(white(), divergent=7), ["7 of 4000 draws diverged"]),
        (chains_of(white(draw=50)), ["bulk ESS of", "tail ESS of"]),
        (chains_of(white(draw=500), wanted=1000), ["only 500 of 1000 draws"]),
        (chains_of(white(draw=3)), ["R-hat is undefined"]),
    ],
)
def test_complaints(chains, expected):
    found = complaints(chains, summarise(chains))
    for part in expected:
        assert any(part in sentence for sentence in found), (part, found)
    if not expected:
        assert found == ()


def test_report_has_a_line_per_parameter_and_the_cost():
    chains = replace(chains_of(white()), step_size=0.3)
    text = report(chains, summarise(chains))
    for word in ("R-hat", "ESS bulk", "ESS tail", "p0 ", "p2 ", "divergent", "gradients", "time"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 100
