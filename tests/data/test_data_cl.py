"""C_ell in files and containers: multipoles in the place of angles, cuts in ell, sparse images."""

from dataclasses import replace

import fitsio
import numpy as np
import pytest

from jaxlike.data import (
    apply_scale_cuts,
    read_scale_cuts,
    read_two_point_fits,
    write_two_point_fits,
)
from jaxlike.errors import DataError
from jaxlike.registry.probes import probes_from

CODES = {
    "xip": ("GEF", "GEF", "C_ell_shear"),
    "gammat": ("GPF", "GEF", "C_ell_cross"),
    "wtheta": ("GPF", "GPF", "C_ell_counts"),
}


@pytest.fixture
def cl_hdus(make_hdus):
    """The fabricated file with C_ell at ell = 10, 20, 30 in all its tables but xim."""
    hdus = make_hdus(n_source=2, n_lens=2, n_angle=3)
    for name, (quant1, quant2, _) in CODES.items():
        hdu = hdus[name]
        hdu.header |= {"QUANT1": quant1, "QUANT2": quant2}
        hdu.data["ANG"] = 10 * hdu.data["ANGBIN"]
        hdu.units = None
    return hdus


def test_tables_of_multipoles_are_read(cl_hdus, save):
    data = read_two_point_fits(save(cl_hdus))
    for name, (*_, statistic) in CODES.items():
        m = data.measurement(name)
        assert m.statistic == statistic
        np.testing.assert_array_equal(m.ell, 10.0 * m.angle_bin)
        assert m.scale is m.ell
        assert m.theta_arcmin is m.theta_min_arcmin is m.theta_max_arcmin is None
    xim = data.measurement("xim")
    assert xim.ell is None
    assert xim.scale is xim.theta_arcmin


def test_round_trip(cl_data, tmp_path):
    """Bit for bit, twice the same bytes, and the image of zeros takes little room."""
    first, second = tmp_path / "a.fits", tmp_path / "b.fits"
    for path in (first, second):
        write_two_point_fits(cl_data, path)
    assert first.read_bytes() == second.read_bytes()
    with fitsio.FITS(str(first)) as fits:
        assert fits["COVMAT"].is_compressed()
        assert all(
            not hdu.read_header().get("TUNIT5") for hdu in fits if hdu.get_extname()[-3:] == "_cl"
        )
    again = read_two_point_fits(first)
    np.testing.assert_array_equal(again.covariance, cl_data.covariance)
    for m, n in zip(again.measurements, cl_data.measurements, strict=True):
        assert (m.name, m.statistic, m.kernel1, m.kernel2) == (
            n.name, n.statistic, n.kernel1, n.kernel2
        )  # fmt: skip
        assert m.columns() == n.columns()
        for field in n.columns():
            np.testing.assert_array_equal(getattr(m, field), getattr(n, field))


def test_a_dense_covariance_is_a_plain_image(small_data, tmp_path):
    write_two_point_fits(small_data, tmp_path / "a.fits")
    with fitsio.FITS(str(tmp_path / "a.fits")) as fits:
        assert not fits["COVMAT"].is_compressed()


def test_mixed_files_survive_too(cl_hdus, save, tmp_path):
    data = read_two_point_fits(save(cl_hdus))
    write_two_point_fits(data, tmp_path / "mixed.fits")
    again = read_two_point_fits(tmp_path / "mixed.fits")
    assert again.statistics == ("C_ell_shear", "xi_minus", "C_ell_cross", "C_ell_counts")
    for m, n in zip(again.measurements, data.measurements, strict=True):
        np.testing.assert_array_equal(m.scale, n.scale)


@pytest.mark.parametrize(
    ("name", "change", "part"),
    [
        ("xip", {"units": "arcmin"}, "'xip' column ANG has the unit 'arcmin'; it holds the mult"),
        ("xip", {"QUANT2": "G+R"}, r"QUANT1, QUANT2 are GEF G\+R; .*GEF GEF \(C_ell_shear\)"),
        ("wtheta", {"ANG": -1.0}, "'wtheta' column ANG must be > 0"),
        ("gammat", {"ANG": np.nan}, "'gammat' column ANG has the value nan"),
    ],
)
def test_bad_tables(cl_hdus, save, name, change, part):
    hdu = cl_hdus[name]
    if "units" in change:
        hdu.units = ["", "", "", "", change["units"], "", ""]
    elif "ANG" in change:
        hdu.data["ANG"][2] = change["ANG"]
    else:
        hdu.header |= change
    with pytest.raises(DataError, match=part):
        read_two_point_fits(save(cl_hdus))


