"""The compressed CMB and other Gaussians in inputs: what is understood, what is refused."""

import numpy as np
import pytest

from jaxlike.config import config_from_info
from jaxlike.config.others.cmb import CmbConfig
from jaxlike.config.written import as_cobaya
from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.loading import model_from_config

CMB = "jaxlike.cobaya.cmb"
COSMOLOGY = {"omegam": [0.1, 0.9], "As": 2e-9, "H0": 70, "ombh2": 0.022, "ns": 0.96}


def read(others, **theory):
    info = {"likelihood": others, "params": COSMOLOGY, "theory": {"jaxlike.cobaya.Theory": theory}}
    return config_from_info(info, "in.yaml")


def test_what_comes_with_the_package():
    for given in (None, {"data": "planck_pr4_compressed"}):
        (one,) = read({CMB: given}).others
        assert one.build().quantities == ("thetastar", "ombh2", "ombch2")
        assert "Planck PR4 compressed" in one.source
        assert one.needs == ("thetastar", "ombh2", "ombch2")
    (angle,) = read({CMB: {"data": "planck_2018_thetastar"}}).others
    assert angle.build().quantities == ("thetastar",)


def test_one_s_own(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("H0 73 1\n")
    others = {
        "bbn": {"class": CMB, "mean": {"ombh2": 0.02218}, "error": {"ombh2": 5.5e-4}},
        "both": {
            "class": CMB,
            "mean": {"ombh2": 0.022, "nnu": 3.0},
            "covariance": [[1e-8, 1e-6], [1e-6, 0.04]],
        },
        "file": {"class": CMB, "data": str(file), "speed": 10},
    }
    config = read(others)
    bbn, both, mine = (one.build() for one in config.others)
    np.testing.assert_allclose(bbn.whitening, [[1 / 5.5e-4]])
    assert both.quantities == ("ombh2", "nnu")
    precision = both.whitening.T @ both.whitening
    np.testing.assert_allclose(precision @ [[1e-8, 1e-6], [1e-6, 0.04]], np.eye(2), atol=1e-10)
    np.testing.assert_array_equal(both.mean, [0.022, 3.0])
    assert mine.quantities == ("H0",)
    assert config.others[0].source == "a Gaussian in ombh2, of the input"
    assert config.others[2].source == f"a Gaussian in H0, of {file}"
    again = config_from_info(as_cobaya(config), "in.yaml")
    assert again.others == config.others
    assert again.others[0] == CmbConfig(
        "bbn", CMB, {k: others["bbn"][k] for k in ("mean", "error")}
    )


MEAN = {"ombh2": 0.022, "nnu": 3.0}
BAD = {
    "another name": ({"data": "wmap"}, "option 'data' is 'wmap'; accepted are planck_pr4_compress"),
    "no name": ({"data": 3}, "option 'data' is 3; accepted are planck_pr4"),
    "another option": ({"sigma": 3}, f"unknown option of {CMB}: 'sigma'"),
    "two": ({"data": "planck_2018_thetastar", "mean": MEAN}, "options 'data' and 'mean' both"),
    "no mean": ({"error": {"ombh2": 1.0}}, "option 'error' is that of a mean: give mean"),
    "no error": ({"mean": MEAN}, "option 'mean' goes with either of 'error' and 'covariance'"),
    "both": ({"mean": MEAN, "error": MEAN, "covariance": 1}, "goes with either of 'error' and"),
    "other errors": ({"mean": MEAN, "error": {"nnu": 0.2}}, "are of ombh2, nnu and of nnu"),
    "negative": ({"mean": {"H0": 70}, "error": {"H0": -1}}, "option 'error' is .*numbers above 0"),
    "size": ({"mean": MEAN, "covariance": [[1.0, 0.0]]}, "accepted are 2 lists of 2 numbers, in"),
    "number": ({"mean": MEAN, "covariance": 0.1}, "option 'covariance' is 0.1; accepted are 2"),
    "indefinite": ({"mean": MEAN, "covariance": [[1, 2], [2, 1]]}, "is not positive definite"),
    "no mapping": ({"mean": 0.022, "error": 0.1}, r"'mean' is 0.022; accepted are a mapping \{QUA"),
    "no number": ({"mean": {"H0": "x"}, "error": {"H0": 1}}, "option 'mean' is 'x'; accepted are"),
    "quantity": (
        {"mean": {"zeta": 1}, "error": {"zeta": 1}},
        f"'{CMB}': has the quantity 'zeta'; ",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said(case):
    given, message = BAD[case]
    with pytest.raises(JaxlikeError, match=message) as error:
        read({CMB: given})
    assert str(error.value).startswith("in.yaml: ")
    assert "\n" not in str(error.value)


def test_planck_counts_once():
    with pytest.raises(ConfigError, match="have the same data, which would count twice"):
        read({CMB: None, "angle": {"class": CMB, "data": "planck_2018_thetastar"}})


def test_the_angle_needs_radiation():
    with pytest.raises(ConfigError, match=f"'{CMB}' is computed with radiation: true only"):
        model_from_config(read({CMB: None}, radiation=False))
