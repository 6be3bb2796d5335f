"""Cobaya inputs with `theory: camb` or `classy`: what they are in jaxlike's own words."""

from collections.abc import Mapping
from typing import Any

import pytest

from jaxlike.config import Config, config_from_info
from jaxlike.config.explained import Explanation
from jaxlike.config.written import as_cobaya
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.loading import model_from_config
from jaxlike.posterior.parameters import parameter_values
from jaxlike.registry.resolve import resolve

# as Cobaya's own generator of inputs has them
CAMB: dict[str, Any] = {
    "logA": {"prior": {"min": 1.61, "max": 3.91}, "ref": 3.05, "drop": True},
    "As": {"value": "lambda logA: 1e-10*np.exp(logA)", "latex": "A"},
    "ns": [0.8, 1.2],
    "theta_MC_100": {"prior": [0.5, 10], "ref": 1.041, "drop": True, "renames": "theta"},
    "cosmomc_theta": {"value": "lambda theta_MC_100: 1.e-2*theta_MC_100", "derived": False},
    "H0": {"latex": "H_0", "min": 20, "max": 100},
    "ombh2": {"prior": [0.005, 0.1], "ref": 0.0224},
    "omch2": {"prior": [0.001, 0.99], "ref": 0.12},
    "tau": 0.055,
    "omegam": {"latex": "m"},
    "zrei": None,
}
CLASSY: dict[str, Any] = {
    "A_s": {"prior": [1e-9, 4e-9], "ref": 2.1e-9},
    "n_s": 0.96,
    "H0": 68.0,
    "omega_b": {"prior": [0.005, 0.1], "ref": 0.0224},
    "omega_cdm": 0.12,
    "tau_reio": 0.055,
}


def read(
    theory: str, extra: Mapping[str, Any], params: Mapping[str, Any], **block: Any
) -> tuple[Config, Explanation]:
    rows = Explanation()
    info = {
        "theory": {theory: {"extra_args": dict(extra), **block}},
        "likelihood": {"jaxlike.cobaya.shear": {"power": "host"}},
        "params": dict(params),
    }
    return config_from_info(info, "in.yaml", rows), rows


def universe(config: Config) -> dict[str, float]:
    """Canonical parameters at the reference."""
    values = parameter_values(config.parameters, {p.name: p.ref_loc for p in config.sampled})
    own = {n: v for n, v in values.items() if not n.startswith("DES")}
    return {name: float(x) for name, x in resolve(own, (), config.theory).items()}


def test_a_generated_camb_input():
    config, rows = read(
        "camb",
        {
            "halofit_version": "mead",
            "bbn_predictor": "PArthENoPE_880.2_standard.dat",
            "lens_potential_accuracy": 1,
            "num_massive_neutrinos": 1,
            "nnu": 3.044,
            "theta_H0_range": [20, 100],
        },
        CAMB,
        stop_at_error=True,
    )
    theory = config.theory
    assert (theory.power, theory.linear, theory.nonlinear) == ("jaxlike", "emulator", "hmcode2016")
    assert (theory.neutrinos, theory.radiation) == ("one_massive", True)
    found = universe(config)
    assert found["A_s"] == pytest.approx(1e-10 * 2.718281828459045**3.05)
    assert found["N_eff"] == 3.044
    assert found["omega_nu"] == pytest.approx(0.06 / 93.03, rel=1e-3)  # CAMB's own default mass
    assert (found["A_bary"], found["eta_bary"]) == (3.13, 0.603)
    assert found["h"] == pytest.approx(0.673, abs=0.01)
    assert "tau" not in {p.name for p in config.parameters}
    fates = {(row.entry.where, row.entry.key): row for row in rows}
    assert fates["params", "tau"].fate == "idle"
    assert fates["theory: camb: extra_args", "halofit_version"].becomes == "nonlinear = hmcode2016"
    assert fates["likelihood: jaxlike.cobaya.shear", "power"].fate == "option"


