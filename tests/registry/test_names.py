"""Names of any number of samples as tables: what each means, its labels, hints for unknown ones."""

import pytest

from jaxlike.errors import ParameterError
from jaxlike.registry.names import Names, accepted_names, default_latex, guessed
from jaxlike.registry.resolve import check_names
from jaxlike.registry.samples import Sample, lenses_and_sources

NGC = Sample("shear", 4, 2, prefix="NGC_", likelihood="ngc")
SGC = Sample("shear", 3, prefix="SGC_", likelihood="sgc")
LENSES = Sample("counts", 2, prefix="NGC_", likelihood="ngc")
CAPS = (NGC, SGC)
ALL = (LENSES, NGC, SGC)
IN_COSMOSIS = (
    Sample("shear", 4, suffix="ngc", likelihood="ngc"),
    Sample("shear", 3, suffix="sgc", likelihood="sgc"),
    Sample("counts", 2, suffix="sgc", likelihood="sgc"),
)
UNIVERSE = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "A_s": 2.1e-9}

# name -> (canonical name, its sample, stem, number)
PREFIXED = {
    "NGC_m1": ("NGC_m1", NGC, "m", 1),
    "SGC_m3": ("SGC_m3", SGC, "m", 3),
    "NGC_dz_source1": ("NGC_dz_source1", NGC, "dz_source", 1),
    "NGC_dz2": ("NGC_dz_source2", NGC, "dz_source", 2),
    "NGC_DzS1": ("NGC_dz_source1", NGC, "dz_source", 1),
    "SGC_szS2": ("SGC_sz_source2", SGC, "sz_source", 2),
    "NGC_u_source2": ("NGC_u_source2", NGC, "u_source", 2),
    "NGC_A_IA": ("NGC_A_IA", NGC, "A_IA", None),
    "NGC_A": ("NGC_A_IA", NGC, "A_IA", None),
    "NGC_AIA": ("NGC_A_IA", NGC, "A_IA", None),
    "NGC_A1_IA": ("NGC_A_IA", NGC, "A_IA", None),
    "NGC_A_IA2": ("NGC_A_IA2", NGC, "A_IA", 2),
    "NGC_alphaIA": ("NGC_alpha_IA", NGC, "alpha_IA", None),
    "NGC_eta1": ("NGC_alpha_IA", NGC, "alpha_IA", None),
    "NGC_z0IA": ("NGC_z0_IA", NGC, "z0_IA", None),
    "SGC_A2_IA": ("SGC_A2_IA", SGC, "A2_IA", None),
    "SGC_eta2": ("SGC_alpha2_IA", SGC, "alpha2_IA", None),
    "SGC_bTA": ("SGC_bTA_IA", SGC, "bTA_IA", None),
    "NGC_b1": ("NGC_b1", LENSES, "b", 1),
    "NGC_DzL1": ("NGC_dz_lens1", LENSES, "dz_lens", 1),
    "NGC_szL2": ("NGC_sz_lens2", LENSES, "sz_lens", 2),
    "NGC_alpha_mag2": ("NGC_alpha_mag2", LENSES, "alpha_mag", 2),
    "NGC_alpha_b": ("NGC_alpha_b", LENSES, "alpha_b", None),
    "omegam": ("Omega_m", None, "Omega_m", None),
    "logT_AGN": ("log_T_AGN", None, "log_T_AGN", None),
    "cosmological_parameters--h0": ("h", None, "h", None),
}


@pytest.mark.parametrize("name", PREFIXED)
def test_names_with_a_prefix(name):
    names = Names(ALL)
    canonical, sample, stem, number = PREFIXED[name]
    found = names.find(name)
    assert names.is_known(name)
    assert names.canonical(name) == names.canonical(canonical) == canonical
    assert (found.sample, found.declared.name, found.number) == (sample, stem, number)
    assert name in (found.accepted if sample is None else names.of(sample))