@pytest.mark.parametrize(
    ("which", "changes", "part"),
    [
        (0, {"ell": None}, "'shear_cl' is C_ell_shear, a function of ell, and ell is None"),
        (0, {"theta_arcmin": np.ones(24)}, "a function of ell, and theta_arcmin is given"),
        (0, {"theta_min_arcmin": np.ones(24)}, "of ell, and theta_min_arcmin is given"),
        (0, {"statistic": "xi_plus"}, "a function of theta_arcmin, and theta_arcmin is None"),
        (0, {"ell": np.ones(3)}, "'shear_cl' column ANG has 3 element"),
        (0, {"ell": np.zeros(24)}, "'shear_cl' column ANG must be > 0"),
    ],
)
def test_measurement_checks_itself(cl_data, which, changes, part):
    with pytest.raises(DataError, match=part):
        replace(cl_data.measurements[which], **changes)


def test_an_angle_has_no_ell(small_data):
    with pytest.raises(DataError, match="is xi_plus, a function of theta_arcmin, and ell is given"):
        replace(small_data.measurements[0], ell=np.ones(18))


@pytest.fixture
def cuts(tmp_path):
    """Function from the text of a file of scale cuts to the cuts."""

    def read(text):
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return read_scale_cuts(path)

    return read


def test_cuts_in_ell(cl_data, cuts):
    text = "min_ell: 30\nmax_ell: {C_ell_shear: 900, C_ell_cross: {1-*: 90, '*-*': 200}, "
    kept = apply_scale_cuts(cl_data, cuts(text + "C_ell_counts: {1-2: 100, 2-2: 9000, 1-1: 0}}"))
    shear, cross, counts = kept.measurements
    assert shear.ell.min() > 30
    assert shear.value.size == 3 * 7
    assert cross.ell[cross.bin1 == 1].max() < 90 < cross.ell[cross.bin1 == 2].max() < 200
    assert set(zip(counts.bin1.tolist(), counts.bin2.tolist(), strict=True)) == {(1, 2), (2, 2)}
    assert apply_scale_cuts(cl_data, read_scale_cuts("none")).n_data == cl_data.n_data


def test_angular_bins_are_for_angles(cl_hdus, save, cuts):
    data = read_two_point_fits(save(cl_hdus))
    text = "min_angle: 0\nmin_ell: 0\nangular_bins: {min: 2.5, max: 250, number: 3}"
    kept = apply_scale_cuts(data, cuts(text))
    assert kept.measurement("xim").theta_min_arcmin is not None
    assert kept.measurement("xip").columns() == data.measurement("xip").columns()


def test_limits_of_angles_are_none_of_ell(cl_data, cuts):
    with pytest.raises(DataError, match="min_ell has no number for C_ell_shear of bins 1-1; give"):
        apply_scale_cuts(cl_data, cuts("min_angle: 5"))
    with pytest.raises(DataError, match="min_ell has no number for C_ell_shear"):
        apply_scale_cuts(cl_data, read_scale_cuts("des_y1"))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("max_ell: 3", "has no key min_angle, min_ell or min_mode; the keys are min_angle"),
        ("min_angle: {C_ell_shear: 3}", "min_angle has C_ell_shear, .* given as min_ell"),
        ("min_ell: 1\nmax_ell: {w: 3}", "max_ell has w, .* given as max_angle"),
        ("min_ell: -1", "min_ell is -1; a multipole >= 0 is needed"),
        ("min_ell: {C_ell_cross: {1-1: many}}", "C_ell_cross 1-1 is 'many'; a multipole >= 0"),
    ],
)
def test_bad_cut_files(cuts, text, part):
    with pytest.raises(DataError, match=part):
        cuts(text)


@pytest.mark.parametrize(
    ("probes", "expected"),
    [("shear", ("C_ell_shear",)), ("2x2pt", ("C_ell_cross", "C_ell_counts"))],
)
def test_sets_of_probes_are_those_of_the_same_tracers(cl_data, tmp_path, probes, expected):
    """Of a list of statistics, though, each one is meant."""
    path = tmp_path / "cl.fits"
    write_two_point_fits(cl_data, path)
    assert read_two_point_fits(path, probes=probes_from(probes)).statistics == expected
    assert cl_data.with_probes(probes_from([probes])).statistics == expected
    with pytest.raises(DataError, match="there is no HDU of probe"):
        read_two_point_fits(path, probes=tuple(probes_from(probes)))