@pytest.mark.parametrize(
    ("extra", "params", "expected"),
    [
        ({}, {}, {"nonlinear": "hmcode2020", "neutrinos": "one_massive"}),
        ({"halofit_version": "takahashi"}, {"mnu": [0, 1]}, {"nonlinear": "takahashi"}),
        ({"num_massive_neutrinos": 3}, {"mnu": 0.1}, {"neutrinos": "degenerate"}),
        ({"neutrino_hierarchy": "normal", "mnu": 0.1}, {}, {"neutrinos": "normal"}),
        ({"halofit_version": "mead2020_feedback"}, {}, {"nonlinear": "hmcode2020"}),
    ],
)
def test_what_camb_s_options_ask_for(extra, params, expected):
    theory = read("camb", extra, CAMB | params)[0].theory
    assert {name: getattr(theory, name) for name in expected} == expected


def test_feedback_is_camb_s_default_or_the_parameter_and_nothing_where_camb_takes_none():
    agn = {"HMCode_logT_AGN": [7.3, 8.3]}
    assert universe(read("camb", {"halofit_version": "mead2020_feedback"}, CAMB)[0])[
        "log_T_AGN"
    ] == pytest.approx(7.8)
    config = read("camb", {"halofit_version": "mead2020_feedback"}, CAMB | agn)[0]
    assert "HMCode_logT_AGN" in {p.name for p in config.sampled}
    config, rows = read("camb", {}, CAMB | agn)
    assert "log_T_AGN" not in universe(config)
    assert "does not take it" in next(r for r in rows if r.entry.key == "HMCode_logT_AGN").becomes


def test_a_classy_input():
    """One massive neutrino, which is 1.013 of N_eff; CLASS's names are functions of ours."""
    extra = {"non_linear": "hmcode", "N_ncdm": 1, "N_ur": 2.0328, "m_ncdm": 0.06}
    config, rows = read("classy", extra, CLASSY | {"Omega_m": None, "rs_drag": None})
    assert (config.theory.nonlinear, config.theory.neutrinos) == ("hmcode2020", "one_massive")
    found = universe(config)
    assert found["N_eff"] == pytest.approx(3.046, abs=1e-4)
    assert (found["Omega_b"] * found["h"] ** 2, found["A_s"]) == pytest.approx((0.0224, 2.1e-9))
    assert found["omega_nu"] == pytest.approx(0.06 / 93.14, rel=3e-3)
    assert {"omega_b", "A_s"} == {p.name for p in config.sampled if not p.name.startswith("DES")}
    assert [o.function.arguments for o in config.outputs if o.function] == [("omegam",), ("rdrag",)]
    assert next(r for r in rows if r.entry.key == "omega_b").becomes == "ombh2"


def test_three_neutrinos_of_classy_with_a_sampled_mass():
    params = CLASSY | {
        "m_ncdm": {"prior": [0, 1.5], "ref": 0.05},
        "mnu": {"derived": "lambda m_ncdm: 3 * m_ncdm", "latex": "M"},
        "N_ur": {"prior": [0.004, 0.01], "ref": 0.00641},
    }
    with pytest.raises(ConfigError, match=r"'nnu' .* is not fixed between"):
        read("classy", {"N_ncdm": 1, "deg_ncdm": 3, "non_linear": "halofit"}, params)
    params["N_ur"] = 0.00641
    config, _ = read("classy", {"N_ncdm": 1, "deg_ncdm": 3, "non_linear": "halofit"}, params)
    assert (config.theory.nonlinear, config.theory.neutrinos) == ("takahashi", "degenerate")
    values = universe(config)
    assert values["omega_nu"] == pytest.approx(0.15 / 93.03, rel=1e-3)
    assert config.output_latex["mnu"] == "M"


def test_distances_alone_leave_n_eff_free():
    """The emulator of power is that of one N_eff; distances and r_drag are of any."""
    info = {
        "theory": {"camb": None},
        "likelihood": {"sn.union3": None, "bao.desi_dr2": None},
        "params": CAMB | {"nnu": [1, 6]},
    }
    assert config_from_info(info, "in.yaml").theory.linear == "eisenstein_hu"
    info["likelihood"]["jaxlike.cobaya.shear"] = None
    with pytest.raises(ConfigError, match=r"'nnu' .* that jaxlike.cobaya.shear sees"):
        config_from_info(info, "in.yaml")


