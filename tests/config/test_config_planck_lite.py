"""Planck's spectra in inputs: names, options and priors as Cobaya has them, and what is refused."""

import pytest
from planck_lite_files import FOLDER, NAME, write_packages, write_plik_lite

from jaxlike.config import config_from_info
from jaxlike.config.written import as_cobaya
from jaxlike.errors import ConfigError, DataError, JaxlikeError, ParameterError
from jaxlike.loading import model_from_config

CMB = "jaxlike.cobaya.cmb"
COSMOLOGY = {
    "H0": [60, 75],
    "omch2": 0.12,
    "As": 2.1e-9,
    "ombh2": 0.0224,
    "ns": 0.965,
    "tau": [0.01, 0.1],
}
LOW = {"class": CMB, "data": "planck_2018_lowl_tt"}
LOW_E = {"class": CMB, "data": "planck_2018_lowe"}


def read(likelihood, params=None, **more):
    info = {"likelihood": likelihood, "params": COSMOLOGY | (params or {}), **more}
    return config_from_info(info, "in.yaml")


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    return write_packages(tmp_path_factory.mktemp("packages"))


def test_data_are_where_cobaya_has_them(packages, tmp_path):
    path = str(packages)
    (one,) = read({NAME: None}, packages_path=path).others
    assert one.build().n_points == 17
    (tt,) = read({NAME.replace("TTTEEE", "TT"): None}, packages_path=path).others
    assert tt.build().n_points == 7
    (own,) = read({"mine": {"class": NAME, "path": f"{path}/data/{FOLDER}"}}).others
    assert own.build().n_points == 17
    changed = {"use_cl": ["te", "ee"], "bins_for_L_range": [100, 1000]}
    (part,) = read({NAME: {"dataset_params": changed}}, packages_path=path).others
    assert part.build().ell_max == {"te": 1199, "ee": 1199}
    folder = write_plik_lite(tmp_path, full=True)
    (lite,) = read({NAME: {"path": str(folder)}}).others
    assert lite.build().n_points == 613


def test_calibration_has_cobaya_s_prior_unless_the_input_has_one(packages):
    path = str(packages)
    config = read({NAME: None}, packages_path=path)
    (given,) = (p for p in config.parameters if p.name == "A_planck")
    assert (given.prior.loc, given.prior.scale) == (1.0, 0.0025)
    (fixed,) = (
        p
        for p in read({NAME: None}, {"A_planck": 1.0}, packages_path=path).parameters
        if p.name == "A_planck"
    )
    assert fixed.value == 1.0
    wide = {"params": {"A_planck": {"prior": [0.9, 1.1]}}}
    (own,) = (p for p in read({NAME: wide}, packages_path=path).parameters if p.name == "A_planck")
    assert own.prior.support == (0.9, 1.1)
    again = config_from_info(as_cobaya(config), "in.yaml")
    assert again.others == config.others
    assert again.parameters == config.parameters


@pytest.mark.parametrize("helium", ["bbn_consistency", 0.245])
def test_helium_is_an_option(packages, helium):
    config = read({NAME: {"helium": helium}}, packages_path=str(packages))
    (one,) = config.others
    assert one.build().helium == helium
    assert config_from_info(as_cobaya(config), "in.yaml").others == config.others
    (plain,) = read({NAME: {"helium": "camb"}}, packages_path=str(packages)).others
    assert "helium" not in plain.options


def test_what_comes_with_the_package():
    low, polarisation = read({"low": LOW, "lowE": LOW_E}).others
    assert low.build().n_points == 2
    assert "1909.05869" in low.source
    assert polarisation.build().quantities == ("tau",)
    assert "low-ell EE" in polarisation.source


TWICE = {
    "compressed": ({NAME: None, CMB: None}, "Planck's spectra at ell >= 30"),
    "angle": ({NAME: None, CMB: {"data": "planck_2018_thetastar"}}, "at ell >= 30"),
    "part": ({NAME: None, NAME.replace("TTTEEE", "TT"): None}, "at ell >= 30"),
    "low": ({"low": LOW, CMB: None}, "Planck's temperature at ell < 30"),
    "lowE": ({"lowE": LOW_E, CMB: None}, "Planck's polarisation at ell < 30"),
}


@pytest.mark.parametrize(("likelihood", "what"), TWICE.values(), ids=TWICE)
def test_nothing_counts_twice(likelihood, what):
    with pytest.raises(ConfigError, match=f"would count twice.*{what}"):
        read(likelihood)


REFUSED = {
    "all of plik": ({"planck_2018_highl_plik.TTTEEE": None}, "accepted are planck_2018_highl_plik"),
    "clik's": ({"planck_2018_highl_plik.TT_lite": None}, "is not computed here"),
    "low temperature": ({"planck_2018_lowl.TT": None}, "data: planck_2018_lowl_tt"),
    "low polarisation": ({"planck_2018_lowl.EE": None}, "data: planck_2018_lowe"),
    "entries": ({NAME: {"dataset_params": "tt"}}, "'dataset_params' of .* is 'tt': give a mapping"),
    "an entry": ({NAME: {"dataset_params": {"use": 1}}}, "unknown entry in dataset_params of"),
    "an option": ({NAME: {"use_cl": "tt"}}, "unknown option of planck_2018"),
    "a table of helium": ({NAME: {"helium": "parthenope"}}, "accepted are camb, bbn_consistency"),
    "much helium": ({NAME: {"helium": 0.3}}, "'helium' is 0.3; .* a number from 0.225 to 0.265"),
    "beside": ({"low": LOW | {"mean": {"tau": 0.05}}}, "option 'mean' has no effect beside data"),
    "other data": ({CMB: {"data": "wmap"}}, "planck_2018_lowe, planck_2018_lowl_tt, the path"),
}


@pytest.mark.parametrize(("likelihood", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_said(likelihood, sentence):
    with pytest.raises(JaxlikeError, match=sentence) as error:
        read(likelihood)
    assert len(str(error.value).splitlines()) == 1


def test_what_is_not_installed_says_how(tmp_path):
    (one,) = read({NAME: None}, packages_path=str(tmp_path)).others
    with pytest.raises(DataError, match=f"`cobaya-install {NAME} -p {tmp_path}` installs them"):
        one.build()
    (own,) = read({NAME: {"path": str(tmp_path)}}).others
    with pytest.raises(DataError, match=r"with bweight\.dat, is accepted too"):
        own.build()


def test_optical_depth_is_wanted_or_has_no_effect():
    without = {k: v for k, v in COSMOLOGY.items() if k != "tau"}
    config = config_from_info({"likelihood": {"low": LOW}, "params": without}, "in.yaml")
    with pytest.raises(ParameterError, match="'low' needs the optical depth: give the parameter t"):
        model_from_config(config)
    bao = read({"jaxlike.cobaya.bao": None})
    with pytest.raises(ParameterError, match="parameter 'tau' has no effect, as no likelihood"):
        model_from_config(bao)
    fixed = {"likelihood": {"jaxlike.cobaya.bao": None}, "params": COSMOLOGY | {"tau": 0.0543}}
    assert "tau" not in model_from_config(config_from_info(fixed, "in.yaml")).parameters
    assert model_from_config(read({"lowE": LOW_E})).parameters == ("H0", "tau")


def test_radiation_is_needed():
    theory = {"jaxlike.cobaya.Theory": {"radiation": False}}
    with pytest.raises(ConfigError, match="'low' is computed with radiation: true only"):
        model_from_config(read({"low": LOW}, theory=theory))
