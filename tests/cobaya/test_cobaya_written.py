"""What a run writes as PREFIX.updated.yaml is worth the same as its input, here and in Cobaya."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from cobaya.model import get_model
from cobaya.run import run

import jaxlike
from jaxlike.cli.running import run_info
from jaxlike.config import read_config
from jaxlike.data import TwoPointData, write_two_point_fits
from jaxlike.errors import ConfigError

INI = """\
[runtime]
sampler = emcee
[pipeline]
modules = {modules}
values = values.ini
priors = priors.ini
likelihoods = {likelihoods}
[DEFAULT]
file = cosmosis_modules/jaxlike_two_point.py
data_file = small.fits
scale_cuts = none
linear = eisenstein_hu_no_wiggle
nonlinear = linear
"""
UNIVERSE = """\
[cosmological_parameters]
omega_m = 0.1 0.32 0.9
A_s = 5e-10 2.1e-9 5e-9
h0 = 0.7
omega_b = 0.046
n_s = 0.96
"""
ONE = f"""{UNIVERSE}
[bin_bias]
b1 = 0.8 1.4 3.0
b2 = 1.6
[intrinsic_alignment_parameters]
z0 = 0.62
A = -5.0 0.5 5.0
[wl_photoz_errors]
bias_1 = -0.1 0.002 0.1
"""
TWO = f"""{UNIVERSE}
[intrinsic_alignment_parameters]
A_ngc = -5.0 0.5 5.0
[intrinsic_alignment_parameters_sgc]
A = -5.0 -0.3 5.0
[shear_calibration_parameters_sgc]
m1 = 0.01
[bin_bias_ngc]
b1 = 0.8 1.4 3.0
b2 = 1.6
[wl_photoz_errors_ngc]
bias_1 = -0.1 0.002 0.1
"""
PRIORS = """\
[wl_photoz_errors{end}]
bias_1 = gaussian 0.001 0.016
[bin_bias{end}]
b1 = exponential 2.0
"""
YAML = """\
theory:
  jaxlike.cobaya.Theory: {linear: eisenstein_hu_no_wiggle, nonlinear: linear}
likelihood:
  small: {class: jaxlike.cobaya.3x2pt, data_file: small.fits, scale_cuts: none,
    probes: [xi_plus, gamma_t], prefix: {NZ_LENS: RED_}, params: {}}
params:
  omegam: {prior: [0.1, 0.9], ref: 0.32}
  As: 2.1e-9
  H0: 70
  omegab: 0.046
  ns: 0.96
  RED_b1: {prior: [0.8, 3], ref: {dist: norm, loc: 1.4, scale: 0.1}, proposal: 0.1}
  RED_b2: {value: 'lambda RED_b1: RED_b1 + 0.2'}
  A_IA: {prior: {dist: norm, loc: 0.3, scale: 1}}
