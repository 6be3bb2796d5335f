"""Simulation-based calibration: what it finds right, and what it would find wrong."""

import numpy as np
import pytest

from jaxlike.benchmarks import sbc
from jaxlike.plots_benchmarks import rank_figure


def calibration(ranks):
    zero = np.zeros(len(ranks))
    return sbc.Calibration(("a", "b"), ranks, zero, zero.astype(int))


def test_even_ranks_and_uneven_ones(tmp_path):
    rng = np.random.default_rng(0)
    even = rng.integers(0, sbc.DRAWS + 1, 400)
    narrow = np.clip(rng.normal(32, 12, 400), 0, sbc.DRAWS).astype(int)
    found = calibration(np.column_stack([even, narrow]))
    assert found.counts.sum(axis=0).tolist() == [400, 400]
    assert found.p_values[0] > 0.01
    assert found.p_values[1] < 1e-6
    assert sbc.table(found).splitlines()[3].startswith("| b | 0.000 |")
    assert {path.name for path in sbc.write(found, tmp_path)} == {"sbc.json", "sbc.md"}
    assert rank_figure(found, tmp_path / "sbc.png").stat().st_size > 5_000


@pytest.mark.slow
def test_posteriors_of_mocks_hold_the_truth(small_model, tmp_path):
    """A few mocks of a small survey: ranks everywhere, resumed as if uninterrupted."""
    options = {"options": {"warmup": 50, "samples": 64}, "progress": False}
    path = tmp_path / "sbc.npz"
    whole = sbc.calibrate(small_model, 6, **options)
    sbc.calibrate(small_model, 2, **options, checkpoint=path)
    resumed = sbc.calibrate(small_model, 6, **options, checkpoint=path, resume=True)
    np.testing.assert_array_equal(whole.ranks, resumed.ranks)
    assert whole.ranks.shape == (6, len(small_model.parameters))
    # the mean rank of n uniform ones is within 4 standard errors of the middle
    error = (sbc.DRAWS + 1) / np.sqrt(12 * 6)
    np.testing.assert_allclose(whole.ranks.mean(axis=0), sbc.DRAWS / 2, atol=4 * error)
