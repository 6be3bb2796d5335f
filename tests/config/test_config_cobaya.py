"""Cobaya inputs: forms of parameters, functions, defaults, and errors that name the culprit."""

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import jax
import numpy as np
import pytest

from jaxlike.config import Config, TheoryOptions, config_from_info, read_config
from jaxlike.config.cobaya_yaml import load_yaml
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.loading import model_from_config
from jaxlike.posterior.parameters import parameter_values
from jaxlike.posterior.priors import Normal, Quantile, TruncatedNormal, Uniform
from jaxlike.registry.resolve import resolve
from jaxlike.registry.samples import lenses_and_sources


def reference(config: Config) -> dict:
    return parameter_values(config.parameters, {p.name: p.ref_loc for p in config.sampled})


PARAMS = """\
params:
  omegam: {prior: {min: 0.1, max: 0.9}}
  omegab: 0.05
  H0: 70
  ns: 0.96
  As: {prior: {dist: uniform, loc: 5e-10, scale: 4.5e-9}, ref: 2e-9, proposal: 1e-10}
"""
YAML = "likelihood:\n  jaxlike.cobaya.shear:\n" + PARAMS


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(dedent(text))
    return path


def from_yaml(text: str, **overrides) -> Config:
    return config_from_info(load_yaml(dedent(text), "in.yaml"), "in.yaml", **overrides)


def test_forms_of_prior_and_reference():
    config = from_yaml(
        YAML
        + """\
  omnuh2: [0.0005, 0.01]
  wa: [-1, 1, 0.5, 0.1, 0.2]
  w: {prior: {dist: truncnorm, loc: -1, scale: 0.1, min: -1.5, max: -0.5}}
  omk: {prior: {dist: norm, loc: 0, scale: 0.1}, ref: {min: -0.1, max: 0.1}}
  nnu: {prior: [2, 4], ref: [3.046, 0.1], latex: N}
  DES_m1: {prior: {dist: cauchy, loc: 0.01, scale: 0.02}, ref: {dist: lognorm, s: 0.1}}
"""
    )
    found = {p.name: p for p in config.sampled}
    assert found["omegam"].prior == Uniform(0.1, 0.9)
    assert (found["omegam"].ref_loc, found["omegam"].ref_scale) == (0.5, None)
    assert found["As"].prior == Uniform(5e-10, 5e-10 + 4.5e-9)
    assert (found["As"].ref_loc, found["As"].ref_scale, found["As"].proposal) == (2e-9, 0, 1e-10)
    assert found["omnuh2"].prior == Uniform(0.0005, 0.01)
    wa = found["wa"]
    assert (wa.prior, wa.ref_loc, wa.ref_scale, wa.proposal) == (Uniform(-1, 1), 0.5, 0.1, 0.2)
    assert found["w"].prior == TruncatedNormal(-1, 0.1, -1.5, -0.5)
    assert found["w"].ref_loc == -1
    m1 = found["DES_m1"]
    assert m1.prior == Quantile("cauchy", (), 0.01, 0.02)
    assert (m1.ref_loc, m1.ref_scale) == pytest.approx((1, np.sinh(0.1)))
    assert found["omk"].prior == Normal(0, 0.1)
    assert (found["omk"].ref_loc, found["omk"].ref_scale) == (0, pytest.approx(0.2 / 12**0.5))
    assert (found["nnu"].ref_loc, found["nnu"].ref_scale, found["nnu"].latex) == (3.046, 0.1, "N")
    assert {p.name: p.value for p in config.parameters if p.value is not None} == {
        "omegab": 0.05,
        "H0": 70,
        "ns": 0.96,
        "DES_z0IA": 0.62,
    }


def test_defaults_are_overridden_one_by_one():
    config = from_yaml(
        YAML
        + """\
  DES_m1: 0.01
  DES_m2: {prior: {min: -0.1, max: 0.1}}
  DES_m3: {latex: m}
  sigma8:
  S8: {derived: 'lambda sigma8, omegam: sigma8 * omegam'}
"""
    )
    found = {p.name: p for p in config.parameters}
    assert found["DES_m1"].value == 0.01
    assert found["DES_m1"].prior is None
    assert found["DES_m2"].prior == Uniform(-0.1, 0.1)
    assert found["DES_m2"].proposal == found["DES_m4"].proposal
    assert (found["DES_m3"].latex, found["DES_m3"].prior) == ("m", found["DES_m4"].prior)
    assert "sigma8" not in found
    assert "S8" not in found


