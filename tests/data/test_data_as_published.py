"""2pt FITS files as surveys publish them: wrong names, text for logicals, unknown tables."""

from pathlib import Path

import fitsio
import numpy as np
import pytest

from jaxlike.data import (
    apply_scale_cuts,
    read_scale_cuts,
    read_two_point,
    read_two_point_fits,
    write_two_point_fits,
)
from jaxlike.errors import DataError


@pytest.fixture
def stage3(shared) -> Path:
    folder = shared / "data" / "stage3"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    return folder


def test_des_y3_beside_kids_1000(stage3):
    """xi+- alone and with COSEBIs; the kernels name an n(z) that is not there."""
    file = stage3 / "des_y3_kids_1000.fits"
    probes = ("xi_plus", "xi_minus")
    data = read_two_point(file, probes=probes, kernels={"nz_source": "nz_source_des"})
    assert [m.value.size for m in data.measurements] == [200, 200]
    assert data.samples == (("nz_source_des", "shear"),)
    assert [nz.name for nz in data.nz] == ["nz_source_des"]
    assert data.nz[0].dndz.min() == pytest.approx(-7.1e-5, rel=0.5)
    with fitsio.FITS(str(file)) as fits:
        covariance = fits["COVMAT"].read()
        np.testing.assert_array_equal(data.covariance, covariance[:400, :400])
        np.testing.assert_array_equal(data.value[200:], fits["xim"]["VALUE"][:])
    with pytest.raises(DataError) as raised:
        read_two_point(file, probes=probes)
    assert "give kernels: {nz_source: nz_source_des}" in str(raised.value)
    whole = read_two_point(file, kernels={"nz_source": "nz_source_des"})
    assert whole.statistics == ("E_n", "xi_plus", "xi_minus")
    assert whole.samples == (("nz_source_kids", "shear"), ("nz_source_des", "shear"))
    order = [*range(400, 475), *range(400)]  # the table of COSEBIs is the first
    np.testing.assert_array_equal(whole.covariance, covariance[np.ix_(order, order)])


@pytest.mark.parametrize(
    ("name", "n"), [("decade_ngc", 400), ("decade_sgc", 400), ("mock_des_y3_3x2pt", 900)]
)
def test_real_files_are_read_as_they_are(stage3, name, n):
    assert read_two_point(stage3 / f"{name}.fits").n_data == n


def test_logicals_may_be_text(small_hdus, save):
    for hdu in small_hdus.values():
        for key in ("2PTDATA", "NZDATA", "COVDATA"):
            if key in hdu.header:
                hdu.header[key] = "T"
    small_hdus["COVMAT2"] = small_hdus.pop("COVMAT")
    assert read_two_point(save(small_hdus)).n_data == 36
    small_hdus["wtheta"].header["2PTDATA"] = "F"
    with pytest.raises(DataError, match="NAME_3 is 'wtheta'"):
        read_two_point(save(small_hdus))


def test_hsc_has_text_for_logicals_and_no_nz(stage3):
    with pytest.raises(DataError, match=r"'NZ_SAMPLE', which is not an n.z. HDU; .* are: none$"):
        read_two_point(stage3 / "hsc_y3_real.fits")


@pytest.mark.parametrize(
    "name", ["x[1].fits", "x+1", "x(2).fits", "a b*?.fits", "x{1};#@,!.fits", "x.fits "]
)
def test_names_that_cfitsio_would_read_as_instructions(small_hdus, save, tmp_path, name):
    path = tmp_path / name
    save(small_hdus).rename(path)
    data = read_two_point(path)
    assert data.n_data == 36
    assert data.source == str(path)
    write_two_point_fits(data, path, overwrite=True)
    assert read_two_point_fits(path).n_data == 36
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_what_nobody_needs_is_not_looked_at(small_hdus, save):
    small_hdus["nz_lens"].data["BIN1"] = np.nan
    small_hdus["gammat"].data["VALUE"] = np.nan
    small_hdus["wtheta"].header["QUANT1"] = "???"
    small_hdus["COVMAT"].data[20:, 20:] = 0.0
    plain = read_two_point_fits(save(small_hdus), probes=("xi_plus",))
    assert plain.n_data == 9
    assert [nz.name for nz in plain.nz] == ["nz_source"]
    with pytest.raises(DataError, match="'wtheta' holds an unknown probe"):
        read_two_point_fits(save(small_hdus))


