"""Files that look like data and are not: each kind is refused in a sentence, none is guessed at."""

import copy
import gzip

import numpy as np
import pytest

from jaxlike.data import apply_scale_cuts, read_scale_cuts, read_two_point
from jaxlike.errors import DataError


def of_type(hdu, column, dtype):
    """The HDU's table with a column of another type."""

    def change(hdus):
        old = hdus[hdu].data
        types = [(n, dtype if n == column else old.dtype[n].str) for n in old.dtype.names]
        table = np.zeros(old.size, types)
        for name in old.dtype.names:
            table[name] = old[name].astype(table.dtype[name])
        hdus[hdu].data = table

    return change


def in_unit(unit):
    return lambda hdus: hdus["xip"].units.__setitem__(4, unit)


def windows_of(name):
    def change(hdus):
        hdus["xip"].header["WINDOWS"] = name

    return change


def times(factor):
    def change(hdus):
        hdus["xip"].data["ANG"] *= factor

    return change


def with_edges(low, high):
    def change(hdus):
        old = hdus["xip"].data
        table = np.zeros(old.size, [*old.dtype.descr, ("ANGLEMIN", "f8"), ("ANGLEMAX", "f8")])
        for name in old.dtype.names:
            table[name] = old[name]
        table["ANGLEMIN"], table["ANGLEMAX"] = low * old["ANG"], high * old["ANG"]
        hdus["xip"].data = table
        hdus["xip"].units = ["", "", "", "", "arcmin", "", "", "arcmin", "arcmin"]

    return change


def row_twice(hdus):
    hdus["xip"].data[1] = hdus["xip"].data[0]


def pair_twice(hdus):
    table = hdus["xip"].data
    table["BIN1"][6:9], table["BIN2"][6:9] = 2, 1


def table_twice(hdus):
    hdus["again"] = copy.deepcopy(hdus["xip"])
    covariance = np.eye(45)
    covariance[:36, :36] = hdus["COVMAT"].data
    hdus["COVMAT"].data = covariance
    hdus["COVMAT"].header |= {"STRT_4": 36, "NAME_4": "again"}


def covariance_twice(hdus):
    hdus["COVMAT_2"] = copy.deepcopy(hdus["COVMAT"])


def same_rows(hdus):
    covariance = hdus["COVMAT"].data
    covariance[1] = covariance[0]
    covariance[:, 1] = covariance[:, 0]
    covariance[1, 1] = covariance[0, 0] * (1 + 1e-15)


def asymmetric(hdus):
    hdus["COVMAT"].data[3, 7] *= 2


