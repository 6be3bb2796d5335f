"""Names of several likelihoods: prefixes, Cobaya's stems, sections with CosmoSIS's suffixes."""

import re
from dataclasses import dataclass
from typing import ClassVar

import pytest

from jaxlike.errors import ParameterError
from jaxlike.registry.effects import check_complete, check_effects
from jaxlike.registry.names import Names, default_latex
from jaxlike.registry.resolve import check_names, is_idle, resolve
from jaxlike.registry.samples import Sample, lenses_and_sources, own_parameters
from jaxlike.theory.declarations import Declared
from jaxlike.theory.tracers import TRACERS

UNIVERSE = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "sigma8": 0.8}
CAPS = (
    Sample("counts", 2, prefix="NGC_", likelihood="north"),
    Sample("shear", 2, 1, prefix="NGC_", likelihood="north"),
    Sample("shear", 3, prefix="SGC_", likelihood="south"),
)
SUFFIXED = (
    Sample("counts", 2, 1, suffix="ngc", likelihood="north"),
    Sample("shear", 2, suffix="ngc", likelihood="north"),
    Sample("shear", 3, suffix="sgc", likelihood="south"),
)

ACCEPTED = {  # name -> samples, canonical name
    "NGC_m1": (CAPS, "NGC_m1"),
    "NGC_b2": (CAPS, "NGC_b2"),
    "NGC_DzS1": (CAPS, "NGC_dz_source1"),
    "NGC_DzL2": (CAPS, "NGC_dz_lens2"),
    "NGC_AIA": (CAPS, "NGC_A_IA"),
    "NGC_A1_IA": (CAPS, "NGC_A_IA"),
    "NGC_alphaIA": (CAPS, "NGC_alpha_IA"),
    "NGC_u_source1": (CAPS, "NGC_u_source1"),
    "SGC_DzS3": (CAPS, "SGC_dz_source3"),
    "SGC_dz3": (CAPS, "SGC_dz_source3"),
    "omegam": (CAPS, "Omega_m"),
    "cosmological_parameters--omega_m": (CAPS, "Omega_m"),
    "ngc_m1": (SUFFIXED, "ngc_m1"),
    "shear_calibration_parameters_ngc--m1": (SUFFIXED, "ngc_m1"),
    "Shear_Calibration_Parameters_NGC--M1": (SUFFIXED, "ngc_m1"),
    "shear_calibration_parameters--m1_sgc": (SUFFIXED, "sgc_m1"),
    "intrinsic_alignment_parameters--a1_ngc": (SUFFIXED, "ngc_A_IA"),
    "intrinsic_alignment_parameters_sgc--a": (SUFFIXED, "sgc_A_IA"),
    "wl_photoz_errors--bias_3_sgc": (SUFFIXED, "sgc_dz_source3"),
    "wl_photoz_errors_sgc--bias_3": (SUFFIXED, "sgc_dz_source3"),
    "bin_bias--b2_ngc": (SUFFIXED, "ngc_b2"),
    "lens_photoz_u_ngc--u_1": (SUFFIXED, "ngc_u_lens1"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_names_of_samples(name):
    samples, canonical = ACCEPTED[name]
    names = Names(samples)
    assert names.canonical(name) == canonical
    assert not is_idle(name, samples)
    assert "$" not in default_latex(name, names)


UNKNOWN = {  # name -> samples, hint
    "m1": (CAPS, "did you mean 'NGC_m1' or 'SGC_m1'"),
    "A_IA": (CAPS, "did you mean 'NGC_A_IA' or 'SGC_A_IA'"),
    "DzS1": (CAPS, "did you mean 'NGC_DzS1' or 'SGC_DzS1'"),
    "DES_m1": (CAPS, "did you mean 'NGC_m1' or 'SGC_m1'"),
    "shear_calibration_parameters--m1": (CAPS, "accepted are"),
    "b1": (CAPS, "did you mean 'NGC_b1'\\?"),
    "KIDS_m1": (CAPS, "accepted are .*NGC_m1.."),
    "NGC_Omega_m": (CAPS, "accepted are Omega_m"),
    "m2": (SUFFIXED, "did you mean 'ngc_m2' or 'sgc_m2'"),
    "shear_calibration_parameters--m2": (
        SUFFIXED,
        "'shear_calibration_parameters_ngc--m2' or 'shear_calibration_parameters_sgc--m2'",
    ),
    "cosmological_parameters--omega_m_ngc": (SUFFIXED, "'cosmological_parameters--omega_m'"),
    "wl_photoz_errors--bias_1_kids": (SUFFIXED, "accepted are"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_bare_and_foreign_names_are_refused_with_a_hint(name):
    samples, hint = UNKNOWN[name]
    with pytest.raises(ParameterError, match=f"unknown parameter '{name}'.*{hint}") as error:
        Names(samples).canonical(name)
    assert "\n" not in str(error.value)


def test_labels_tell_the_likelihoods_apart():
    names = Names(CAPS)
    labels = {default_latex(f"{own}_m1", names) for own in ("NGC", "SGC")}
    assert len(labels) == 2
    assert default_latex("Omega_m", names) == default_latex("Omega_m")


def test_each_sample_has_its_own_bins():
    assert is_idle("NGC_m3", CAPS)
    assert not is_idle("SGC_m3", CAPS)
    assert is_idle("SGC_b1", CAPS)
    with pytest.raises(ParameterError, match=r"'NGC_m3' is for source bin 3.*have 2.*1 to 2"):
        check_names([*UNIVERSE, "NGC_m3"], CAPS)
    with pytest.raises(ParameterError, match=r"'SGC_b1' is for lens bin 1.*no lens bin"):
        check_names([*UNIVERSE, "SGC_b1"], CAPS)
    with pytest.raises(ParameterError, match=r"NGC_b2 is missing: .*2 lens bins.*NGC_b2"):
        check_names([*UNIVERSE, "NGC_b1"], CAPS)


def test_each_sample_gets_its_own_parameters():
    given = {**UNIVERSE, "NGC_b1": 1.4, "NGC_b2": 1.6, "NGC_AIA": 0.5, "SGC_AIA": -0.3}
    out = resolve({**given, "NGC_DzS2": 0.01, "SGC_m3": 0.02}, CAPS)
    north, south = (own_parameters(out, sample) for sample in CAPS[1:])
    assert (float(north["A_IA"]), float(south["A_IA"])) == (0.5, -0.3)
    assert (float(north["dz_source2"]), float(south["dz_source2"])) == (0.01, 0.0)
    assert float(south["m3"]) == 0.02
    assert "m3" not in north
    assert set(own_parameters(out, CAPS[0])) == {"b1", "b2", "dz_lens1", "dz_lens2"}
    with pytest.raises(ParameterError, match="NGC_A_IA is given twice, as 'NGC_AIA' and as"):
        resolve({**given, "NGC_A_IA": 0.5}, CAPS)


def test_options_of_each_likelihood_stand_for_its_samples_alone():
    check_effects(["NGC_A_IA1", "SGC_A2_IA"], {"alignment": "nla_per_bin"}, CAPS[:2])
    with pytest.raises(ParameterError, match="'SGC_A_IA1' has no effect with alignment = tatt"):
        check_effects(["NGC_A_IA1", "SGC_A_IA1"], {"alignment": "tatt"}, CAPS[2:])
    with pytest.raises(ParameterError, match=r"SGC_A2_IA is missing: .*given as SGC_A2_IA"):
        check_complete(["SGC_A_IA", "NGC_A2_IA"], {"alignment": "tatt"}, CAPS[2:])


SHARED = {
    "no prefixes": (("", ""), ("", ""), "m1"),
    "the same prefix": (("SGC_", ""), ("SGC_", ""), "SGC_m1"),
    "the same suffix": (("", "ngc"), ("", "ngc"), "ngc_m1"),
    "a prefix that is a suffix": (("ngc_", ""), ("", "ngc"), "ngc_m1"),
}


@pytest.mark.parametrize(("one", "other", "name"), SHARED.values(), ids=SHARED.keys())
def test_accidental_sharing(one, other, name):
    """Both likelihoods, a parameter of both, and the way out are named."""
    samples = [
        Sample("shear", 2, 0, *words, likelihood=likelihood)
        for words, likelihood in ((one, "north"), (other, "south"))
    ]
    with pytest.raises(ParameterError, match="likelihoods 'north' and 'south' both take") as error:
        Names(samples)
    own = name.removesuffix("m1")
    assert re.search(rf"both take '{own}\w+': give each a prefix of its own", str(error.value))
    assert "link the two by a function" in str(error.value)


def test_lenses_of_one_and_sources_of_another_need_no_prefix():
    samples = [
        Sample("counts", 2, likelihood="boss"),
        Sample("shear", 2, likelihood="kids"),
    ]
    assert Names(samples).canonical("m1") == "m1"
    with pytest.raises(ParameterError, match="two source samples of one likelihood both take"):
        Names([*lenses_and_sources(1, 2), Sample("shear", 3)])


@pytest.mark.parametrize("option", ["prefix", "suffix"])
@pytest.mark.parametrize("word", ["1st", "NGC-", "N C", "_x", "a--b", "é"])
def test_words_that_begin_no_name(option, word):
    with pytest.raises(ParameterError, match=f"option '{option}' is {word!r}.*letters, digits"):
        Sample("shear", 2, **{option: word})


@dataclass(frozen=True)
class Hydrogen:
    """A tracer from outside the package: the 21 cm line, of a brightness in each bin."""

    kind: ClassVar[str] = "hydrogen"
    word: ClassVar[str] = "hydrogen"
    parameters: ClassVar[tuple[Declared, ...]] = (
        Declared(
            "T_21", ("HI_T",), ("hydrogen--t_",), "T_{#}", per="bin", default=0.1,
            needs=("brightness", (True,)),
        ),
        Declared("spin_T", (), ("hydrogen--spin",), "T_s", required_by=(("brightness", True),)),
    )  # fmt: skip


def test_a_tracer_from_outside_has_names_too(monkeypatch):
    """Its declaration is all there is to its names, defaults, needs and messages."""
    monkeypatch.setitem(TRACERS, "hydrogen", Hydrogen)
    samples = (Sample("hydrogen", 2, prefix="SKA_", likelihood="ska"), *CAPS)
    names = Names(samples)
    assert names.canonical("SKA_HI_T2") == "SKA_T_212"
    assert names.canonical("SKA_spin_T") == "SKA_spin_T"
    assert default_latex("SKA_T_212", names).startswith("T_{2}")
    out = resolve({**UNIVERSE, "NGC_b1": 1.0, "NGC_b2": 1.0, "SKA_HI_T2": 0.2}, samples)
    own = own_parameters(out, samples[0])
    assert {name: float(value) for name, value in own.items()} == {"T_211": 0.1, "T_212": 0.2}
    with pytest.raises(ParameterError, match="'SKA_T_213' is for hydrogen bin 3"):
        check_names([*UNIVERSE, "SKA_T_213"], samples)
    with pytest.raises(ParameterError, match="'SKA_T_211' has no effect with brightness = false"):
        check_effects(["SKA_T_211"], {"brightness": False}, samples)
    with pytest.raises(ParameterError, match="SKA_spin_T is missing: brightness = true needs"):
        check_complete([], {"brightness": True}, samples[:1])
    assert Names(()).canonical("hydrogen--t_1") == "T_211"