@pytest.mark.parametrize("order", [("wtheta", "xim", "gammat", "xip")])
def test_rows_of_other_tables_are_left_out(make_hdus, save, order):
    options = {"n_source": 2, "n_lens": 2, "n_angle": 3, "covariance_order": order}
    whole = read_two_point_fits(save(make_hdus(**options)))
    part = read_two_point_fits(save(make_hdus(**options)), probes=["w", "xi_minus"])
    expected = whole.with_probes(["w", "xi_minus"])
    assert part.statistics == expected.statistics == ("xi_minus", "w")
    np.testing.assert_array_equal(part.covariance, expected.covariance)


def test_probes_must_be_there(small_hdus, save):
    path = save(small_hdus)
    with pytest.raises(DataError, match=r"no HDU of probe 'C_ell_shear'; the file has xi_plus, "):
        read_two_point(path, probes=("C_ell_shear",))
    with pytest.raises(DataError, match="name at least one probe"):
        read_two_point(path, probes=())
    with pytest.raises(DataError, match="unknown probe 'xip'"):
        read_two_point(path, probes=("xip",))


def rename_source(hdus, *names):
    """n(z) HDUs of other names than the tables' kernels."""
    table = hdus.pop("nz_source")
    for name in names:
        hdus[name] = table


def test_a_wrong_kernel_with_one_candidate_names_the_option(small_hdus, save):
    rename_source(small_hdus, "nz_source_des")
    path = save(small_hdus)
    with pytest.raises(DataError) as raised:
        read_two_point(path)
    message = str(raised.value)
    assert "'xip' keyword KERNEL_1 names 'NZ_SOURCE', which is not an n(z) HDU" in message
    assert "if 'nz_source_des' is meant give kernels: {NZ_SOURCE: nz_source_des}" in message
    data = read_two_point(path, kernels={"nz_source": "NZ_SOURCE_DES"})
    assert data.samples == (("nz_lens", "counts"), ("nz_source_des", "shear"))


def test_with_several_candidates_nothing_is_guessed(small_hdus, save):
    rename_source(small_hdus, "nz_source_des", "nz_source_kids")
    with pytest.raises(DataError, match=r"give kernels: \{NZ_SOURCE: NAME\}"):
        read_two_point(save(small_hdus))


@pytest.mark.parametrize(
    ("kernels", "message"),
    [
        ({"nz_boss": "nz_lens"}, "'nz_boss', which has no effect; .* are NZ_SOURCE, NZ_LENS"),
        ({"nz_source": "nz_kids"}, "'xip' keyword KERNEL_1 names 'nz_kids', which is not an n"),
        ({"nz_source": 1}, "option kernels has 'nz_source': 1; names of HDUs are needed"),
    ],
)
def test_bad_options_are_named(small_hdus, save, kernels, message):
    with pytest.raises(DataError, match=message):
        read_two_point(save(small_hdus), kernels=kernels)


def test_one_table_may_be_told_alone(small_hdus, save):
    small_hdus["nz_other"] = small_hdus["nz_source"]
    data = read_two_point(save(small_hdus), kernels={"xim.nz_source": "nz_other"})
    assert [m.kernel1 for m in data.measurements[:2]] == ["nz_source", "nz_other"]
    assert data.samples[1:] == (("nz_source", "shear"), ("nz_other", "shear"))