# section--name -> (canonical name, the way to write it in a section of the sample's own)
SUFFIXED = {
    "shear_calibration_parameters_ngc--m1": ("ngc_m1", "shear_calibration_parameters_ngc--m1"),
    "shear_calibration_parameters--m2_ngc": ("ngc_m2", "shear_calibration_parameters_ngc--m2"),
    "intrinsic_alignment_parameters_ngc--a": ("ngc_A_IA", "intrinsic_alignment_parameters_ngc--a"),
    "intrinsic_alignment_parameters--a1_sgc": ("sgc_A_IA", "intrinsic_alignment_parameters_sgc--a"),
    "intrinsic_alignment_parameters--A_2_sgc": (
        "sgc_A_IA2",
        "intrinsic_alignment_parameters_sgc--a_2",
    ),
    "intrinsic_alignment_parameters--bias_ta_ngc": (
        "ngc_bTA_IA",
        "intrinsic_alignment_parameters_ngc--bias_ta",
    ),
    "wl_photoz_errors_NGC--bias_1": ("ngc_dz_source1", "wl_photoz_errors_ngc--bias_1"),
    "lens_photoz_errors_sgc--width_2": ("sgc_sz_lens2", "lens_photoz_errors_sgc--width_2"),
    "bin_bias--b1_sgc": ("sgc_b1", "bin_bias_sgc--b1"),
    "ngc_DzS1": ("ngc_dz_source1", "wl_photoz_errors_ngc--bias_1"),
    "cosmological_parameters--n_s": ("n_s", "cosmological_parameters--n_s"),
    "n_s": ("n_s", "cosmological_parameters--n_s"),
}


@pytest.mark.parametrize("name", SUFFIXED)
def test_names_with_a_suffix(name):
    names = Names(IN_COSMOSIS)
    found = names.find(name)
    canonical, in_section = SUFFIXED[name]
    assert found.canonical == names.canonical(name) == canonical
    assert next(one for one in found.accepted if "--" in one) == in_section
    if name == name.lower():
        assert name in found.accepted


def test_every_accepted_name_is_known_and_means_one_thing():
    for samples in (ALL, IN_COSMOSIS, lenses_and_sources(2, 3, 1, 2)):
        names = Names(samples)
        for sample in samples:
            for name in names.of(sample):
                found = names.find(name)
                assert found.sample is sample, name
                assert {names.canonical(one) for one in found.accepted} == {found.canonical}
                label = default_latex(name, names)
                assert label.count("{") == label.count("}")


def test_a_prefix_and_a_suffix_may_differ():
    names = Names([Sample("shear", 2, prefix="KIDS_", suffix="kids1000")])
    assert names.canonical("shear_calibration_parameters_kids1000--m1") == "KIDS_m1"
    assert "shear_calibration_parameters_kids1000--m1" in names.find("KIDS_m1").accepted
    assert not [one for one in Names(CAPS).find("NGC_m1").accepted if "--" in one]


def test_one_prefix_may_begin_another():
    samples = [Sample("shear", 1, prefix=prefix) for prefix in ("A_", "A_B_", "")]
    names = Names(samples)
    found = [names.find(name).sample for name in ("A_m1", "A_B_m1", "m1", "DES_m1")]
    assert found == [samples[0], samples[1], samples[2], samples[2]]


LATEX = {
    "NGC_m1": r"m^{1}\,[\mathrm{NGC}]",
    "NGC_DzS2": r"\Delta z_\mathrm{s}^{2}\,[\mathrm{NGC}]",
    "NGC_AIA": r"A_\mathrm{IA}\,[\mathrm{NGC}]",
    "SGC_A_IA3": r"A_\mathrm{IA}^{3}\,[\mathrm{SGC}]",
    "Omega_m": r"\Omega_\mathrm{m}",
    "nonsense_1": r"\mathrm{nonsense\_1}",
}


@pytest.mark.parametrize("name", LATEX)
def test_labels(name):
    assert default_latex(name, Names(ALL)) == LATEX[name]
    assert default_latex(name) == LATEX[name]  # without a model, by the form of the name


GUESSED = {  # name -> canonical name, or None, of what it is without a model
    "DES_m1": "m1",
    "NGC_dz_source1": "NGC_dz_source1",
    "NGC_DzS1": "NGC_dz_source1",
    "NGC_dz1": "NGC_dz_source1",
    "HSC_Y3_A_IA2": "HSC_Y3_A_IA2",
    "NGC_alphaIA": "NGC_alpha_IA",
    "shear_calibration_parameters_ngc--m1": "ngc_m1",
    "intrinsic_alignment_parameters--a_2_ngc": "ngc_A_IA2",
    "wl_photoz_errors_hsc_y3--bias_1": "hsc_y3_dz_source1",
    "cosmological_parameters_ngc--h0": None,
    # no prefix is guessed where there is none
    **dict.fromkeys(["log_A", "log_eta", "chi2_m", "my_h", "_m1", "1_m1"]),
}


