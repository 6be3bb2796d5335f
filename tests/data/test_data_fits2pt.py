"""The 2pt FITS reader and writer: layouts, round trips, and one sentence for each bad file."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import fitsio
import numpy as np
import pytest

from jaxlike.data import TwoPointData, read_two_point_fits, write_two_point_fits
from jaxlike.errors import DataError

ARRAYS = ("bin1", "bin2", "angle_bin", "theta_arcmin", "value")


def assert_same(a: TwoPointData, b: TwoPointData) -> None:
    assert [m.name for m in a.measurements] == [m.name for m in b.measurements]
    assert [nz.name for nz in a.nz] == [nz.name for nz in b.nz]
    np.testing.assert_array_equal(a.covariance, b.covariance)
    for m, n in zip(a.measurements, b.measurements, strict=True):
        assert (m.statistic, m.kernel1, m.kernel2) == (n.statistic, n.kernel1, n.kernel2)
        for field in (*ARRAYS, "theta_min_arcmin", "theta_max_arcmin"):
            np.testing.assert_array_equal(getattr(m, field), getattr(n, field))
    for p, q in zip(a.nz, b.nz, strict=True):
        for field in ("z_low", "z_mid", "z_high", "dndz", "n_gal", "sigma_e"):
            np.testing.assert_array_equal(getattr(p, field), getattr(q, field))


def test_real_file(real_file):
    data = read_two_point_fits(real_file)
    sizes = {m.statistic: m.value.size for m in data.measurements}
    assert sizes == {"xi_plus": 167, "xi_minus": 60, "gamma_t": 176, "w": 54}
    assert data.n_data == data.value.size == 457
    assert [(nz.name, nz.dndz.shape) for nz in data.nz] == [
        ("NZ_SOURCE", (4, 351)),
        ("NZ_LENS", (5, 351)),
    ]
    with fitsio.FITS(str(real_file)) as fits:
        np.testing.assert_array_equal(data.covariance, fits["COVMAT"].read())
        np.testing.assert_array_equal(data.measurement("gammat").value, fits["gammat"]["VALUE"][:])
        np.testing.assert_array_equal(
            data.distribution("NZ_LENS").dndz[2], fits["NZ_LENS"]["BIN3"][:]
        )
    gammat = data.measurement("gammat")
    assert (gammat.kernel1, gammat.kernel2) == ("NZ_LENS", "NZ_SOURCE")
    assert data.distribution("NZ_SOURCE").n_gal is None


@pytest.mark.parametrize("integer, floating", [(">i8", ">f8"), ("<i4", "<f4"), (">f8", ">f8")])
@pytest.mark.parametrize(
    "order", [("xip", "xim", "gammat", "wtheta"), ("wtheta", "gammat", "xim", "xip")]
)
def test_des_layout(make_hdus, save, integer, floating, order):
    hdus = make_hdus(integer=integer, floating=floating, covariance_order=order)
    data = read_two_point_fits(save(hdus))
    assert [m.value.size for m in data.measurements] == [200, 200, 400, 100]
    np.testing.assert_array_equal(data.value, np.arange(900))
    plain = read_two_point_fits(save(make_hdus()))
    np.testing.assert_array_equal(data.covariance, plain.covariance)
    for array in (data.covariance, data.value, data.measurements[0].bin1, data.nz[0].dndz):
        assert array.dtype.isnative
        assert array.dtype.itemsize == 8
    source, lens = data.nz
    assert (source.name, lens.name) == ("nz_source", "nz_lens")
    assert {m.kernel1 for m in data.measurements} == {"nz_source", "nz_lens"}
    np.testing.assert_array_equal(source.sigma_e, 4 * [0.27])
    np.testing.assert_array_equal(lens.n_gal, [2.5, 3.5, 4.5, 5.5, 6.5])
    assert lens.sigma_e is None


@pytest.mark.parametrize("unit", ["arcsec", "deg", "rad", None])
def test_angles_are_converted_to_arcmin(make_hdus, small_hdus, save, unit):
    expected = read_two_point_fits(save(small_hdus)).measurements[0].theta_arcmin
    hdus = make_hdus(n_source=2, n_lens=2, n_angle=3, unit=unit or "arcmin")
    told = nullcontext()
    if unit is None:
        hdus["xip"].units = None
        told = pytest.warns(UserWarning, match="'xip' column ANG has no unit .TUNIT.: arcmin is")
    with told:
        theta = read_two_point_fits(save(hdus)).measurements[0].theta_arcmin
    np.testing.assert_allclose(theta, expected, rtol=1e-14)


def test_edges_of_angular_bins_are_read(small_hdus, save):
    old = small_hdus["wtheta"].data
    table = np.zeros(old.size, dtype=[*old.dtype.descr, ("ANGLEMIN", "f8"), ("ANGLEMAX", "f8")])
    for column in old.dtype.names:
        table[column] = old[column]
    table["ANGLEMIN"], table["ANGLEMAX"] = 0.9 * old["ANG"], 1.1 * old["ANG"]
    small_hdus["wtheta"].data = table
    small_hdus["wtheta"].units = 4 * [""] + ["arcmin", "", "", "arcmin", "arcmin"]
    w = read_two_point_fits(save(small_hdus)).measurement("wtheta")
    np.testing.assert_allclose(w.theta_min_arcmin, 0.9 * w.theta_arcmin)
    np.testing.assert_allclose(w.theta_max_arcmin, 1.1 * w.theta_arcmin)


def test_round_trip(small_hdus, save, tmp_path):
    data = read_two_point_fits(save(small_hdus))
    a, b = tmp_path / "a.fits", tmp_path / "b.fits"
    for path in (a, b):
        write_two_point_fits(data, path, header={"SEED": 42, "MADEBY": "a test " * 20})
    assert a.read_bytes() == b.read_bytes()
    assert_same(data, read_two_point_fits(a))
    assert fitsio.read_header(str(a))["SEED"] == 42
    assert not list(tmp_path.glob(".*")), "no temporary file stays"


def test_real_round_trip(real_file, tmp_path):
    data = read_two_point_fits(real_file)
    write_two_point_fits(data, tmp_path / "copy.fits")
    assert_same(data, read_two_point_fits(tmp_path / "copy.fits"))


def test_writer_overwrites_only_when_asked(small_hdus, save, tmp_path):
    data = read_two_point_fits(save(small_hdus))
    target = tmp_path / "out.fits"
    target.write_text("precious")
    with pytest.raises(DataError, match=r"out\.fits: exists already"):
        write_two_point_fits(data, target)
    assert target.read_text() == "precious"
    write_two_point_fits(data, target, overwrite=True)
    assert_same(data, read_two_point_fits(target))
    with pytest.raises(DataError, match="cannot be written"):
        write_two_point_fits(data, tmp_path / "absent" / "out.fits")


def set_cell(hdu: str, column: str, value: float) -> Callable[[Any], None]:
    return lambda hdus: hdus[hdu].data[column].__setitem__(0, value)


def set_keyword(hdu: str, key: str, value: Any) -> Callable[[Any], None]:
    return lambda hdus: hdus[hdu].header.__setitem__(key, value)


def set_covariance(*elements: tuple[int, int], value: float) -> Callable[[Any], None]:
    def change(hdus):
        for element in elements:
            hdus["COVMAT"].data[element] = value

    return change


def replace_data(hdu: str, function: Callable[[Any], Any]) -> Callable[[Any], None]:
    return lambda hdus: setattr(hdus[hdu], "data", function(hdus[hdu].data))


def rename_in_covariance(hdus: Any) -> None:
    hdus["COVMAT"].header["NAME_1"] = "xi_minus"


def make_image(hdus: Any) -> None:
    hdus["xip"].data, hdus["xip"].units = np.zeros((3, 3)), None


BAD_FILES = {
    # what is wrong: (change of the HDUs, what the message must say)
    "no covariance": (lambda h: h.pop("COVMAT"), ["no HDU 'COVMAT'"]),
    "no table of a covariance block": (lambda h: h.pop("xim"), ["'COVMAT'", "NAME_1", "'xim'"]),
    "no n(z)": (lambda h: h.pop("nz_lens"), ["'gammat'", "KERNEL_1", "'NZ_LENS'", "nz_source"]),
    "no two-point table": (
        lambda h: [h.pop(name) for name in ("xip", "xim", "gammat", "wtheta")],
        ["2PTDATA"],
    ),
    "no column VALUE": (lambda h: h["xip"].drop_column("VALUE"), ["'xip'", "VALUE", "ANGBIN"]),
    "no column BIN2": (lambda h: h["wtheta"].drop_column("BIN2"), ["'wtheta'", "BIN2"]),
    "no column ANG": (lambda h: h["gammat"].drop_column("ANG"), ["'gammat'", "ANG"]),
    "no column Z_MID": (lambda h: h["nz_lens"].drop_column("Z_MID"), ["'nz_lens'", "Z_MID"]),
    "no keyword QUANT2": (lambda h: h["xip"].header.pop("QUANT2"), ["'xip'", "QUANT2"]),
    "no keyword NAME": (lambda h: h["COVMAT"].header.pop("NAME_3"), ["'COVMAT'", "'wtheta'"]),
    "image for a table": (make_image, ["'xip'", "no column BIN1"]),
    "table without rows": (replace_data("xip", lambda d: d[:0]), ["'xip'", "no rows"]),
    "covariance too small": (
        replace_data("COVMAT", lambda d: d[:-1, :-1].copy()),
        ["'COVMAT'", "35 x 35", "36 x 36"],
    ),
    "covariance not square": (
        replace_data("COVMAT", lambda d: d[:-1].copy()),
        ["'COVMAT'", "35 x 36", "36 x 36"],
    ),
    "covariance blocks moved": (set_keyword("COVMAT", "STRT_1", 10), ["'COVMAT'", "'xip'", "9"]),
    "covariance blocks unreadable": (set_keyword("COVMAT", "STRT_1", -9), ["'COVMAT'", "STRT_1"]),
    "covariance names unknown": (rename_in_covariance, ["'COVMAT'", "NAME_1", "'xi_minus'"]),
    "covariance not symmetric": (
        set_covariance((0, 1), value=0.5),
        ["'COVMAT'", "not symmetric", "(1, 2)"],
    ),
    "covariance not positive definite": (
        set_covariance((0, 1), (1, 0), value=2.0),
        ["'COVMAT'", "not positive definite", "eigenvalue"],
    ),
    "negative variance": (
        set_covariance((4, 4), value=-1.0),
        ["'COVMAT'", "not positive definite", "element 5"],
    ),
    "NaN in covariance": (set_covariance((2, 3), value=np.nan), ["'COVMAT'", "nan", "(3, 4)"]),
    "NaN in data": (set_cell("xim", "VALUE", np.nan), ["'xim'", "VALUE", "nan", "row 1"]),
    "infinite angle": (set_cell("xim", "ANG", np.inf), ["'xim'", "ANG", "inf"]),
    "negative angle": (set_cell("xim", "ANG", -1.0), ["'xim'", "ANG", "> 0"]),
    "NaN in n(z)": (set_cell("nz_source", "BIN2", np.nan), ["'nz_source'", "BIN2", "nan"]),
    "negative n(z)": (set_cell("nz_source", "BIN2", -1.0), ["'nz_source'", "BIN2", "negative"]),
    "all-zero n(z)": (lambda h: h["nz_lens"].data["BIN1"].fill(0.0), ["'nz_lens'", "BIN1", "zero"]),
    "z not increasing": (set_cell("nz_lens", "Z_MID", 9.0), ["'nz_lens'", "Z_MID", "increase"]),
    "n(z) lacks a density": (lambda h: h["nz_lens"].header.pop("NGAL_2"), ["'nz_lens'", "NGAL_i"]),
    "bin without n(z)": (
        set_cell("gammat", "BIN2", 3),
        ["'gammat'", "BIN2", "'nz_source'", "1 to 2"],
    ),
    "bin zero": (set_cell("gammat", "BIN1", 0), ["'gammat'", "BIN1", "from 1"]),
    "unknown probe": (set_keyword("xip", "QUANT1", "GEF"), ["'xip'", "GEF G+R", "GPR GPR (w)"]),
    "unknown unit": (
        lambda h: h["xip"].units.__setitem__(4, "parsec"),
        ["'xip'", "ANG", "'parsec'", "arcmin, arcsec, deg, rad"],
    ),
}


def assert_one_sentence(message: str, *parts: str | Path) -> None:
    assert "\n" not in message
    for part in parts:
        assert str(part) in message


@pytest.mark.parametrize("change, parts", BAD_FILES.values(), ids=BAD_FILES)
def test_bad_hdu_is_named(small_hdus, save, change, parts):
    change(small_hdus)
    path = save(small_hdus)
    with pytest.raises(DataError) as raised:
        read_two_point_fits(path)
    assert_one_sentence(str(raised.value), path, *parts)


@pytest.mark.parametrize(
    "content, parts",
    [
        (None, ["no such file"]),
        (b"theta xi_plus\n1.0 2.0\n" * 500, ["not a FITS file"]),
        (b"", ["not a FITS file"]),
        (b"SIMPLE  =" + b" " * (2880 - 9), ["cannot be read as FITS"]),
    ],
    ids=["missing", "text", "empty", "hollow"],
)
def test_bad_file_is_named(tmp_path, content, parts):
    path = tmp_path / "bad.fits"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        read_two_point_fits(path)
    assert_one_sentence(str(raised.value), path, *parts)


def test_truncation_is_noticed_wherever_it_falls(small_hdus, save):
    path = save(small_hdus)
    content = path.read_bytes()
    for size in [1000, *range(2880, len(content), 2880), *range(2000, len(content), 9000)]:
        path.write_bytes(content[:size])
        with pytest.raises(DataError) as raised:
            read_two_point_fits(path)
        assert_one_sentence(str(raised.value), path)
        if size % 2880:
            assert "truncated" in str(raised.value)
