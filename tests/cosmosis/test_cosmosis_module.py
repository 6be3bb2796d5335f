"""The module's functions on blocks made here: entries, parameters, options and bad input."""

import importlib.util
import re
from dataclasses import replace

import numpy as np
import pytest
import yaml
from numpy.testing import assert_allclose

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from cosmosis.datablock import SectionOptions
from cosmosis.gaussian_likelihood import GaussianLikelihood

import jaxlike
from jaxlike.config.cosmosis_ini import MODULE_OPTIONS, OUTPUT_OPTIONS
from jaxlike.config.cosmosis_others import OTHER_OPTIONS, SUPERNOVA_OPTIONS
from jaxlike.cosmosis.module import cleanup, execute, setup
from jaxlike.data import write_sacc, write_two_point_fits
from jaxlike.errors import ConfigError, DataError, JaxlikeError, ParameterError
from jaxlike.registry.resolve import resolve
from jaxlike.theory.universe.acoustic_scale import theta_MC
from jaxlike.theory.universe.cosmology import from_parameters

COSMOLOGY = "cosmological_parameters"


def fresh(module, **changes):
    """A module as it was set up, without what it has learnt since, and with some changes."""
    return replace(module, **{"cosmology_names": (), "said": set(), **changes})


@pytest.fixture(scope="module")
def shear_module(make_module):
    return make_module(probes="shear")


@pytest.fixture(scope="module")
def model(repository):
    return jaxlike.load(repository / "cosmosis_modules" / "pipeline.ini")


def chi2_of(module, block) -> float:
    assert execute(block, module) == 0
    return block["data_vector", f"{module.like_name}_chi2"]


def test_module_and_model_agree(mock_module, model, make_block, values):
    block = make_block(values)
    chi2 = chi2_of(mock_module, block)
    parameters = {f"{s}--{name}": x for s, entries in values.items() for name, x in entries.items()}
    theory = np.asarray(model.theory_vector(parameters))
    assert_allclose(chi2, model.likelihood.chi2_of(theory), rtol=1e-10)
    assert block["likelihoods", "jaxlike_like"] == -0.5 * chi2
    assert_allclose(block["data_vector", "jaxlike_theory"], theory)
    assert cleanup(mock_module) is None


def test_a_sacc_file_is_a_data_file(shear_module, make_module, tmp_path):
    pytest.importorskip("sacc", reason="sacc is not installed")
    write_sacc(shear_module.likelihood.data, tmp_path / "shear.sacc")
    module = make_module(probes="shear", data_file=str(tmp_path / "shear.sacc"), scale_cuts="none")
    assert_allclose(module.likelihood.data.value, shear_module.likelihood.data.value, rtol=0)
    ours, theirs = (one.likelihood.arrays.inverse for one in (module, shear_module))
    assert_allclose(ours, theirs, rtol=0)


@pytest.mark.parametrize("include_norm", [False, True])
def test_entries_are_those_of_cosmosis_own_likelihoods(
    shear_module, make_block, values, include_norm
):
    module = fresh(shear_module, include_norm=include_norm, like_name="des")
    block = make_block(values)
    assert execute(block, module) == 0
    data = module.likelihood.data

    class Theirs(GaussianLikelihood):
        like_name = "des"

        def build_data(self):
            return None, data.value

        def build_covariance(self):
            return data.covariance

        def extract_theory_points(self, block):
            return theory

    theory = block["data_vector", "des_theory"]
    options = make_block({"module_options": {"include_norm": include_norm}})
    theirs = make_block({})
    Theirs(SectionOptions(options)).do_likelihood(theirs)
    assert theirs.keys("likelihoods") == block.keys("likelihoods")
    for key in [*theirs.keys("likelihoods"), *theirs.keys("data_vector")]:
        if key[1] == "des_simulation":
            assert theirs[key].shape == block[key].shape
            continue
        assert type(theirs[key]) is type(block[key])
        scale = np.max(np.abs(theirs[key]))
        assert_allclose(block[key], theirs[key], rtol=1e-6, atol=1e-9 * scale, err_msg=key[1])


