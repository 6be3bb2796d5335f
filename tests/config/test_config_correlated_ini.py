"""Correlated priors of CosmoSIS pipelines: as an option, and by CosmoSIS's own module."""

import fitsio
import jax
import numpy as np
import pytest
import yaml
from scipy.interpolate import CubicSpline

from jaxlike.config import config_from_info, read_config
from jaxlike.config.cobaya_yaml import load_yaml
from jaxlike.config.written import as_cobaya
from jaxlike.errors import JaxlikeError
from jaxlike.posterior.parameters import parameter_values
from jaxlike.posterior.priors import Normal, Uniform

COVARIANCE = np.array([[4.0, 1.2], [1.2, 1.0]]) * 1e-4
PIPELINE = """\
[pipeline]
modules = {modules}
values = values.ini
priors = priors.ini
likelihoods = jaxlike_kids
[correlated]
file = number_density/correlated_priors/correlated_priors.py
uncorrelated_parameters = nofz_shifts_kids/uncorr_bias_1
    nofz_shifts_kids/uncorr_bias_2
output_parameters = nofz_shifts_kids/bias_1 nofz_shifts_kids/bias_2
covariance = covariance.txt
{more}
[two_point]
file = jaxlike_two_point.py
suffix = kids
probes = shear
{option}
"""
UNIVERSE = """\
[cosmological_parameters]
omch2 = 0.051 0.118 0.255
ombh2 = 0.019 0.0259 0.026
h0 = 0.64 0.767 0.82
n_s = 0.84 0.9 1.1
S_8 = 0.1 0.757 1.3
omega_k = 0.0
w = -1.0
wa = 0.0
mnu = 0.0774
tau = 0.0697186
massive_nu = 3
"""
SHIFTS = """\
[wl_photoz_errors_kids]
bias_1 = -0.2 0.0 0.2
bias_2 = -0.1 0.01 0.1
"""
NORMALS = """\
[nofz_shifts_kids]
uncorr_bias_1 = -5.0 0.0 5.0
uncorr_bias_2 = -5.0 -0.181 5.0
"""
UNIT = """\
[nofz_shifts_kids]
uncorr_bias_1 = gaussian 0.0 1.0
uncorr_bias_2 = gaussian -0.181 1.0
"""


@pytest.fixture
def read(tmp_path):
    """The Config of a pipeline with lines in it."""

    def write(modules="two_point", option="", more="", values=SHIFTS, priors=""):
        np.savetxt(tmp_path / "covariance.txt", COVARIANCE)
        text = PIPELINE.format(modules=modules, option=option, more=more)
        (tmp_path / "pipeline.ini").write_text(text)
        (tmp_path / "values.ini").write_text(UNIVERSE + values)
        (tmp_path / "priors.ini").write_text(priors)
        return read_config(tmp_path / "pipeline.ini")

    return write


def written(config):
    text = yaml.safe_dump(as_cobaya(config), sort_keys=False)
    return config_from_info(load_yaml(text, "again.yaml"), "again.yaml")


OPTION = "correlated_priors = {dz_source: {params: kids_dz_source, covariance: covariance.txt}}"


OPTIONS = {
    "mapping": OPTION,
    "short": "correlated_priors = kids_dz_source:covariance.txt",
    "names": """correlated_priors = {kids_DzS: {covariance: covariance.txt,
    params: [wl_photoz_errors_kids--bias_1, kids_dz2]}}""",
}


@pytest.mark.parametrize("option", OPTIONS.values(), ids=OPTIONS)
def test_option(read, option):
    config = read(option=option)
    (prior,) = config.correlated_priors
    names = ("wl_photoz_errors_kids--bias_1", "wl_photoz_errors_kids--bias_2")
    assert prior.params == names
    np.testing.assert_allclose(prior.covariance, COVARIANCE)
    found = {p.name: p for p in config.sampled}
    assert found[names[0]].prior == Normal(0.0, 0.02)
    assert (found[names[1]].prior, found[names[1]].ref_loc) == (Normal(0.0, 0.01), 0.01)
    again = written(config)
    assert again.correlated_priors == (prior.renamed(
        dict(zip(names, ("kids_dz_source1", "kids_dz_source2"), strict=True))
    ),)  # fmt: skip
    assert [p.prior for p in again.sampled] == [p.prior for p in config.sampled]
    assert written(again).correlated_priors == again.correlated_priors