def test_the_translation_is_an_input_of_its_own():
    """What is written of it is read as the same posterior, by jaxlike and without CAMB."""
    for theory, params in (("camb", CAMB), ("classy", CLASSY)):
        config, _ = read(theory, {}, params)
        again = config_from_info(as_cobaya(config), "again.yaml")
        assert again.theory == config.theory
        assert [p.name for p in again.sampled] == [p.name for p in config.sampled]
        if theory == "camb":
            before, after = model_from_config(config), model_from_config(again)
            x = before.reference
            assert float(after.log_posterior(x)) == pytest.approx(float(before.log_posterior(x)))


def test_a_sampled_parameter_without_effect_is_left_out_and_named():
    config, rows = read("camb", {}, CAMB | {"tau": [0.01, 0.1]})
    assert "tau" not in {p.name for p in config.parameters}
    assert next(r for r in rows if r.entry.key == "tau").text.startswith("no effect here")


@pytest.mark.parametrize(
    ("theory", "extra", "params", "block", "words"),
    [
        ("camb", {"num_massive_neutrinos": 2}, {}, {}, ("num_massive_neutrinos", "accepted are 1")),
        ("camb", {"neutrino_hierarchy": "inverted"}, {}, {}, ("neutrino_hierarchy", "normal")),
        ("camb", {"halofit_version": "casarini"}, {}, {}, ("halofit_version", "takahashi")),
        ("camb", {"AccuracyBoost": 0.5}, {}, {}, ("AccuracyBoost", "less")),
        ("camb", {"dark_energy_model": "EarlyQuintessence"}, {}, {}, ("dark_energy_model", "ppf")),
        ("camb", {"Reion": 3}, {}, {}, ("'Reion' of theory: camb: extra_args", "leave it out")),
        ("camb", {}, {"YHe": 0.24}, {}, ("'YHe' of params", "nucleosynthesis")),
        ("camb", {}, {"nrun": [-1, 1]}, {}, ("'nrun'", "power law")),
        ("camb", {}, {"thetastar": 0.0104}, {}, ("'thetastar'", "cosmomc_theta")),
        ("camb", {}, {}, {"external_primordial_pk": True}, ("external_primordial_pk", "not taken")),
        ("camb", {}, {}, {"nonsense": 1}, ("'nonsense' of theory: camb", "leave it out")),
        ("classy", {}, {"theta_s_100": 1.04}, {}, ("'theta_s_100'", "theta_MC_100")),
        ("classy", {"N_ncdm": 3, "m_ncdm": "0.01,0.02,0.05"}, {}, {}, ("m_ncdm", "one mass")),
        ("classy", {"N_ncdm": 2, "m_ncdm": "0.1,0.1"}, {}, {}, ("2 massive", "accepted are 1, 3")),
        ("classy", {"non_linear": "none"}, {}, {}, ("non_linear", "halofit, hmcode")),
        ("classy", {}, {"Omega_Lambda": 0.7}, {}, ("Omega_Lambda", "left out")),
        ("classy", {"hmcode_version": "2016"}, {"c_min": 3.0}, {}, ("c_min and eta_0",)),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(theory, extra, params, block, words):
    with pytest.raises(JaxlikeError) as error:
        read(theory, extra, (CAMB if theory == "camb" else CLASSY) | params, **block)
    for word in ("in.yaml", *words):
        assert word in str(error.value)


@pytest.mark.parametrize("neutral", [{"nrun": 0}, {"TCMB": 2.7255}, {"r": 0.1}, {"Alens": 1.2}])
def test_what_is_nothing_at_its_value_has_no_effect(neutral):
    config, rows = read("camb", {}, CAMB | neutral)
    (name,) = neutral
    assert next(row for row in rows if row.entry.key == name).fate == "idle"
    assert name not in {p.name for p in config.parameters}


def test_two_theories_are_one_too_many():
    info = {
        "theory": {"camb": None, "jaxlike.cobaya.Theory": None},
        "likelihood": {"sn.union3": None},
        "params": CAMB,
    }
    with pytest.raises(ConfigError, match=r"'camb' and 'jaxlike.cobaya.Theory' stand beside"):
        config_from_info(info, "in.yaml")