@pytest.mark.parametrize("name", GUESSED)
def test_names_without_a_model(name):
    found = guessed(name)
    assert (found and found.canonical) == GUESSED[name]
    if found is None:
        assert default_latex(name) == r"\mathrm{" + name.replace("_", r"\_") + "}"


def test_labels_know_prefixes_that_cannot_be_guessed():
    names = Names([Sample("shear", 2, prefix="KIDS")])
    assert default_latex("KIDSm1", names) == r"m^{1}\,[\mathrm{KIDS}]"
    assert default_latex("KIDSm1") == r"\mathrm{KIDSm1}"


def test_labels_are_drawn():
    mathtext = pytest.importorskip("matplotlib.mathtext")
    names = Names(ALL)
    for sample in ALL[:2]:
        for name in names.of(sample):
            mathtext.MathTextParser("path").parse(f"${default_latex(name, names)}$")


LONG = Sample("shear", 2, prefix="A_VERY_LONG_PREFIX_" * 8)
UNKNOWN = {  # name -> samples, hint
    "DES_AIA": (CAPS, r"\(did you mean 'NGC_AIA' or 'SGC_AIA'"),
    "m9": (CAPS, r"\(did you mean 'NGC_m9' or 'SGC_m9'"),
    "NGC_DES_m1": (CAPS, r"\(did you mean 'NGC_m1'\?"),
    "NCG_m3": (CAPS, r"\(did you mean 'NGC_m3'"),
    "NGC_omegam": (CAPS, r"\(did you mean 'omegam'.*accepted are .*NGC_A_IA"),
    "YHe": (CAPS, "accepted are Omega_m, omch2.*NGC_A_IA, .*section--name.*accepted_names"),
    "nonsense": ((), "accepted are Omega_m, omch2.*DES_AIA, .*section--name.*accepted_names"),
    "wl_photoz_errors--bias_1": (CAPS, r"\(did you mean 'NGC_dz_source1' or 'SGC_dz_source1'"),
    "shear_calibration_parameters--m1": (
        IN_COSMOSIS,
        "'shear_calibration_parameters_ngc--m1' or 'shear_calibration_parameters_sgc--m1'",
    ),
    "intrinsic_alignment_parameters--bias_ta": (
        IN_COSMOSIS,
        "parameters_ngc--bias_ta' or '.*_sgc--bias_ta'.*accepted_names",
    ),
    "bias_lens--b1": (IN_COSMOSIS, "'bias_lens_sgc--b1'"),
    "shear_calibration_parameters_ngc--m1": (CAPS, "accepted are"),
    "cosmological_parameters_ngc--h0": (IN_COSMOSIS, "did you mean 'cosmological_parameters--h0'"),
    "intrinsic_alignment_parameters_ncg--a": (
        IN_COSMOSIS,
        "did you mean 'intrinsic_alignment_parameters_ngc--a'",
    ),
    "m2": ([LONG], "accepted_names"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_names_get_a_short_hint(name):
    samples, hint = UNKNOWN[name]
    assert not Names(samples).is_known(name)
    with pytest.raises(ParameterError, match=f"unknown parameter '{name}'.*{hint}") as error:
        check_names([*UNIVERSE, name], samples)
    assert len(str(error.value)) <= 300
    assert "\n" not in str(error.value)


def test_a_name_of_any_length_has_a_short_message():
    with pytest.raises(ParameterError, match=r"'xxx.*\.\.\.'.*accepted_names") as error:
        Names(IN_COSMOSIS).canonical("x" * 1000)
    assert len(str(error.value)) <= 300


def test_the_list_has_the_prefixes():
    listed = Names(ALL).listed()
    for name in ("NGC_A_IA|NGC_A|NGC_AIA", "SGC_m1..", "NGC_b1..", "Omega_m|omega_m|omegam"):
        assert name in listed
    assert "DES_" not in listed
    assert "A_IA|A|DES_AIA" in accepted_names()
