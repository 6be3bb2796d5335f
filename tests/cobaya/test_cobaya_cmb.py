"""The compressed CMB under Cobaya, with our theory and CAMB, and in jaxlike's own posterior."""

import logging

import numpy as np
import pytest
from cobaya.log import LoggedError
from cobaya.model import get_model

import jaxlike

CMB, THEORY = "jaxlike.cobaya.cmb", "jaxlike.cobaya.Theory"
FREE = {
    "H0": {"prior": [50, 90], "ref": 67},
    "ombh2": {"prior": [0.02, 0.025], "ref": 0.0222},
    "omch2": {"prior": [0.05, 0.2], "ref": 0.12},
    "w": {"prior": [-2, 0], "ref": -1},
    "wa": {"prior": [-3, 1], "ref": 0},
    "omk": {"prior": [-0.1, 0.1], "ref": 0},
}
FIXED = {"mnu": 0.06, "nnu": 3.044, "As": 2.1e-9, "ns": 0.965}
BBN = {"class": CMB, "mean": {"ombh2": 0.02218}, "error": {"ombh2": 5.5e-4}}
POINTS = [
    (67.36, 0.02237, 0.12, -1.0, 0.0, 0.0),
    (66.5, 0.0221, 0.1213, -1.0, 0.0, 0.0),
    (66.5, 0.0223, 0.119, -0.7, -1.0, 0.0),
    (69.6, 0.0223, 0.1195, -1.0, 0.0, 0.004),
]


def info(theory, options=None):
    return {
        "theory": {theory: options},
        "likelihood": {CMB: None, "bbn": BBN},
        "params": FREE | FIXED | {"thetastar": None},
    }


def test_chi2_is_that_of_camb_and_of_our_own_posterior():
    """Within 0.05 at Planck's cosmology and three others, of w0-wa and curvature."""
    pytest.importorskip("camb", reason="CAMB is not installed")
    massive = {"num_massive_neutrinos": 1, "dark_energy_model": "ppf"}
    camb = get_model(info("camb", {"extra_args": massive}))
    own = get_model(info(THEORY))
    loaded = jaxlike.load(info(THEORY))
    assert own.likelihood[CMB].get_version() == jaxlike.__version__
    for point in POINTS:
        at = dict(zip(FREE, point, strict=True))
        (theirs, _), (theta, *_) = camb.loglikes(at)
        (ours, bbn), (angle, *_) = own.loglikes(at)
        assert -2 * ours < 15
        assert -2 * ours == pytest.approx(-2 * theirs, abs=0.05)
        assert angle == pytest.approx(theta, rel=3e-6)
        assert -2 * bbn == pytest.approx(((at["ombh2"] - 0.02218) / 5.5e-4) ** 2, rel=1e-9)
        each = loaded.chi2s(np.array(point))
        assert float(each[CMB]) == pytest.approx(-2 * ours, rel=1e-9)
        assert float(each["bbn"]) == pytest.approx(-2 * bbn, rel=1e-9)


def test_what_is_wrong_is_said():
    wrong = info(THEORY) | {"likelihood": {CMB: {"data": "wmap"}}}
    with pytest.raises(LoggedError, match="option 'data' is 'wmap'; accepted are planck_pr4_com"):
        get_model(wrong)
    with pytest.raises(LoggedError, match=r"thetastar is computed with radiation: true only, not"):
        get_model(info(THEORY, {"radiation": False}))


def test_beyond_the_table_a_point_is_out_of_range(caplog):
    model = get_model(info(THEORY) | {"params": {**FREE, **FIXED, "ombh2": [0.01, 0.06]}})
    with caplog.at_level(logging.WARNING):
        at = dict(zip(FREE, POINTS[0], strict=True)) | {"ombh2": 0.05}
        assert not np.isfinite(model.logposterior(at).logpost)
    assert "for thetastar" in caplog.text