def test_marginal_in_the_file_of_priors_is_the_same(read):
    priors = "[wl_photoz_errors_kids]\nbias_1 = gaussian 0.0 0.02\n"
    assert read(option=OPTION, priors=priors).sampled == read(option=OPTION).sampled


def test_option_of_the_survey(read):
    """Its folder's, under the names of the pipeline's sections."""
    bins = [f"bias_{i} = -0.1 0.0 0.1" for i in range(1, 6)]
    values = "\n".join(["[nofz_shifts_kids]", *bins, ""])
    config = read(option="survey = kids_1000_xi\ncorrelated_priors = survey", values=values)
    (prior,) = config.correlated_priors
    assert prior.params == tuple(f"nofz_shifts_kids--bias_{i}" for i in range(1, 6))
    assert prior.mean == (0, -0.00199729, -0.0129976, -0.0110003, 0.00599612)
    assert prior.covariance[0][1] == 2.5999e-05
    assert [p.prior for p in config.sampled[-5:]] == [*prior.marginals.values()]


@pytest.mark.parametrize("mean", ["", "mean = 0.01 -0.02", "mean = mean.txt"])
def test_module_of_the_standard_library(read, tmp_path, mean):
    np.savetxt(tmp_path / "mean.txt", [0.01, -0.02])
    config = read("consistency correlated two_point", more=mean, values=NORMALS, priors=UNIT)
    sampled = [p.name for p in config.sampled]
    assert sampled[-2:] == ["nofz_shifts_kids--uncorr_bias_1", "nofz_shifts_kids--uncorr_bias_2"]
    assert config.correlated_priors == ()

    def shifts(u):
        point = {p.name: p.ref_loc for p in config.sampled}
        values = parameter_values(
            config.parameters, point | dict(zip(sampled[-2:], u, strict=True))
        )
        return jax.numpy.stack([values[f"nofz_shifts_kids--bias_{i}"] for i in (1, 2)])

    u, factor = np.array([0.7, -1.3]), np.linalg.cholesky(COVARIANCE)
    centre = [0.01, -0.02] if mean else [0.0, 0.0]
    np.testing.assert_allclose(shifts(u), centre + factor @ u, rtol=1e-13)
    np.testing.assert_allclose(jax.jacfwd(shifts)(u), factor, rtol=1e-14, atol=1e-18)
    again = written(config)
    names = {p.name for p in again.parameters}
    assert {"kids_dz_source1", "nofz_shifts_kids_uncorr_bias_1"} < names
    point = {p.name: p.ref_loc for p in again.sampled}
    point |= {f"nofz_shifts_kids_uncorr_bias_{i + 1}": u[i] for i in range(2)}
    values = parameter_values(again.parameters, point)
    np.testing.assert_allclose(
        [values["kids_dz_source1"], values["kids_dz_source2"]], centre + factor @ u, rtol=1e-13
    )


def test_names_of_real_pipelines(read):
    """KiDS-1000's, DES-Y3 + KiDS-1000's: what this theory has no use for is left out."""
    config = read(values="")
    assert [p.name.partition("--")[2] for p in config.parameters] == [
        "omch2", "ombh2", "h0", "n_s", "s_8", "omega_k", "w", "wa", "mnu",
    ]  # fmt: skip
    assert [p.prior for p in config.sampled][-1] == Uniform(0.1, 1.3)


