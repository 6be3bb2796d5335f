"""Published analyses: the folders that come with the package, and one that comes from outside."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import jaxlike
from jaxlike.cli.opening import described
from jaxlike.config import config_from_info, read_config, theory_options
from jaxlike.config.analysis import options_of
from jaxlike.config.cobaya_yaml import component_defaults
from jaxlike.config.written import as_cobaya
from jaxlike.config.yaml_text import load_yaml, read_yaml
from jaxlike.data import (
    DATA_SETS,
    apply_scale_cuts,
    default_data_file,
    read_scale_cuts,
    read_two_point_fits,
    scale_cut_presets,
    survey_of,
    write_two_point_fits,
)
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.posterior.priors import Normal
from jaxlike.registry.names import Names
from jaxlike.registry.samples import lenses_and_sources
from jaxlike.surveys import known_surveys, read_survey

PACKAGE = Path(jaxlike.__file__).parent
ROOT = Path(__file__).parents[2]
SHELF = PACKAGE / "surveys"
KNOWN = (
    *("decade_ngc", "decade_sgc", "des_y1", "des_y3_3x2pt", "des_y3_kids_1000_des"),
    *("des_y3_kids_1000_kids", "des_y3_shear", "euclid", "hsc_y3", "hsc_y3_fourier"),
    *("kids_1000_band_powers", "kids_1000_cosebis", "kids_1000_xi", "kids_legacy"),
    *("lsst_y1", "lsst_y10", "roman"),
)
ACCEPTED = f"{', '.join(KNOWN)}, the path of a folder with a survey.yaml"

FOLDER = {
    "survey.yaml": """\
title: My survey
references: [A paper]
options: {alignment: nla_per_bin, ell_prefactors: true}
""",
    "scale_cuts.yaml": "min_angle: {xi_plus: 7, xi_minus: 20}\n",
    "parameters.yaml": """\
A_IA1: {prior: {min: -5, max: 5}, ref: 0.5, proposal: 0.1, latex: A_1}
A_IA2: {prior: {min: -5, max: 5}, ref: 0.4, proposal: 0.1, latex: A_2}
DES_m1: {prior: {dist: norm, loc: 0, scale: 1e-2}, proposal: 5e-3, latex: m_1}
m2: 0.01
m3: {prior: {dist: norm, loc: 0, scale: 1e-2}}
b1: {prior: {min: 0.8, max: 3}}
""",
}
INPUT = """\
theory:
  jaxlike.cobaya.Theory: {{linear: eisenstein_hu_no_wiggle, nonlinear: linear}}
likelihood:
  jaxlike.cobaya.shear: {{data_file: small.fits, survey: {survey}{more}}}
params:
  omegam: {{prior: {{min: 0.1, max: 0.9}}, ref: 0.3}}
  As: 2.1e-9
  H0: 70
  omegab: 0.046
  ns: 0.96
