"""Numbers that no posterior survives, and what of a pipeline is other modules' business."""

import pytest

from jaxlike.config import config_from_info, read_config
from jaxlike.config.plausible import check_plausible
from jaxlike.errors import ConfigError, ParameterError

COSMOLOGY = {"Omega_m": 0.3, "Omega_b": 0.05, "h": 0.7, "n_s": 0.96, "A_s": 2e-9}


def config(drop=(), sampler=None, **params):
    given = {k: v for k, v in {**COSMOLOGY, **params}.items() if k not in drop}
    info = {"likelihood": {"jaxlike.cobaya.shear": {"params": {}}}, "params": given}
    return config_from_info({**info, "sampler": sampler}, "input.yaml")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"A_s": float("nan")}, "'A_s' is fixed at nan, but must be a finite number"),
        ({"h": float("inf")}, "'h' is fixed at inf, but must be a finite number"),
        ({"DES_m1": float("nan")}, "'DES_m1' is fixed at nan"),
        ({"A_s": 0.0}, "'A_s' is fixed at 0; accepted are numbers between 0 and 1e-06 .about 2e-9"),
        ({"A_s": 3.04}, "'A_s' is fixed at 3.04; accepted are numbers between 0 and 1e-06"),
        ({"h": 70}, "'h' is fixed at 70; accepted are .* 0.2 and 2 .H0 is 100 times h"),
        (
            {"h": {"prior": {"min": 55, "max": 91}}},
            "'h' is between 55 and 91; accepted are numbers",
        ),
        ({"n_s": 0.0}, "'n_s' is fixed at 0"),
        ({"omnuh2": -0.001}, "'omnuh2' is fixed at -0.001; accepted are numbers between 0 and 1"),
        ({"mnu": 93.14}, "'mnu' is fixed at 93.14; accepted are .* sum of masses in eV"),
        (
            {"Omega_b": 0.5},
            "'Omega_b' and 'Omega_m' are fixed at 0.5 and 0.3: baryons must be less",
        ),
    ],
)
def test_impossible_numbers_are_told_at_once(params, message):
    found = config(**params)
    with pytest.raises(ParameterError, match=message):
        check_plausible(found.parameters, found.names)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"logA": -20.0}, "'logA' is fixed at -20; .*10.10 A_s. is about 3"),
        ({"As_1e9": 2.1e-9}, "'As_1e9' is fixed at 2.1e-09; accepted are .* about 2"),
        ({"log10_A_s": 3.0}, "'log10_A_s' is fixed at 3; accepted are numbers between -12 and -6"),
    ],
)
def test_an_amplitude_under_another_s_name_is_told(params, message):
    found = config(drop=["A_s"], **params)
    with pytest.raises(ParameterError, match=message):
        check_plausible(found.parameters, found.names)


def test_massless_neutrinos_are_fine():
    for name in ("omnuh2", "mnu"):
        found = config(**{name: 0.0})
        check_plausible(found.parameters, found.names)


def test_a_hubble_constant_is_no_h():
    found = config(drop=["h"], H0=0.7)
    with pytest.raises(
        ParameterError, match=r"'H0' is fixed at 0.7; .* km/s/Mpc: h is a hundredth"
    ):
        check_plausible(found.parameters, found.names)
    fine = config(drop=["h"], H0={"prior": {"min": 55, "max": 91}})
    check_plausible(fine.parameters, fine.names)


@pytest.mark.parametrize(
    "prior",
    [
        *({"min": 0.5}, {"min": 50}, {"max": 0.9}, {}, {"loc": 0.5}),
        {"dist": "beta", "a": 2, "b": 2, "min": 0.1},
    ],
)
def test_a_prior_has_two_ends(prior):
    with pytest.raises(ConfigError, match=r"'h': prior is .*; both ends are needed, min and max"):
        config(h={"prior": prior})


def test_numbers_too_large_and_samplers_that_are_none():
    with pytest.raises(ConfigError, match="'h': value is too large for a number"):
        config(h=10**400)
    for sampler in (3, ["mcmc"]):
        with pytest.raises(ConfigError, match=r"block 'sampler' is .* a name or a mapping of one"):
            config(sampler=sampler)


