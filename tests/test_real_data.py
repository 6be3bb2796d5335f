"""The real-data likelihood with its own, emulated power: CosmoSIS, Cobaya, and the best fit."""

import json
from dataclasses import replace

import numpy as np
import pytest

from jaxlike.inference import best_fit
from jaxlike.likelihood import build_likelihood
from jaxlike.parameters import resolve

BINS = {"n_lens": 5, "n_source": 4}


@pytest.fixture(scope="module")
def histogram(real_model):
    """The real-data likelihood with n(z) as CosmoSIS has them."""
    options = replace(real_model.config.theory, nz="histogram")
    assert options.linear == "emulator"
    return build_likelihood(real_model.data, options)


@pytest.mark.parametrize("name", ["fiducial", "fiducial_ia1", "low_omega_m", "w_-0.8"])
def test_cosmosis_points(histogram, shared, name):
    """Delta^T C^-1 Delta <= 0.02 and |chi^2 - stored| <= 0.7 with nothing of CosmoSIS's."""
    with np.load(shared / "reference" / "cosmosis" / f"{name}.npz") as point:
        values = zip(point["param_names"], point["param_values"], strict=True)
        params = resolve({str(n): float(v) for n, v in values}, **BINS)
        found = np.asarray(histogram.theory_vector(params))
        difference = found - point["theory"]
        assert difference @ histogram.precision @ difference <= 0.02
        chi2 = float(histogram.chi2_of(found))
        assert chi2 == pytest.approx(float(point["chi2"]), abs=0.7)


@pytest.mark.parametrize(
    ("name", "nonlinear"),
    {"bf_takahashi": "takahashi", "planck": "takahashi", "bf_mead2020": "hmcode2020"}.items(),
)
def test_cobaya_points(histogram, shared, name, nonlinear):
    """|chi^2 - stored| <= 1.5: Cobaya's des_y1 has another growth in the alignment term, and n(z)
    that are not normalised again after their shift."""
    likelihood = histogram
    if nonlinear != "takahashi":
        options = replace(histogram.options, nonlinear=nonlinear)
        likelihood = build_likelihood(histogram.data, options)
    with np.load(shared / "reference" / "cobaya" / f"{name}.npz") as point:
        params = json.loads(str(point["params"]))
        chi2 = float(point["chi2"])
    params.pop("mnu", None)  # the same as its omnuh2
    params |= {"As": 1e-9 * params.pop("As_1e9"), "nnu": 3.044}
    assert float(likelihood.chi2(resolve(params, **BINS))) == pytest.approx(chi2, abs=1.5)


def test_best_fit(real_model):
    """An independent code finds chi^2 = 497.6; from the reference and from draws of the prior."""
    fit = best_fit(real_model, starts=4, seed=1)
    assert fit.chi2 <= 499
    np.testing.assert_allclose(fit.ends, fit.log_posterior, atol=0.01)
    assert {"H0", "ns"} <= set(fit.at_edge)
    # the posterior is no wider than the prior, and Omega_m is measured
    width = np.sqrt(fit.covariance[0, 0])
    assert 0.015 < width < 0.05
