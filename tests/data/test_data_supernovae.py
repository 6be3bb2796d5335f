"""Tables of supernovae: what is in them, and what is wrong with them in one sentence."""

import numpy as np
import pytest

from jaxlike.data import SupernovaData, read_supernovae, union3
from jaxlike.errors import DataError

TABLE = """\
#name zcmb zhel dz mb dmb
a 0.05 0.051 0.0 36.6 0.0
b 0.50 0.502 0.0 42.1 0.0
"""
COVARIANCE = "2\n0.01\n0.002\n0.002\n0.02\n"


@pytest.fixture
def written(tmp_path):
    def write(table=TABLE, covariance=COVARIANCE):
        (tmp_path / "table.txt").write_text(table)
        (tmp_path / "cov.txt").write_text(covariance)
        return tmp_path / "table.txt", tmp_path / "cov.txt"

    return write


def test_a_table_is_read(written):
    found = read_supernovae(*written())
    np.testing.assert_array_equal(found.z_cmb, [0.05, 0.5])
    np.testing.assert_array_equal(found.z_hel, [0.051, 0.502])
    np.testing.assert_array_equal(found.magnitude, [36.6, 42.1])
    np.testing.assert_array_equal(found.covariance, [[0.01, 0.002], [0.002, 0.02]])


def test_other_names_of_columns(written):
    """Pantheon+'s, whose header is no comment; without z_hel it is z_cmb."""
    found = read_supernovae(*written("zHD m_b_corr\n0.05 36.6\n0.5 42.1\n"))
    np.testing.assert_array_equal(found.z_hel, found.z_cmb)
    np.testing.assert_array_equal(found.magnitude, [36.6, 42.1])


def test_union3_comes_with_the_package():
    found = union3()
    assert found.z_cmb.shape == (22,)
    assert found.z_cmb[-1] == 2.26226
    assert found.magnitude[0] == 36.630361
    assert found.covariance[0, 0] == 0.0086044441289678


BAD = {
    "a column": (TABLE.replace(" mb", " what"), None, "the first line names no column mb or mag"),
    "a number": (TABLE.replace("42.1", "bright"), None, "line 3 has the mb 'bright', which is no"),
    "a word": (TABLE.replace("0.0 36.6 0.0", ""), None, "line 2 has 3 columns, but mb is column 5"),
    "a redshift": (TABLE.replace("0.05 ", "-0.1 "), None, "has z = -0.1, but must be above 0"),
    "supernovae": ("#zcmb mb\n", None, "has no supernovae"),
    "anything": ("", None, "the first line names no column zcmb or zhd, but nothing"),
    "a covariance": (TABLE, "3\n1\n0\n0\n1\n", "has 5 numbers, but the covariance of 2 data has 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(written, case):
    table, covariance, message = BAD[case]
    with pytest.raises(DataError, match=message) as error:
        read_supernovae(*written(table, covariance or COVARIANCE))
    assert "\n" not in str(error.value)
    assert ".txt: " in str(error.value)


def test_shapes_agree():
    with pytest.raises(DataError, match="have the shapes"):
        SupernovaData(np.ones(2), np.ones(2), np.ones(2), np.eye(3))
    two = np.ones(2), np.ones(2), np.ones(2), np.eye(2)
    with pytest.raises(DataError, match=r"calibrated has the shape \(3,\), but there are 2"):
        SupernovaData(*two, calibrated=np.ones(3))
    with pytest.raises(DataError, match="every modulus is known otherwise"):
        SupernovaData(*two, calibrated=np.ones(2))
