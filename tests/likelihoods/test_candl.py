"""candl's likelihoods with the spectra known here: its own values, priors once, what is refused."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from candl_set import LAST, write_candl, write_candl_lensing
from numpy.testing import assert_allclose

import jaxlike
from jaxlike.config import read_config
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.likelihoods.candl import Candl

candl = pytest.importorskip("candl", reason="candl is not installed: pip install candl-like")

COSMOLOGY = {
    "ombh2": 0.02237, "omch2": 0.12, "H0": 67.36, "ns": 0.9649, "mnu": 0.06, "tau": 0.054,
    "logA": {"prior": [2.9, 3.2], "ref": 3.05},
}  # fmt: skip
THEORY = {"jaxlike.cobaya.Theory": {"linear": "emulator"}}
CLASS = "jaxlike.cobaya.candl"
CANDL_S = "candl.interface.CandlCobayaLikelihood"


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_candl(tmp_path_factory.mktemp("candl") / "set"))


@pytest.fixture(scope="module")
def lensing(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_candl_lensing(tmp_path_factory.mktemp("candl") / "lensing"))


def info(file: str, params: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """An input of one data set."""
    block = {"class": CLASS, "data_set_file": file, **options}
    return {"theory": THEORY, "likelihood": {"one": block}, "params": COSMOLOGY | (params or {})}


def spectra(last: int) -> dict[str, np.ndarray]:
    """Some D_ell from ell = 2 on."""
    ell = np.arange(2, last + 1)
    wave = np.cos(ell / 40)
    return {
        "TT": 3000 + 1500 * wave,
        "TE": -30 * wave,
        "EE": 0.5 + 0.4 * wave,
        "kk": 3e-7 / (1 + ell / 50) * (1 + 0.1 * wave),
    }


def of_lensing(file: str) -> Any:
    return candl.LensLike(file, feedback=False, variant=None)


@pytest.mark.parametrize("selection", [None, "TE 90x90 remove", "TT ell>150 remove"])
def test_the_value_is_candl_s_on_the_same_spectra(primary: str, selection: str | None) -> None:
    options = {} if selection is None else {"data_selection": selection}
    like = candl.Like(primary, feedback=False, variant=None, **options)
    D, own = spectra(LAST), {"cal_small": 1.02}
    like.priors = []
    wanted = float(like.log_like({**own, "Dl": D}))
    one = Candl.of(like)
    assert wanted < -1
    assert_allclose(one.of_spectra(D, own), wanted, rtol=1e-12)
    assert one.n_points == like.N_bins_total
    # data are leaves: what is traced is theirs, and another vector compiles nothing
    value = jax.jit(lambda one, D: one.of_spectra(D, own))
    moved = {**one.arrays, "_data_bandpowers": one.arrays["_data_bandpowers"] * 1.1}
    first, second = value(one, D), value(Candl(moved, one.model), D)
    assert_allclose(first, wanted, rtol=1e-12)
    assert abs(second - first) > 1
    assert value._cache_size() == 1


def test_a_prior_inside_counts_where_it_is_kept(primary: str) -> None:
    like = candl.Like(primary, feedback=False, variant=None)
    D, own = spectra(LAST), {"cal_small": 1.02}
    inside = Candl.of(like).of_spectra(D, own)
    like.priors = []
    without = Candl.of(like).of_spectra(D, own)
    assert_allclose(inside - without, -0.5 * (0.02 / 0.01) ** 2, rtol=1e-8)


def test_lensing_is_the_convergence(lensing: str) -> None:
    like = of_lensing(lensing)
    D = {"kk": spectra(201)["kk"]}
    assert_allclose(Candl.of(like).of_spectra(D, {}), float(like.log_like({"Dl": D})), rtol=1e-12)


@pytest.fixture(scope="module")
def model(primary: str) -> Any:
    return jaxlike.load(info(primary))


def test_a_posterior_has_its_parameter_prior_and_gradient(model: Any) -> None:
    assert model.parameters == ("logA", "cal_small")
    x = np.array([3.05, 1.01])
    # the prior of the file once, as one of the posterior's
    prior = -0.5 - np.log(0.01 * np.sqrt(2 * np.pi)) - np.log(0.3)
    assert_allclose(model.log_prior(x), prior, rtol=1e-10)
    gradient, step = np.asarray(model.value_and_gradient(x)[1]), 1e-5
    for i in range(2):
        e = step * (np.arange(2) == i)
        slope = (model.log_posterior(x + e) - model.log_posterior(x - e)) / (2 * step)
        assert_allclose(gradient[i], slope, rtol=1e-5)


def test_read_again_it_has_the_same_structure(primary: str) -> None:
    """So that nothing is compiled again; another selection is another structure."""
    one, again, other = (
        jax.tree.structure(read_config(info(primary, **options)).others[0].build())
        for options in ({}, {}, {"data_selection": "TE 90x90 remove"})
    )
    assert one == again
    assert one != other


def test_inputs_of_candl_s_own_class(primary: str) -> None:
    given = info(primary, {"cal_small": {"prior": [0.9, 1.1]}})
    given["likelihood"] = {CANDL_S: {"data_set_file": primary, "clear_internal_priors": False}}
    config = jaxlike.read_config(given)
    (one,) = config.others
    assert one.priors_inside == ("cal_small",)
    assert one.as_cobaya["class"] == CLASS
    assert one.as_cobaya["data_set_file"] == primary


TWICE = {"cal_small": {"prior": {"dist": "norm", "loc": 1, "scale": 0.02}}}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "two priors": (
        {"clear_internal_priors": False, "params": TWICE},
        "'cal_small' has a prior inside of likelihood 'one' and another one in the input",
    ),
    "no file": ({"data_set_file": "none.yaml"}, "'data_set_file' is 'none.yaml', which is no file"),
    "no library": ({"data_set_file": "no_such.SET"}, "no data set of an installed library"),
    "no text": ({"data_set_file": 3}, "'data_set_file' is 3"),
    "others' wrappers": ({"wrapper": "clipy"}, "only candl's own Like and LensLike"),
    "what candl refuses": (
        {"additional_args": {"band_power_file": "none.txt"}},
        "candl cannot read .*small.yaml: FileNotFoundError",
    ),
    "no flag": ({"lensing": "yes please"}, "option 'lensing' is 'yes please'"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_option_is_refused(primary: str, case: str) -> None:
    options, message = BAD[case]
    given = info(primary)
    given["likelihood"]["one"] |= options
    with pytest.raises(ConfigError, match=message):
        jaxlike.read_config(given)


def test_what_no_spectrum_here_reaches_is_refused(primary: str, tmp_path: Path) -> None:
    like = candl.Like(primary, feedback=False, variant=None)
    like.requirements_dict["Dl"]["TT"] = 9000
    with pytest.raises(ParameterError, match=r"windows of TT to ell = 9000, but .* known to 4200"):
        Candl.of(like)
    like.requirements_dict["Dl"] = {"BB": 300}
    with pytest.raises(ParameterError, match="needs the spectrum BB; there are TT, TE, EE"):
        Candl.of(like)


def test_cobaya_has_the_same(model: Any, primary: str) -> None:
    """By its component, which brings the prior of the data set too."""
    from cobaya.model import get_model

    host = get_model(info(primary))
    point = {"logA": 3.05, "cal_small": 1.01}
    x = np.array([point[name] for name in model.parameters])
    found = host.logposterior(point)
    assert_allclose(found.logpost, model.log_posterior(x), rtol=1e-8)
    assert_allclose(found.logpriors[0], model.log_prior(x), rtol=1e-8)