"""
OWN = ("A_IA1", "A_IA2", "DES_m1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_data) -> Path:
    """Data, an input that names the survey beside it by a relative path, and that survey."""
    folder = tmp_path_factory.mktemp("outside")
    write_two_point_fits(small_data, folder / "small.fits")
    (folder / "my_survey").mkdir()
    for name, text in FOLDER.items():
        (folder / "my_survey" / name).write_text(text)
    return folder


@pytest.fixture
def write(folder) -> Callable[..., Path]:
    """The input, with more options of the likelihood."""

    def written(more: str = "", survey: str = "./my_survey/") -> Path:
        (folder / "in.yaml").write_text(INPUT.format(survey=survey, more=more))
        return folder / "in.yaml"

    return written


@pytest.fixture(scope="module")
def model(folder) -> jaxlike.Model:
    (folder / "model.yaml").write_text(INPUT.format(survey="./my_survey/", more=""))
    return jaxlike.load(folder / "model.yaml")


def test_the_shelf():
    assert known_surveys() == KNOWN
    assert {f.suffix for f in SHELF.rglob("*") if f.is_file() and f.parent != SHELF} == {".yaml"}


@pytest.mark.parametrize("name", known_surveys())
def test_a_folder_is_what_its_readers_take(name):
    analysis = read_survey(name)
    assert (analysis.name, analysis.folder) == (name, SHELF / name)
    assert analysis.title != name
    assert any("arXiv:" in reference for reference in analysis.references)
    priors = analysis.options.get("correlated_priors", {})
    options = {k: v for k, v in analysis.options.items() if k != "correlated_priors"}
    assert options_of(analysis, ()) == options
    assert options_of(analysis, analysis.options) == {}
    config = config_from_info(
        {
            "likelihood": {"jaxlike.cobaya.3x2pt": {"survey": name}},
            "params": dict.fromkeys(("omegam", "As", "H0", "omegab", "ns"), 0.5),
        },
        "in.yaml",
    )
    (one,) = config.likelihoods
    kernels = options.pop("kernels", None)
    assert one.kernels == kernels
    assert theory_options({k: getattr(config.theory, k) for k in options}) == theory_options(
        options
    )
    assert set(one.assumed) == {*options, *({"kernels"} if kernels else ())}
    assert {prior.name for prior in one.correlated} == set(priors)
    assert name in scale_cut_presets()
    assert read_scale_cuts(name).name == name
    assert read_scale_cuts(name).source == str(analysis.scale_cuts)


def test_parameters_of_des_y1_are_written_once():
    params = read_yaml(read_survey("des_y1").parameters, "parameters")
    assert component_defaults("3x2pt")["params"] == params
    assert component_defaults("2x2pt")["params"] == params
    lenses = {name for name in params if name.startswith(("DES_b", "DES_DzL"))}
    assert component_defaults("shear")["params"] == {
        name: info for name, info in params.items() if name not in lenses
    }
    known = Names(lenses_and_sources(5, 4))
    assert all(known.is_known(name) for name in params)
    for file in (PACKAGE / "cobaya").glob("*.yaml"):
        assert "params" not in read_yaml(file, "options")


def test_no_code_knows_a_survey():
    """But for the mock of one, registries of files to fetch and of inputs to start from, and
    Cobaya's likelihoods of one."""
    allowed = {
        *("config/boltzmann/likelihoods.py", "config/others/block.py", "config/others/des_y1.py"),
        *("likelihoods/cobaya_des.py", "likelihoods/cobaya_sums.py"),
        *("data/download.py", "data/shipped.py", "figures/mock.py", "figures/redshifts.py"),
        *("mocks/files.py", "mocks/paper.py", "cli/mock.py", "cli/data.py", "loading.py"),
        "examples/__init__.py",
    }
    files = [f for ending in ("py", "yaml") for f in PACKAGE.rglob(f"*.{ending}")]
    elsewhere = [f for f in files if not f.is_relative_to(SHELF)]
    assert len(elsewhere) > 200
    numbered = "|".join(name for name in known_surveys() if "_" in name)
    words = "|".join(name for name in known_surveys() if "_" not in name)  # Euclid et al. are cited
    names = re.compile(rf"(?i:{numbered})|\b(?:{words})\b")
    speaking = {str(f.relative_to(PACKAGE)) for f in elsewhere if names.search(f.read_text())}
    assert speaking <= allowed


def test_data_are_known_by_name_bytes_and_redshifts(tmp_path, small_folder):
    mock = default_data_file()
    for name in (None, "des_y1_mock", "des_y1", str(mock)):
        assert survey_of(name) == "des_y1"
    (tmp_path / "copy.fits").write_bytes(mock.read_bytes())
    assert survey_of(str(tmp_path / "copy.fits")) == "des_y1"
    for name in ("paper_mock", "nowhere.fits", str(small_folder / "small.fits"), __file__):
        assert survey_of(name) is None
    assert "des_y1" in DATA_SETS


def test_a_file_beside_its_input_has_the_priors_of_its_survey(tmp_path):
    (tmp_path / "copy.fits").write_bytes(default_data_file().read_bytes())
    text = INPUT.format(survey="null", more="").replace("small.fits", "copy.fits")
    (tmp_path / "in.yaml").write_text(text)
    config = read_config(tmp_path / "in.yaml")
    assert {"DES_m1", "DES_DzS4", "DES_AIA"} <= {p.name for p in config.sampled}


def test_cut_data_are_known_by_their_redshifts(tmp_path, small_data):
    """The n(z) of the sources alone will do; those of one bin less will not."""
    means = np.array(read_survey("des_y1").mean_redshifts[0])
    table = next(t for t in small_data.nz if t.name == "NZ_SOURCE")
    triangle = np.maximum(0, 1 - abs(table.z_mid - means[:, None]) / 0.15)
    sources = replace(table, dndz=triangle)
    for n_bin, expected in ((4, "des_y1"), (3, None)):
        nz = (replace(sources, dndz=sources.dndz[:n_bin]),)
        data = replace(small_data.with_probes(("xi_plus", "xi_minus")), nz=nz)
        write_two_point_fits(data, tmp_path / f"{n_bin}.fits")
        found = read_two_point_fits(tmp_path / f"{n_bin}.fits").nz[0]
        z = found.dndz @ found.z_mid / found.dndz.sum(axis=1)
        np.testing.assert_allclose(z, means[:n_bin], atol=5e-4)
        assert survey_of(str(tmp_path / f"{n_bin}.fits")) == expected


