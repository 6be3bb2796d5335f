"""Files of plik-lite: what is read, which bins are chosen, and what is refused."""

import numpy as np
import pytest
from planck_lite_files import EDGES, spectra, write_plik_lite

from jaxlike.data.planck_lite import planck_low_ell, read_plik_lite
from jaxlike.errors import DataError


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return write_plik_lite(tmp_path_factory.mktemp("plik"))


def test_what_the_files_say(file, tmp_path):
    found = read_plik_lite(file)
    assert found.spectrum == ("tt",) * 7 + ("te",) * 5 + ("ee",) * 5
    np.testing.assert_array_equal(found.first[:7], EDGES[:-1])
    np.testing.assert_array_equal(found.last[7:12], EDGES[1:6] - 1)
    np.testing.assert_allclose(found.weights.sum(axis=1), 1)
    ell = np.arange(EDGES[2], EDGES[3])
    C = spectra(3000)["te"][ell] * 2 * np.pi / (ell * (ell + 1.0))
    error = np.sqrt(found.covariance[9, 9])
    assert found.weights[9, : ell.size] @ C == pytest.approx(found.value[9], abs=4 * error)
    again = read_plik_lite(write_plik_lite(tmp_path, text=True))
    np.testing.assert_allclose(again.covariance, found.covariance, rtol=1e-12)


def test_a_folder_of_planck_lite_py(tmp_path):
    found = read_plik_lite(write_plik_lite(tmp_path, full=True))
    assert found.value.shape == (613,)
    assert (found.first[0], found.last[214]) == (30, 2508)


CHOSEN = {
    "one spectrum": ({"use_cl": "ee"}, [12, 13, 14, 15, 16]),
    "two": ({"use_cl": "TE tt"}, range(12)),
    "bins": ({"use_bins": "0 3 6"}, [0, 3, 6, 7, 10, 12, 15]),
    "between": ({"bins_for_L_range": "200 1000", "use_cl": "tt te"}, [2, 3, 4, 9, 10, 11]),
}


@pytest.mark.parametrize(("changed", "rows"), CHOSEN.values(), ids=CHOSEN)
def test_bins_are_chosen_as_in_cobaya(file, changed, rows):
    every, some = read_plik_lite(file), read_plik_lite(file, changed)
    rows = list(rows)
    np.testing.assert_array_equal(some.value, every.value[rows])
    np.testing.assert_array_equal(some.covariance, every.covariance[np.ix_(rows, rows)])
    np.testing.assert_array_equal(some.first, every.first[rows])


REFUSED = {
    "another spectrum": ({"use_cl": "tt bb"}, "use_cl has 'bb'; accepted are tt, te, ee"),
    "none": ({"use_cl": " "}, "use_cl is empty; accepted are"),
    "two choices": ({"use_bins": "1", "bins_for_L_range": "1 2"}, "both choose bins: give one"),
    "no bin": ({"use_bins": "9"}, "use_bins has 9, but bins are numbered 0 to 6"),
    "words": ({"use_bins": "first"}, "are whole numbers"),
    "one end": ({"bins_for_L_range": "30"}, "bins_for_L_range has 1 numbers, but must have two"),
    "nothing left": ({"bins_for_L_range": "3000 3001"}, "leave no band power"),
    "size": ({"nbintt": "6"}, "has 17 rows of 3 numbers, but 16 of 3 are needed"),
    "no number": ({"lmax": "many"}, "lmax is 'many', but must be a whole number"),
    "too few": ({"lmax": "2000"}, "lmax is 2000, but bins reach ell = 2399"),
    "no file": ({"data": ""}, "says no data"),
    "not there": ({"weights": "none.dat"}, "none.dat: cannot be read as a table"),
    "no covariance": ({"cov_file_binary": "none"}, "there is no covariance of the band powers"),
    "no Fortran": ({"cov_file_binary": "blmin.dat"}, "blmin.dat: cannot be read as a covariance"),
}


@pytest.mark.parametrize(("changed", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_said(file, changed, sentence):
    with pytest.raises(DataError, match=sentence) as error:
        read_plik_lite(file, changed)
    assert len(str(error.value).splitlines()) == 1


def test_no_numbers(file, tmp_path):
    bad = write_plik_lite(tmp_path)
    (tmp_path / "blmax.dat").write_text("1\ntwo\n")
    with pytest.raises(DataError, match=r"blmax.dat: is no table of numbers"):
        read_plik_lite(bad)
    with pytest.raises(DataError, match=r"cannot be read as a \.dataset file"):
        read_plik_lite(tmp_path / "none.dataset")


def test_low_multipoles():
    """Two bins of ell (ell + 1) C_ell, each a mean."""
    found = planck_low_ell()
    ell = found.first[:, None] + np.arange(14)
    flat = 2 * np.pi * 1000 / (ell * (ell + 1.0))
    np.testing.assert_allclose(
        np.sum(found.weights * flat, axis=1), 2 * np.pi * 1000 * 14 / np.sum(ell * (ell + 1.0), 1)
    )
    assert np.all(found.value / np.sqrt(np.diag(found.covariance)) > 10)