def test_simulation_has_the_covariance(mock_module, make_block, values):
    draws = []
    for _ in range(20):
        block = make_block(values)
        execute(block, mock_module)
        noise = block["data_vector", "jaxlike_simulation"] - block["data_vector", "jaxlike_theory"]
        draws.append(noise @ mock_module.likelihood.precision @ noise)
    n = mock_module.likelihood.data.n_data
    assert abs(np.mean(draws) - n) < 5 * np.sqrt(2 * n / len(draws))


def test_points_out_of_range_are_counted_or_an_error(make_module, make_block, values, capsys):
    values[COSMOLOGY]["omega_b"] = 0.15
    module = make_module(probes="shear", linear="emulator")
    assert [execute(make_block(values), module) for _ in range(3)] == [1, 1, 1]
    told = capsys.readouterr().out
    assert told.count("out of range so far") == 1
    assert "(range of the emulator)" in told
    cleanup(module)
    assert "3 points were out of range so far" in capsys.readouterr().out
    strict = make_module(probes="shear", linear="emulator", out_of_range="error")
    with pytest.raises(ParameterError, match="out of range: it needs"):
        execute(make_block(values), strict)


def test_output_options(make_module):
    module = make_module(
        probes="shear", like_name="des", include_norm="T", likelihood_only=True, scale_cuts="none"
    )
    assert (module.like_name, module.include_norm, module.likelihood_only) == ("des", True, True)


def test_likelihood_only(shear_module, make_block, values):
    block = make_block(values)
    assert execute(block, fresh(shear_module, likelihood_only=True)) == 0
    saved = {name for _, name in block.keys("data_vector")}
    assert saved == {f"jaxlike_{name}" for name in ("chi2", "n", "norm", "log_det")}


def test_derived_parameters(mock_module, make_block, values):
    block = make_block(values)
    chi2 = chi2_of(fresh(mock_module), block)
    sigma_8, S_8 = block[COSMOLOGY, "sigma_8"], block[COSMOLOGY, "S_8"]
    assert 0.5 < sigma_8 < 1.2
    assert_allclose(S_8, sigma_8 * (values[COSMOLOGY]["omega_m"] / 0.3) ** 0.5)
    del values[COSMOLOGY]["a_s"]
    values[COSMOLOGY]["sigma_8"] = sigma_8
    assert_allclose(chi2_of(fresh(mock_module), make_block(values)), chi2, rtol=1e-6)


def test_two_likelihoods_in_one_pipeline(mock_module, shear_module, make_block, values, capsys):
    """The first one writes sigma_8, which the second one does not take for a sampled amplitude."""
    shear = fresh(shear_module, like_name="shear")
    capsys.readouterr()
    block = make_block(values)
    block.log_access("MODULE-START", "shear", "")
    assert execute(block, shear) == 0
    assert execute(block, fresh(mock_module)) == 0
    assert execute(make_block(values), shear) == 0
    assert block["data_vector", "shear_n"] == 227
    assert block["data_vector", "jaxlike_n"] == 457
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2, "once for each section"
    for section, line in zip(("bin_bias", "lens_photoz_errors"), told, strict=True):
        assert f"section [{section}] is not used" in line


