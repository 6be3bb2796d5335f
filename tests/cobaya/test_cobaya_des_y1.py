"""Cobaya's `des_y1` likelihoods in JAX: the same files, options, parameters and chi^2."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cobaya.model import get_model
from des_folder import folder_of, write_des_y1, write_made_up

import jaxlike
from jaxlike.config import config_from_info
from jaxlike.config.written import as_cobaya
from jaxlike.errors import ConfigError, DataError, JaxlikeError

# what compiles soonest
THEORY = {"jaxlike.cobaya.Theory": {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}}
OMEGAM = {"prior": [0.1, 0.9], "ref": 0.3}
COSMOLOGY = {"omegam": OMEGAM, "As": 2.1e-9, "H0": 70, "omegab": 0.05, "ns": 0.96, "mnu": 0.06}
NUISANCE = {
    **{f"DES_b{i}": 1.4 + 0.1 * i for i in range(1, 6)},
    **{f"DES_DzL{i}": 0.001 * i for i in range(1, 6)},
    **{f"DES_m{i}": 0.01 * i for i in range(1, 5)},
    **{f"DES_DzS{i}": 0.02 - 0.01 * i for i in range(1, 5)},
    **{"DES_AIA": 0.7, "DES_alphaIA": -0.5},
}
KINDS = ("joint", "shear", "clustering", "galaxy_galaxy")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    packages = tmp_path_factory.mktemp("made")
    write_made_up(folder_of(packages, "des_data", "v1.0"))
    return packages


def info_of(packages: Path, kind: str, options: Any = None, **cosmology: Any) -> dict[str, Any]:
    """An input at one point; the likelihood's own priors are fixed by the input."""
    used = {name: value for name, value in NUISANCE.items() if name in _names(kind)}
    return {
        "packages_path": str(packages),
        "theory": dict(THEORY),
        "likelihood": {f"des_y1.{kind}": options},
        "params": {**COSMOLOGY, **cosmology, **used},
    }


def _names(kind: str) -> tuple[str, ...]:
    from jaxlike.config.others.des_y1 import DesY1Config

    return DesY1Config.read("", f"des_y1.{kind}", {}).parameters


def ours(info: dict[str, Any]) -> float:
    model = jaxlike.load(info)
    return float(model.chi2(model.reference))


def theirs(info: dict[str, Any]) -> float:
    params = {**info["params"], "omegam": 0.3}
    return -2 * get_model({**info, "params": params, "debug": 40}).loglike({}, return_derived=False)


@pytest.mark.parametrize("kind", KINDS)
def test_chi2_is_that_of_cobaya_s_own_class(made: Path, kind: str) -> None:
    """With the same P(k, z) and distances: what differs is how ln P is interpolated. Its sums are
    those of flat space, whatever the curvature."""
    info = info_of(made, kind, None, omk=0.03, w=-0.8)
    assert ours(info) == pytest.approx(theirs(info), rel=3e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"acc": 2},
        {"binned_bessels": False, "l_max": 20000},
        {"dataset_params": {"used_data_types": "gammat wtheta"}},
        {"use_Weyl": False, "use_hankel": False, "l_max": None, "aliases": ["DES"]},
    ],
    ids=["acc", "each", "2x2pt", "defaults"],
)
def test_options_are_cobaya_s(made: Path, options: dict[str, Any]) -> None:
    info = info_of(made, "joint", options)
    assert ours(info) == pytest.approx(theirs(info), rel=3e-4)


def test_priors_are_those_of_cobaya_s_file_and_the_input_s_own_come_first(made: Path) -> None:
    info = info_of(made, "joint")
    info["params"] = {**COSMOLOGY, "DES_b1": [1, 2], "DES_m1": 0.01}
    model = jaxlike.load(info)
    default = get_model({**info, "debug": 40}).parameterization.sampled_params()
    assert {*model.parameters} == {*default}
    assert len(model.parameters) == 20
    found = {p.name: p for p in model.config.parameters}
    assert (found["DES_b1"].prior.support, found["DES_m1"].value) == ((1, 2), 0.01)
    assert found["DES_AIA"].prior.support == (-5, 5)


