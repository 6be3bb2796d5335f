"""Shear ratios in pickles: arrays are read, and nothing that a pickle asks for is run."""

import io
import os
import pickle
import subprocess

import numpy as np
import pytest

from jaxlike.data import convert_shear_ratios, read_psf, read_shear_ratios
from jaxlike.data.pickled import arrays_of_pickle
from jaxlike.errors import DataError

LIMITS = {"theta_min": [[2.5, 1.0]], "theta_max": [20.0, 5.0]}
ARRAYS = {
    "theta_data": np.geomspace(2.0, 10.0, 4),
    "measured_ratios": np.array([0.5, 0.2]),
    "ratio_cov": np.diag([0.01, 0.02]),
    "inv_cov_individual_ratios": [np.diag([1.0, 2.0, 4.0, 8.0])] * 2,
    "nbin_lens": 2,
    "nbin_source": 2,
}


def write(path, content, protocol=4):
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    return str(path)


class Runs:
    """What loading it calls."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_are_those_that_were_written(tmp_path, protocol):
    """Of every order, of both byte orders and of integers; as text's bytes in old protocols."""
    content = {
        **ARRAYS,
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "swapped": np.arange(3.0).astype(">f8"),
        "counts": np.arange(4, dtype="i4"),
    }
    if protocol == 2:  # which writes bytes as a call of a codec
        with pytest.raises(DataError, match=r"it names _codecs\.encode"):
            arrays_of_pickle(write(tmp_path / "a.pkl", content, protocol))
        return
    if protocol == 5:  # in which arrays are buffers
        with pytest.raises(DataError, match=r"it names numpy.*_frombuffer"):
            arrays_of_pickle(write(tmp_path / "a.pkl", content, protocol))
        return
    found = arrays_of_pickle(write(tmp_path / "a.pkl", content, protocol))
    assert list(found) == list(content)
    for name, value in content.items():
        np.testing.assert_array_equal(found[name], value)


def test_converted_ratios_are_read(tmp_path):
    source = write(tmp_path / "ratios.pkl", ARRAYS)
    convert_shear_ratios(source, tmp_path / "ratios.npz", **LIMITS)
    found = read_shear_ratios(str(tmp_path / "ratios.npz"))
    np.testing.assert_array_equal(found["value"], ARRAYS["measured_ratios"])
    np.testing.assert_allclose(found["weights"][0, 0], np.array([0, 2, 4, 8]) / 14)


# what makes a file, or nothing that arrays need
DANGEROUS = {
    "a program": lambda file: Runs(os.system, f"touch {file}"),
    "a process": lambda file: Runs(subprocess.call, ["touch", str(file)]),
    "python": lambda file: Runs(eval, f"open('{file}', 'w')"),
    "a getter": lambda file: Runs(getattr, "", "format"),
    "objects": lambda file: np.array([Runs(os.system, f"touch {file}"), 1], dtype=object),
    "a scalar": lambda file: np.float64(1.0),
    "another class": lambda file: io.BytesIO(b"x"),
}


@pytest.mark.parametrize("case", DANGEROUS)
def test_nothing_is_run(tmp_path, case):
    write(tmp_path / "bad.pkl", {**ARRAYS, "more": DANGEROUS[case](tmp_path / "made")})
    with pytest.raises(DataError, match=r"'.*bad\.pkl' is no pickle of arrays of numbers alone"):
        convert_shear_ratios(tmp_path / "bad.pkl", tmp_path / "out.npz", **LIMITS)
    assert [file.name for file in tmp_path.iterdir()] == ["bad.pkl"]


def test_a_pickle_that_changes_what_it_names_changes_nothing_else(tmp_path):
    """It sets an attribute of what stands for numpy.ndarray's maker, by GLOBAL and BUILD."""
    name = b"X\x08\x00\x00\x00__name__X\x01\x00\x00\x00x"
    code = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nN}" + name + b"s\x86b."
    (tmp_path / "odd.pkl").write_bytes(code)
    with pytest.raises(DataError, match="of other than a dictionary of arrays"):
        arrays_of_pickle(str(tmp_path / "odd.pkl"))
    source = write(tmp_path / "ratios.pkl", ARRAYS)
    np.testing.assert_array_equal(arrays_of_pickle(source)["ratio_cov"], ARRAYS["ratio_cov"])


WRONG = {
    "cut": (lambda: pickle.dumps(ARRAYS)[:300], LIMITS, "is no pickle of arrays of numbers alone"),
    "list": (lambda: pickle.dumps([1, 2]), LIMITS, "of other than a dictionary of arrays"),
    "absent": (
        lambda: pickle.dumps({"theta_data": 1.0}, protocol=4),
        LIMITS,
        "has no array 'measured_ratios'; it has theta_data",
    ),
    "limits": (
        lambda: pickle.dumps(ARRAYS, protocol=4),
        {**LIMITS, "theta_max": [0.1, 0.1]},
        "theta_min and theta_max leave no angle to lens bin 1",
    ),
    "text": (
        lambda: pickle.dumps({**ARRAYS, "ratio_cov": "many"}, protocol=4),
        LIMITS,
        "ratio_cov",
    ),
    "ragged": (
        lambda: pickle.dumps({**ARRAYS, "ratio_cov": [[1.0], [1.0, 2.0]]}, protocol=4),
        LIMITS,
        "ratio_cov",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_bad_pickle_is_an_error_that_names_it(tmp_path, case):
    content, limits, message = WRONG[case]
    (tmp_path / "bad.pkl").write_bytes(content())
    with pytest.raises(DataError, match=rf"'.*bad\.pkl'.*{message}"):
        convert_shear_ratios(tmp_path / "bad.pkl", tmp_path / "out.npz", **limits)


def test_a_pickle_in_the_place_of_a_npz_file(tmp_path):
    source = write(tmp_path / "ratios.pkl", ARRAYS)
    with pytest.raises(DataError, match=r"shear_ratios '.*' is a pickle, .*convert_shear_ratios m"):
        read_shear_ratios(source)
    with pytest.raises(DataError, match=r"psf_file '.*' is a pickle, .* a .npz file as numpy"):
        read_psf(source)
    with pytest.raises(DataError, match=r"'.*none\.pkl' cannot be read: No such file"):
        convert_shear_ratios(tmp_path / "none.pkl", tmp_path / "out.npz", **LIMITS)
