"""The module's functions on blocks made here: entries, parameters and options."""

import importlib.util
import re

import numpy as np
import pytest
import yaml
from numpy.testing import assert_allclose

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from cosmosis.datablock import SectionOptions
from cosmosis.gaussian_likelihood import GaussianLikelihood
from fresh_module import fresh

import jaxlike
from jaxlike.config.cosmosis_ini import MODULE_OPTIONS, OUTPUT_OPTIONS
from jaxlike.config.cosmosis_others import OTHER_OPTIONS, SUPERNOVA_OPTIONS
from jaxlike.cosmosis.module import cleanup, execute
from jaxlike.data import write_sacc, write_two_point_fits
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.registry.resolve import resolve
from jaxlike.theory.universe.acoustic_scale import theta_MC
from jaxlike.theory.universe.cosmology import from_parameters

COSMOLOGY = "cosmological_parameters"


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