def test_slopes_are_those_of_differences(made: Path) -> None:
    info = info_of(made, "joint")
    info["params"] = dict(COSMOLOGY)
    model = jaxlike.load(info)
    x = np.asarray(model.reference)
    _, slope = model.value_and_gradient(x)
    along = np.random.default_rng(2).normal(size=(3, x.size)) * np.maximum(0.01, 0.01 * np.abs(x))
    for step in along:
        up, down = (float(model.log_posterior(x + sign * 1e-3 * step)) for sign in (1, -1))
        assert slope @ step == pytest.approx((up - down) / 2e-3, rel=1e-4)


def test_what_is_written_is_read_as_the_same_posterior(made: Path) -> None:
    info = info_of(made, "shear")
    info["params"] = dict(COSMOLOGY)
    config = config_from_info(info, "in.yaml")
    again = config_from_info(as_cobaya(config), "again.yaml")
    assert [(p.name, p.prior, p.value) for p in again.parameters] == [
        (p.name, p.prior, p.value) for p in config.parameters
    ]
    assert again.others == config.others


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("joint", {"use_hankel": True}, ("use_hankel", "leave it out")),
        ("joint", {"use_Weyl": True}, ("use_Weyl", "shear alone")),
        ("shear", {"acc": -1}, ("acc", "positive")),
        ("joint", {"dataset_file": "2pt.fits"}, ("jaxlike.cobaya.3x2pt",)),
        ("joint", {"dataset_params": {"used_data_types": "xip w"}}, ("'w'", "wtheta")),
        ("joint", {"accuracy": 2}, ("'accuracy'", "acc")),
        ("joint", {"dataset_params": {"cov_file": "no.dat"}}, ("no.dat",)),
        ("joint", {"dataset_file": "no.dataset"}, ("no.dataset", "cobaya-install des_y1.joint")),
    ],
)
def test_bad_options_are_named(made: Path, kind: str, options: Any, words: Any) -> None:
    with pytest.raises(JaxlikeError) as error:
        jaxlike.load(info_of(made, kind, options))
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("selection.dat", "xip 1 1 5\n", ("selection.dat", "line 1", "two angles")),
        ("selection.dat", "xip 1 1 500 600\n", ("no point",)),
        ("theta.dat", "8\n25\n", ("xip.dat", "theta.dat")),
        ("xip.dat", "1 1\n", ("xip.dat", "line 1 has 2")),
        ("NZ_LENS.dat", "0 0.1 0.2 1 1 1 1 1\n" * 5, ("NZ_LENS.dat", "ascending")),
    ],
)
def test_bad_files_are_named(
    made: Path, tmp_path: Path, file: str, text: str, words: tuple[str, ...]
) -> None:
    folder = folder_of(tmp_path, "des_data", "v1.0")
    for one in (made / "data" / "des_data").iterdir():
        (folder / one.name).write_text(one.read_text())
    (folder / file).write_text(text)
    with pytest.raises(DataError) as error:
        jaxlike.load(info_of(tmp_path, "joint"))
    for word in words:
        assert word in str(error.value)


def test_data_count_once(made: Path) -> None:
    info = info_of(made, "joint")
    info["likelihood"]["des_y1.shear"] = None
    with pytest.raises(ConfigError, match=r"would count twice.*xip of DES-Y1"):
        config_from_info(info, "in.yaml")
    info["likelihood"] = {"des_y1.shear": None, "jaxlike.cobaya.3x2pt": None}
    with pytest.raises(ConfigError, match=r"'des_y1.shear' and 'jaxlike.cobaya.3x2pt' both take"):
        config_from_info(info, "in.yaml")


@pytest.mark.parametrize("name", ["bf_takahashi", "planck"])
def test_chi2_is_cobaya_s_with_camb(shared: Path, tmp_path: Path, name: str) -> None:
    """0.004 and -0.05 in chi^2 of 505 and 552, which is the emulated power."""
    write_des_y1(folder_of(tmp_path, "des_data", "v1.0"), shared / "data" / "des_y1_3x2pt.fits")
    with np.load(shared / "reference" / "cobaya" / f"{name}.npz") as file:
        params, expected = json.loads(str(file["params"])), float(file["chi2"])
    params["As"] = 1e-9 * params.pop("As_1e9")
    params["omegam"] = {"prior": [0.1, 0.9], "ref": params["omegam"]}
    info = {
        "packages_path": str(tmp_path),
        "theory": {"jaxlike.cobaya.Theory": {"linear": "emulator"}},
        "likelihood": {"des_y1.joint": None},
        "params": {**params, "nnu": 3.044},
    }
    assert ours(info) == pytest.approx(expected, abs=0.1)
