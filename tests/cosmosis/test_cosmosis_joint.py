"""BAO, supernovae and the compressed CMB beside two-point data in CosmoSIS pipelines."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

import jaxlike
from jaxlike.errors import ConfigError, ParameterError

PIPELINE = "cosmosis_modules/joint_w0wa.ini"
NAMES = ("desi_dr2", "union3", "planck_pr4_compressed")


@pytest.fixture(scope="module")
def ini(repository: Path) -> Any:
    """The posterior of the shipped pipeline."""
    return jaxlike.load(repository / PIPELINE)


def shifted(model: Any, **changes: float) -> np.ndarray:
    """The reference with some parameters, by the ends of their names, changed by a share of it."""
    x = np.array(model.reference)
    for name, factor in changes.items():
        (i,) = (i for i, one in enumerate(model.parameters) if one.lower().endswith(name))
        x[i] *= factor
    return x


def test_it_is_the_posterior_of_the_cobaya_input(ini: Any, repository: Path) -> None:
    """Both sample the sum of w0 and wa: there by a function, here as a parameter."""
    cobaya = jaxlike.load(repository / "cobaya_yaml/joint_w0wa.yaml")
    assert len(ini.parameters) == len(cobaya.parameters) == 27
    for of_ini, of_cobaya in (
        ({}, {}),
        ({"cosmomc_theta": 1.001, "w0_plus_wa": 0.7}, {"theta_mc_100": 1.001, "w_sum": 0.7}),
    ):
        x, y = shifted(ini, **of_ini), shifted(cobaya, **of_cobaya)
        assert_allclose(ini.log_posterior(x), cobaya.log_posterior(y), rtol=1e-10)
        assert_allclose(ini.log_prior(x), cobaya.log_prior(y), rtol=1e-10)


@pytest.mark.slow
def test_cosmosis_multiplies_them(ini: Any, cosmosis_here: Any) -> None:
    done = cosmosis_here(PIPELINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout
    assert "desi_bao_all of DESI DR2, as it comes with jaxlike" in done.stdout
    found = dict(re.findall(r"^(Prior|Posterior) +=  +(\S+)$", done.stdout, re.MULTILINE))
    assert_allclose(float(found["Posterior"]), ini.log_posterior(ini.reference), rtol=1e-9)
    assert_allclose(float(found["Prior"]), ini.log_prior(ini.reference), rtol=1e-9)


SMALL = {
    "cosmological_parameters": {
        "omega_m": 0.31, "omega_b": 0.049, "h0": 0.68, "n_s": 0.966, "a_s": 2.1e-9,
        "w": -0.9, "w0_plus_wa": -1.3, "mnu": 0.06,
    },
    "shear_calibration_parameters": {"m1": 0.0, "m2": 0.0},
}  # fmt: skip
OTHERS = {"bao": "desi_dr2", "supernovae": "union3", "cmb": "planck_pr4_compressed"}


@pytest.fixture(scope="module")
def quick(small_folder: Path) -> dict[str, str]:
    """Options of two bins of cosmic shear with a power that compiles soon."""
    return {
        "data_file": f"{small_folder}/small.fits",
        "scale_cuts": "none",
        "probes": "shear",
        "linear": "eisenstein_hu_no_wiggle",
        "nonlinear": "linear",
    }


def test_each_has_its_own_in_the_block(
    quick: dict[str, str], make_module: Any, make_block: Any
) -> None:
    from jaxlike.cosmosis.module import execute

    block = make_block(SMALL)
    assert execute(block, make_module(**quick, **OTHERS)) == 0
    alone = jaxlike.load(
        {
            "theory": {"jaxlike.cobaya.Theory": {"nonlinear": "linear"}},
            "likelihood": {
                "jaxlike.cobaya.bao": {"data": "desi_dr2"},
                "jaxlike.cobaya.sn": {"data": "union3"},
                "jaxlike.cobaya.cmb": {"data": "planck_pr4_compressed"},
            },
            "params": {
                "omegam": 0.31, "omegab": 0.049, "H0": [67.9, 68.1], "ns": 0.966, "As": 2.1e-9,
                "w": -0.9, "wa": -0.4, "mnu": 0.06,
            },
        }
    )  # fmt: skip
    found = [block["likelihoods", f"{name}_like"] for name in NAMES]
    assert_allclose(sum(found), alone.log_posterior([68.0]) - alone.log_prior([68.0]), rtol=1e-8)
    for name, value in zip(NAMES, found, strict=True):
        assert value < -1
        assert_allclose(block["data_vector", f"{name}_chi2"], -2 * value)
    # outside of the densities that the sound horizon is known for
    far = make_block(
        SMALL | {"cosmological_parameters": SMALL["cosmological_parameters"] | {"omega_b": 0.001}}
    )
    assert execute(far, make_module(**quick, bao="desi_dr2")) == 0
    assert far["likelihoods", "desi_dr2_like"] == -np.inf


def test_the_absolute_magnitude_is_a_parameter(
    quick: dict[str, str], make_module: Any, make_block: Any
) -> None:
    """In the section that the standard library has it in; without it there is no likelihood."""
    from jaxlike.cosmosis.module import execute

    module = make_module(**quick, supernovae="union3", use_abs_mag="T")
    marginal = make_module(**quick, supernovae="union3")
    found = {}
    for M in (-19.4, -19.3, -19.2):
        block = make_block(SMALL | {"supernova_params": {"m": M}})
        assert execute(block, module) == 0
        found[M] = block["likelihoods", "union3_like"]
    # a parabola in M, whose top is what is left where M is marginalised
    low, middle, high = found.values()
    curvature, slope = high - 2 * middle + low, 0.5 * (high - low)
    assert curvature < -1
    block = make_block(SMALL)
    assert execute(block, marginal) == 0
    top = middle - 0.5 * slope**2 / curvature
    assert_allclose(top, block["likelihoods", "union3_like"], rtol=1e-6)
    with pytest.raises(ParameterError, match="read 'supernova_params--m', which has no value"):
        execute(make_block(SMALL), module)


def test_the_absolute_magnitude_in_a_pipeline(repository: Path, tmp_path: Path) -> None:
    where = f"{repository}/cosmosis_modules"
    text = (repository / PIPELINE).read_text().replace("cosmosis_modules", where)
    text = text.replace("= union3", "= union3\nuse_abs_mag = T")
    values = Path(where, "joint_w0wa_values.ini").read_text()
    file = tmp_path / "in.ini"
    file.write_text(text.replace(f"{where}/joint_w0wa_values.ini", str(tmp_path / "values.ini")))
    (tmp_path / "values.ini").write_text(values)
    with pytest.raises(ConfigError, match="'union3' reads 'supernova_params--m', which has no"):
        jaxlike.read_config(file)
    (tmp_path / "values.ini").write_text(values + "\n[supernova_params]\nM = -20 -19.3 -18\n")
    config = jaxlike.read_config(file)
    assert config.own == ("Mb",)
    assert next(p for p in config.sampled if p.name == "Mb").prior.support == (-20, -18)
    assert "Mb" not in {p.name for p in jaxlike.read_config(file, likelihoods="jaxlike").sampled}


BAD = {
    "M of nothing": ({"use_abs_mag": "T"}, "'use_abs_mag' has no effect without 'supernovae'"),
    "no such data": ({"bao": "desi_dr9"}, r"option 'bao': option 'data' of .* is 'desi_dr9'"),
    "twice": (
        {"bao": "desi_dr2 desi_dr2.desi_bao_lrg1"},
        "'desi_dr2' and 'desi_dr2_desi_bao_lrg1' have the same data",
    ),
    "nothing": ({"supernovae": ""}, "option 'supernovae' names no data"),
    "no parameters": ({"cmb": "planck_pr4_compressed", "power": "block"}, "'cmb' has no effect"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_option_is_refused(case: str, quick: dict[str, str], make_module: Any) -> None:
    options, message = BAD[case]
    without = ("linear", "nonlinear") if "power" in options else ()
    given = {k: v for k, v in quick.items() if k not in without}
    with pytest.raises(ConfigError, match=message):
        make_module(**given, **options)


def test_what_likelihoods_lists_is_what_counts(repository: Path, tmp_path: Path) -> None:
    text = (
        (repository / PIPELINE)
        .read_text()
        .replace("cosmosis_modules", f"{repository}/cosmosis_modules")
    )
    file = tmp_path / "in.ini"
    file.write_text(text.replace("likelihoods = jaxlike desi_dr2", "likelihoods = jaxlike"))
    with pytest.raises(ConfigError, match=r"'desi_dr2' has no effect, as .* add desi_dr2 there"):
        jaxlike.read_config(file)
    file.write_text(text.replace("jaxlike desi_dr2", "jaxlike desi"))
    with pytest.raises(ConfigError, match="add desi_dr2 there"):
        jaxlike.read_config(file)
    file.write_text(text.replace("jaxlike desi_dr2", "jaxlike desi_dr2 sn"))
    accepted = "has 'sn'; accepted is jaxlike, desi_dr2, union3, planck_pr4_compressed"
    with pytest.raises(ConfigError, match=accepted):
        jaxlike.read_config(file)
    file.write_text(text)
    chosen = jaxlike.read_config(file, likelihoods=["desi_dr2", "planck_pr4_compressed"])
    assert [one.name for one in chosen.others] == ["desi_dr2", "planck_pr4_compressed"]
    assert not chosen.likelihoods
    assert chosen.theory.linear == "emulator"


@pytest.mark.slow
def test_cosmosis_s_own_nuts_follows_them(small_pipeline: Path, cosmosis_here: Any) -> None:
    """The gradient sampler of a pipeline takes the product that the module computes."""
    text = small_pipeline.read_text().replace(
        "likelihoods = jaxlike", "likelihoods = jaxlike desi_dr2"
    )
    file = small_pipeline.with_name("joint.ini")
    file.write_text(text.replace("chain.txt", "joint.txt") + "bao = desi_dr2\n")
    done = cosmosis_here(file)
    assert done.returncode == 0, done.stdout + done.stderr
    model = jaxlike.load(file)
    rows = np.loadtxt(file.with_name("joint.txt"))
    n = len(model.parameters)
    assert_allclose(rows[-1, -1], model.log_posterior(rows[-1, :n]), rtol=1e-6)
