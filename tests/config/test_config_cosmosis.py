"""CosmoSIS pipelines: values, priors, includes and variables, and errors that name the culprit."""

import numpy as np
import pytest

from jaxlike.config import Config, TheoryOptions, read_config
from jaxlike.errors import ConfigError, JaxlikeError, ParameterError
from jaxlike.posterior.parameters import parameter_values
from jaxlike.posterior.priors import Normal, TruncatedNormal, Uniform
from jaxlike.registry.resolve import resolve
from jaxlike.registry.samples import lenses_and_sources


def reference(config: Config) -> dict:
    return parameter_values(config.parameters, {p.name: p.ref_loc for p in config.sampled})


PIPELINE = """\
[DEFAULT]
FOLDER = cosmosis_modules
nothing = 1
[runtime]
sampler = test emcee
[emcee]
walkers = 64
[pipeline]
modules = consistency jaxlike
values = values.ini
priors = priors.ini
likelihoods = jaxlike
[consistency]
file = utility/consistency.py
[jaxlike]
file = %(FOLDER)s/jaxlike_two_point.py ; a comment
data_file = "data.fits"
probes = shear
radiation = F
nz_bandwidth = 0.01
"""
VALUES = """\
[cosmological_parameters]
omega_m = 0.1 0.3 0.9
A_s = 1e-9 3e-9
h0 = 0.7
omega_b = 0.05 0.05 0.05
n_s = 0.87 0.96 1.07
[Intrinsic_Alignment_Parameters]
A = -5 0.5 5
"""
PRIORS = """\
[cosmological_parameters]
n_s = gaussian 0.96 0.1
h0 = gaussian 0.7 0.1
omega_m = uniform 0.2 1.5
"""


@pytest.fixture
def cosmosis(tmp_path):
    """A function that writes a pipeline with some text replaced and reads it."""

    def read(old: str = "", new: str = "", **overrides) -> Config:
        found = 0
        for name, text in (("pipe.ini", PIPELINE), ("values.ini", VALUES), ("priors.ini", PRIORS)):
            found += bool(old) and old in text
            (tmp_path / name).write_text(text.replace(old, new) if old else text)
        assert found == bool(old), "the text to replace must be in exactly one file"
        return read_config(tmp_path / "pipe.ini", **overrides)

    return read


def test_pipeline_values_and_priors(cosmosis):
    config = cosmosis()
    assert config.data_file == "data.fits"
    assert config.probes == ("xi_plus", "xi_minus")
    assert config.theory == TheoryOptions(radiation=False, nz_bandwidth=0.01)
    assert config.sampler == {"test": {}, "emcee": {"walkers": "64"}}
    assert config.output is None
    found = {p.name.partition("--")[2]: p for p in config.parameters}
    assert found["omega_m"].prior == Uniform(0.2, 0.9)
    assert (found["a_s"].prior, found["a_s"].ref_loc) == (Uniform(1e-9, 3e-9), 2e-9)
    assert found["h0"].value == 0.7
    assert found["omega_b"].value == 0.05
    assert found["n_s"].prior == TruncatedNormal(0.96, 0.1, 0.87, 1.07)
    assert found["n_s"].latex == r"n_\mathrm{s}"
    assert found["a"].name == "intrinsic_alignment_parameters--a"
    assert resolve(reference(config), lenses_and_sources(0, 4))["A_IA"] == 0.5


def test_gaussian_with_far_limits_is_not_cut(cosmosis):
    config = cosmosis("n_s = 0.87 0.96 1.07", "n_s = 0 0.96 2")
    assert Normal(0.96, 0.1) in [p.prior for p in config.sampled]


@pytest.mark.parametrize(
    ("line", "log_density"),
    [
        ("exponential 0.2", lambda x: -x / 0.2),
        ("exp 3.0", lambda x: -x / 3.0),
        ("one-over-x 0.01 5", lambda x: -np.log(x)),
        ("oneoverx 0.9 1.0", lambda x: -np.log(x)),
    ],
)
def test_other_priors_are_cut_to_the_limits_and_normalised(cosmosis, line, log_density):
    prior = cosmosis("gaussian 0.96 0.1", line).parameters
    prior = next(p.prior for p in prior if p.name.endswith("--n_s"))
    low, high = (0.9, 1.0) if "0.9" in line else (0.87, 1.07)
    assert prior.support == pytest.approx((low, high), rel=1e-12)
    x = np.linspace(low, high, 2001)
    expected = np.exp(log_density(x))
    expected /= np.trapezoid(expected, x)
    np.testing.assert_allclose(np.exp(prior.log_density(x)), expected, rtol=1e-6)


