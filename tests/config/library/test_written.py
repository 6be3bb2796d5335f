"""A pipeline of the standard library as an input of jaxlike's own: for Cobaya, and for CosmoSIS."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from library_pipelines import (
    CAMB,
    COSMOLOGY,
    FIRST_VALUES,
    SECOND_VALUES,
    first_generation,
    like,
    second_generation,
    survey,
    survey_values,
    written,
)

import jaxlike
from jaxlike.config.cosmosis_ini import library_of
from jaxlike.config.explain import explained
from jaxlike.config.read import read_config
from jaxlike.config.standard_library.normals import normals_of
from jaxlike.config.translated import translated_yaml
from jaxlike.config.written_ini import translated_ini
from jaxlike.errors import ConfigError


def test_what_is_written_is_the_same_posterior(first, tmp_path):
    library = library_of(first(), {})
    text = translated_yaml(library.config, library.explanation)
    (tmp_path / "own.yaml").write_text(text)
    again = read_config(tmp_path / "own.yaml")
    (one,), (other,) = library.config.likelihoods, again.likelihoods
    assert one.options == other.options
    assert one.scale_cuts == other.scale_cuts
    names = library.config.names
    assert {names.canonical(p.name): p.prior for p in library.config.sampled} == {
        p.name: p.prior for p in again.sampled
    }
    assert "nonlinear = takahashi" in text.partition("theory:")[0]


PRIORS = """\
[wl_photoz_errors]
bias_1 = gaussian 0.0 0.03
[bin_bias]
b1 = one-over-x 0.8 3.0
b2 = exponential 2.0
"""


@pytest.fixture
def pipelines(tmp_path, file, library, monkeypatch):
    """Pipelines of the library by a word for each."""

    def make(word):
        if word == "normals":
            np.savetxt(tmp_path / "covariance.txt", [[1e-4, 2e-5], [2e-5, 4e-4]])
            modules = {
                "dz": {
                    "file": "number_density/correlated_priors/correlated_priors.py",
                    "uncorrelated_parameters": "nz/u_1\n    nz/u_2",
                    "output_parameters": "dz_of_nz/bias_1 dz_of_nz/bias_2",
                    "covariance": "covariance.txt",
                },
                **first_generation(file),
            }
            modules["source_photoz_bias"]["bias_section"] = "dz_of_nz"
            modules["2pt_like"] = like(file, "xip")
            head, _, rest = FIRST_VALUES.partition("[wl_photoz_errors]")
            values = head + "[nz]\nu_1 = -5 0.0 5\nu_2 = -5 0.1 5\n[lens" + rest.split("[lens")[1]
            return written(tmp_path, modules, values, "[nz]\nu_1 = gaussian 0 1\n")
        if word == "surveys":
            modules = {"camb": CAMB, **survey(file, "one"), **survey(file, "two")}
            modules["2pt_one"]["data_sets"] = "xip"
            modules["2pt_two"]["data_sets"] = "xim"
            values = COSMOLOGY + survey_values("one") + survey_values("two")
            return written(tmp_path, modules, values)
        if word == "bao":
            desi = {"file": "likelihood/bao/desi-dr2/desi_dr2.py", "desi_data_sets": "BGS,Lya"}
            return written(tmp_path, first_generation(file) | {"desi": desi}, FIRST_VALUES)
        if word == "supernovae":
            monkeypatch.setenv("CSL_DIR", str(library))
            sn = {"file": "likelihood/pantheon_plus/pantheon_plus_shoes.py", "include_shoes": "F"}
            values = FIRST_VALUES + "[supernova_params]\nM = -20.0 -19.3 -18.0\n"
            return written(tmp_path, first_generation(file) | {"sn": sn}, values)
        if word == "second":
            return written(tmp_path, second_generation(file), SECOND_VALUES)
        return written(tmp_path, first_generation(file), FIRST_VALUES, PRIORS)

    return make


def of_cosmosis(path, target):
    """The pipeline written at `target`; the Config of what it was made of, and its own."""
    library = library_of(path, {})
    normals = normals_of(library.translation)
    texts = translated_ini(target, library.config, library.explanation, normals)
    for file, text in texts.items():
        file.write_text(text)
    return library.config, read_config(target)


def without_places(one):
    """A likelihood but for its name, and with the cuts that its file has."""
    cuts = one.scale_cuts
    cuts = yaml.safe_load(Path(cuts).read_text()) if isinstance(cuts, str) else cuts
    return replace(one, name="", scale_cuts=cuts)


@pytest.mark.parametrize("word", ["first", "second", "surveys", "normals", "bao", "supernovae"])
def test_as_a_pipeline_of_cosmosis_it_is_the_same(word, pipelines, tmp_path):
    """Options, priors, where chains start and what is recorded."""
    config, again = of_cosmosis(pipelines(word), tmp_path / "own.ini")
    pairs = zip(config.likelihoods, again.likelihoods, strict=True)
    assert all(without_places(one) == without_places(other) for one, other in pairs)
    parameters, own = ({p.name: p for p in one.parameters} for one in (config, again))
    assert {*parameters} == {*own}
    for name, p in parameters.items():
        q = own[name]
        assert (p.prior, p.value, p.ref_loc, p.drop) == (q.prior, q.value, q.ref_loc, q.drop)
        assert (p.derived_from is None) == (q.derived_from is None)
    assert config.outputs == again.outputs
    assert [(one.kind, one.options) for one in config.others] == [
        (one.kind, one.options) for one in again.others
    ]
    text = (tmp_path / "own.ini").read_text()
    assert text.startswith("; Made by jaxlike explain of")
    assert "; note:" in text or word != "bao"


def test_the_log_posterior_of_both_is_the_same(pipelines, tmp_path):
    config, _ = of_cosmosis(pipelines("normals"), tmp_path / "own.ini")
    (tmp_path / "own.yaml").write_text(translated_yaml(config, None))
    quick = {"linear": "eisenstein_hu", "nonlinear": "linear"}
    ini, own = (jaxlike.load(tmp_path / f"own.{end}", **quick) for end in ("ini", "yaml"))
    x = ini.reference
    order = {ini.config.names.canonical(p.name) if ini.config.names.find(p.name) else
             p.name.replace("--", "_"): i for i, p in enumerate(ini.config.sampled)}  # fmt: skip
    y = np.array([x[order[p.name]] for p in own.config.sampled])
    there = float(own.log_posterior(y))
    assert np.isfinite(there)
    assert float(ini.log_posterior(x)) == pytest.approx(there, rel=1e-9)
    assert float(ini.log_posterior(x * 1.001)) != pytest.approx(there, rel=1e-9)


COBAYA = """\
theory: {jaxlike.cobaya.Theory: {linear: eisenstein_hu}}
likelihood:
  kids: {class: jaxlike.cobaya.shear, data_file: FILE, prefix: KIDS_, scale_cuts: none}