def test_names_that_other_modules_add(shear_module, make_block, values):
    """The consistency module adds every other name of the same quantities; CAMB adds its own."""
    plain = chi2_of(fresh(shear_module), make_block(values))
    c = values[COSMOLOGY]
    h2 = c["h0"] ** 2
    cold = c["omega_m"] - c["omega_b"] - c["omnuh2"] / h2
    derived = {
        "hubble": 100 * c["h0"],
        "omega_c": cold,
        "omch2": cold * h2,
        "ombh2": c["omega_b"] * h2,
        "ommh2": c["omega_m"] * h2,
        "omega_nu": c["omnuh2"] / h2,
        "omega_lambda": 1 - c["omega_m"],
        "tau": 0.08,
        "yhe": 0.245,
        "consistency_module_was_used": True,
    }
    block = make_block(values)
    block.log_access("MODULE-START", "consistency", "")
    for name, value in {**derived, "sigma_8": 0.9}.items():
        block[COSMOLOGY, name] = value
    assert chi2_of(fresh(shear_module), block) == plain
    assert block[COSMOLOGY, "sigma_8"] == 0.9
    fewer = {"hubble": derived["hubble"], "omch2": derived["omch2"], "ombh2": derived["ombh2"]}
    for name in ("n_s", "a_s", "omnuh2"):
        fewer[name] = c[name]
    block = make_block({**values, COSMOLOGY: fewer})
    assert_allclose(chi2_of(fresh(shear_module), block), plain, rtol=1e-9)


def test_sampled_angle_and_S_8(shear_module, make_block, values):
    """What modules before this one make of them is not taken for sampled."""
    block = make_block(values)
    plain = chi2_of(fresh(shear_module), block)
    c = values[COSMOLOGY]
    h2 = c["h0"] ** 2
    canonical = resolve({f"{COSMOLOGY}--{name}": value for name, value in c.items()}, ())
    sampled = {
        "cosmomc_theta": 100 * float(theta_MC(from_parameters(canonical, radiation=True))),
        "S_8": block[COSMOLOGY, "s_8"],
        "omch2": (c["omega_m"] - c["omega_b"]) * h2 - c["omnuh2"],
        "ombh2": c["omega_b"] * h2,
        "omnuh2": c["omnuh2"],
        "n_s": c["n_s"],
    }
    block = make_block({**values, COSMOLOGY: sampled})
    block.log_access("MODULE-START", "consistency", "")
    for name, value in {
        "h0": c["h0"],
        "hubble": 100 * c["h0"],
        "sigma_8": 0.9,
        "a_s": 2e-9,
    }.items():
        block[COSMOLOGY, name] = value
    assert_allclose(chi2_of(fresh(shear_module), block), plain, rtol=1e-7)
    both = make_block({**values, COSMOLOGY: {**sampled, "log1e10As": 3.0}})
    with pytest.raises(ParameterError, match=r"--log1e10as' and .*--s_8' are both given"):
        execute(both, fresh(shear_module))


def test_no_massive_neutrino(mock_module, make_block, values):
    del values[COSMOLOGY]["omnuh2"]
    without = chi2_of(fresh(mock_module), make_block(values))
    values[COSMOLOGY]["omnuh2"] = 0.0
    zero = chi2_of(fresh(mock_module), make_block(values))
    assert zero == without


IMPOSSIBLE = {
    "no room for cold matter": ({"omega_m": 0.03}, "Omega_b < Omega_m"),
    "dark energy early": ({"w": -0.5, "wa": 0.9}, r"w0 \+ wa < 0"),
    "no big bang": ({"omega_m": 0.1, "omega_k": -2.0}, r"H\^2 > 0"),
}