def test_functions_and_dropped_parameters_are_traceable():
    text = YAML.replace("  omegam: {prior: {min: 0.1, max: 0.9}}\n", "")
    text = text[: text.index("  As:")]
    config = from_yaml(
        text
        + """\
  As: {value: 'lambda logA: 1e-10 * np.exp(logA)', latex: A_s}
  logA: {prior: {min: 1.6, max: 3.9}, drop: true, latex: log A}
  S8: {prior: {min: 0.3, max: 0.9}, drop: true}
  omegam: 'lambda S8, omegab: S8 - 4 * omegab'
"""
    )

    def amplitude(log_a: float) -> jax.Array:
        values = {p.name: p.ref_loc for p in config.sampled} | {"logA": log_a}
        out = resolve(parameter_values(config.parameters, values), lenses_and_sources(0, 4))
        return out["A_s"] + 0 * out["Omega_m"]

    value, slope = jax.jit(jax.value_and_grad(amplitude))(3.0)
    assert value == pytest.approx(1e-10 * np.exp(3.0))
    assert slope == pytest.approx(value)
    assert reference(config)["omegam"] == pytest.approx(0.4)
    assert not {"logA", "S8"} & set(reference(config))


@pytest.mark.parametrize(
    ("probes", "lens", "source"),
    [(None, True, True), ("shear", False, True), ("xi_plus", False, True), ("w", True, False)],
)
def test_default_parameters_are_those_of_the_probes(probes, lens, source):
    config = from_yaml(YAML.replace("shear", "3x2pt"), probes=probes)
    names = {p.name for p in config.parameters}
    assert ("DES_b1" in names, "DES_DzL5" in names) == (lens, lens)
    assert ("DES_m1" in names, "DES_DzS4" in names) == (source, source)
    assert ("DES_AIA" in names, "DES_z0IA" in names) == (source, source)


def test_a_default_parameter_is_taken_out_by_drop():
    config = from_yaml(YAML + "  DES_m4: {value: 0, drop: true}\n")
    assert "DES_m4" not in reference(config)


def test_component_by_class_and_theory_options():
    config = from_yaml(
        "theory:\n  jaxlike.cobaya.Theory: {nonlinear: smith, radiation: false, speed: 5}\n"
        "likelihood:\n  mine: {class: jaxlike.cobaya.2x2pt, nz_bandwidth: 0.01, speed: 3}\n"
        + PARAMS
    )
    assert config.theory == TheoryOptions(nonlinear="smith", radiation=False, nz_bandwidth=0.01)
    assert config.probes == ("gamma_t", "w")
    assert {f"DES_b{i}" for i in range(1, 6)} < {p.name for p in config.sampled}
    # The file's bandwidth goes with the file's nz.
    assert from_yaml(YAML, nz="histogram").theory.nz_bandwidth is None


def test_tidal_torquing():
    text = YAML.replace("shear:", "shear: {alignment: tatt}")
    config = from_yaml(f"{text}  A2_IA: {{prior: [-5, 5]}}\n  eta2: 0.5\n  bTA: 0.8\n")
    assert config.theory == TheoryOptions(alignment="tatt")
    out = resolve(reference(config), lenses_and_sources(0, 4))
    assert (out["A2_IA"], out["alpha2_IA"], out["bTA_IA"]) == (0.0, 0.5, 0.8)
    assert next(p.latex for p in config.sampled if p.name == "A2_IA") == r"A_{2,\mathrm{IA}}"


def test_power_from_the_host_leaves_its_parameters_alone():
    text = YAML.replace("shear:", "shear: {power: host}") + "  tau: 0.06\ntheory:\n  mine:\n"
    config = from_yaml(text)
    assert config.theory.power == "host"
    assert "tau" in {p.name for p in config.parameters}


def test_paths_are_found_from_here_then_beside_the_file(tmp_path, monkeypatch):
    here, folder = tmp_path / "here", tmp_path / "folder"
    here.mkdir()
    folder.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("JAXLIKE_TEST_FOLDER", str(here))
    write(folder, "a.yaml", YAML)

    def data_file(name: str) -> str | None:
        return read_config(folder / "a.yaml", data_file=name).data_file

    assert data_file("x.fits") == "x.fits"
    (folder / "x.fits").touch()
    assert data_file("x.fits") == str(folder / "x.fits")
    (here / "x.fits").touch()
    assert data_file("x.fits") == "x.fits"
    assert data_file("${JAXLIKE_TEST_FOLDER}/x.fits") == str(here / "x.fits")
    (folder / "cuts.yaml").touch()
    assert read_config(folder / "a.yaml", scale_cuts="cuts.yaml").scale_cuts == str(
        folder / "cuts.yaml"
    )


def in_yaml(old: str, new: str) -> Callable[[], Config]:
    assert old in YAML
    return lambda: from_yaml(YAML.replace(old, new))


def option(text: str) -> Callable[[], Config]:
    return in_yaml("shear:", f"shear: {{{text}}}")


def param(text: str) -> Callable[[], Config]:
    return lambda: from_yaml(f"{YAML}  {text}\n")


