"""n(z) from another file: 2pt FITS, SACC and text, by name, and one sentence for what is wrong."""

import fitsio
import numpy as np
import pytest

from jaxlike.config import read_config
from jaxlike.config.cobaya_yaml import config_from_info
from jaxlike.config.written import as_cobaya
from jaxlike.data import read_two_point
from jaxlike.errors import ConfigError, DataError
from jaxlike.likelihoods.sample_nz import histogram_of
from jaxlike.loading import data_set_of

Z = np.linspace(0.02, 1.98, 50)


def bins(*means, width=0.15):
    return np.array([np.exp(-0.5 * ((Z - mean) / width) ** 2) for mean in means])


def means(data, name):
    return histogram_of(data.distribution(name)).mean()


def text_file(path, rows, separator=" "):
    np.savetxt(path, np.column_stack([Z, *rows]), delimiter=separator, header="z n1 n2")
    return path


@pytest.fixture
def bare(small_hdus, save):
    """The measurements without any n(z)."""
    for name in ("nz_source", "nz_lens"):
        small_hdus.pop(name)
    return save(small_hdus)


@pytest.mark.parametrize("separator", [" ", ","])
def test_text_for_each_sample(bare, tmp_path, separator):
    given = {
        "nz_lens": text_file(tmp_path / "l.txt", bins(0.3, 0.6), separator),
        "NZ_SOURCE": text_file(tmp_path / "s.csv", bins(0.5, 0.9), separator),
    }
    data = read_two_point(bare, nz_file=given)
    assert data.samples == (("NZ_LENS", "counts"), ("NZ_SOURCE", "shear"))
    np.testing.assert_allclose(means(data, "NZ_LENS"), [0.3, 0.6], atol=0.02)
    np.testing.assert_allclose(means(data, "NZ_SOURCE"), [0.5, 0.9], atol=0.01)


def test_a_file_of_the_same_names_has_all(make_hdus, save, bare, tmp_path):
    data = read_two_point(bare, nz_file=save_elsewhere(make_hdus, tmp_path))
    np.testing.assert_allclose(means(data, "nz_source"), [0.2, 0.4], atol=0.01)
    assert data.samples == (("NZ_LENS", "counts"), ("NZ_SOURCE", "shear"))


def save_elsewhere(make_hdus, folder):
    path = folder / "elsewhere.fits"
    with fitsio.FITS(str(path), "rw") as fits:
        fits.write(None)
        for name, hdu in make_hdus(n_source=2, n_lens=2, n_angle=3).items():
            if name.startswith("nz"):
                fits.write(hdu.data, extname=name, header=hdu.header)
    return path


def test_what_it_has_goes_before_the_files_own(small_hdus, save, tmp_path):
    path = save(small_hdus)
    given = {"nz_source": text_file(tmp_path / "s.txt", bins(1.1, 1.2))}
    data = read_two_point(path, nz_file=given)
    np.testing.assert_allclose(means(data, "nz_source"), [1.1, 1.2], atol=0.01)
    np.testing.assert_array_equal(means(data, "nz_lens"), means(read_two_point(path), "nz_lens"))


def test_the_only_one_of_each_needs_no_name(bare, tmp_path):
    given = text_file(tmp_path / "s.txt", bins(0.5, 0.9))
    data = read_two_point(bare, probes=["xi_plus"], nz_file=given)
    assert data.samples == (("NZ_SOURCE", "shear"),)


def test_sacc_for_fits_and_text_for_sacc(bare, tmp_path):
    sacc = pytest.importorskip("sacc", reason="sacc is not installed")
    s = sacc.Sacc()
    for i, row in enumerate(bins(0.5, 0.9)):
        s.add_tracer("NZ", f"wl_{i}", Z, row, quantity="generic")
    s.save_fits(str(tmp_path / "nz.sacc"))
    data = read_two_point(bare, probes=["xi_plus"], nz_file=tmp_path / "nz.sacc")
    np.testing.assert_allclose(means(data, "NZ_SOURCE"), [0.5, 0.9], atol=0.01)
    s.add_data_point("galaxy_shear_cl_ee", ("wl_0", "wl_1"), 1.0, ell=30.0)
    s.add_covariance([1.0])
    s.save_fits(str(tmp_path / "all.sacc"))
    given = {"source": text_file(tmp_path / "s.txt", bins(0.7, 1.1))}
    data = read_two_point(tmp_path / "all.sacc", nz_file=given)
    np.testing.assert_allclose(means(data, "source"), [0.7, 1.1], atol=0.01)


def test_hsc_y3_as_it_is_published(shared):
    pytest.importorskip("sacc", reason="sacc is not installed")
    folder = shared / "data" / "stage3"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    data = read_two_point(folder / "hsc_y3_real.fits", nz_file=folder / "hsc_y3_mock_nz.sacc")
    assert data.n_data == 230
    assert data.samples == (("NZ_SAMPLE", "shear"),)
    assert data.nz[0].n_bin == 4