def test_includes_variables_and_the_environment(cosmosis, tmp_path, monkeypatch):
    monkeypatch.setenv("JAXLIKE_TEST_NZ", "histogram")
    (tmp_path / "more.ini").write_text("[output]\nfilename = %(FOLDER)s/out.txt\n")
    config = cosmosis("[runtime]\n", "%include more.ini\n[runtime]\n")
    assert config.output == "cosmosis_modules/out"
    config = cosmosis("nz_bandwidth = 0.01", "nz = ${JAXLIKE_TEST_NZ}")
    assert config.theory.nz == "histogram"
    config = cosmosis("nothing = 1", "nothing = 1\nnonlinear = smith")
    assert config.theory.nonlinear == "smith"


def test_extra_output(cosmosis):
    """What follows from the universe is a derived parameter, but its own and what needs radiation;
    the rest is for other modules."""
    listed = " cosmological_parameters/".join(
        ["data_vector/x_chi2", "omega_m", "S_8", "ombh2", "tau", "cosmomc_theta", "Log10As"]
    )
    config = cosmosis("likelihoods = jaxlike", f"likelihoods = jaxlike\nextra_output = {listed}")
    assert [one.name for one in config.outputs] == ["S8", "ombh2", "log10_A_s"]
    assert config.output_latex["S8"] == "S_8"
    assert cosmosis().outputs == ()


def test_tidal_torquing(cosmosis):
    """The names of CosmoSIS's tatt_interface."""
    names = "A1 = -5 0.5 5\nA2 = -5 1.0 5\nalpha1 = 0.1\nalpha2 = 0.2\nbias_ta = 0.8\nz_piv = 0.6"
    config = cosmosis("A = -5 0.5 5", names, alignment="tatt")
    assert config.theory.alignment == "tatt"
    out = resolve(reference(config), lenses_and_sources(0, 4))
    found = {name: float(out[name]) for name in out if name.endswith("_IA")}
    assert found == {
        **{"A_IA": 0.5, "A2_IA": 1.0, "alpha_IA": 0.1, "alpha2_IA": 0.2},
        **{"bTA_IA": 0.8, "z0_IA": 0.6},
    }


def test_power_from_the_block(cosmosis):
    config = cosmosis("radiation = F", "power = block")
    assert config.theory.power == "host"
    assert cosmosis("omega_b = 0.05", "tau = 0.08\nomega_b = 0.05", power="host").parameters


def test_the_package_s_own_file_is_the_module(cosmosis):
    shipped = cosmosis()
    for name in ("module.py", "__init__.py"):
        old, new = "%(FOLDER)s/jaxlike_two_point.py", f"/env/site-packages/jaxlike/cosmosis/{name}"
        assert cosmosis(old, new).likelihoods == shipped.likelihoods
    with pytest.raises(
        ConfigError, match=r"is no module of the standard library .* jaxlike_two_point\.py"
    ):
        cosmosis("%(FOLDER)s/jaxlike_two_point.py", "/env/site-packages/other/cosmosis/module.py")


def test_what_only_other_modules_take_may_be_fixed_and_of_the_cmb_sampled(cosmosis):
    """With either source of the power; what is sampled must have an effect."""
    plain = cosmosis().parameters
    for more in ("yhe = 0.245\ncs2_de = 1.0", "tau = 0.04 0.06 0.1\nA_lens = 0.9 1.0 1.1"):
        assert cosmosis("omega_b = 0.05", f"{more}\nomega_b = 0.05").parameters == plain
    with pytest.raises(ParameterError, match="cosmological_parameters--yhe'"):
        cosmosis("omega_b = 0.05", "yhe = 0.2 0.24 0.3\nomega_b = 0.05")


def test_options_about_cosmosis_entries_change_no_model(cosmosis):
    plain = cosmosis()
    more = "radiation = F\ninclude_norm = T\nlikelihood_only = T\nfunction = execute"
    assert cosmosis("radiation = F", more).theory == plain.theory
    with pytest.raises(ConfigError, match="likelihoods has 'jaxlike'; accepted is des alone"):
        cosmosis("radiation = F", "radiation = F\nlike_name = des")