FAR = SHIFTS.replace("-0.2 0.0 0.2", "-0.2 0.0 0.05")
MODULE = {"modules": "correlated two_point", "values": NORMALS, "priors": UNIT}
BAD = {
    "unknown": (
        {"option": "correlated_priors = kids_dz_lens:covariance.txt"},
        "'kids_dz_lens': 'kids_dz_lens1' is no parameter here",
    ),
    "no such bin": (
        {"option": OPTION, "values": SHIFTS.replace("bias_2", "bias_3")},
        "'dz_source': 'kids_dz_source2' is no parameter here",
    ),
    "fixed": (
        {"option": OPTION, "values": SHIFTS.replace("-0.2 0.0 0.2", "0.0")},
        "'wl_photoz_errors_kids--bias_1' is fixed",
    ),
    "cut": ({"option": OPTION, "values": FAR}, "goes from -0.2 to 0.05, .* -0.1 to 0.1 or more"),
    "another prior": (
        {"option": OPTION, "priors": "[wl_photoz_errors_kids]\nbias_1 = gaussian 0.0 0.01\n"},
        "bias_1' has a prior of its own, and is in the correlated prior 'dz_source'",
    ),
    "no file": ({"option": "correlated_priors = kids_dz_source:none.txt"}, "'none.txt' does not"),
    "no mapping": ({"option": "correlated_priors = covariance.txt"}, "accepted are {NAME: {params"),
    "survey's none": ({"option": "correlated_priors = survey"}, "survey des_y1 has none"),
    "no survey": (
        {"option": "correlated_priors = survey\ndata_file = covariance.txt"},
        "the data are of no known survey: give the option 'survey'",
    ),
    "survey's for many": (
        {
            "option": "correlated_priors = survey\nsurvey = kids_1000_xi\nsuffix = nz_source:kids"
            "\nlike_name = jaxlike_kids"
        },
        "suffixes by n.z. do not say whose they are",
    ),
    "survey's bins": (
        {"option": "correlated_priors = survey\nsurvey = kids_1000_xi"},
        "'kids_dz_source': 'kids_dz_source3' is no parameter here",
    ),
    "module's option": (
        {**MODULE, "modules": "other two_point"} | {"more": "[other]\nfile = correlated_priors.py"},
        r"section \[other\] has no 'uncorrelated_parameters'",
    ),
    "module's size": ({**MODULE, "more": "mean = 0 0 0"}, r"\[correlated\].*mean has 3 numbers"),
    "module's mean": ({**MODULE, "more": "mean = none.txt"}, "mean file 'none.txt' does not exist"),
    "module's input": (
        {**MODULE, "values": NORMALS.replace("uncorr_bias_1", "uncorr_bias_7"), "priors": ""},
        "takes 'nofz_shifts_kids--uncorr_bias_1', which has no value",
    ),
    "module's output": (
        {**MODULE, "values": f"{NORMALS}bias_1 = 0.0\n"},
        "makes 'nofz_shifts_kids--bias_1', which has a value as well",
    ),
}


@pytest.mark.parametrize(("changes", "words"), BAD.values(), ids=BAD)
def test_bad_pipelines_are_one_sentence(read, changes, words):
    with pytest.raises(JaxlikeError, match=words) as error:
        read(**changes)
    assert ".ini: " in str(error.value)
    assert "\n" not in str(error.value)


# point, and the file, table, covariance, section and number of bins of its n(z)
KIDS = {
    "kidslegacy_p1": ("kids_legacy_cosebis", "nz_source", "kids_legacy", "nofz_shifts", 6),
    "desy3_kids1000_p1": (
        "des_y3_kids_1000", "nz_source_kids", "kids_1000", "nofz_shifts_kids", 5,
    ),
}  # fmt: skip


@pytest.mark.parametrize("point", KIDS)
def test_shifts_are_kids_s(shared, tmp_path, point):
    """The pipelines' own n(z), of these unit normals, are those of their files shifted so."""
    file, table, covariance, section, n = KIDS[point]
    bins = range(1, n + 1)
    with np.load(shared / "reference" / "stage3" / f"{point}.npz") as stored:
        found = dict(zip(map(str, stored["param_names"]), stored["param_values"], strict=True))
        z, theirs = stored[f"{table}/z"], stored[f"{table}/bins"]
    (tmp_path / "pipeline.ini").write_text(f"""[pipeline]
modules = correlated jaxlike
values = values.ini
[correlated]
file = correlated_priors.py
uncorrelated_parameters = {" ".join(f"{section}/uncorr_bias_{i}" for i in bins)}
output_parameters = {" ".join(f"nofz_shifts/bias_{i}" for i in bins)}
covariance = {shared}/data/stage3/{covariance}_dz_covariance.txt
[jaxlike]
file = jaxlike_two_point.py
""")
    lines = [f"uncorr_bias_{i} = {found[f'{section}--uncorr_bias_{i}']}" for i in bins]
    (tmp_path / "values.ini").write_text("\n".join([UNIVERSE, f"[{section}]", *lines]))
    config = read_config(tmp_path / "pipeline.ini")
    values = parameter_values(config.parameters, {p.name: p.ref_loc for p in config.sampled})
    nz = fitsio.read(shared / "data" / "stage3" / f"{file}.fits", ext=table)
    first = [0.0] if nz["Z_MID"][0] > 0 else []
    for i, wanted in zip(bins, theirs, strict=True):
        curve = CubicSpline([*first, *nz["Z_MID"]], [*first, *nz[f"BIN{i}"]], extrapolate=False)
        moved = np.nan_to_num(curve(z - float(values[f"nofz_shifts--bias_{i}"])))
        moved /= np.trapezoid(moved, z)
        np.testing.assert_allclose(moved, wanted, atol=1e-9 * wanted.max())
