"""`jaxlike data show`: what is in a file, as words and image, also in what is no likelihood."""

import fitsio
import numpy as np
import pytest

from jaxlike.cli.main import main
from jaxlike.data import write_two_point_fits
from jaxlike.data.contents import contents, signal_to_noise
from jaxlike.errors import DataError


@pytest.fixture
def small_file(small_data, tmp_path):
    write_two_point_fits(small_data, tmp_path / "small.fits")
    return tmp_path / "small.fits"


def shown(capsys, *argv):
    status = main(["data", "show", *map(str, argv)])
    return status, capsys.readouterr().out


def without(path, *extensions, change=lambda name, header: header):
    """A copy of a file without some of its HDUs."""
    target = path.with_name("changed.fits")
    with fitsio.FITS(str(path)) as old, fitsio.FITS(str(target), "rw", clobber=True) as new:
        for hdu in old:
            name = hdu.get_extname()
            if name not in extensions:
                header = change(name, hdu.read_header())
                new.write(hdu.read(), header=header, extname=name)
    return target


def test_points_bins_and_n_of_z_are_told(small_file, small_data, capsys):
    status, text = shown(capsys, small_file)
    assert status == 0
    assert "18 of xi_plus of NZ_SOURCE" in text
    assert "24 of gamma_t of NZ_LENS x NZ_SOURCE" in text
    assert "3 pairs of bins 1 to 2 x 1 to 2, 6 points each, theta [arcmin] = " in text
    mean, width = small_data.distribution("NZ_SOURCE").moments()
    assert f"bin 2  mean {mean[1]:.4f}, width {width[1]:.4f}" in text
    assert "missing" not in text
    value, inverse = small_data.value, np.linalg.inv(small_data.covariance)
    expected = np.sqrt(max(value @ inverse @ value - 72, 0.0))
    assert signal_to_noise(small_data)["all"] == pytest.approx(expected)
    assert f"72 points, signal to noise {expected:6.1f}" in text


def test_cuts_and_the_image(small_file, small_data, tmp_path, capsys):
    cuts = tmp_path / "cuts.yaml"
    limit = float(np.median(small_data.measurements[0].scale))
    cuts.write_text(f"min_angle: {{xi_plus: {limit}, xi_minus: 1e4, gamma_t: 0, w: 0}}")
    image = tmp_path / "image.png"
    status, text = shown(capsys, small_file, "--scale-cuts", cuts, "--output", image)
    assert status == 0
    assert text.splitlines()[-1] == str(image)
    assert image.stat().st_size > 20_000
    assert "kept 9 " not in text
    assert " (3) of 1-1, 1-2, 2-2" in text
    assert "kept none" in text
    assert "; kept     0,    0.0" in text
    assert "; kept    45, " in text


def test_what_is_missing_is_told_and_the_rest_shown(small_file, tmp_path, capsys):
    bare = without(small_file, "NZ_LENS")
    status, text = shown(capsys, bare, "--output", tmp_path / "bare.png")
    assert status == 1
    assert "names 'NZ_LENS', which is not an n(z) HDU" in text
    assert "72 points, signal to noise" in text
    assert "n(z) NZ_SOURCE" in text
    assert "n(z) NZ_LENS" not in text
    z = np.linspace(0.01, 1, 50)
    rows = np.exp(-0.5 * ((z - np.array([[0.3], [0.6]])) / 0.1) ** 2)
    np.savetxt(tmp_path / "n.txt", np.column_stack([z, *rows]))
    status, text = shown(capsys, bare, "--nz-file", f"NZ_LENS={tmp_path / 'n.txt'}")
    assert status == 0
    assert "bin 1  mean 0.3" in text


def test_unknown_tables_are_named_and_the_others_shown(small_file, capsys):
    def change(name, header):
        if name == "wtheta":
            header["QUANT1"] = "ABC"
        return header

    status, text = shown(capsys, without(small_file, change=change))
    assert status == 1
    assert "12 of ABC GPR, not known here" in text
    assert "'wtheta' holds an unknown probe: QUANT1, QUANT2 are ABC GPR" in text
    assert "60 points, signal to noise" in text


def test_files_without_points(tmp_path, capsys):
    z = np.linspace(0.01, 1, 50)
    np.savetxt(tmp_path / "n.txt", np.column_stack([z, np.exp(-(((z - 0.5) / 0.1) ** 2))]))
    status, text = shown(capsys, tmp_path / "n.txt", "--output", tmp_path / "n.png")
    assert status == 0
    assert "n(z) n: 50 cells" in text
    (tmp_path / "no.txt").write_text("nothing")
    status, text = shown(capsys, tmp_path / "no.txt")
    assert status == 1
    assert "cannot be read as n(z)" in text
    with pytest.raises(DataError, match=r"absent\.fits: there is no such file"):
        contents(tmp_path / "absent.fits")


def test_published_files(shared):
    folder = shared / "data" / "stage3"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    hsc = contents(folder / "hsc_y3_real.fits")
    assert hsc.without_nz == ("NZ_SAMPLE",)
    assert hsc.data is not None
    assert signal_to_noise(hsc.data)["all"] == pytest.approx(31.1, abs=0.1)
    kids = contents(folder / "kids_1000_xipm.fits")
    assert (kids.problems, len(kids.notes)) == ((), 1)
    assert [one.name for one in contents(folder / "hsc_y3_mock_nz.sacc").nz] == ["wl"]


def test_bad_options(small_file, refused):
    command = ["data", "show", str(small_file)]
    assert "accepted is NAME=RIGHT" in refused([*command, "--kernel", "x"])
    assert "accepted is NAME=FILE" in refused([*command, "--nz-file", "a=b", "--nz-file", "c"])
    assert "not allowed with" in refused([*command, "--survey", "x", "--scale-cuts", "y"])
    assert "there are no scale cuts 'nowhere'" in refused([*command, "--scale-cuts", "nowhere"])
