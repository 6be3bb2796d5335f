"""Planck's band powers in pipelines of the standard library."""

import shutil

import pytest
from library_pipelines import (
    FIRST_VALUES,
    first_generation,
    written,
)
from planck_lite_files import write_cosmosis, write_plik_lite

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.read import read_config
from jaxlike.config.translated import translated_yaml
from jaxlike.data.planck_lite import read_plik_lite
from jaxlike.errors import ConfigError

PLANCK = {
    "file": "likelihood/planck_py/planck_py_interface.py",
    "use_low_ell_bins": "T",
    "spectra": "TTTEEE",
    "year": "2018",
}
OF_THE_CMB = {"mode": "all", "do_lensing": "T", "nonlinear": "both"}


@pytest.fixture(scope="module")
def planck_data(tmp_path_factory):
    """A folder of data of the library's Planck likelihood, of made-up band powers."""
    folder = tmp_path_factory.mktemp("planck")
    made_up = read_plik_lite(write_plik_lite(folder / "plik"))
    return write_cosmosis(folder / "data", made_up).parent


@pytest.fixture
def with_planck(tmp_path, file, planck_data):
    """Planck's band powers beside galaxies, with options of the two modules changed."""

    def make(camb=None, values=FIRST_VALUES, bbn=None, **changed):
        modules = ({"bbn": bbn} if bbn else {}) | first_generation(file)
        modules["camb"] = modules["camb"] | OF_THE_CMB | (camb or {})
        options = {"data_directory": str(planck_data)} | PLANCK | changed
        return written(tmp_path, modules | {"planck": options}, values)

    return make


def test_planck_s_band_powers_join(with_planck, planck_data, tmp_path):
    library = library_of(with_planck(), {})
    high, low = library.config.others
    assert high.kind == "planck_2018_highl_plik.TTTEEE_lite_native"
    assert high.build().n_points == 17
    assert low.build().n_points == 2
    assert library.translation.other_likes == {"planck": "planck", "planck_2": "planck"}
    # the module reads tau, and takes the map as calibrated
    given = {p.name: p for p in library.config.parameters}
    assert given["tau"].value == 0.07
    assert given["A_planck"].value == 1.0
    again = read_config(tmp_path / "pipeline.ini", likelihoods=["planck"])
    assert [one.name for one in again.others] == ["planck"]
    (tmp_path / "own.yaml").write_text(translated_yaml(library.config, library.explanation))
    assert read_config(tmp_path / "own.yaml").others == library.config.others


def test_helium_is_that_of_the_pipeline(with_planck):
    """bbn_consistency's, else that of the values, else CAMB's own."""
    by_module = {"file": "utility/bbn_consistency/bbn_consistency.py"}
    without = FIRST_VALUES.replace("yhe = 0.245\n", "")
    high = read_config(with_planck()).others[0]
    assert high.options["helium"] == 0.245
    high = read_config(with_planck(values=without)).others[0]
    assert "helium" not in high.options
    high = read_config(with_planck(bbn=by_module)).others[0]
    assert high.options["helium"] == "bbn_consistency"
    with pytest.raises(ConfigError, match="the helium of 'data' of bbn, which are not known here"):
        read_config(with_planck(bbn=by_module | {"data": "own.dat"}))


def test_planck_s_band_powers_beside_the_module(with_planck, planck_data, tmp_path, monkeypatch):
    """Where no option says where they are."""
    path = with_planck(use_low_ell_bins="F", spectra="TT", ell_max_tt="700")
    lines = [line for line in path.read_text().splitlines() if "data_directory" not in line]
    path.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="there is no likelihood/planck_py/data/2018/planck_lite"):
        read_config(path)
    shutil.copytree(planck_data, tmp_path / "library" / "likelihood" / "planck_py" / "data")
    monkeypatch.setenv("CSL_DIR", str(tmp_path / "library"))
    (one,) = read_config(path).others
    assert one.build().ell_max == {"tt": 1199}  # of bins that begin at 700 or below


WITH_PLANCK = {
    "of 2015": (
        {"year": "2015"},
        r"line \d+: option 'year' of planck is 2015: .* are 2018",
    ),
    "no spectra of the CMB": ({"camb": {"mode": "power"}}, "'mode' of camb is power: take all or"),
    "no lensing": ({"camb": {"do_lensing": "F"}}, "'do_lensing' of camb is F: spectra here are"),
    "of linear lensing": ({"camb": {"nonlinear": "pk"}}, "'nonlinear' of camb is pk: take lens or"),
    "TE alone": ({"spectra": "TE"}, "option 'spectra' of planck is TE: accepted are TTTEEE, TT"),
    "limits": ({"ell_max_te": "300"}, "option 'ell_max_te' of planck is 300: .* give the three"),
    "a mock": ({"use_data_from_test": "out"}, "data are Planck's here"),
    "elsewhere": ({"data_directory": "there"}, "there is no there/2018/planck_lite_2018_v22.dat"),
    "sampled helium": (
        {"values": FIRST_VALUES.replace("yhe = 0.245", "yhe = 0.24 0.245 0.25")},
        "'cosmological_parameters--yhe' must be a fixed value here",
    ),
    "no tau": (
        {"values": FIRST_VALUES.replace("tau = ", "tau_ = ")},
        "planck needs 'cosmological_parameters--tau', which has no value",
    ),
}


@pytest.mark.parametrize("case", WITH_PLANCK)
def test_what_planck_s_module_cannot_have_is_said(case, with_planck):
    changed, sentence = WITH_PLANCK[case]
    with pytest.raises(ConfigError, match=sentence):
        read_config(with_planck(**changed))
