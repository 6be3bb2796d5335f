"""Options of what is added to a likelihood: their values, and which of them go together."""

import pytest

from jaxlike.errors import ConfigError
from jaxlike.registry.options import theory_options

HARTLAP = {"covariance_correction": "hartlap", "n_simulations": 500}


def test_values_may_be_text():
    found = theory_options({**HARTLAP, "n_simulations": "500", "psf_file": " none "})
    assert found.n_simulations == 500
    assert found.psf_file is None
    assert theory_options({**HARTLAP, "n_simulations": 500.0}) == found
    assert theory_options({"n_parameters": "null", "shear_ratios": ""}) == theory_options({})


T = {"covariance_correction": "sellentin_heavens", "n_simulations": 500}
MOPED = {"compression": "moped"}
BAD = {
    "word": ({"point_mass": "free"}, "'point_mass' is 'free'; accepted are none, sampled, margi"),
    "correction": ({"covariance_correction": "yes"}, "accepted are none, hartlap, percival"),
    "number": ({**HARTLAP, "n_simulations": 10.5}, "'n_simulations' is 10.5; accepted are whole"),
    "text": ({**HARTLAP, "n_simulations": "many"}, "'n_simulations' is 'many'; accepted are whole"),
    "zero": ({**HARTLAP, "n_simulations": 0}, "'n_simulations' is 0; accepted are whole numbers"),
    "flag": ({**HARTLAP, "n_simulations": True}, "'n_simulations' is True; accepted are whole"),
    "missing": ({"covariance_correction": "hartlap"}, "= hartlap needs n_simulations"),
    "parameters": ({**HARTLAP, "covariance_correction": "percival"}, "percival needs n_parameters"),
    "idle": ({"n_simulations": 9}, "'n_simulations' has no effect with covariance_corr.* = none"),
    "too many": ({**HARTLAP, "n_parameters": 9}, "'n_parameters' has no effect with .* = hartlap"),
    "file": ({"psf_file": 3}, "'psf_file' is 3; accepted are a path, null"),
    "transform": ({"psf_transform": "t.npz"}, "'psf_transform' has no effect without psf_file"),
    "not Gaussian": ({**T, "point_mass": "marginalised"}, "take point_mass = sampled"),
    "moped": ({**MOPED, "point_mass": "marginalised"}, "leave out point_mass = marginalised"),
    "moped ratios": ({**MOPED, "shear_ratios": "r.npz"}, "leave out shear_ratios"),
    "moped t": ({**MOPED, **T}, "leave out covariance_correction = sellentin_heavens"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_options_are_an_error_that_names_them(name):
    options, message = BAD[name]
    with pytest.raises(ConfigError, match=message):
        theory_options(options)