BAD_INI = {
    "option value": ("radiation = F", "nz = x", "option 'nz' is 'x'", "kde, histogram"),
    "flag": ("radiation = F", "radiation = 3", "'radiation' is '3'", "true, false"),
    "neutrinos": (
        "radiation = F",
        "neutrinos = two",
        "'neutrinos' is 'two'",
        "one_massive, degenerate, normal, massless",
    ),
    "alignment": (
        "radiation = F",
        "alignment = la",
        "'alignment' is 'la'",
        "nla, nla_per_bin, tatt",
    ),
    "bandwidth": ("= 0.01", "= x", "'nz_bandwidth' is 'x'", "positive number"),
    "power": ("radiation = F", "power = host", "'power' is 'host'", "jaxlike, block"),
    "idle": (
        "radiation = F",
        "power = block\nlinear = eisenstein_hu",
        "'linear'",
        "power = jaxlike",
    ),
    "option": ("radiation = F", "radiatoin = F", r"\[jaxlike\].*'radiatoin'", "radiation"),
    "probes": ("= shear", "= xip", "unknown probe 'xip'", "xi_plus, xi_minus"),
    "no module": (
        "jaxlike_two_point.py",
        "other.py",
        "is no module of the standard library",
        "jaxlike_two_point",
    ),
    "not run": (
        "consistency jaxlike",
        "consistency",
        "is no module of the standard library",
        "known here",
    ),
    "likelihoods": (
        "likelihoods = jaxlike",
        "likelihoods = jaxlike cmb",
        "has 'cmb'",
        "jaxlike alone",
    ),
    "values": ("values = values.ini", "values = nil.ini", "values file 'nil.ini'", "pipeline"),
    "no values": ("values = values.ini", "", "no 'values'", "file of parameters"),
    "priors": ("priors = priors.ini", "priors = nil.ini", "priors file 'nil.ini'", "pipeline"),
    "include": ("[runtime]", "%include nil.ini\n[runtime]", "'nil.ini' does not exist", "%include"),
    "circle": ("[runtime]", "%include pipe.ini\n[runtime]", "includes itself", "pipe.ini"),
    "variable": ("%(FOLDER)s", "%(FOLDR)s", "(?i)foldr", "not a CosmoSIS ini file"),
    "syntax": ("[DEFAULT]", "DEFAULT", "no section headers", "pipe.ini"),
    "number": ("h0 = 0.7", "h0 = x", "values.ini.*--h0' is 'x'", "min start max"),
    "four": ("h0 = 0.7", "h0 = 1 2 3 4", "--h0' is '1 2 3 4'", "min start max"),
    "order": (
        "0.1 0.3 0.9",
        "0.3 0.1 0.9",
        "--omega_m' is '0.3 0.1 0.9'",
        "in the order min start",
    ),
    "unknown": ("h0 = 0.7", "h0 = 0.7\ntaux = 0.08", "values.ini: unknown .*--taux'", "accepted"),
    "twice": ("h0 = 0.7", "h0 = 0.7\nhubble = 70", "--hubble' are both given", "give one"),
    "missing": (
        "omega_b = 0.05 0.05 0.05",
        "",
        "values.ini: parameter Omega_b is missing",
        "ombh2",
    ),
    "prior": ("gaussian 0.96 0.1", "tab f.txt", "priors.ini.*--n_s' is 'tab f.t", "gaussian mean"),
    "prior kind": ("gaussian 0.96 0.1", "cauchy 0 1", "--n_s' is 'cauchy 0 1'", "one-over-x"),
    "prior beyond": ("gaussian 0.96 0.1", "one 2 3", "--n_s' is 'one 2 3'", "in order"),
    "prior decay": ("gaussian 0.96 0.1", "exp 0", "--n_s' is 'exp 0'.*scale is 0", "positive"),
    "prior number": (
        "gaussian 0.96 0.1",
        "gaussian 0.96 x",
        "is 'gaussian 0.96 x'",
        "deviation",
    ),
    "prior terms": ("gaussian 0.96 0.1", "gaussian 0.96", "--n_s' is 'gaussian 0.96'", "deviation"),
    "prior scale": ("gaussian 0.96 0.1", "gaussian 0.96 0", "--n_s'.*scale is 0", "positive"),
    "prior range": ("uniform 0.2 1.5", "uniform 1 2", "--omega_m'.*lower limit 1", "below"),
    "start": ("uniform 0.2 1.5", "uniform 0.4 1", "--omega_m' starts at 0.3", "0.4 to 0.9"),
    "prior of none": ("n_s = gau", "ns = gau", "priors.ini: prior for .*--ns'", "no parameter"),
}


@pytest.mark.parametrize(
    ("old", "new", "culprit", "accepted"), BAD_INI.values(), ids=BAD_INI.keys()
)
def test_bad_ini_is_one_sentence_with_a_name(cosmosis, old, new, culprit, accepted):
    with pytest.raises((ConfigError, ParameterError), match=culprit) as error:
        cosmosis(old, new)
    message = str(error.value)
    assert ".ini" in message
    assert "\n" not in message
    with pytest.raises(JaxlikeError, match=accepted):
        cosmosis(old, new)


def test_shipped_priors_are_cosmosis_own(repository):
    parameter = pytest.importorskip(
        "cosmosis.runtime.parameter", reason="CosmoSIS is not installed"
    )
    folder = repository / "cosmosis_modules"
    theirs = parameter.Parameter.load_parameters(
        str(folder / "values.ini"), [str(folder / "priors.ini")]
    )
    ours = {p.name: p for p in read_config(folder / "pipeline.ini").parameters}
    assert set(ours) == {str(p).lower() for p in theirs}
    for their in theirs:
        our = ours[str(their)]
        if our.prior is None:
            assert their.is_fixed()
            assert our.value == their.start
            continue
        assert our.ref_loc == their.start
        for u in (-2.0, 0.5, 3.0):
            x = float(our.prior.from_unit_normal(u))
            assert float(our.prior.log_density(x)) == pytest.approx(their.evaluate_prior(x))
