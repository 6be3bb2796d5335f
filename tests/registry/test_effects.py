"""Parameters without effect, and options without the parameters that they need."""

import pytest

from jaxlike.errors import ParameterError
from jaxlike.registry.effects import check_complete, check_effects, has_effect
from jaxlike.registry.names import (
    accepted_names,
    canonical_name,
    cosmosis_name,
    default_latex,
    is_known,
)
from jaxlike.registry.resolve import check_names, is_idle, resolve
from jaxlike.registry.samples import lenses_and_sources

OFF = {
    "nonlinear": "takahashi", "bias": "constant", "alignment": "nla", "magnification": False,
}  # fmt: skip
ON = {
    "nonlinear": "hmcode2020", "bias": "power_law", "alignment": "nla_per_bin",
    "magnification": True,
}  # fmt: skip
NEEDED = ["alpha_mag1", "mag_alpha_lens--alpha_2", "alpha_b", "A_IA1", "A_IA2"]
BASE = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "sigma8": 0.8, "b1": 1.4, "b2": 1.6}

IDLE = {
    "HMCode_logT_AGN": (OFF, "nonlinear = takahashi.*nonlinear = hmcode2020"),
    "alpha_b": (OFF, "bias = constant.*bias = power_law"),
    "bin_bias--z0_b": ({**OFF, "bias": "inverse_growth"}, "bias = inverse_growth.*power_law"),
    "b2_1": (OFF, "bias = constant.*bias = one_loop"),
    "bias_lens--b3nlE_bin2": (ON, "bias = power_law.*bias = one_loop"),
    "alpha_mag2": (OFF, "magnification = false.*magnification = true"),
    "A_IA1": (OFF, "alignment = nla:.*alignment = nla_per_bin"),
    "DES_AIA": (ON, "alignment = nla_per_bin.*alignment = nla or tatt"),
    "A2_IA": (OFF, "alignment = nla:.*alignment = tatt"),
    "intrinsic_alignment_parameters--bias_ta": (ON, "alignment = nla_per_bin.*= tatt"),
}


@pytest.mark.parametrize("name", IDLE)
def test_parameters_without_effect(name):
    options, message = IDLE[name]
    assert not has_effect(name, options)
    with pytest.raises(ParameterError, match=f"'{name}' has no effect with {message}"):
        check_effects(["Omega_m", "whatever", name], options)


def test_parameters_with_effect():
    check_effects(["Omega_m", "A_IA", "alpha_IA", "sz_lens1", "whatever"], OFF)
    check_effects(["log_T_AGN", "z0_b", *NEEDED], ON)
    check_effects(["alpha_mag1"], {"nonlinear": "takahashi"})  # not this component's business


def test_bias_to_one_loop_needs_b2_of_every_bin():
    options, samples = {**OFF, "bias": "one_loop"}, lenses_and_sources(2, 2)
    check_complete(["b2_1", "bias_lens--b2E_bin2"], options, samples)
    check_effects(["b2_1", "bsE_bin1", "DES_b3nl_2"], options, samples)
    with pytest.raises(ParameterError, match=r"b2_2 is missing: bias = one_loop needs b2_ of each"):
        check_complete(["b2E_bin1"], options, samples)


@pytest.mark.parametrize("missing", NEEDED)
def test_options_need_their_parameters(missing):
    check_complete(NEEDED, ON, lenses_and_sources(2, 2))
    check_complete([], OFF, lenses_and_sources(2, 2))
    left = [name for name in NEEDED if name != missing]
    with pytest.raises(ParameterError, match=f"{canonical_name(missing)} is missing: .*needs"):
        check_complete(left, ON, lenses_and_sources(2, 2))


@pytest.mark.parametrize(("given", "missing"), [("A2_IA", "A_IA"), ("A1_IA", "A2_IA")])
def test_torquing_needs_both_amplitudes(given, missing):
    options = {**OFF, "alignment": "tatt"}
    check_effects(["A1_IA", "A2_IA", "eta1", "eta2", "bTA"], options)
    check_complete(["A1_IA", "A2_IA"], options, lenses_and_sources(0, 2))
    with pytest.raises(ParameterError, match=f"{missing} is missing: alignment = tatt needs"):
        check_complete([given], options, lenses_and_sources(0, 2))


def test_bins_that_the_data_have_not_got():
    with pytest.raises(ParameterError, match=r"'A_IA3' is for source bin 3.*bins 1 to 2"):
        check_names([*BASE, "A_IA3"], lenses_and_sources(2, 2))
    with pytest.raises(ParameterError, match=r"'alpha_mag3' is for lens bin 3.*bins 1 to 2"):
        check_names([*BASE, "alpha_mag3"], lenses_and_sources(2, 2))
    with pytest.raises(ParameterError, match="'alpha_b' has no effect: the data have no lens"):
        check_names([*list(BASE)[:5], "alpha_b"], lenses_and_sources(0, 2))
    assert is_idle("alpha_b", lenses_and_sources(0, 1))
    assert is_idle("A_IA2", lenses_and_sources(1, 1))
    assert not is_idle("A_IA1", lenses_and_sources(0, 1))


ALIASES = {
    "DES_szL2": ("sz_lens2", "lens_photoz_errors--width_2"),
    "wl_photoz_errors--width_1": ("sz_source1", "wl_photoz_errors--width_1"),
    "bias_lens--b2": ("b2", "bin_bias--b2"),
    "mag_alpha_lens--alpha_1": ("alpha_mag1", "mag_alpha_lens--alpha_1"),
    "intrinsic_alignment_parameters--A_2": ("A_IA2", "intrinsic_alignment_parameters--a_2"),
    "bin_bias--alpha_b": ("alpha_b", "bin_bias--alpha_b"),
}


@pytest.mark.parametrize("alias", ALIASES)
def test_names(alias):
    canonical, in_cosmosis = ALIASES[alias]
    assert is_known(alias)
    assert (canonical_name(alias), cosmosis_name(alias)) == (canonical, in_cosmosis)
    assert default_latex(alias).count("{") == default_latex(alias).count("}")
    assert canonical.rstrip("12") in accepted_names()


def test_what_is_not_given_stays_away():
    """Widths are one beside another bin's; a bin's own alignment replaces that of all."""
    plain = resolve(BASE, lenses_and_sources(2, 2))
    assert not {"sz_lens1", "alpha_mag1", "alpha_b", "A_IA1"} & set(plain)
    given = {**BASE, "sz_lens2": 1.1, "A_IA1": 0.4, "A_IA2": 0.3, "alpha_b": 1.0}
    out = resolve(given, lenses_and_sources(2, 2))
    assert (float(out["sz_lens1"]), float(out["sz_lens2"])) == (1.0, 1.1)
    assert "sz_source1" not in out
    assert "A_IA" not in out
    assert float(out["alpha_b"]) == 1.0
