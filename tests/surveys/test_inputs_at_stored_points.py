"""Inputs as they are, with our own power, at the points of CosmoSIS's pipelines."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from checks import made_once
from stage3 import cosmology, given, keys_of, nuisances, read_point, rows_of

from jaxlike.config import read_config
from jaxlike.likelihoods.two_point import build_likelihood
from jaxlike.loading import data_set_of
from jaxlike.theory.statistics import correlation_functions

ROOT = Path(__file__).parents[2]
POINTS = ("p0", "p1")


def hsc(point):
    """Parameters of HSC-Y3's pipeline; its constants of the PSF are zero but at p1."""
    values, section = given(point), "psf_systematics_parameters"
    p = nuisances(point) | {"A_bary": float(values["halo_model_parameters--a"])}
    for i, word in enumerate(("alpha2", "beta2", "alpha4", "beta4"), start=1):
        p[f"psf_{word}"] = float(values[f"{section}--psf_cor{i}_z1"])
    return p | {f"psf_c{i}": float(values[f"{section}--psf_c{i}_z1"]) for i in (1, 2)}


def des(point):
    """Parameters of DES-Y3 beside KiDS-1000."""
    values, alignment = given(point), "intrinsic_alignment_parameters--"
    names = {"A_IA": "a1_des", "alpha_IA": "alpha1_des", "z0_IA": "z_piv"}
    p = {ours: float(values[alignment + theirs]) for ours, theirs in names.items()}
    p["log_T_AGN"] = float(values["halo_model_parameters--logt_agn"])
    for i in range(1, 5):
        p[f"m{i}"] = float(values[f"shear_calibration_parameters--m{i}"])
        p[f"dz_source{i}"] = float(values[f"wl_photoz_errors_des--bias_{i}"])
    return p


# input, likelihood, n(z) if not as it has -> parameters, points, Delta^T C^-1 Delta, names of files
INPUTS = {
    ("hsc_y3", "jaxlike.cobaya.shear", None): (
        hsc,
        "hscy3_real_mocknz",
        5e-3,
        {
            "data_file": "hsc_y3_real.fits",
            "nz_file": "hsc_y3_mock_nz.sacc",
            "psf_file": "hsc_y3_psf.npz",
            "psf_transform": "hsc_y3_psf_transform.npz",
        },
    ),
    ("des_y3_kids_1000", "des", None): (
        des,
        "desy3_kids1000",
        0.02,
        {"data_file": "des_y3_kids_1000.fits"},
    ),
    ("des_y3_kids_1000", "des", "histogram"): (
        des,
        "desy3_kids1000",
        4e-3,
        {"data_file": "des_y3_kids_1000.fits"},
    ),
}


@pytest.fixture(scope="module", autouse=True)
def projections():
    """Likelihoods of the same angles have the same: made once."""
    with made_once(correlation_functions, "curved_sky"):
        yield


@pytest.fixture(scope="module", params=INPUTS, ids=lambda key: f"{key[0]}-{key[2]}")
def survey(request, shared):
    """The likelihood of an input, and its stored points."""
    name, one, nz = request.param
    parameters, points, within, files = INPUTS[request.param]
    stored = {point: read_point(shared, f"{points}_{point}") for point in POINTS}
    folder = shared / "data" / "stage3"
    overrides = {f"{one}.{option}": str(folder / file) for option, file in files.items()}
    if nz is not None:
        overrides[f"{one}.nz"] = nz
    config = read_config(
        ROOT / "cobaya_yaml" / f"{name}.yaml", likelihoods=[one], **overrides
    ).likelihoods[0]
    likelihood = build_likelihood(data_set_of(config).data, config.options)
    return SimpleNamespace(
        likelihood=likelihood, parameters=parameters, stored=stored, within=within
    )


@pytest.mark.parametrize("name", POINTS)
def test_own_power_gives_the_stored_data_vector(survey, name):
    """n(z), PSF, alignment, projection and powers all as the input has them; chi^2 within 0.7."""
    a, likelihood = survey.stored[name], survey.likelihood
    rows = rows_of(a, "2pt")
    rows |= {(key[0], key[2], key[1], key[3]): row for key, row in rows.items()}
    expected = a["2pt/theory"][[rows[key] for key in keys_of(likelihood.data)]]
    found = likelihood.theory_vector(cosmology(a) | survey.parameters(a))
    difference = np.asarray(found) - expected
    assert difference @ likelihood.precision @ difference <= survey.within
    assert float(likelihood.chi2_of(found)) == pytest.approx(float(a["2pt/chi2"]), abs=0.7)
