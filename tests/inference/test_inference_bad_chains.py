"""Chain files with numbers that are none: one sentence, and CosmoSIS's failed points left out."""

import numpy as np
import pytest

from jaxlike.errors import ConfigError
from jaxlike.inference.results.read_draws import read_draws


def chain(folder, *changes):
    rows = np.column_stack([np.ones(5), np.arange(5.0), np.linspace(0.1, 0.5, 5)])
    for row, column, value in changes:
        rows[row, column] = value
    np.savetxt(folder / "run.1.txt", rows, header="weight minuslogpost Omega_m", comments="# ")
    return folder / "run"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((2, 0, np.nan), "weight of row 3 is nan; weights must be >= 0"),
        ((2, 0, np.inf), "weight of row 3 is inf"),
        ((2, 0, -1.0), "weight of row 3 is -1.0"),
        ((1, 2, np.nan), "parameter 'Omega_m' is nan in draw 2; finite numbers are needed"),
        ((1, 2, -np.inf), "parameter 'Omega_m' is -inf in draw 2"),
    ],
)
def test_what_is_no_number_is_told(tmp_path, change, message):
    with pytest.raises(ConfigError, match=message):
        read_draws(chain(tmp_path, change))


def test_draws_of_no_weight_are_left_out(tmp_path):
    assert read_draws(chain(tmp_path, (2, 0, 0.0))).values.shape == (4, 1)


def cosmosis(folder, post):
    rows = np.column_stack([np.linspace(0.1, 0.5, 5), post])
    header = "cosmological_parameters--omega_m post"
    np.savetxt(folder / "run.txt", rows, header=header, comments="#")
    return folder / "run"


def test_points_where_cosmosis_failed_are_no_draws(tmp_path):
    draws = read_draws(cosmosis(tmp_path, [-1.0, -np.inf, -2.0, np.nan, -3.0]))
    np.testing.assert_array_equal(draws.log_posterior, [-1.0, -2.0, -3.0])
    np.testing.assert_allclose(draws.values[:, 0], [0.1, 0.3, 0.5])
    with pytest.raises(ConfigError, match="no draw has a weight above zero and a posterior"):
        read_draws(cosmosis(tmp_path, np.full(5, -np.inf)))
