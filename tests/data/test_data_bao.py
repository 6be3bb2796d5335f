"""Cobaya's two files of BAO: what is in them, and what is wrong with them in one sentence."""

import numpy as np
import pytest

from jaxlike.data import (
    BAO_QUANTITIES,
    DESI_DR2,
    BaoData,
    desi_dr2_bao,
    desi_dr2_bao_of_cosmosis,
    read_bao,
)
from jaxlike.errors import DataError

MEAN = """\
# [z] [value at z] [quantity]
0.5 13.6 DM_over_rs

0.5 21.9 bao_DH_over_rs  # Cobaya's older name
2.3 38.9 DM_over_rs
"""
COVARIANCE = "0.04 -0.03 0\n-0.03 0.2 0\n0 0 0.3\n"


@pytest.fixture
def written(tmp_path):
    def write(mean=MEAN, covariance=COVARIANCE):
        (tmp_path / "mean.txt").write_text(mean)
        (tmp_path / "cov.txt").write_text(covariance)
        return tmp_path / "mean.txt", tmp_path / "cov.txt"

    return write


def test_two_files_are_read(written):
    found = read_bao(*written())
    np.testing.assert_array_equal(found.z, [0.5, 0.5, 2.3])
    np.testing.assert_array_equal(found.value, [13.6, 21.9, 38.9])
    assert found.quantity == ("DM_over_rs", "DH_over_rs", "DM_over_rs")
    np.testing.assert_array_equal(
        found.covariance, [[0.04, -0.03, 0], [-0.03, 0.2, 0], [0, 0, 0.3]]
    )
    near = found.of_redshift(0.5)
    assert near.quantity == found.quantity[:2]
    np.testing.assert_array_equal(near.covariance, found.covariance[:2, :2])


def test_errors_may_stand_in_the_lines(written):
    file, _ = written("0.4 1.2 0.1 F_AP\n0.6 0.45 0.05 f_sigma8\n")
    np.testing.assert_allclose(read_bao(file).covariance, np.diag([0.01, 0.0025]))


def test_the_published_numbers_come_with_the_package():
    every = desi_dr2_bao()
    assert len(every.quantity) == 13
    assert every.value[0] == 7.94167639
    each = [desi_dr2_bao(name) for name, z in DESI_DR2.items() if z is not None]
    assert sum(len(one.quantity) for one in each) == 13
    # of different redshifts they are independent: to take them apart loses nothing
    ln_det = sum(np.linalg.slogdet(one.covariance)[1] for one in each)
    assert ln_det == pytest.approx(np.linalg.slogdet(every.covariance)[1], rel=1e-12)
    assert desi_dr2_bao("desi_bao_lya").quantity == ("DH_over_rs", "DM_over_rs")


BAD = {
    "a quantity": (MEAN.replace("bao_DH_over", "r_over"), None, "line 4 has the quantity"),
    "a column": (MEAN.replace("13.6 ", ""), None, "line 2 has 2 columns, not `z value quantity`"),
    "a number": (MEAN.replace("13.6", "many"), None, "line 2 has the value 'many', which is no"),
    "a redshift": (MEAN.replace("2.3", "0"), None, "has z = 0, but must be above 0"),
    "nothing": ("# nothing\n", None, "has no line `z value quantity`"),
    "a covariance of others": (MEAN, "1 0\n0 1\n", "has 4 numbers, but the covariance of 3 data"),
    "an asymmetric one": (MEAN, "1 0.5 0\n0 1 0\n0 0 1\n", "is not symmetric"),
    "one that is none": (MEAN, "1 2 0\n2 1 0\n0 0 1\n", "is not positive definite"),
    "a word in it": (MEAN, "1 0 0\n0 x 0\n0 0 1\n", "line 2 has the element 'x'"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(written, case):
    mean, covariance, message = BAD[case]
    with pytest.raises(DataError, match=message) as error:
        read_bao(*written(mean, covariance or COVARIANCE))
    assert "\n" not in str(error.value)
    assert ".txt: " in str(error.value)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(DataError, match=r"none.txt: cannot be read as BAO measurements"):
        read_bao(tmp_path / "none.txt")
    with pytest.raises(DataError, match="no sample 'desi_bao'; they are desi_bao_all"):
        desi_dr2_bao("desi_bao")
    with pytest.raises(DataError, match=f"accepted are {BAO_QUANTITIES[0]}"):
        BaoData(np.ones(1), np.ones(1), ("D_V",), np.eye(1))
    with pytest.raises(DataError, match="shapes"):
        BaoData(np.ones(2), np.ones(1), ("F_AP",), np.eye(1))


def test_the_numbers_of_cosmosis_are_those_of_the_release_but_rounded():
    """They are within 0.04 errors, which differ by 6 % at most; D_M and D_H are anticorrelated."""
    released, rounded = desi_dr2_bao(), desi_dr2_bao_of_cosmosis()
    at = [*zip(released.z, released.quantity, strict=True)]
    order = [at.index(one) for one in zip(rounded.z, rounded.quantity, strict=True)]
    assert sorted(order) == list(range(13))
    error = np.sqrt(np.diag(released.covariance))[order]
    assert np.all(np.abs(rounded.value - released.value[order]) < 0.04 * error)
    np.testing.assert_allclose(np.sqrt(np.diag(rounded.covariance)), error, rtol=0.06)
    same_z = rounded.z[:, None] == rounded.z
    assert np.all((rounded.covariance != 0) == same_z)
    assert np.all(rounded.covariance[same_z & ~np.eye(13, dtype=bool)] < 0)
    assert desi_dr2_bao_of_cosmosis("desi_bao_qso").value.tolist() == [30.519, 12.816]
