"""Configurations: the shipped inputs, keywords, options, and files that cannot be read."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
import yaml

from jaxlike.config import (
    LIKELIHOOD_OPTIONS,
    THEORY_OPTIONS,
    Config,
    TheoryOptions,
    read_config,
    theory_options,
)
from jaxlike.config.cobaya_yaml import component_defaults, load_yaml
from jaxlike.data import survey_of
from jaxlike.errors import ConfigError
from jaxlike.mocks import paper
from jaxlike.posterior.parameters import parameter_values
from jaxlike.posterior.priors import Normal, Uniform
from jaxlike.registry.names import canonical_name
from jaxlike.registry.probes import probes_from
from jaxlike.registry.resolve import resolve
from jaxlike.registry.samples import lenses_and_sources

COSMOLOGY = ("omegam", "As", "H0", "omegab", "ns", "omnuh2")
LENS = tuple(f"DES_{p}{i}" for p in ("b", "DzL") for i in range(1, 6))
SOURCE = tuple(f"DES_{p}{i}" for p in ("DzS", "m") for i in range(1, 5))
SOURCE += ("DES_AIA", "DES_alphaIA")
DES_PRIORS = {
    "omegam": Uniform(0.1, 0.9),
    "As": Uniform(5e-10, 5e-9),
    "H0": Uniform(55, 91),
    "omegab": Uniform(0.03, 0.07),
    "ns": Uniform(0.87, 1.07),
    "omnuh2": Uniform(0.0005, 0.01),
    "DES_AIA": Uniform(-5, 5),
    "DES_alphaIA": Uniform(-5, 5),
    **{f"DES_b{i}": Uniform(0.8, 3) for i in range(1, 6)},
    **{f"DES_m{i}": Normal(0.012, 0.023) for i in range(1, 5)},
    "DES_DzS1": Normal(-0.001, 0.016),
    "DES_DzS2": Normal(-0.019, 0.013),
    "DES_DzS3": Normal(0.009, 0.011),
    "DES_DzS4": Normal(-0.018, 0.022),
    "DES_DzL1": Normal(0.008, 0.007),
    "DES_DzL2": Normal(-0.005, 0.007),
    "DES_DzL3": Normal(0.006, 0.006),
    "DES_DzL4": Normal(0.0, 0.010),
    "DES_DzL5": Normal(0.0, 0.010),
}
INPUTS = {
    "des_y1_3x2pt.yaml": ("des_y1", None, (*LENS, *SOURCE)),
    "des_y1_shear.yaml": ("des_y1", ("xi_plus", "xi_minus"), SOURCE),
    "mock_3x2pt_evaluate.yaml": (None, None, (*LENS, *SOURCE)),
    "mock_3x2pt_mcmc.yaml": (None, None, (*LENS, *SOURCE)),
}


def reference(config: Config) -> dict:
    return parameter_values(config.parameters, {p.name: p.ref_loc for p in config.sampled})


def cuts_of(config: Config) -> str | None:
    """Whose cuts they are where they are those of the survey that the data are of."""
    return survey_of(config.data_file) if config.scale_cuts == "survey" else config.scale_cuts


@pytest.mark.parametrize("name", INPUTS)
def test_shipped_cobaya_inputs(repository, name):
    data_file, probes, nuisance = INPUTS[name]
    config = read_config(repository / "cobaya_yaml" / name)
    assert (config.data_file, config.probes, cuts_of(config)) == (data_file, probes, "des_y1")
    # the mock is made with Eisenstein & Hu's power, the sky is not
    linear = "emulator" if data_file else "eisenstein_hu"
    assert config.theory == TheoryOptions(linear=linear)
    assert tuple(p.name for p in config.sampled) == (*COSMOLOGY, *nuisance)
    for parameter in config.sampled:
        assert parameter.prior == DES_PRIORS[parameter.name]
        assert parameter.latex
        assert parameter.ref_scale
        assert parameter.proposal
    n_lens = 5 if probes is None else 0
    out = resolve(reference(config), lenses_and_sources(n_lens, 4))
    assert out["z0_IA"] == 0.62
    assert out["h"] == pytest.approx(0.69)


@pytest.mark.parametrize("probes", ["3x2pt", "shear"])
def test_the_input_with_dark_energy_has_one_parameter_more(repository, probes):
    full, w = (
        read_config(repository / "cobaya_yaml" / f"des_y1_{name}.yaml")
        for name in (probes, f"wcdm_{probes}")
    )
    assert (w.theory, w.probes) == (full.theory, full.probes)
    (more,) = (p for p in w.parameters if p not in full.parameters)
    assert (more.name, more.prior) == ("w", Uniform(-2.0, -0.33))


def test_the_input_with_torquing_has_three_parameters_more(repository):
    shear, tatt = (
        read_config(repository / "cobaya_yaml" / f"des_y1_{name}.yaml")
        for name in ("shear", "tatt_shear")
    )
    assert tatt.theory == replace(shear.theory, alignment="tatt")
    assert tatt.probes == shear.probes
    more = [p for p in tatt.sampled if p not in shear.sampled]
    assert [p.name for p in more] == ["A2_IA", "alpha2_IA", "bTA_IA"]
    assert set(shear.sampled) < set(tatt.sampled)


def test_shipped_inputs_differ_only_as_they_say(repository):
    configs = {name: read_config(repository / "cobaya_yaml" / name) for name in INPUTS}
    full = configs.pop("des_y1_3x2pt.yaml")
    shear = configs.pop("des_y1_shear.yaml")
    assert all(config.parameters == full.parameters for config in configs.values())
    assert set(shear.parameters) < set(full.parameters)


@pytest.mark.parametrize("name", ["3x2pt", "shear", "2x2pt"])
def test_component_defaults_are_the_librarys(name):
    likelihood, theory = component_defaults(name), component_defaults("Theory")
    assert set(likelihood) == {*LIKELIHOOD_OPTIONS, "params"}
    assert set(theory) == {*THEORY_OPTIONS, "power"}
    options = {k: v for k, v in {**likelihood, **theory}.items() if k in vars(TheoryOptions())}
    assert options == vars(TheoryOptions())


@pytest.mark.parametrize("name", INPUTS)
def test_cobaya_reads_the_same(repository, name):
    cobaya_yaml = pytest.importorskip("cobaya.yaml", reason="Cobaya is not installed")
    cobaya_input = pytest.importorskip("cobaya.input", reason="Cobaya is not installed")
    path = repository / "cobaya_yaml" / name
    info = cobaya_yaml.yaml_load_file(str(path))
    assert load_yaml(path.read_text(), name) == info
    (likelihood,) = info["likelihood"]
    defaults = component_defaults(likelihood.rpartition(".")[2])["params"]
    merged = cobaya_input.merge_params_info([defaults, info["params"]])
    sampled = [p for p, terms in merged.items() if "prior" in terms]
    config = read_config(path)
    assert [p.name for p in config.sampled] == sampled
    assert all(merged[p.name]["latex"] == p.latex for p in config.sampled)


TABLE_1 = {
    "Omega_c": Uniform(0.1, 0.9),
    "sigma8": Uniform(0.4, 1.0),
    "Omega_b": Uniform(0.03, 0.07),
    "w0": Uniform(-2.0, -0.33),
    "h": Uniform(0.55, 0.91),
    "n_s": Uniform(0.87, 1.07),
    "A": Uniform(-5, 5),
    "eta": Uniform(-5, 5),
    **{f"b{i}": Uniform(0.8, 3.0) for i in range(1, 6)},
    **{f"m{i}": Normal(0.012, 0.023) for i in range(1, 5)},
    "dz1": Normal(-0.001, 0.016),
    "dz2": Normal(-0.019, 0.013),
    "dz3": Normal(0.009, 0.011),
    "dz4": Normal(-0.018, 0.022),
}
"""Priors of arXiv:2302.05163."""


def test_the_inputs_of_the_paper(repository):
    """Its 21 parameters under its names, the same model for both hosts, centred on the mock."""
    config = read_config(repository / "cobaya_yaml" / "paper_3x2pt.yaml")
    assert {p.name: p.prior for p in config.sampled} == TABLE_1
    assert all(p.latex and p.ref_scale and p.proposal for p in config.sampled)
    assert (config.data_file, config.scale_cuts) == ("paper_mock", "none")
    assert config.theory == paper.OPTIONS
    assert reference(config) == paper.FIDUCIAL
    ini = read_config(repository / "cosmosis_modules" / "paper_pipeline.ini")
    assert (ini.data_file, ini.scale_cuts, ini.probes) == ("paper_mock", "none", None)
    assert ini.theory == config.theory
    theirs = {canonical_name(p.name): (p.prior, p.ref_loc) for p in ini.sampled}
    ours = {canonical_name(p.name): (p.prior, p.ref_loc) for p in config.sampled}
    for name, (prior, start) in ours.items():
        assert theirs.pop(name) == (prior, start), name
    assert not theirs


def test_cosmosis_pipeline_is_the_same_model(repository):
    ini = read_config(repository / "cosmosis_modules" / "pipeline.ini")
    cobaya = read_config(repository / "cobaya_yaml" / "des_y1_3x2pt.yaml")
    assert ini.data_file is None  # the mock: the pipeline runs as it is
    mock = read_config(repository / "cobaya_yaml" / "mock_3x2pt_mcmc.yaml")
    assert (cuts_of(ini), ini.probes, ini.theory) == (cuts_of(mock), mock.probes, mock.theory)
    first = resolve(reference(cobaya), lenses_and_sources(5, 4))
    second = resolve(reference(ini), lenses_and_sources(5, 4))
    assert set(first) == set(second)
    for name, value in first.items():
        np.testing.assert_allclose(second[name], value, rtol=1e-12, err_msg=name)
    theirs = {canonical_name(p.name): p.prior for p in ini.sampled}
    assert len(theirs) == len(cobaya.sampled) == 26
    for parameter in cobaya.sampled:
        name = canonical_name(parameter.name)
        if name == "H0":
            assert theirs["h"] == Uniform(0.55, 0.91)
        else:
            assert theirs[name] == parameter.prior
    assert set(ini.sampler) == {"test"}
    assert ini.output == "chains/des_y1_cosmosis"


@pytest.mark.parametrize("file", ["cobaya_yaml/des_y1_3x2pt.yaml", "cosmosis_modules/pipeline.ini"])
def test_keywords_override_the_file(repository, file):
    config = read_config(
        repository / file,
        data_file="other.fits",
        scale_cuts=None,
        probes="shear",
        nz="histogram",
        linear="eisenstein_hu_no_wiggle",
        nonlinear="smith",
        projection="curved",
        radiation=False,
        ell_prefactors=True,
        power="host",
        neutrinos="degenerate",
        output="out",
    )
    assert (config.data_file, config.scale_cuts, config.output) == ("other.fits", "none", "out")
    assert config.probes == ("xi_plus", "xi_minus")
    assert config.theory == TheoryOptions(
        linear="eisenstein_hu_no_wiggle",
        nonlinear="smith",
        nz="histogram",
        projection="curved",
        radiation=False,
        ell_prefactors=True,
        power="host",
        neutrinos="degenerate",
    )


@pytest.mark.parametrize(
    ("name", "content", "culprit"),
    [
        ("a.txt", b"", r"suffix '\.txt'; accepted are \.yaml, \.yml, \.ini"),
        ("nil.yaml", None, "nil.yaml' is not a file"),
        ("a.yaml", b"\xff\xfe\x00", "a.yaml' cannot be read as text"),
        ("a.ini", b"\xff\xfe\x00", "a.ini' cannot be read as text"),
        ("a.yaml", b"", "a.yaml: not a Cobaya input"),
        ("a.ini", b"", r"a.ini: \[pipeline\] modules has 0"),
    ],
)
def test_bad_files_are_named(tmp_path, name, content, culprit):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=culprit):
        read_config(tmp_path / name)


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        (None, None),
        ("3x2pt", None),
        ("shear", ("xi_plus", "xi_minus")),
        ("2x2pt", ("gamma_t", "w")),
        ("w", ("w",)),
        ("w, xi_plus", ("xi_plus", "w")),
        (["gamma_t", "shear"], ("xi_plus", "xi_minus", "gamma_t")),
    ],
)
def test_probes(probes, expected):
    assert probes_from(probes) == expected


@pytest.mark.parametrize("text", ["T", "true", "Yes", "1", "on", True, 1])
def test_flags_as_hosts_write_them(text):
    assert theory_options({"ell_prefactors": text}).ell_prefactors is True


def test_reading_needs_no_double_precision():
    out = resolve(
        {"Omega_m": jnp.float32(0.3), "Omega_b": 0.05, "h": 0.7, "n_s": 1, "A_s": 2e-9},
        lenses_and_sources(0, 1),
    )
    assert jnp.issubdtype(out["Omega_m"].dtype, jnp.floating)


def test_yaml_files_are_plain(repository):
    for file in [
        *(repository / "cobaya_yaml").glob("*.yaml"),
        *(repository / "jaxlike/cobaya").glob("*.yaml"),
    ]:
        assert isinstance(yaml.safe_load(file.read_text()), dict)