@pytest.mark.parametrize("text", ["a: !!int abc", "a: 2026-99-99", "a: " + "[" * 5000])
def test_yaml_that_says_nothing_is_a_sentence(tmp_path, text):
    (tmp_path / "input.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"input\.yaml.*: not valid YAML"):
        read_config(tmp_path / "input.yaml")


def test_a_default_parameter_under_another_name_is_named():
    info = {"likelihood": {"jaxlike.cobaya.shear": None}, "params": {**COSMOLOGY, "m1": 0.0}}
    with pytest.raises(
        ParameterError, match=r"'m1' is what the component has .* as 'DES_m1': give"
    ):
        config_from_info(info, "input.yaml")


@pytest.fixture
def pipeline(tmp_path):
    def read(values="", priors="", option="", section="", before=""):
        (tmp_path / "values.ini").write_text(
            "[cosmological_parameters]\nomega_m = 0.1 0.3 0.9\na_s = 2e-9\nh0 = 0.7\n"
            f"omega_b = 0.05\nn_s = 0.96\n{values}\n"
        )
        (tmp_path / "priors.ini").write_text(priors)
        (tmp_path / "pipeline.ini").write_text(
            f"[pipeline]\nmodules = {before} jaxlike\nvalues = values.ini\npriors = priors.ini\n"
            "likelihoods = jaxlike\n[jaxlike]\nfile = jaxlike_two_point.py\nprobes = shear\n"
            f"scale_cuts = none\n{option}\n{section}"
        )
        return read_config(tmp_path / "pipeline.ini")

    return read


def test_what_is_other_modules_business_is_left_to_them(pipeline):
    """As in CosmoSIS, where nobody minds a value or prior that no module asks for."""
    found = pipeline(
        "tau = 0.04 0.08 0.12\n[planck]\na_planck = 0.9 1.0 1.1",
        "[planck]\na_planck = gaussian 1 0.0025\n[supernova_params]\nm = gaussian -19 0.1",
    )
    names = {p.name.partition("--")[2] for p in found.parameters}
    assert names == {"omega_m", "a_s", "h0", "omega_b", "n_s"}
    for values in ("taux = 0.1", "[intrinsic_alignment_parameter]\na = 1.0"):
        with pytest.raises(ParameterError, match="unknown parameter"):
            pipeline(values)
    with pytest.raises(ConfigError, match="prior for 'cosmological_parameters--ns', which is no"):
        pipeline(priors="[cosmological_parameters]\nns = gaussian 0.96 0.1")


def test_massive_neutrinos_are_as_many_as_the_option_says(pipeline):
    assert pipeline("num_massive_neutrinos = 1").parameters
    assert pipeline("num_massive_neutrinos = 3", option="neutrinos = degenerate").parameters
    for number, advice in ((3, "take neutrinos = degenerate"), (2, "give 0, 1 or 3")):
        with pytest.raises(
            ParameterError, match=f"is {number}, but .* one_massive has 1 .*{advice}"
        ):
            pipeline(f"num_massive_neutrinos = {number}")


def test_a_hierarchy_of_a_module_whose_power_is_not_used_is_not_ignored(pipeline):
    def read(hierarchy, option=""):
        section = f"[camb]\nfile = camb_interface.py\nneutrino_hierarchy = {hierarchy}\n"
        return pipeline(option=option, section=section, before="camb")

    assert read("degenerate").theory.neutrinos == "one_massive"
    assert read("Normal", "neutrinos = normal").theory.neutrinos == "normal"
    assert read("inverted", "power = block").theory.power == "host"
    for hierarchy, option, advice in (
        ("normal", "", "neutrinos = one_massive: take neutrinos = normal, or power = block"),
        ("degenerate", "neutrinos = normal", "take neutrinos = one_massive or degenerate"),
        ("inverted", "", "neutrinos = one_massive: take power = block"),
    ):
        with pytest.raises(ConfigError, match=f"'neutrino_hierarchy' of section .camb. .*{advice}"):
            read(hierarchy, option)


def test_outputs_of_cosmosis_s_module_are_looked_at_elsewhere_too(pipeline):
    assert pipeline(option="outputs = distances cl").parameters
    with pytest.raises(ConfigError, match="'outputs' is 'all'; accepted are words of distances"):
        pipeline(option="outputs = all")