def test_a_published_analysis_is_one_folder(model, small_data):
    """Cuts, priors and options of a folder outside the package, to a gradient."""
    assert model.parameters == ("omegam", *OWN)
    assert model.data.n_data < small_data.with_probes(("xi_plus", "xi_minus")).n_data
    assert min(m.theta_arcmin.min() for m in model.data.measurements) > 7
    assert model.config.theory.alignment == "nla_per_bin"
    assert model.config.theory.ell_prefactors
    priors = {p.name: p.prior for p in model.config.sampled}
    assert priors["DES_m1"] == Normal(0, 0.01)
    x = np.array(model.reference)
    value, gradient = model.value_and_gradient(x)
    assert np.isfinite(value)
    steps = np.diag([1e-4, 1e-2, 1e-2, 1e-4])
    changes = [model.log_posterior(x + step) - model.log_posterior(x - step) for step in steps]
    np.testing.assert_allclose(gradient, changes / (2 * steps.sum(axis=0)), rtol=1e-3)
    line = described("in.yaml", model)
    assert "3 priors are those of My survey" in line
    assert "with the alignment, ell_prefactors of its survey" in line


def test_it_is_the_same_in_cobaya(folder, model):
    get_model = pytest.importorskip("cobaya.model", reason="Cobaya is not installed").get_model
    info = load_yaml((folder / "model.yaml").read_text(), "model.yaml")
    info["likelihood"]["jaxlike.cobaya.shear"] |= {
        "data_file": str(folder / "small.fits"),
        "survey": str(folder / "my_survey"),
    }
    theirs = get_model(info)
    assert set(theirs.parameterization.sampled_params()) == set(model.parameters)
    point = dict(zip(model.parameters, model.reference, strict=True))
    assert theirs.loglike(point)[0] == pytest.approx(float(model.log_likelihood(point)), rel=1e-9)
    assert theirs.parameterization.constant_params()["m2"] == 0.01


def test_the_input_goes_before_the_survey(write, model):
    path = write(more=", alignment: nla, nz: histogram, scale_cuts: none, params: {A_IA: 0.3}")
    config = read_config(path)
    assert config.theory.alignment == "nla"
    assert config.theory.ell_prefactors
    assert config.scale_cuts == "none"
    assert [p.name for p in config.sampled] == ["omegam"]
    assert config.likelihoods[0].assumed == ("ell_prefactors",)
    assert read_config(write(), alignment="tatt").theory.alignment == "tatt"
    found = read_config(write(more=", prefix: MY_"))
    assert [p.name for p in found.sampled[1:]] == ["MY_A_IA1", "MY_A_IA2", "MY_m1", "MY_m3"]
    # what is written has the folder from the root on, and reads as the same from anywhere
    again = config_from_info(as_cobaya(model.config), "elsewhere/again.yaml")
    assert again.likelihoods == model.config.likelihoods


def test_a_bandwidth_belongs_to_the_choice_that_it_comes_with(folder, write, tmp_path):
    (tmp_path / "survey.yaml").write_text("options: {nz: kde, nz_bandwidth: 1e-2}")
    (tmp_path / "scale_cuts.yaml").write_text("min_angle: 0")
    assert read_config(write(survey=tmp_path)).theory.nz_bandwidth == 0.01
    config = read_config(write(survey=tmp_path, more=", nz: histogram"))
    assert (config.theory.nz, config.theory.nz_bandwidth) == ("histogram", None)


def test_files_and_numbers_of_a_survey(folder, write, tmp_path):
    """Files are those in its folder, in what is written too; numbers come with their choice."""
    options = "{psf_file: psf.npz, covariance_correction: hartlap, n_simulations: 500}"
    (tmp_path / "survey.yaml").write_text(f"options: {options}")
    (tmp_path / "scale_cuts.yaml").write_text("min_angle: 0")
    (tmp_path / "psf.npz").touch()
    config = read_config(write(survey=tmp_path))
    assert config.theory.psf_file == str(tmp_path.resolve() / "psf.npz")
    again = config_from_info(as_cobaya(config), "elsewhere/again.yaml")
    assert again.likelihoods == config.likelihoods
    config = read_config(write(survey=tmp_path, more=", covariance_correction: none"))
    assert config.theory.n_simulations is None
    (folder / "own.npz").touch()
    config = read_config(write(survey=tmp_path, more=", psf_file: own.npz"))
    assert Path(str(config.theory.psf_file)).resolve() == (folder / "own.npz").resolve()