BAD_YAML = {
    "option value": (option("nz: smooth"), "option 'nz' is 'smooth'", "kde, histogram"),
    "projection": (option("projection: full"), "'projection' is 'full'", "flat, curved"),
    "power": (option("power: block"), "'power' is 'block'", "jaxlike, host"),
    "bias": (
        option("bias: linear"),
        "'bias' is 'linear'",
        "constant, power_law, inverse_growth, one_loop",
    ),
    "alignment": (option("alignment: la"), "'alignment' is 'la'", "nla, nla_per_bin, tatt"),
    "magnified": (option("magnification: much"), "'magnification' is 'much'", "true, false"),
    "rsd": (option("rsd: 2"), "'rsd' is 2", "true, false"),
    "limber": (option("limber: never"), "'limber' is 'never'", "all, beyond"),
    "flag": (option("ell_prefactors: maybe"), "'ell_prefactors' is 'maybe'", "true, false"),
    "flag number": (option("ell_prefactors: 2"), "'ell_prefactors' is 2", "true, false"),
    "bandwidth": (option("nz_bandwidth: -1"), "'nz_bandwidth' is -1", "positive number, null"),
    "bandwidth text": (option("nz_bandwidth: big"), "'nz_bandwidth' is 'big'", "positive number"),
    "idle bandwidth": (option("nz: histogram, nz_bandwidth: 0.1"), "no effect", "take nz = kde"),
    "data file": (option("data_file: 3"), "'data_file' is 3", "a path, the name of a data set"),
    "scale cuts": (option("scale_cuts: 3"), "'scale_cuts' is 3", "a preset, a path, none, survey"),
    "unknown option": (option("linear: x"), "unknown option .* 'linear'", "data_file, scale_cuts"),
    "options": (in_yaml("shear:", "shear: 3"), "'jaxlike.cobaya.shear' is 3", "mapping"),
    "likelihood": (in_yaml("cobaya.shear", "cobaya.4x2pt"), "'jaxlike.cobaya.4x2pt'", "3x2pt"),
    "other one": (in_yaml("shear:", "shear:\n  one:"), "unknown likelihood 'one'", "3x2pt"),
    "two": (
        lambda: model_from_config(in_yaml("shear:", "shear:\n  jaxlike.cobaya.2x2pt:")()),
        "likelihoods 'jaxlike.cobaya.shear' and 'jaxlike.cobaya.2x2pt' both take",
        "give each a prefix of its own",
    ),
    "no likelihood": (lambda: from_yaml(PARAMS), "no 'likelihood'", "jaxlike.cobaya.shear"),
    "theory": (lambda: from_yaml("theory: {mine: }\n" + YAML), "'mine' has no effect", "camb"),
    "theory option": (
        lambda: from_yaml("theory: {jaxlike.cobaya.Theory: {nonlinear: hmcode}}\n" + YAML),
        "'nonlinear' is 'hmcode'",
        "takahashi, smith, hmcode2020, hmcode2016, linear",
    ),
    "block": (lambda: from_yaml("parms:\n" + YAML), "unknown block 'parms'", "params"),
    "params": (
        lambda: from_yaml("likelihood:\n  jaxlike.cobaya.shear:\nparams: 3"),
        "'params'",
        "map",
    ),
    "post": (lambda: from_yaml("post: {suffix: x}\n" + YAML), "'post'", "cobaya-run"),
    "name": (param("3: 4"), "parameter name 3", "text"),
    "entry": (param("w: {prir: [0, 1]}"), "'w' has unknown entry 'prir'", "prior, ref"),
    "list": (param("w: [1, 2, 3]"), "'w' is a list of 3", r"\[min, max\]"),
    "dist": (param("w: {prior: {dist: cauchi}}"), "'w': prior: dist is 'cauchi'", "uniform, norm"),
    "discrete": (param("w: {prior: {dist: poisson}}"), "dist is 'poisson'", "continuous"),
    "many": (param("w: {prior: {dist: multivariate_normal}}"), "dist is 'multiv", "continuous"),
    "dist text": (param("w: {prior: {dist: 3}}"), "dist is '3'", "lognorm"),
    "turns": (param("w: {prior: {dist: vonmises, kappa: 1}}"), "'w'.*vonmises", "vonmises_line"),
    "dist entry": (param("w: {prior: {dist: norm, a: 1}}"), "'w'.*entry 'a'", "loc, scale"),
    "no ends": (param("w: {prior: {dist: norm, min: 1}}"), "'w'.*min.*dist norm", "loc, scale"),
    "one end": (param("w: {prior: {dist: expon, min: 1}}"), "'w'.*min.*expon", "loc, scale"),
    "no shape": (param("w: {prior: {dist: beta, a: 1}}"), "'w'.*beta prior: b is miss", "a, b"),
    "bad shape": (param("w: {prior: {dist: beta, a: 1, b: -1}}"), "'w'.*b = -1", "there is none"),
    "shape entry": (param("w: {prior: {dist: t, df: 3, nu: 1}}"), "'w'.*entry 'nu'", "df, loc"),
    "mixed": (param("w: {prior: {min: 0, loc: 1}}"), "'w': prior: min .*with loc", "one pair"),
    "mixed shapes": (
        param("w: {prior: {dist: truncnorm, min: 0, max: 2, a: -1}}"),
        "'w': prior: max, min mixed with a",
        "one pair",
    ),
    "prior text": (param("w: {prior: flat}"), "'w': prior is 'flat'", "min, max"),
    "prior number": (param("w: {prior: {min: a, max: 1}}"), "'w': prior min is 'a'", "number"),
    "order": (param("w: {prior: {min: 2, max: 1}}"), "'w': prior: .* lower limit 2", "below"),
    "scale": (param("w: {prior: {dist: norm, scale: 0}}"), "'w': prior: .*scale is 0", "positive"),
    "no limits": (
        param("w: {prior: {dist: truncnorm}}"),
        "'w': .* without its limits",
        "min and max",
    ),
    "ref": (param("w: {prior: [-2, 0], ref: 1}"), "'w': ref 1 is outside", "-2 to 0"),
    "ref dist": (param("w: {prior: [-2, 0], ref: {dist: t}}"), "'w': ref: t prior: df", "missing"),
    "proposal": (param("w: {prior: [-2, 0], proposal: 0}"), "'w': proposal is 0", "positive"),
    "proposal text": (param("w: {prior: [-2, 0], proposal: x}"), "'w': proposal is 'x'", "number"),
    "both": (
        param("w: {prior: [-2, 0], value: 1}"),
        "'w' has both a prior and a value",
        "give one",
    ),
    "idle ref": (param("w: {value: 1, ref: 1}"), "'w' has 'ref' but no prior", "give a prior"),
    "value": (param("w: true"), "'w': value is True", "number"),
    "drop": (param("w: {value: 1, drop: maybe}"), "'w': drop is 'maybe'", "true, false"),
    "function": (param("w: 'lambda x:'"), "'w': value 'lambda x:' cannot be used", "lambda a, b"),
    "name error": (param("w: foo(1)"), "'w': value .*foo", "numbers"),
    "not traceable": (param("w: 'lambda omegam: -float(omegam)'"), "'w' cannot be traced", "np"),
    "unknown argument": (param("w: 'lambda zz: zz'"), "'w' is a function of names", "omegam"),
    "idle drop": (param("zz: {prior: [0, 1], drop: true}"), "'zz' has drop: true", "function"),
    "unknown": (param("YHe: 0.06"), "unknown parameter 'YHe'", "omnuh2"),
    "not dropped": (param("logA: [1, 3]"), "'As' and 'logA' are both given", "give one"),
    "twice": (param("h: 0.7"), "'h' and 'H0' are both given", "give one"),
    "alias twice": (param("Omega_m: 0.3"), "Omega_m is given twice", "give one"),
    "amplitude": (param("sigma8: 0.8"), "'As' and 'sigma8' are both given", "give one"),
    "missing": (in_yaml("  ns: 0.96\n", ""), "n_s is missing", "n_s|ns"),
    "duplicate": (
        in_yaml("  ns: 0.96\n", "  ns: 0.9\n  ns: 1\n"),
        "key 'ns' is given twice",
        "line",
    ),
    "syntax": (lambda: from_yaml("a: [1"), "in.yaml, line 1", "not valid YAML"),
    "not a mapping": (lambda: from_yaml("- a"), "not a Cobaya input", "likelihood"),
    "keyword value": (lambda: from_yaml(YAML, nz=None), "'nz' is None", "kde, histogram"),
    "keyword probe": (lambda: from_yaml(YAML, probes="xip"), "unknown probe 'xip'", "xi_plus"),
    "no probe": (lambda: from_yaml(YAML, probes=()), r"'probes' is \(\)", "xi_plus"),
    "probe number": (lambda: from_yaml(YAML, probes=3), "'probes' is 3", "xi_plus"),
}


@pytest.mark.parametrize(("make", "culprit", "accepted"), BAD_YAML.values(), ids=BAD_YAML.keys())
def test_bad_yaml_is_one_sentence_with_a_name(make, culprit, accepted):
    with pytest.raises((ConfigError, ParameterError), match=culprit) as error:
        make()
    message = str(error.value)
    assert "in.yaml" in message
    assert "\n" not in message
    assert re.search(accepted, message)


def test_unknown_keywords_are_named():
    with pytest.raises(
        ConfigError, match=r"unknown keyword 'nzz'; accepted are data_file,.*nz_band"
    ):
        from_yaml(YAML, nzz=1)