def test_kernels_say_which_is_meant(bare, make_hdus, tmp_path):
    elsewhere = save_elsewhere(make_hdus, tmp_path)
    kernels = {"NZ_SOURCE": "nz_lens"}
    data = read_two_point(bare, probes=["xi_plus"], nz_file=elsewhere, kernels=kernels)
    assert data.samples == (("nz_lens", "shear"),)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("absent.txt", "absent.txt: there is no such file of n"),
        ("words.txt", "words.txt: cannot be read as n"),
        ("column.txt", "column.txt: has 50 rows of 1 columns; three or more rows of z, n1"),
        ("backwards.txt", "columns Z_LOW, Z_MID, Z_HIGH must increase"),
        ("negative.txt", "column BIN1 is negative in row 1"),
        (
            {"NZ_BOSS": "good.txt"},
            "option nz_file has 'NZ_BOSS', which has no effect: .* NZ_SOURCE",
        ),
        ({"NZ_SOURCE": "short.txt"}, "BIN1 has bin 2, which has no n"),
        (
            "elsewhere.fits",
            "nz_other, nz_more, .*: say which is meant by the option kernels, such as",
        ),
        ({"NZ_SOURCE": "elsewhere.fits"}, "has no n.z. 'NZ_SOURCE', but nz_other, nz_more: say"),
        ({"NZ_SOURCE": "good.txt"}, "KERNEL_1 names 'NZ_LENS', which is not an n"),
        ("good.txt", "has the n.z. good, and the tables in use name .*: say .* option nz_file as"),
    ],
)
def test_what_is_wrong_is_one_sentence(bare, tmp_path, given, message):
    text_file(tmp_path / "good.txt", bins(0.5, 0.9))
    text_file(tmp_path / "short.txt", bins(0.5))
    text_file(tmp_path / "negative.txt", -bins(0.5))
    (tmp_path / "words.txt").write_text("z n1\n0.1 many\n")
    np.savetxt(tmp_path / "column.txt", Z)
    np.savetxt(tmp_path / "backwards.txt", np.column_stack([Z[::-1], Z]))
    table = np.zeros(3, [(name, "f8") for name in ("Z_LOW", "Z_MID", "Z_HIGH", "BIN1")])
    with fitsio.FITS(str(tmp_path / "elsewhere.fits"), "rw") as fits:
        for name in ("nz_other", "nz_more"):
            fits.write(table, extname=name, header={"NZDATA": True})
    if isinstance(given, dict):
        given = {name: tmp_path / file for name, file in given.items()}
    else:
        given = tmp_path / given
    several = "good" in str(given)
    with pytest.raises(DataError, match=message) as raised:
        read_two_point(bare, nz_file=given, probes=None if several else ["xi_plus"])
    assert "\n" not in str(raised.value)
    assert str(bare) in str(raised.value)


def test_every_input_has_the_option(bare, tmp_path):
    """Beside the input, as a word or as a mapping; what is written of it reads as the same."""
    text_file(tmp_path / "s.txt", bins(0.5, 0.9))
    params = {"Omega_m": 0.3, "h": 0.7, "Omega_b": 0.05, "n_s": 0.96, "A_s": 2e-9}
    for given in ("s.txt", {"NZ_SOURCE": "s.txt"}, "NZ_SOURCE:s.txt"):
        options = {"data_file": str(bare), "scale_cuts": "none", "nz_file": given}
        likelihood = {"jaxlike.cobaya.shear": options}
        info = {"likelihood": likelihood, "params": params}
        config = config_from_info(info, tmp_path / "input.yaml")
        data = data_set_of(config.likelihoods[0]).data
        np.testing.assert_allclose(means(data, "NZ_SOURCE"), [0.5, 0.9], atol=0.01)
        again = config_from_info(as_cobaya(config), "elsewhere.yaml")
        assert data_set_of(again.likelihoods[0]).data.nz[0].n_bin == 2
    likelihood["jaxlike.cobaya.shear"]["nz_file"] = 3
    with pytest.raises(ConfigError, match=r"'nz_file' is 3; accepted are a path, \{NAME of an n"):
        config_from_info(info, tmp_path / "input.yaml")
    pipeline = tmp_path / "pipeline.ini"
    pipeline.write_text(
        "[pipeline]\nmodules = jaxlike\nvalues = values.ini\nlikelihoods = jaxlike\n"
        f"[jaxlike]\nfile = jaxlike_two_point.py\ndata_file = {bare}\nscale_cuts = none\n"
        "probes = shear\nnz_file = s.txt\n"
    )
    values = "omega_m = 0.3\nomega_b = 0.05\nh0 = 0.7\nn_s = 0.96\na_s = 2e-9\n"
    (tmp_path / "values.ini").write_text(f"[cosmological_parameters]\n{values}")
    found = read_config(pipeline).likelihoods[0]
    assert data_set_of(found).data.samples == (("NZ_SOURCE", "shear"),)