"""


def one_module(probes: str) -> dict[str, str]:
    head = INI.format(modules="jaxlike", likelihoods="jaxlike")
    return {
        "in.ini": f"{head}[jaxlike]\n{probes}\n",
        "values.ini": ONE,
        "priors.ini": PRIORS.format(end=""),
    }


INPUTS: dict[str, dict[str, str]] = {
    "a yaml with probes": {"in.yaml": YAML},
    "an ini": one_module(""),
    "an ini with probes": one_module("probes = xi_plus gamma_t"),
    "an ini of two modules": {
        "in.ini": INI.format(modules="north south", likelihoods="jaxlike_ngc jaxlike_sgc")
        + "[north]\nprobes = 2x2pt\nsuffix = ngc\n[south]\nprobes = xi_plus\nsuffix = sgc\n",
        "values.ini": TWO,
        "priors.ini": PRIORS.format(end="_ngc"),
    },
}
# one parameter, with a flat prior: a sampler of all, half of them truncated, compiles for long
ONE_FREE = INPUTS["an ini of two modules"] | {
    "values.ini": re.sub(r"(?<!omega_m) = \S+ (\S+) \S+", r" = \1", TWO),
    "priors.ini": "",
}


@pytest.fixture(scope="module", params=INPUTS)
def case(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    small_data: TwoPointData,
) -> SimpleNamespace:
    """An input, its posterior, and what a run of it would write, from which folder ever."""
    folder = tmp_path_factory.mktemp("written")
    write_two_point_fits(small_data, folder / "small.fits")
    files = ONE_FREE if request.param == "one free" else INPUTS[request.param]
    for name, text in files.items():
        (folder / name).write_text(text)
    model = jaxlike.load(folder / next(iter(files)))
    chains: Any = SimpleNamespace(method="nuts", cost=SimpleNamespace(total_s=1.0))
    info = run_info(model.config, chains, SimpleNamespace(config="in"), {})  # type: ignore[arg-type]
    updated = tmp_path_factory.mktemp("elsewhere") / "run.updated.yaml"
    updated.write_text(yaml.safe_dump(info, sort_keys=False))
    return SimpleNamespace(model=model, updated=updated)


def test_jaxlike_reads_it_as_the_same(case: SimpleNamespace) -> None:
    again = jaxlike.load(case.updated)
    np.testing.assert_array_equal(again.reference, case.model.reference)
    expected = float(case.model.log_posterior(case.model.reference))
    assert np.isfinite(expected)
    found = float(again.log_posterior(again.reference))
    assert found == pytest.approx(expected, rel=1e-8)
    assert list(again.parts) == list(case.model.parts)
    assert not any("--" in name for name in again.parameters)
    labels = [spec.latex for spec in again.specs]
    assert labels == [spec.latex for spec in case.model.specs]


def test_cobaya_finds_the_same(case: SimpleNamespace) -> None:
    """At the reference point; the nodes of a product are chosen for all, in Cobaya for each."""
    again = jaxlike.load(case.updated)
    alone = [jaxlike.load(case.updated, likelihoods=name) for name in again.parts]
    values = dict(zip(again.parameters, again.reference, strict=True))
    expected = float(again.log_prior(again.reference))
    for one in alone:
        x = np.array([values[name] for name in one.parameters])
        expected += float(one.log_posterior(x)) - float(one.log_prior(x))
    model = get_model(str(case.updated))
    try:
        found = model.logposterior(values, as_dict=True)
    finally:
        model.close()
    assert list(found["loglikes"]) == list(again.parts)
    assert found["logpost"] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("case", ["one free"], indirect=True)
def test_cobaya_keeps_chi2_of_each_likelihood(case: SimpleNamespace) -> None:
    options = {"chains": 1, "warmup": 4, "samples": 3, "seed": 1, "start": "prior"}
    info = yaml.safe_load(case.updated.read_text())
    _, sampler = run({**info, "sampler": {"jaxlike.cobaya.NUTS": options}})
    rows = sampler.products()["sample"].data
    each = rows[[f"chi2__{name}" for name in case.model.parts]].to_numpy(float)
    np.testing.assert_allclose(each.sum(axis=1), rows["chi2"].astype(float), rtol=1e-8)
    assert np.all(each > 0)


@pytest.mark.parametrize(
    ("kind", "probes", "sentence"),
    [
        ("shear", "gamma_t", "'probes' of jaxlike.cobaya.shear is 'gamma_t'; accepted are xi_plus"),
        ("2x2pt", "3x2pt", "'probes' of jaxlike.cobaya.2x2pt is '3x2pt'; accepted are gamma_t, w"),
        ("3x2pt", "xi", "unknown probe 'xi'; accepted are 3x2pt, shear"),
    ],
)
def test_probes_that_a_component_has_not_got(
    kind: str, probes: str, sentence: str, tmp_path: Path
) -> None:
    text = f"likelihood: {{jaxlike.cobaya.{kind}: {{probes: {probes}}}}}\nparams: {{omegam: 0.3}}\n"
    (tmp_path / "in.yaml").write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        read_config(tmp_path / "in.yaml")