params:
  Omega_m: {prior: {min: 0.1, max: 0.5}, ref: {dist: norm, loc: 0.3, scale: 0.01}}
  KIDS_A_IA: {prior: {dist: norm, loc: 0, scale: 1.5}}
  Omega_b: 0.05
  n_s: 0.97
  sigma8: 0.8
MORE
"""


def test_an_input_of_cobaya_as_well(file, tmp_path):
    """A prefix is a suffix of sections there."""
    (tmp_path / "in.yaml").write_text(COBAYA.replace("FILE", file).replace("MORE", "  h: 0.7"))
    config = explained(tmp_path / "in.yaml", {}).config
    kept = tuple(p for p in config.parameters if not p.assumed)
    texts = translated_ini(tmp_path / "own.ini", replace(config, parameters=kept))
    values, priors = (texts[tmp_path / f"own_{name}.ini"] for name in ("values", "priors"))
    assert "[cosmological_parameters]\nomega_m = 0.1 0.3 0.5" in values
    assert "[intrinsic_alignment_parameters_kids]\na = -15.0 0.0 15.0" in values
    assert "[intrinsic_alignment_parameters_kids]\na = gaussian 0.0 1.5" in priors
    assert "suffix = kids" in texts[tmp_path / "own.ini"]


ANOTHER = "take --output FILE.yaml"
CANNOT = {
    "a function": ("  h: {value: 'lambda Omega_m: 0.7 + 0 * Omega_m'}", "'h' is a function of"),
    "a prior": ("  h: {prior: {dist: beta, a: 2, b: 3}}", "'h' has the prior dist beta"),
    "an external prior": ("  h: 0.7\nprior: {z: 'lambda Omega_m: -Omega_m'}", "external prior 'z'"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_what_a_pipeline_has_no_way_to_say(case, file, tmp_path):
    more, sentence = CANNOT[case]
    (tmp_path / "in.yaml").write_text(COBAYA.replace("FILE", file).replace("MORE", more))
    config = read_config(tmp_path / "in.yaml")
    with pytest.raises(ConfigError, match=f"in.yaml: .*{sentence}.*{ANOTHER}"):
        translated_ini(tmp_path / "own.ini", config)


def test_likelihoods_that_the_module_has_not_got(pipelines, tmp_path):
    config = read_config(pipelines("bao"))
    with pytest.raises(ConfigError, match=f"there is none of here: {ANOTHER}"):
        translated_ini(tmp_path / "own.ini", replace(config, likelihoods=()))
    strange = replace(config.others[0], kind="candl")
    with pytest.raises(ConfigError, match=f"'desi', candl, has no place .*: {ANOTHER}"):
        translated_ini(tmp_path / "own.ini", replace(config, others=(strange,)))
