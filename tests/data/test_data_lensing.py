"""Band powers of CMB lensing in text: what is read, what is refused, ACT's."""

import numpy as np
import pytest

import jaxlike
from jaxlike.cli.main import main
from jaxlike.data import read_lensing_bandpowers, read_two_point
from jaxlike.errors import DataError

VALUE = np.array([2.0e-7, 1.5e-7, 1.0e-7])
COVARIANCE = np.diag((0.1 * VALUE) ** 2) + 1e-17
WINDOWS = np.array(
    [
        [2, 0, 0, 0],
        [40, 1, 0, 0],
        [60, 0.5, 0.5, 0],
        [80, 0, 1, 0.2],
        [90, 0, 0, 0.8],
        [99, 0, 0, 0],
    ]
)
# C_b of CAMB (halofit_version = mead2020, lens_potential_accuracy = 4) through ACT's windows, for
# the parameters of PLANCK
CAMB = 1e-8 * np.array(
    [20.7384, 17.6715, 13.9003, 10.4855, 7.80385, 5.83275, 4.37400, 3.26406, 2.43737, 1.84291]
)
PLANCK = {"omch2": 0.12, "ombh2": 0.02237, "H0": 67.36, "ns": 0.9649, "mnu": 0.06}


@pytest.fixture
def files(tmp_path):
    """Band powers, covariance, windows; the windows repeat a multipole without a weight."""
    found = [tmp_path / name for name in ("bdp.txt", "cov.txt", "windows.txt")]
    for file, numbers in zip(found, (VALUE, COVARIANCE, [*WINDOWS, WINDOWS[-1]]), strict=True):
        np.savetxt(file, numbers)
    return found


def test_three_files_are_read(files, tmp_path, capsys):
    data = read_lensing_bandpowers(*files)
    (m,) = data.measurements
    assert (m.statistic, m.kernel1) == ("C_ell_kappa", "cmb")
    np.testing.assert_array_equal(m.value, VALUE)
    np.testing.assert_allclose(data.covariance, COVARIANCE)
    np.testing.assert_array_equal(m.windows.ell, [40, 60, 80, 90])
    np.testing.assert_allclose(m.windows.weight @ [1, 2, 3, 4], [2, 4, 3.8])
    np.testing.assert_allclose(m.ell, [140 / 3, 220 / 3, 88])
    output = str(tmp_path / "out.sacc")
    assert main(["data", "lensing", *map(str, files), output, "--name", "act"]) == 0
    assert "3 points (3 C_ell_kappa)" in capsys.readouterr().out
    again = read_two_point(output)
    np.testing.assert_array_equal(again.value, VALUE)
    np.testing.assert_allclose(again.measurements[0].windows.weight, m.windows.weight)
    assert again.convergence[0].name == "act"


BAD = {
    "no file": (0, None, "bdp.txt: cannot be read as band powers"),
    "nothing": (0, "# none\n", "bdp.txt: has no band powers"),
    "a table": (0, "1 2\n3 4\n", "bdp.txt: has 2 columns; one number a line"),
    "a word": (0, "1e-7\nmuch\n", "bdp.txt: line 2 has the band power 'much', which is no number"),
    "covariance of others": (1, "1 0\n0 1\n", "cov.txt: has 4 numbers, but .* 3 data has 3 x 3"),
    "windows of others": (
        2,
        "40 1 0\n",
        "windows.txt: has 3 columns, .* of the 3 bands of .* are 4",
    ),
    "lines of any length": (2, "40 1 0 0\n41 0 1\n", "windows.txt: line 2 has 3 columns, but the"),
    "no window": (2, "40 1 0 0\n41 0 1 0\n", "windows.txt: windows: the window of point 3 is zero"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(files, case):
    at, text, message = BAD[case]
    files[at].unlink()
    if text is not None:
        files[at].write_text(text)
    with pytest.raises(DataError, match=message):
        read_lensing_bandpowers(*files)


def test_act_s_are_those_of_camb(shared, tmp_path, capsys):
    folder = shared / "data" / "external" / "act_dr6_lensing"
    names = "ACT_DR6_kk_bdp.txt", "ACT_DR6_kk_cov_lens_only.txt", "kk_window_functions.txt"
    output = tmp_path / "act.sacc"
    assert main(["data", "lensing", *(str(folder / name) for name in names), str(output)]) == 0
    survey = {"class": "jaxlike.cobaya.3x2pt", "data_file": str(output), "scale_cuts": "none"}
    theory = {"linear": "emulator", "nonlinear": "hmcode2020"}
    model = jaxlike.load(
        {
            "theory": {"jaxlike.cobaya.Theory": theory},
            "likelihood": {"act": {**survey, "params": {}}},
            "params": {**PLANCK, "logA": {"prior": [1.6, 4], "ref": 3.044}},
        }
    )
    off = np.asarray(model.theory_vector(model.reference)) - CAMB
    assert off @ np.linalg.solve(model.covariance, off) < 4e-4
    assert float(model.chi2(model.reference)) == pytest.approx(14.30, abs=0.03)  # of CAMB's
