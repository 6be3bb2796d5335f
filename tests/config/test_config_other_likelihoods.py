"""Likelihoods of other data in inputs, by Cobaya's names: what is understood, what is refused."""

import pytest

from jaxlike.config import config_from_info
from jaxlike.config.others import KINDS
from jaxlike.config.others.bao import BaoConfig
from jaxlike.config.others.supernovae import SupernovaConfig
from jaxlike.config.written import as_cobaya
from jaxlike.data import DESI_DR2
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.loading import model_from_config

ALL, UNION3 = "bao.desi_dr2.desi_bao_all", "sn.union3"
COSMOLOGY = {"omegam": [0.1, 0.9], "As": 2e-9, "H0": 70, "omegab": 0.05, "ns": 0.96}


def read(others, params=None, **overrides):
    info = {
        "likelihood": {"jaxlike.cobaya.shear": None, **others},
        "params": COSMOLOGY | (params or {}),
    }
    return config_from_info(info, "in.yaml", **overrides)


def test_cobaya_s_names_are_understood():
    config = read({ALL: None, UNION3: {}})
    assert config.others == (BaoConfig(ALL, ALL), SupernovaConfig(UNION3, UNION3))
    assert [one.name for one in config.likelihoods] == ["jaxlike.cobaya.shear"]
    assert config.own == ()
    named = read({"desi": {"class": "bao.desi_dr2.desi_bao_lya"}}).others[0]
    assert named == BaoConfig("desi", "bao.desi_dr2.desi_bao_lya")
    assert "desi_bao_lya of DESI DR2" in named.source


def test_every_kind_is_one_of_cobaya_and_is_built():
    from cobaya.component import get_component_class

    for kind, config in KINDS.items():
        assert get_component_class(kind, kind="likelihood") is not None
        if config in (BaoConfig, SupernovaConfig):  # of data that come with the package
            assert config(kind, kind).build().parameters == ()
    sizes = {k: len(BaoConfig(k, f"bao.desi_dr2.{k}").build().value) for k in DESI_DR2}
    assert sizes["desi_bao_all"] == 13
    assert sum(sizes.values()) == 26


def test_a_sampled_magnitude_is_a_parameter():
    config = read({UNION3: {"use_abs_mag": True}}, {"Mb": [-1, 1]})
    assert config.own == ("Mb",)
    assert [p.name for p in config.sampled][:2] == ["omegam", "Mb"]
    inside = read({UNION3: {"use_abs_mag": True, "params": {"Mb": 0.0}}})
    assert next(p.value for p in inside.parameters if p.name == "Mb") == 0


def test_what_cobaya_has_written_is_read_again():
    """Its own files of the same data, and what is only for it."""
    config = read(
        {
            ALL: {
                "path": None,
                "measurements_file": "bao_data/desi_bao_dr2/mean.txt",
                "cov_file": "bao_data/desi_bao_dr2/cov.txt",
                "rs_fid": 1,
                "prob_dist": None,
                "aliases": ["BAO"],
                "speed": 2000,
                "input_params": [],
                "output_params": [],
            },
            UNION3: {"dataset_file": "Union3/full_long.dataset", "path": "/somewhere"},
        }
    )
    assert config.others == (BaoConfig(ALL, ALL), SupernovaConfig(UNION3, UNION3))


def test_what_is_written_is_read_again():
    config = read({"sn": {"class": UNION3, "use_abs_mag": True}, ALL: None}, {"Mb": [-1, 1]})
    written = as_cobaya(config)
    assert written["likelihood"]["sn"] == {"class": UNION3, "use_abs_mag": True}
    again = config_from_info(written, "in.yaml")
    assert again.others == config.others
    assert [p.name for p in again.sampled] == [p.name for p in config.sampled]