@pytest.mark.parametrize(("change", "reason"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_impossible_cosmology(mock_module, make_block, values, capsys, change, reason):
    module = fresh(mock_module)
    values[COSMOLOGY].update(change)
    for _ in range(2):
        block = make_block(values)
        assert execute(block, module) == 1
        assert not block.has_value("likelihoods", "jaxlike_like")
    (said,) = capsys.readouterr().out.splitlines()
    assert "zero likelihood for a cosmology without a solution: it needs" in said
    assert re.search(reason, said)


def test_programming_errors_are_raised(mock_module, make_block, values, monkeypatch):
    module = fresh(mock_module)

    def broken(parameters):
        raise TypeError("a bug")

    monkeypatch.setattr(module, "own_theory", broken)
    with pytest.raises(TypeError, match="a bug"):
        execute(make_block(values), module)


def test_copies_of_a_process_are_refused(mock_module, make_block, values):
    with pytest.raises(ConfigError, match=r"--smp .*use --mpi"):
        execute(make_block(values), fresh(mock_module, process=-1))


BAD_PARAMETERS = {
    "missing": ({"omega_m": None}, COSMOLOGY, "Omega_m is missing.*omega_m.*omch2"),
    "no amplitude": ({"a_s": None}, COSMOLOGY, "A_s is missing.*sigma_8"),
    "two amplitudes": ({"sigma_8": 0.8}, COSMOLOGY, "--a_s' and .*--sigma_8' are both given"),
    "idle": ({"n_run": 0.1}, COSMOLOGY, "--n_run' has no effect.*accepted are a_s, a_s_1e9"),
    "typo": ({"omnu_h2": 0.1}, COSMOLOGY, "--omnu_h2' has no effect.*omnuh2"),
    "contradiction": ({"hubble": 60.0}, COSMOLOGY, "--hubble' is 60, but .* make it 69"),
    "contradictory matter": ({"omch2": 0.3}, COSMOLOGY, "--omch2' is 0.3, but .*make it 0.11"),
    "text": ({"n_s": "high"}, COSMOLOGY, "--n_s' is 'high', but must be a real number"),
    "no bias": ({"b3": None}, "bin_bias", "parameter b3 is missing.*5 lens bins"),
    "bin": ({"b6": 1.0}, "bin_bias", "lens bin 6.*bins 1 to 5"),
    "shift": ({"bias_5": 0.0}, "wl_photoz_errors", "source bin 5.*bins 1 to 4"),
    "nuisance": ({"eta": 1.0}, "intrinsic_alignment_parameters", "unknown .*--eta'.*accepted"),
    "shear": ({"m_1": 0.0}, "shear_calibration_parameters", "unknown .*--m_1'.*accepted"),
}


@pytest.mark.parametrize(
    ("change", "section", "sentence"), BAD_PARAMETERS.values(), ids=BAD_PARAMETERS.keys()
)
def test_bad_parameters(mock_module, make_block, values, change, section, sentence):
    module = fresh(mock_module)
    values[section].update(change)
    values[section] = {name: x for name, x in values[section].items() if x is not None}
    with pytest.raises(ParameterError, match=sentence) as error:
        execute(make_block(values), module)
    assert "\n" not in str(error.value)


def test_missing_section(mock_module, make_block, values):
    del values["bin_bias"]
    with pytest.raises(ParameterError, match=r"parameter b1 is missing.*bin_bias--b1"):
        execute(make_block(values), mock_module)


BAD_OPTIONS = {
    "unknown": ({"nzz": "kde"}, ConfigError, r"option of section \[two_point\]: 'nzz'.*nz_band"),
    "choice": ({"nz": "cubic"}, ConfigError, r"two_point.*'nz' is 'cubic'.*kde, histogram"),
    "power": ({"power": "host"}, ConfigError, "'power' is 'host'; accepted are jaxlike, block"),
    "no effect": (
        {"power": "block", "linear": "eisenstein_hu"},
        ConfigError,
        "'linear'.*no effect with power = block",
    ),
    "width": ({"nz_bandwidth": -1.0}, ConfigError, "'nz_bandwidth' is -1.0.*positive number"),
    "flag": ({"include_norm": "perhaps"}, ConfigError, "'include_norm' is 'perhaps'.*true, false"),
    "name": ({"like_name": 3}, ConfigError, "'like_name' is 3; accepted are a name"),
    "suffix": (
        {"suffix": "NZ_SOURCE:kids nz_maglim:maglim"},
        ConfigError,
        "'suffix' has 'nz_maglim', which is no n.z. of .*those are: nz_source, nz_lens",
    ),
    "suffixes": (
        {"suffix": "nz_lens: red"},
        ConfigError,
        "'suffix' is 'nz_lens: red'; accepted are NAME:VALUE NAME:VALUE",
    ),
    "probe": ({"probes": "xi_plus xip"}, ConfigError, "unknown probe 'xip'.*xi_minus"),
    "no file": ({"data_file": "nowhere.fits"}, DataError, "nowhere.fits"),
    "no fits": ({"data_file": __file__}, DataError, "test_cosmosis_module.py"),
    "cuts": (
        {"scale_cuts": "des_y9"},
        DataError,
        "'des_y9'; accepted are decade_ngc, decade_sgc, des_y1",
    ),
}


@pytest.mark.parametrize(
    ("options", "kind", "sentence"), BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys()
)
def test_bad_options(make_module, options, kind, sentence):
    with pytest.raises(JaxlikeError, match=sentence) as error:
        make_module(**options)
    assert type(error.value) is kind
    assert "\n" not in str(error.value)


def test_module_yaml(repository, mock_module, make_block, values):
    """The description names the options that are accepted and the entries that are written."""
    text = (repository / "cosmosis_modules" / "module.yaml").read_text()
    described = yaml.safe_load(text)
    assert described["name"] == "jaxlike_two_point"
    assert (repository / "cosmosis_modules" / described["interface"]).is_file()
    beside = (*OTHER_OPTIONS, *SUPERNOVA_OPTIONS)
    assert set(described["params"]) == {*MODULE_OPTIONS, *OUTPUT_OPTIONS, *beside}
    block = make_block(values)
    execute(block, mock_module)
    for section in ("likelihoods", "data_vector"):
        own = {name for name in described["outputs"][section] if not name.startswith("{")}
        assert own == {name for _, name in block.keys(section)}
    inputs = described["inputs"]
    written = {s: {n.lower() for n in inputs[s]} for s in inputs if not s.startswith("power=")}
    written[COSMOLOGY] = {name.lower() for name in inputs["power=jaxlike"][COSMOLOGY]}
    for section, entries in values.items():
        for name in entries:
            stem = name.rstrip("0123456789")
            assert name in written[section] or f"{stem}{{i}}" in written[section]


def test_entries_of_multipoles(cl_data, make_module, make_block, values, tmp_path):
    """`angle` is ell, and the covariance and its inverse are whole."""
    write_two_point_fits(cl_data, tmp_path / "cl.fits")
    module = make_module(data_file=str(tmp_path / "cl.fits"), scale_cuts="none")
    values.pop("lens_photoz_errors")
    for section in ("bin_bias", "shear_calibration_parameters", "wl_photoz_errors"):
        values[section] = dict(list(values[section].items())[:2])
    block = make_block(values)
    assert chi2_of(module, block) > 0
    ell = np.concatenate([m.ell for m in cl_data.measurements])
    np.testing.assert_array_equal(block["data_vector", "jaxlike_angle"], ell)
    inverse = block["data_vector", "jaxlike_inverse_covariance"]
    r = block["data_vector", "jaxlike_data"] - block["data_vector", "jaxlike_theory"]
    assert_allclose(r @ inverse @ r, block["data_vector", "jaxlike_chi2"], rtol=1e-9)


def test_the_package_is_a_module_by_the_path_of_its_file():
    """As CosmoSIS loads one: under another name, without its package."""
    spec = importlib.util.spec_from_file_location("__init__", jaxlike.cosmosis.__file__)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    assert (loaded.execute, loaded.cleanup) == (execute, cleanup)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            "h0 = 70.0",
            r"mine\.ini: parameter 'cosmological_parameters--h0' is fixed at 70; accepted",
        ),
        ("a_s = 2.0 2.1 2.2", "'cosmological_parameters--a_s' is between 2 and 2.2; accepted"),
    ],
)
def test_values_that_are_nowhere_possible_are_told_at_setup(make_block, tmp_path, values, message):
    """Not as a likelihood of -1e15; with the block's power they are another's business."""
    (tmp_path / "mine.ini").write_text(f"[cosmological_parameters]\n{values}\n")
    pipeline = {"current_module": "two_point", "values": str(tmp_path / "mine.ini")}

    def block(**options):
        given = {"file": "jaxlike_two_point.py", "probes": "shear", **options}
        return make_block({"pipeline": pipeline, "module_options": given})

    with pytest.raises(ParameterError, match=message):
        setup(block())
    assert setup(block(power="block"))
