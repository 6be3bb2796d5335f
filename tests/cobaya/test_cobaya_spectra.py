"""Spectra of the CMB under Cobaya: its own plik-lite with our theory, and our own posterior."""

import logging

import numpy as np
import pytest
from cobaya.log import LoggedError
from cobaya.model import get_model
from planck_lite_files import NAME, write_packages

import jaxlike

THEORY, CMB = "jaxlike.cobaya.Theory", "jaxlike.cobaya.cmb"
PARAMS = {
    "ombh2": {"prior": [0.021, 0.024], "ref": 0.0224},
    "omch2": 0.12,
    "H0": {"prior": [60, 75], "ref": 67.4},
    "tau": {"prior": [0.01, 0.3], "ref": 0.054},
    "logA": {"prior": [2.9, 3.2], "ref": 3.045},
    "ns": 0.965,
    "mnu": 0.06,
}
LOW = {"class": CMB, "data": "planck_2018_lowl_tt"}
LOW_E = {"class": CMB, "data": "planck_2018_lowe"}
AT = {"ombh2": 0.0224, "H0": 67.4, "tau": 0.056, "logA": 3.05}


def with_spectra(requested, params=None, **options):
    """A model that asks for spectra, and nothing else."""
    likelihood = {"one": {"external": lambda _self=None: 0.0, "requires": {"Cl": requested}}}
    return get_model(
        {"theory": {THEORY: options}, "likelihood": likelihood, "params": params or PARAMS}
    )


@pytest.fixture(scope="module")
def model():
    found = with_spectra({"TT": 2508, "te": 1000, "ee": 2508, "pp": 500})
    assert np.isfinite(found.logpost(AT))
    return found


def test_cobaya_s_plik_lite_with_our_theory_is_our_own(tmp_path):
    """Both by a few operations on the same spectra; tau's prior and low multipoles too."""
    info = {
        "theory": {THEORY: None},
        "likelihood": {NAME: None, "low": LOW, "lowE": LOW_E},
        "params": PARAMS,
        "packages_path": str(write_packages(tmp_path)),
    }
    theirs, own = get_model(info), jaxlike.load(info)
    at = AT | {"A_planck": 1.002}
    found, _ = theirs.loglikes(at)
    each = own.chi2s(np.array([at[name] for name in own.parameters]))
    for name, value in zip(theirs.likelihood, found, strict=True):
        assert float(each[name]) == pytest.approx(-2 * value, rel=1e-9), name
    assert float(each["lowE"]) == pytest.approx(((0.056 - 0.0506) / 0.0086) ** 2)
    x = np.array([{**at, "tau": 0.2}[name] for name in own.parameters])
    assert own.log_posterior(x) == -np.inf
    assert "<= tau <= 0.13864 (range of the CMB's spectra)" in own.reason_of_failure(x)


@pytest.mark.slow
def test_there_is_no_slope_where_no_spectra_are_known(tmp_path):
    info = {
        "theory": {THEORY: None},
        "likelihood": {NAME: None},
        "params": PARAMS,
        "packages_path": str(write_packages(tmp_path)),
    }
    own = jaxlike.load(info)
    at = AT | {"A_planck": 1.002, "tau": 0.2}
    _, slope = own.value_and_gradient(np.array([at[name] for name in own.parameters]))
    assert not np.any(slope[:-1]), "but that of the calibration's prior"


def test_units_and_factors_are_cobaya_s(model):
    provider = model.provider
    D = provider.get_Cl(ell_factor=True)
    C = provider.get_Cl(units="muK2")
    bare = provider.get_Cl(units="1")
    ell = D["ell"]
    assert (ell[0], ell[-1]) == (0, 2508)
    assert all(D[name][1] == 0 for name in ("tt", "te", "ee", "pp"))
    some = ell[2:] * (ell[2:] + 1.0)
    for name in ("tt", "te", "ee", "et"):
        np.testing.assert_allclose(C[name][2:] * some / (2 * np.pi), D[name][2:])
        np.testing.assert_allclose(bare[name] * (2.7255e6) ** 2, C[name])
    np.testing.assert_allclose(C["pp"][2:] * some**2 / (2 * np.pi), D["pp"][2:])
    np.testing.assert_array_equal(bare["pp"], C["pp"])
    assert D["tt"][220] == pytest.approx(5730, rel=0.02)
    with pytest.raises(LoggedError, match="Units 'pK' not recognized"):
        provider.get_Cl(units="pK")


def test_beyond_the_table_a_point_is_out_of_range(model, caplog):
    with caplog.at_level(logging.WARNING):
        assert model.logpost({**AT, "tau": 0.2}) == -np.inf
    assert "1 point was out of range so far" in caplog.text
    assert "<= tau <=" in caplog.text


WRONG = {
    "bb": ({"bb": 1000}, "there is no spectrum 'bb' of the CMB; accepted are tt, te, ee, pp"),
    "far": ({"tt": 6000}, "known for 2 <= ell <= 4200, not for 2 to 6000"),
}


@pytest.mark.parametrize(("requested", "sentence"), WRONG.values(), ids=WRONG)
def test_what_there_is_not_is_said(requested, sentence):
    with pytest.raises(LoggedError, match=sentence):
        with_spectra(requested)


def test_optical_depth_is_needed():
    without = {name: one for name, one in PARAMS.items() if name != "tau"}
    with pytest.raises(LoggedError, match="needs the parameter tau for spectra of the CMB"):
        with_spectra({"tt": 100}, without).logpost({k: v for k, v in AT.items() if k != "tau"})


def test_nothing_counts_twice(tmp_path):
    info = {
        "theory": {THEORY: None},
        "likelihood": {NAME: None, CMB: None},
        "params": PARAMS,
        "packages_path": str(write_packages(tmp_path)),
    }
    with pytest.raises(LoggedError, match="would count twice"):
        get_model(info)