def test_cosmosis_takes_cuts_and_options_of_a_survey(small_folder, folder, tmp_path):
    text = (small_folder / "pipeline.ini").read_text()
    text = text.replace("scale_cuts = none\n", f"survey = {folder / 'my_survey'}\n")
    (tmp_path / "pipeline.ini").write_text(text + "probes = xi_plus xi_minus\n")
    config = read_config(tmp_path / "pipeline.ini")
    assert config.scale_cuts == "survey"
    assert config.likelihoods[0].survey == str((folder / "my_survey").resolve())
    assert config.theory.alignment == "nla_per_bin"
    assert "m3" not in {p.name for p in config.parameters}


def test_the_cuts_of_decade_keep_the_points_of_its_pipeline(shared):
    for cap, n_data in (("ngc", 220), ("sgc", 234)):
        file = shared / "data" / "stage3" / f"decade_{cap}.fits"
        cut = apply_scale_cuts(read_two_point_fits(file), read_scale_cuts(f"decade_{cap}"))
        assert cut.n_data == n_data


WRONG = {
    "unknown": ({}, "des_y9", f"option 'survey' is 'des_y9'; accepted are {ACCEPTED}, null"),
    "no name": ({}, "[des_y1]", f"option 'survey' is ['des_y1']; accepted are {ACCEPTED}, null"),
    "no survey": ({"survey.yaml": None}, None, f"accepted are {ACCEPTED}, null"),
    "no cuts": ({"scale_cuts.yaml": None}, None, "has no scale cuts: give scale_cuts"),
    "no yaml": ({"survey.yaml": "title: ["}, None, "survey.yaml: is not yaml"),
    "no mapping": ({"survey.yaml": "- a"}, None, "survey.yaml: the file must be a mapping with"),
    "key": (
        {"survey.yaml": "cuts: none"},
        None,
        "survey.yaml: the file has the unknown key 'cuts'; accepted are title, references, data",
    ),
    "data": (
        {"survey.yaml": "data: {name: a}"},
        None,
        "survey.yaml: data has the unknown key 'name'; accepted are names, sha256, mean_redshifts",
    ),
    "title": ({"survey.yaml": "title: 3"}, None, "survey.yaml: title is 3; a text is needed"),
    "references": (
        {"survey.yaml": "references: a"},
        None,
        "survey.yaml: references is 'a'; a list of texts is needed",
    ),
    "means": (
        {"survey.yaml": "data: {mean_redshifts: [0.3]}"},
        None,
        "survey.yaml: mean_redshifts is [0.3]; a list of numbers is needed for each sample",
    ),
    "options": (
        {"survey.yaml": "options: [tatt]"},
        None,
        "survey.yaml: options is ['tatt']; a mapping of a likelihood's options is needed",
    ),
    "option": (
        {"survey.yaml": "options: {linear: emulator}"},
        None,
        "survey.yaml: unknown option of a survey: 'linear'; accepted are kernels, kappa_beam_fwhm",
    ),
    "value": (
        {"survey.yaml": "options: {alignment: ta}"},
        None,
        "survey.yaml: option 'alignment' is 'ta'; accepted are nla, nla_per_bin, tatt",
    ),
    "cuts": ({"scale_cuts.yaml": "a: 1"}, None, "scale_cuts.yaml: the file has the unknown key"),
    "parameters": (
        {"parameters.yaml": "- m1"},
        None,
        "parameters.yaml: not a mapping of parameters",
    ),
    "parameter": ({"parameters.yaml": "m_1: 0.3"}, None, "unknown parameter 'm_1'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_sentence(write, tmp_path, case):
    changes, name, sentence = WRONG[case]
    for file, text in (FOLDER | changes).items():
        if text is not None:
            (tmp_path / file).write_text(text)
    with pytest.raises(JaxlikeError) as error:
        jaxlike.load(write(survey=name or tmp_path))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_data_of_no_survey_need_one(folder, write):
    path = write(survey="null")
    with pytest.raises(ConfigError, match=re.escape(f"or survey ({ACCEPTED})")):
        jaxlike.load(path)