def test_some_of_the_likelihoods():
    others = {ALL: None, UNION3: {"use_abs_mag": True}}
    free = {"Mb": [-1, 1]}
    shear = "jaxlike.cobaya.shear"
    alone = read(others, free, likelihoods=shear)
    assert alone.others == ()
    assert "Mb" not in [p.name for p in alone.parameters]
    some = read(others, free, likelihoods=[ALL, shear])
    assert [one.name for one in some.others] == [ALL]
    without = read(others, likelihoods=ALL, linear="emulator")
    assert without.likelihoods == ()
    assert [p.name for p in without.parameters] == [*COSMOLOGY]
    assert without.theory.linear == "emulator"
    with pytest.raises(ConfigError, match="'data_file' is given, but there is no likelihood of tw"):
        read(others, likelihoods=ALL, data_file="mine.fits")
    with pytest.raises(ConfigError, match=r"which is no likelihood here; they are jaxlike.cobaya"):
        read(others, free, likelihoods="jla")


BAD = {
    "an option": ({UNION3: {"speeed": 3}}, "unknown option of sn.union3: 'speeed'"),
    "other files": (
        {ALL: {"measurements_file": "mine.txt"}},
        f"option 'measurements_file' of {ALL} is 'mine.txt', but its data are those that come",
    ),
    "another r_d": ({ALL: {"rs_fid": 147.1}}, f"option 'rs_fid' of {ALL} is 147.1, but its data"),
    "no flag": ({UNION3: {"use_abs_mag": "maybe"}}, "use_abs_mag.*'maybe'"),
    "data twice": (
        {ALL: None, "bao.desi_dr2.desi_bao_lya": None},
        "have the same data, which would count twice: leave out one of them",
    ),
    "the same twice": ({UNION3: None, "again": {"class": UNION3}}, "'sn.union3' and 'again' have"),
    "another name": ({"bao.desi": None}, "unknown likelihood 'bao.desi'; accepted are"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(case):
    others, message = BAD[case]
    with pytest.raises(ConfigError, match=message) as error:
        read(others)
    assert str(error.value).startswith("in.yaml: ")
    assert "\n" not in str(error.value)


def test_they_need_no_two_point_data():
    theory = {"jaxlike.cobaya.Theory": {"linear": "emulator"}}
    info = {"theory": theory, "likelihood": {ALL: None}, "params": COSMOLOGY}
    config = config_from_info(info, "in.yaml")
    assert config.likelihoods == ()
    assert config.theory.linear == "emulator"
    again = config_from_info(as_cobaya(config), "in.yaml")
    assert (again.others, again.theory) == (config.others, config.theory)
    with pytest.raises(ParameterError, match="parameter Omega_b is missing"):
        config_from_info({"likelihood": {ALL: None}, "params": {"omegam": 0.3}}, "in.yaml")
    with pytest.raises(ConfigError, match=r"in.yaml: no .likelihood. block; accepted .* sn.union3"):
        config_from_info({"likelihood": None, "params": COSMOLOGY}, "in.yaml")


def test_what_a_model_lacks_is_said():
    with pytest.raises(ParameterError, match=r"in.yaml: likelihood 'sn.union3' has the parameter"):
        model_from_config(read({UNION3: {"use_abs_mag": True}}))
    with pytest.raises(ParameterError, match="unknown parameter 'Mb'"):
        read({UNION3: None}, {"Mb": 0.0})


def test_local_measurements_of_h0_are_cobaya_s():
    """The numbers of its file, or the input's; two of one ladder are one measurement."""
    others = {"H0.riess2020": None, "mine": {"class": "H0.freedman2020", "H0_mean": 70.0}}
    first, second = read(others).others
    assert (first.source[:21], second.options) == ("H0 = 73.2 +- 1.3 km/s", {"H0_mean": 70.0})
    model = model_from_config(config_from_info({"likelihood": others, "params": COSMOLOGY}, "x"))
    chi2s = model.chi2s(model.reference)
    assert float(chi2s["H0.riess2020"]) == pytest.approx((3.2 / 1.3) ** 2)
    assert float(chi2s["mine"]) == pytest.approx(0)
    with pytest.raises(ConfigError, match="same data"):
        read({"H0.riess2020": None, "H0.riess2018a": None})
    with pytest.raises(ConfigError, match="prior to Mb"):
        read({"H0.riess2020Mb": None})
    with pytest.raises(ConfigError, match="H0_std"):
        read({"H0.riess2020": {"H0_std": -1}})