def test_sacc_selects_points_before_it_checks(tmp_path):
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    s, z = sacc.Sacc(), np.linspace(0.1, 1, 10)
    s.add_tracer("NZ", "source_1", z, z, quantity="galaxy_shear")
    s.add_tracer("NZ", "lens_1", z, 0 * z, quantity="galaxy_density")
    for kind, name in (("galaxy_shear_cl_bb", "source"), ("galaxy_density_cl", "lens")):
        s.add_data_point(kind, (f"{name}_1",) * 2, np.nan, ell=10.0)
    s.add_data_point("galaxy_shear_cl_ee", ("source_1", "source_1"), 3.0, ell=10.0)
    s.add_covariance([0.0, 1.0, 2.0])
    s.save_fits(str(tmp_path / "x.sacc"))
    data = read_two_point(tmp_path / "x.sacc", probes=("C_ell_shear",))
    assert data.samples == (("source", "shear"),)
    np.testing.assert_array_equal(data.covariance, [[2.0]])
    with pytest.raises(DataError, match="'w'; the file has C_ell_counts, C_ell_shear"):
        read_two_point(tmp_path / "x.sacc", probes=("w",))
    with pytest.raises(DataError, match=r"x\.sacc: option kernels has no effect"):
        read_two_point(tmp_path / "x.sacc", kernels={"a": "b"})


def test_what_cuts_leave_out_may_be_anything(small_hdus, save):
    """Values and covariance of scales that nobody uses; a row inside has its number in the file."""
    clean = read_two_point(save(small_hdus))
    angle = clean.measurements[0].theta_arcmin  # xi+ has the first rows of the covariance
    cuts = {"min_angle": 1.01 * float(angle.min())}
    expected = apply_scale_cuts(clean, read_scale_cuts(cuts))
    outside, inside = int(np.argmin(angle)), int(np.argmax(angle))
    small_hdus["xip"].data["VALUE"][outside] = np.nan
    for row in (small_hdus["COVMAT"].data, small_hdus["COVMAT"].data.T):
        row[outside] = np.nan
    path = save(small_hdus)
    found = read_two_point(path, scale_cuts=cuts)
    assert found.n_cut == expected.n_cut == clean.n_data - found.n_data
    np.testing.assert_array_equal(found.value, expected.value)
    np.testing.assert_array_equal(found.covariance, expected.covariance)
    with pytest.raises(DataError, match=f"value nan in row {outside + 1};"):
        read_two_point(path)
    with pytest.raises(DataError, match="leave none of its 36 points"):
        read_two_point(path, scale_cuts={"min_angle": 1000.0})
    small_hdus["xip"].data["VALUE"][inside] = np.inf
    with pytest.raises(DataError, match=f"value inf in row {inside + 1};"):
        read_two_point(save(small_hdus), scale_cuts=cuts)


def test_what_cuts_leave_out_of_sacc_may_be_anything(tmp_path):
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    s, z = sacc.Sacc(), np.linspace(0.1, 1, 10)
    s.add_tracer("NZ", "source_1", z, z, quantity="galaxy_shear")
    for ell, value in ((10.0, 1.0), (100.0, 2.0), (1000.0, np.nan)):
        s.add_data_point("galaxy_shear_cl_ee", ("source_1", "source_1"), value, ell=ell)
    s.add_covariance([1.0, 2.0, 0.0])
    s.save_fits(str(tmp_path / "x.sacc"))
    data = read_two_point(tmp_path / "x.sacc", scale_cuts={"min_ell": 1, "max_ell": 500})
    np.testing.assert_array_equal(data.value, [1.0, 2.0])
    np.testing.assert_array_equal(data.covariance, np.diag([1.0, 2.0]))
    assert data.n_cut == 1
    with pytest.raises(DataError, match="value nan in row 3"):
        read_two_point(tmp_path / "x.sacc")


def test_a_long_header_is_read_at_once(small_hdus, save):
    """12,000 cards, which cfitsio lists in a minute; the keywords of the format are among them."""
    path = save(small_hdus)
    expected = read_two_point(path)
    with path.open("rb") as handle, fitsio.FITS(str(path)) as fits:
        place = fits["xip"].get_offsets()
        content = handle.read()
    head = content[place["header_start"] : place["data_start"]]
    end = head.index(b"END" + b" " * 77)
    cards = b"".join(f"K{i:<7d}= {i:>20d}".ljust(80).encode() for i in range(12_000))
    longer = head[:end] + cards + b"END".ljust(80)
    longer += b" " * (-len(longer) % 2880)
    path.write_bytes(content[: place["header_start"]] + longer + content[place["data_start"] :])
    data = read_two_point(path)
    np.testing.assert_array_equal(data.value, expected.value)
    np.testing.assert_array_equal(data.measurements[0].scale, expected.measurements[0].scale)