REFUSED = {
    "text": (
        of_type("xip", "VALUE", "S24"),
        "'xip' column VALUE must hold numbers, and holds text",
    ),
    "text of bins": (
        of_type("xip", "BIN1", "S24"),
        "column BIN1 must hold numbers, and holds text",
    ),
    "text of angles": (
        of_type("xip", "ANG", "S24"),
        "column ANG must hold numbers, and holds text",
    ),
    "text of n(z)": (of_type("nz_source", "BIN2", "S24"), "'nz_source' column BIN2 .* holds text"),
    "logicals": (of_type("xip", "VALUE", "?"), "column VALUE .* holds logicals"),
    "complex": (of_type("xip", "VALUE", "c16"), "column VALUE .* holds complex numbers"),
    "deg": (in_unit("deg"), "ANG goes from 325.8 to 7020, .* 0.01 to 1800 arcmin: is its unit"),
    "rad": (in_unit("rad"), "0.01 to 1800 arcmin: is its unit .TUNIT. right"),
    "windows": (windows_of("xip_win"), "'xip' keyword WINDOWS is 'xip_win'; accepted is SAMPLE"),
    "no angle": (times(1e-12), "ANG goes from 5.431e-12 to 1.17e-10"),
    "no sky": (times(1e5), "ANG goes from 5.431e"),
    "above its bin": (with_edges(0.8, 0.9), "row 1, outside its bin, ANGLEMIN 4.3446 to ANGLEMAX"),
    "below its bin": (with_edges(1.1, 1.3), "is 5.4308 arcmin in row 1, outside its bin"),
    "a row twice": (row_twice, "'xip' has bins 1-1 at 5.4308 more than once"),
    "a pair twice": (pair_twice, "'xip' has bins 1-2 at 5.4308 more than once"),
    "a table twice": (table_twice, "HDUs 'xip' and 'again' both have xi_plus of bins 1-1"),
    "two covariances": (covariance_twice, "has 2 covariances, the HDUs 'COVMAT', 'COVMAT_2'; only"),
    "singular": (same_rows, "not positive definite: the smallest eigenvalue"),
    "asymmetric": (
        asymmetric,
        r"\(4, 8\) and \(8, 4\) are .* differ by 0.1 of sigma_4 sigma_8; up",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_meant_is_refused(small_hdus, save, name):
    change, message = REFUSED[name]
    change(small_hdus)
    with pytest.raises(DataError, match=message) as raised:
        read_two_point(save(small_hdus))
    assert "\n" not in str(raised.value)


def test_angles_at_the_edges_of_their_bins_are_inside(small_hdus, save):
    with_edges(1.0, 1.5)(small_hdus)
    assert read_two_point(save(small_hdus)).n_data == 36


def test_small_asymmetry_is_averaged_out(small_hdus, save):
    """As in KiDS-1000's xi+-, whose lower and upper triangle give chi^2 that differ by 0.9."""
    expected = small_hdus["COVMAT"].data.copy()
    small_hdus["COVMAT"].data[3, 7] *= 1.1
    small_hdus["COVMAT"].data[7, 3] *= 0.9
    path = save(small_hdus)
    with pytest.warns(UserWarning, match=rf"{path}: HDU 'COVMAT' is not symmetric, by up to 0.02"):
        data = read_two_point(path)
    np.testing.assert_allclose(data.covariance, expected, rtol=1e-14)


def test_kids_1000_as_it_is_published(shared):
    file = shared / "data" / "stage3" / "kids_1000_xipm.fits"
    if not file.is_file():
        pytest.skip(f"needs {file}")
    with pytest.warns(UserWarning, match="not symmetric, by up to 0.017 of sigma_i sigma_j"):
        data = read_two_point(file)
    assert data.statistics == ("xi_plus", "xi_minus")
    assert data.n_data == 270


def test_compressed_files(small_hdus, save, tmp_path):
    plain = save(small_hdus)
    packed = tmp_path / "no ending[1]"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    np.testing.assert_array_equal(read_two_point(packed).value, read_two_point(plain).value)
    packed.write_bytes(gzip.compress(plain.read_bytes())[:-2000])
    with pytest.raises(DataError, match=r"no ending\[1\]: cannot be decompressed"):
        read_two_point(packed)


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "~nobody_here/x", "x" * 5000])
def test_what_is_no_name_of_a_file(name):
    with pytest.raises(DataError, match="cannot be the name of a file") as raised:
        read_two_point(name)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            "min_angle: 1\nmin_angle: 2",
            "line 2: not valid YAML|is not yaml .key 'min_angle' is given",
        ),
        ("min_angle: {xi_plus: {1-1: 3, 1-1: 4}}", "key '1-1' is given twice"),
        ("min_angle: {xi_plus: {1-2: 3, 2-1: 4}}", "xi_plus has 1-2 and 2-1, which are one pair"),
        (
            "min_angle: {xi_plus: {1-*: 3, 7-7: 4}}",
            "have xi_plus of bins 7-7, but 'xip' has .* 2-2",
        ),
        ("min_angle: {xi_plus: {3-*: 3, '*-*': 4}}", "have xi_plus of bins 3-.*, but 'xip' has"),
    ],
)
def test_scale_cuts_say_all_once_of_bins_that_there_are(
    small_hdus, save, tmp_path, limits, message
):
    data = read_two_point(save(small_hdus), probes=["xi_plus"])
    (tmp_path / "cuts.yaml").write_text(limits)
    with pytest.raises(DataError, match=message):
        apply_scale_cuts(data, read_scale_cuts(tmp_path / "cuts.yaml"))


def test_limits_of_one_pair_may_be_told_in_either_order(small_hdus, save, tmp_path):
    data = read_two_point(save(small_hdus), probes=["gamma_t"])
    (tmp_path / "cuts.yaml").write_text("min_angle: {gamma_t: {1-2: 10, 2-1: 1, '*-*': 1}}")
    assert apply_scale_cuts(data, read_scale_cuts(tmp_path / "cuts.yaml")).n_data == 11


def header_changed(key, value):
    """A change of the bytes of a file: the first card of this key after xip's name."""

    def change(content):
        start = content.index(b"XTENSION", content.index(b"'COVMAT"))
        at = content.index(key.ljust(8).encode() + b"= ", start)
        card = f"{key:<8}= {value:>20}".ljust(80).encode()
        return content[:at] + card + content[at + 80 :]

    return change


SPOILT = {
    "rows": (header_changed("NAXIS2", 10**9), "is said to end at byte 5[0-9]+, and the file has"),
    "columns": (header_changed("TFIELDS", 10**9), "is no HDU"),
    "a rotten card": (
        lambda content: content.replace(
            b"XTENSION= 'BINTABLE'", b"XTENSION= \xff\xfe\xfd" + b" " * 7, 1
        ),
        "its headers cannot be read|header of HDU . cannot be read|cannot be read as FITS",
    ),
    "what follows": (lambda content: content + b"\x81" * 2880, "is damaged"),
    "bytes that follow": (lambda content: content + b"hello", "are not a multiple of the 2880"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_headers(small_hdus, save, name):
    """No table of a billion rows is made room for, no header ends in a traceback."""
    change, message = SPOILT[name]
    file = save(small_hdus)
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(DataError, match=message) as raised:
        read_two_point(file)
    assert str(file) in str(raised.value)
