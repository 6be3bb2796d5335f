"""Point masses and a corrected covariance in CosmoSIS's own words, and in an input of Cobaya's."""

import numpy as np
import pytest

import jaxlike
from jaxlike.errors import ParameterError

pytest.importorskip("cosmosis.datablock", reason="cosmosis is not installed")

from jaxlike.cosmosis.module import execute

MASSES = "\n[add_pm]\nb_1 = -10 3.0 10\nb_2 = -2.0\n"
OPTIONS = {
    "scale_cuts": "none",
    "linear": "eisenstein_hu_no_wiggle",
    "nonlinear": "linear",
    "point_mass": "sampled",
    "covariance_correction": "sellentin_heavens",
    "n_simulations": 500,
}
VALUES = {
    "cosmological_parameters": {
        "omega_m": 0.3, "a_s": 2.1e-9, "h0": 0.7, "omega_b": 0.046, "n_s": 0.96, "w": -1.0,
    },
    "bin_bias": {"b1": 1.4, "b2": 1.6},
    "wl_photoz_errors": {"bias_1": 0.0},
    "add_pm": {"b_1": 3.0, "b_2": -2.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def pipeline(small_folder, tmp_path_factory):
    """The small pipeline with masses in its values and its options in its own words."""
    folder = tmp_path_factory.mktemp("masses")
    for name in ("priors.ini", "small.fits"):
        (folder / name).symlink_to(small_folder / name)
    (folder / "values.ini").write_text((small_folder / "values.ini").read_text() + MASSES)
    lines = (small_folder / "pipeline.ini").read_text().replace(str(small_folder), str(folder))
    more = [f"{name} = {value}" for name, value in list(OPTIONS.items())[3:]]
    (folder / "pipeline.ini").write_text("\n".join([lines, *more]))
    return folder / "pipeline.ini"


@pytest.fixture(scope="module")
def model(pipeline):
    return jaxlike.load(pipeline)


def test_module_and_model_agree(model, small_folder, make_module, make_block):
    module = make_module(data_file=str(small_folder / "small.fits"), include_norm=True, **OPTIONS)
    block = make_block(VALUES)
    assert execute(block, module) == 0
    chi2 = block["data_vector", "jaxlike_chi2"]
    assert "add_pm--b_1" in model.parameters
    np.testing.assert_allclose(chi2, model.chi2(model.reference), rtol=1e-10)
    log_likelihood = float(model.log_likelihood(model.reference))
    assert log_likelihood == pytest.approx(-250 * np.log1p(chi2 / 499), rel=1e-12)
    norm = block["data_vector", "jaxlike_norm"]
    assert block["likelihoods", "jaxlike_like"] == pytest.approx(log_likelihood + norm, rel=1e-12)
    each = model.chi2s(model.reference)
    assert float(next(iter(each.values()))) == pytest.approx(-2 * log_likelihood, rel=1e-12)


def test_cobaya_has_the_same_options(model, small_folder):
    pytest.importorskip("cobaya", reason="cobaya is not installed")
    from cobaya.model import get_model

    options = {name: OPTIONS[name] for name in list(OPTIONS)[3:]}
    theory = {name: OPTIONS[name] for name in ("linear", "nonlinear")}
    own = {"b1": 1.4, "b2": 1.6, "dz1": 0.0, "A_pm1": 3.0, "A_pm2": -2.0}
    info = {
        "theory": {"jaxlike.cobaya.Theory": theory},
        "likelihood": {
            "jaxlike.cobaya.3x2pt": {
                "data_file": str(small_folder / "small.fits"),
                "scale_cuts": "none",
                **options,
            }
        },
        "params": {
            "Omega_m": {"prior": [0.1, 0.9], "ref": 0.3, "proposal": 0.01},
            "A_s": 2.1e-9, "h": 0.7, "Omega_b": 0.046, "n_s": 0.96, **own,
        },
    }  # fmt: skip
    theirs = get_model(info).loglikes([0.3], return_derived=False)
    ours = float(model.log_likelihood(model.reference))
    assert float(np.sum(theirs)) == pytest.approx(ours, rel=1e-9)


def test_what_the_options_do_not_take_is_an_error(pipeline, small_folder):
    with pytest.raises(ParameterError, match="'add_pm--b_1' has no effect with point_mass = none"):
        jaxlike.load(pipeline, point_mass="none")
    with pytest.raises(ParameterError, match="A_pm1 is missing: point_mass = sampled"):
        jaxlike.load(small_folder / "pipeline.ini", point_mass="sampled")
