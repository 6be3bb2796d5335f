"""Surveys after DES-Y1: their inputs have the points and the priors of their pipelines."""

from pathlib import Path

import numpy as np
import pytest
from stage3 import given, read_point

from jaxlike.config import read_config
from jaxlike.loading import data_set_of
from jaxlike.posterior.priors import Normal
from jaxlike.registry.samples import Sample

ROOT = Path(__file__).parents[2]
ALIGNMENT = "intrinsic_alignment_parameters--"

# input -> likelihood -> file, stored point, its likelihood, n(z) from another file
INPUTS = {
    "des_y3_kids_1000": {
        "des": ("des_y3_kids_1000", "desy3_kids1000_p0", "2pt", None),
        "kids": ("des_y3_kids_1000", "desy3_kids1000_p0", "cosebis", None),
    },
    "kids_legacy": {
        "jaxlike.cobaya.3x2pt": ("kids_legacy_cosebis", "kidslegacy_p0", "cosebis", None)
    },
    "hsc_y3": {
        "jaxlike.cobaya.shear": (
            *("hsc_y3_real", "hscy3_real_mocknz_p0", "2pt", "hsc_y3_mock_nz.sacc"),
        )
    },
    "des_y3_3x2pt": {
        "jaxlike.cobaya.3x2pt": ("mock_des_y3_3x2pt", "desy3mock_full_p0", "2pt", None)
    },
}


@pytest.mark.parametrize(
    ("name", "likelihood"), [(name, one) for name, them in INPUTS.items() for one in them]
)
def test_points_are_those_of_the_pipeline(shared, name, likelihood):
    _, point, like, nz = INPUTS[name][likelihood]
    folder = shared / "data" / "stage3"
    files = {
        one: str(shared / "data" / "stage3" / f"{them[0]}.fits")
        for one, them in INPUTS[name].items()
    }
    overrides = {"data_file": files if len(files) > 1 else next(iter(files.values()))}
    if nz:
        overrides["nz_file"] = str(folder / nz)
    config = read_config(ROOT / "cobaya_yaml" / f"{name}.yaml", **overrides)
    one = next(one for one in config.likelihoods if one.name == likelihood)
    data = data_set_of(one).data
    want = read_point(shared, point)[f"{like}/data"]
    assert data.n_data == want.size
    np.testing.assert_allclose(np.sort(data.value), np.sort(want), rtol=1e-9)


def uncorrelated(shared, point, section, names):
    """Unit normals of a point."""
    values = given(read_point(shared, point))
    return np.array([float(values[f"{section}--{name}"]) for name in names])


@pytest.mark.parametrize(
    ("name", "prior", "file", "point", "section", "names"),
    [
        (
            *("des_y3_kids_1000", "dz_source", "kids_1000_dz_covariance", "desy3_kids1000_p0"),
            *("nofz_shifts_kids", [f"uncorr_bias_{i}" for i in range(1, 6)]),
        ),
        (
            *("kids_legacy", "dz_source", "kids_legacy_dz_covariance", "kidslegacy_p0"),
            *("nofz_shifts", [f"uncorr_bias_{i}" for i in range(1, 7)]),
        ),
        (
            *("kids_legacy", "alignment", "kids_legacy_alignment_covariance", "kidslegacy_p0"),
            "intrinsic_alignment_parameters",
            ["uncorr_a", "uncorr_beta", *(f"uncorr_log10_m_mean_{i}" for i in range(1, 7))],
        ),
    ],
)
def test_correlated_priors_are_those_of_the_pipeline(
    shared, name, prior, file, point, section, names
):
    """Whose points begin at the means of their unit normals."""
    config = read_config(ROOT / "cobaya_yaml" / f"{name}.yaml")
    one = next(one for one in config.correlated_priors if one.name.endswith(prior))
    covariance = np.loadtxt(shared / "data" / "stage3" / f"{file}.txt")
    np.testing.assert_allclose(one.covariance, covariance, rtol=1e-6, atol=1e-12)
    mean = np.linalg.cholesky(covariance) @ uncorrelated(shared, point, section, names)
    np.testing.assert_allclose(one.mean, mean, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", ["des_y3_3x2pt", "des_y3_shear", "hsc_y3"])
def test_means_and_limits_hold_the_pipeline_s_start(shared, name):
    """Every nuisance parameter of the input is one of the stored point, and its prior has it."""
    point = "hscy3_real_mocknz_p0" if name == "hsc_y3" else "desy3mock_full_p0"
    values = given(read_point(shared, point))
    config = read_config(ROOT / "cobaya_yaml" / f"{name}.yaml")
    prefix = "HSC_" if name == "hsc_y3" else ""
    kinds = ("shear", "counts") if name == "des_y3_3x2pt" else ("shear",)
    theirs = {}
    for kind in kinds:
        own, plain = Sample(kind, 5, prefix=prefix), Sample(kind, 5)
        for declared in own.parameters:
            for number in own.numbers(declared):
                names = [n for n in plain.accepted(declared, number) if n in values]
                names += [
                    n for n in (f"bias_lens--b{number}",) if declared.name == "b" and n in values
                ]
                for ours in own.accepted(declared, number):
                    theirs |= {ours: names[0]} if names else {}
    found = [p for p in config.sampled if p.name in theirs]
    assert len(found) == {"des_y3_3x2pt": 24, "des_y3_shear": 13, "hsc_y3": 17}[name]
    for parameter in found:
        value = float(values[theirs[parameter.name]])
        low, high = parameter.prior.support
        assert low <= value <= high
        if isinstance(parameter.prior, Normal):
            assert abs(value - parameter.prior.loc) < 6 * parameter.prior.scale
