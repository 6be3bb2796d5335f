"""One input with BAO and supernovae in both programs: Cobaya's likelihoods there, ours here."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from cobaya.model import get_model
from cobaya.run import run

import jaxlike
from jaxlike.config import config_from_info
from jaxlike.loading import model_from_config

ALL, UNION3, SURVEY = "bao.desi_dr2.desi_bao_all", "sn.union3", "jaxlike.cobaya.2x2pt"


@pytest.fixture(scope="module")
def info(small_folder: Path, packages: Path) -> dict[str, Any]:
    """The cheapest of surveys, with a sampled absolute magnitude."""
    survey = {"data_file": str(small_folder / "small.fits"), "probes": ["w"], "params": {}}
    free = {
        "omegam": {"prior": [0.1, 0.9], "ref": 0.3, "proposal": 0.01},
        "w": {"prior": [-3, 1], "ref": -1.0, "proposal": 0.05},
        "Mb": {"prior": [-1, 1], "ref": -0.1, "proposal": 0.05},
    }
    fixed = {"b1": 1.4, "b2": 1.6, "As": 2.1e-9, "ns": 0.96, "H0": 68, "ombh2": 0.0224}
    options = {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
    return {
        "theory": {"jaxlike.cobaya.Theory": options},
        "likelihood": {
            SURVEY: survey | {"scale_cuts": "none"},
            ALL: None,
            UNION3: {"use_abs_mag": True},
        },
        "params": free | fixed,
        "packages_path": str(packages),
    }


def test_densities_are_cobaya_s(info: dict[str, Any]) -> None:
    """Every likelihood, and what Cobaya has made of the input is read again."""
    theirs, ours = get_model(info), jaxlike.load(info)
    assert list(theirs.parameterization.sampled_params()) == list(ours.parameters)
    again = model_from_config(config_from_info(theirs.info(), "updated.yaml"))
    for x in ([0.31, -0.9, -0.1], [0.28, -1.1, 0.0]):
        wanted = theirs.logposterior(x)
        found = ours.chi2s(np.array(x))
        each = dict(zip(theirs.likelihood, wanted.loglikes, strict=True))
        for name, loglike in each.items():
            assert float(found[name]) == pytest.approx(-2 * loglike, abs=1e-4), name
        value = float(ours.log_posterior(np.array(x)))
        assert value == pytest.approx(wanted.logpost, abs=1e-4)
        assert float(again.log_posterior(np.array(x))) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("sampler", ["mcmc", "jaxlike.cobaya.NUTS"])
def test_samplers_of_cobaya_take_it(info: dict[str, Any], sampler: str) -> None:
    options = {
        "mcmc": {"max_samples": 40, "learn_proposal": False, "burn_in": 0},
        "jaxlike.cobaya.NUTS": {"chains": 1, "warmup": 60, "samples": 40},
    }
    bao, sn = ALL, UNION3
    if sampler.startswith("jaxlike"):  # with jaxlike's own components for them
        bao, sn = "jaxlike.cobaya.bao", "jaxlike.cobaya.sn"
        own = {SURVEY: info["likelihood"][SURVEY], bao: None, sn: {"use_abs_mag": True}}
        info = info | {"likelihood": own}
    _, product = run(info | {"sampler": {sampler: options[sampler]}})
    sample = product.products()["sample"]
    assert len(sample) >= 20
    assert {f"chi2__{bao}", f"chi2__{sn}", "Mb", "chi2__BAO"} <= {*sample.columns}
    chi2 = sample[f"chi2__{sn}"].to_numpy()
    assert np.isfinite(chi2).all()
    assert chi2.min() > 15


def test_the_joint_input_is_one_posterior_in_both_programs(repository: Path) -> None:
    """cobaya_yaml/joint_w0wa.yaml, which runs from what comes with the package alone."""
    file = repository / "cobaya_yaml" / "joint_w0wa.yaml"
    given = yaml.safe_load(file.read_text())
    theirs, ours = get_model({**given, "output": None}), jaxlike.load(file)
    names = list(ours.parameters)
    assert [*theirs.parameterization.sampled_params()] == names
    assert ("w_sum" in names, "wa" in names, "H0" in names) == (True, False, False)
    x = np.array(ours.reference)
    wanted, found = theirs.logposterior(x), ours.chi2s(x)
    assert [*found] == [*theirs.likelihood]
    for name, loglike in zip(theirs.likelihood, wanted.loglikes, strict=True):
        assert float(found[name]) == pytest.approx(-2 * loglike, abs=1e-3), name
    derived = dict(zip(theirs.parameterization.derived_params(), wanted.derived, strict=True))
    ours_derived = dict(zip(ours.derived_parameters, np.asarray(ours.derived(x)), strict=True))
    for name in ("H0", "omegam", "sigma8", "wa"):
        assert ours_derived[name] == pytest.approx(derived[name], rel=1e-4), name
