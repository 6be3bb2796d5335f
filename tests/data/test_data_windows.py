"""Bandpower windows: what they check, and how they come out of SACC files and through cuts."""

from dataclasses import replace

import numpy as np
import pytest

from jaxlike.data import (
    BandpowerWindows,
    apply_scale_cuts,
    from_sacc,
    read_scale_cuts,
    read_two_point,
    write_sacc,
    write_two_point_fits,
)
from jaxlike.errors import DataError

sacc = pytest.importorskip("sacc", reason="sacc is not installed")

Z = np.arange(0.01, 2.0, 0.02)


@pytest.mark.parametrize(
    ("ell", "weight", "row", "message"),
    [
        ([2, 2], np.ones((1, 2)), [0], "multipoles must be >= 0 and increase"),
        ([2, 3], np.ones((1, 3)), [0], "weights of 3 multipoles are given for 2"),
        ([2, 3], np.ones((1, 2)), [1], "rows must be those of the 1 windows"),
        ([2, 3], np.zeros((1, 2)), [0], "the window of point 1 is zero at every multipole"),
    ],
)
def test_windows_check_themselves(ell, weight, row, message):
    with pytest.raises(DataError, match=message):
        BandpowerWindows(np.array(ell), weight, np.array(row))


def test_windows_belong_to_as_many_points_of_a_c_ell(cl_data, small_data):
    windows = BandpowerWindows(np.arange(2, 5), np.ones((1, 3)), np.zeros(4))
    with pytest.raises(DataError, match="has 24 points, but 4 windows"):
        replace(cl_data.measurements[0], windows=windows)
    with pytest.raises(DataError, match="only a C_ell has bandpower windows"):
        replace(small_data.measurements[0], windows=windows)


def windowed(windows, kind="galaxy_shear_cl_ee"):
    s = sacc.Sacc()
    for name in ("src0", "src1"):
        s.add_tracer("NZ", name, Z, np.exp(-(((Z - 0.7) / 0.2) ** 2)), quantity="galaxy_shear")
    for i, (pair, window) in enumerate(windows):
        tags = {} if window is None else {"window": window[0], "window_ind": window[1]}
        s.add_data_point(kind, pair, float(i), ell=25.0 + 50 * i, **tags)
    s.add_covariance(np.ones(len(windows)))
    return s


AUTO = ("src0", "src0")


def test_windows_are_shared_cut_and_written(tmp_path):
    rng = np.random.default_rng(0)
    one = sacc.BandpowerWindow(np.arange(2, 30), rng.random((28, 2)))
    other = sacc.BandpowerWindow(np.arange(10, 60), rng.random((50, 1)))
    s = windowed([(AUTO, (one, 1)), (("src0", "src1"), (one, 1)), (AUTO, (other, 0))])
    s.save_fits(str(tmp_path / "x.fits"))
    data = read_two_point(tmp_path / "x.fits")
    windows = data.measurements[0].windows
    np.testing.assert_array_equal(windows.ell, np.arange(2, 60))
    np.testing.assert_array_equal(windows.row, [0, 0, 1])
    np.testing.assert_array_equal(windows.weight[0, :28], one.weight[:, 1])
    np.testing.assert_array_equal(windows.weight[1, 8:], other.weight[:, 0])
    assert not windows.weight[0, 28:].any()
    assert windows.span() == (2.0, 59.0)

    (tmp_path / "cuts.yaml").write_text("min_ell: 30\nmax_ell: 100")
    cut = apply_scale_cuts(data, read_scale_cuts(tmp_path / "cuts.yaml"))
    np.testing.assert_array_equal(cut.measurements[0].windows.row, [0])
    write_sacc(data, tmp_path / "y.sacc")
    again = read_two_point(tmp_path / "y.sacc").measurements[0].windows
    for field in ("ell", "weight", "row"):
        np.testing.assert_array_equal(getattr(again, field), getattr(windows, field))
    with pytest.raises(DataError, match="no place for the bandpower windows"):
        write_two_point_fits(data, tmp_path / "z.fits")


def test_a_top_hat_is_a_mean_over_multipoles():
    data = from_sacc(windowed([(AUTO, (sacc.TopHatWindow(10, 14), 0))]), "memory")
    windows = data.measurements[0].windows
    np.testing.assert_array_equal(windows.ell, [10, 11, 12, 13])
    np.testing.assert_array_equal(windows.weight, [[0.25] * 4])
