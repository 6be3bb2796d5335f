"""The containers: selection of points and probes, immutability, self-checks."""

from dataclasses import replace

import numpy as np
import pytest

from jaxlike.data import read_two_point_fits
from jaxlike.errors import DataError


@pytest.fixture
def data(small_hdus, save):
    return read_two_point_fits(save(small_hdus))


def test_select_keeps_points_and_their_covariance(data):
    mask = np.zeros(36, dtype=bool)
    mask[[0, 4, 35]] = True
    some = data.select(mask)
    np.testing.assert_array_equal(some.value, [0, 4, 35])
    np.testing.assert_array_equal(some.covariance, data.covariance[np.ix_(mask, mask)])
    assert [m.name for m in some.measurements] == ["xip", "wtheta"]
    assert [nz.name for nz in some.nz] == ["nz_source", "nz_lens"]
    assert some.source == data.source


@pytest.mark.parametrize(
    "mask, part",
    [(np.ones(35, bool), "36 booleans"), (np.ones(36), "36 booleans"), ([False] * 36, "none")],
)
def test_select_refuses(data, mask, part):
    with pytest.raises(DataError, match=part):
        data.select(mask)


def test_with_probes_keeps_file_order(data):
    assert data.statistics == ("xi_plus", "xi_minus", "gamma_t", "w")
    both = data.with_probes(["w", "xi_plus"])
    assert both.statistics == ("xi_plus", "w")
    np.testing.assert_array_equal(both.value, [*range(9), *range(30, 36)])


def test_with_probes_names_what_is_absent(data):
    with pytest.raises(DataError, match=r"unknown probe 'xip'; .*xi_plus, xi_minus, gamma_t, w"):
        data.with_probes(["xip"])
    with pytest.raises(DataError, match=r"fabricated\.fits: .*'w'; the file has xi_plus"):
        data.with_probes(["xi_plus"]).with_probes(["w"])
    with pytest.raises(DataError, match="none of the 36 points"):
        data.with_probes([])


def test_lookup_by_name(data):
    assert data.measurement("XIP").statistic == "xi_plus"
    assert data.distribution("NZ_LENS").n_bin == 2
    with pytest.raises(DataError, match=r"no HDU 'nz'; there are: nz_source, nz_lens"):
        data.distribution("nz")


def test_arrays_are_read_only_copies(data):
    for array in (data.covariance, data.measurements[0].value, data.nz[0].dndz):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0
    mine = np.ones(9)
    measurement = replace(data.measurements[0], value=mine)
    mine[0] = 2.0
    assert measurement.value[0] == 1.0


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"statistic": "xi"}, "unknown probe 'xi'"),
        ({"value": np.ones(8)}, "'xip' column BIN1 has 9"),
        ({"value": ["a"] * 9}, "'xip' column VALUE must hold numbers"),
        ({"value": np.ones((3, 3))}, "'xip' column VALUE has 2 dimension"),
        ({"bin1": np.full(9, 1.5)}, "'xip' column BIN1 must hold whole numbers"),
        ({"theta_min_arcmin": np.ones(9)}, "'xip' must have both columns ANGLEMIN and ANGLEMAX"),
        (
            {"theta_min_arcmin": np.ones(9), "theta_max_arcmin": np.ones(9)},
            "'xip' columns must satisfy 0 <= ANGLEMIN < ANGLEMAX",
        ),
    ],
)
def test_measurement_checks_itself(data, changes, part):
    with pytest.raises(DataError, match=part):
        replace(data.measurements[0], **changes)


@pytest.mark.parametrize(
    "changes, part",
    [
        ({"dndz": np.ones((2, 3))}, "'nz_source' column BIN1 has 3"),
        ({"dndz": np.ones((0, 350))}, "'nz_source' needs a column BIN1"),
        ({"n_gal": [1.0]}, "'nz_source' keywords NGAL_i has 1"),
        ({"sigma_e": [0.3, -0.3]}, "'nz_source' keywords SIG_E_i must be >= 0"),
    ],
)
def test_distribution_checks_itself(data, changes, part):
    with pytest.raises(DataError, match=part):
        replace(data.nz[0], **changes)


def test_names_must_differ(data):
    with pytest.raises(DataError, match="'xip' is there 2 times"):
        replace(data, measurements=(data.measurements[0],) * 2, covariance=np.eye(18))
    with pytest.raises(DataError, match="no two-point measurement"):
        replace(data, measurements=(), covariance=np.eye(0))
