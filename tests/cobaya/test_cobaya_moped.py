"""`compression` in Cobaya: the numbers, or the modes, of the input's own free parameters."""

from typing import Any

import numpy as np
import pytest
from cobaya.log import LoggedError
from cobaya.model import get_model

from jaxlike.config import config_from_info
from jaxlike.loading import model_from_config

FREE = {
    "omegam": {"prior": {"min": 0.1, "max": 0.9}, "ref": 0.3, "proposal": 0.01},
    "As": {"prior": {"min": 5e-10, "max": 5e-9}, "ref": 2.1e-9, "proposal": 1e-10},
    "H0": 70.0,
    "omegab": 0.046,
    "ns": 0.966,
}


def information(folder: Any, **options: Any) -> dict[str, Any]:
    return {
        "theory": {
            "jaxlike.cobaya.Theory": {"linear": "eisenstein_hu_no_wiggle", "nonlinear": "linear"}
        },
        "likelihood": {
            "jaxlike.cobaya.3x2pt": {
                "data_file": str(folder / "small.fits"),
                "scale_cuts": "none",
                "compression": "moped",
                "params": {},
                **options,
            }
        },
        "params": {**FREE, "b1": 1.4, "b2": 1.6},
    }


def test_the_likelihood_is_that_of_two_numbers(small_folder: Any) -> None:
    info = information(small_folder)
    ours = model_from_config(config_from_info(info, "input"))
    assert ours.likelihood.n_points == 2
    theirs = get_model(info)
    for point in ({"omegam": 0.3, "As": 2.1e-9}, {"omegam": 0.32, "As": 1.9e-9}):
        value = theirs.loglike(point)[0]
        assert value == pytest.approx(
            float(ours.log_likelihood(ours.params_dict([*point.values()])))
        )
    full = get_model(information(small_folder, compression="none"))
    assert full.loglike(point)[0] < theirs.loglike(point)[0]
    assert np.isfinite(full.loglike(point)[0])


def test_modes_of_the_input_s_own_posterior(small_folder: Any) -> None:
    full, fast = (
        get_model(information(small_folder, compression=one)) for one in ("none", "modes")
    )
    points = [{"omegam": om, "As": 2.1e-9} for om in (0.3, 0.33)]
    values = np.array([[m.loglike(point)[0] for point in points] for m in (full, fast)])
    assert np.ptp(values[0]) > 1.0
    np.testing.assert_allclose(values[1], values[0], rtol=2e-3)


def test_vectors_need_jaxlike_s_own_power(small_folder: Any) -> None:
    with pytest.raises(LoggedError, match="which need power = jaxlike"):
        get_model(information(small_folder, power="host"))


def test_cobaya_samples_all_parameters(small_folder: Any) -> None:
    options = {"compression": "none", "marginalise": ["m"]}
    with pytest.raises(LoggedError, match="'marginalise' takes parameters out of those"):
        get_model(information(small_folder, **options))
