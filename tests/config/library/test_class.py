"""Modules of Boltzmann codes in pipelines of CosmoSIS's library: what CLASS's options mean here."""

import pytest
from library_pipelines import FIRST_VALUES, first_generation, written

from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.read import read_config
from jaxlike.errors import ConfigError, ParameterError

CLASS = {
    "file": "boltzmann/class/class_interface.py", "version": "3.2.5", "lmax": "2850",
    "zmax": "4.0", "kmax": "10.0", "nk": "700", "cmb": "F", "mpk": "T", "lensing": "F",
    "class_non_linear": "halofit", "debug": "F",
}  # fmt: skip


@pytest.fixture
def with_class(tmp_path, small_folder):
    """A pipeline of CLASS in the place of CAMB, with options of its module changed."""

    def make(values=FIRST_VALUES, more=None, **changed):
        modules = first_generation(str(small_folder / "small.fits"))
        modules["camb"] = CLASS | changed
        return written(tmp_path, modules | (more or {}), values)

    return make


NONLINEAR = {"halofit": "takahashi", "HMCODE": "hmcode2016", "none": "linear"}


@pytest.mark.parametrize("word", NONLINEAR)
def test_its_nonlinear_power(word, with_class):
    config = read_config(with_class(class_non_linear=word))
    assert config.theory.nonlinear == NONLINEAR[word]
    assert config.theory.linear == "emulator"
    fixed = {p.name: p.value for p in config.parameters}
    haloes = {name: fixed[name] for name in ("A_bary", "eta_bary") if name in fixed}
    # of CLASS's c_min and eta_0
    assert haloes == ({"A_bary": 3.13, "eta_bary": 0.603} if word == "HMCODE" else {})


def test_every_option_is_said(with_class):
    rows = library_of(with_class(class_tol_background_integration="1e-10"), {}).explanation
    said = {row.entry.key: row.text for row in rows if row.entry.where == "camb"}
    assert {*said} == {*CLASS, "class_tol_background_integration"}
    assert said["class_non_linear"] == "nonlinear = takahashi"
    assert "no effect here" in said["kmax"]


def test_a_running_of_zero_is_none(with_class):
    values = FIRST_VALUES.replace("[bin_bias]", "n_run = 0.0\n[bin_bias]")
    config = read_config(with_class(values=values))
    assert not [p.name for p in config.parameters if "n_run" in p.name]
    with pytest.raises(ParameterError, match="unknown parameter 'cosmological_parameters--n_run'"):
        read_config(with_class(values=values.replace("n_run = 0.0", "n_run = 0.1")))


NUMBER = "num_massive_neutrinos = "
BAD = {
    "another model": ({"class_non_linear": "hmcode2020"}, "accepted are halofit, hmcode, none"),
    "an option of CLASS's": ({"class_alpha_s": "0.1"}, r"line \d+: option 'class_alpha_s' of camb"),
    "w that it does not read": (
        {"values": FIRST_VALUES.replace("w = -1.0", "w = -2.0 -1.0 -0.3")},
        "does not read 'cosmological_parameters--w': fix it at -1",
    ),
    "P(k) that ends too early": ({"kmax": "2.0"}, r"line \d+: option 'kmax' of camb is 2.0: .* 3"),
    "both codes": (
        {"more": {"again": {"file": "boltzmann/camb/camb_interface.py"}}},
        "again and camb both compute",
    ),
    "two massive neutrinos": (
        {"values": FIRST_VALUES.replace("[bin_bias]", NUMBER + "2\n[bin_bias]")},
        "'num_massive_neutrinos' is 2.0: accepted are 0, 1, 3",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_it_cannot_have_is_said(case, with_class):
    changed, sentence = BAD[case]
    with pytest.raises(ConfigError, match=sentence):
        read_config(with_class(**changed))
