"""Pipelines of the standard library's own modules on real data: values, gradients, our own inputs.

Numbers of CosmoSIS are those of its library's examples at their start values.
"""

from pathlib import Path

import numpy as np
import pytest
from library_pipelines import (
    CAMB,
    CURVED,
    M_BIAS,
    PROJECT,
    SHEAR,
    first_generation,
    like,
    nz,
    shift,
    tatt,
    written,
)

from jaxlike.config import read_config
from jaxlike.config.cosmosis_ini import library_of
from jaxlike.loading import load

ROOT = Path(__file__).parents[2]
FILE = "des_y3_kids_1000.fits"

# limits [arcmin] of DES-Y3's xi+- for LCDM (arXiv:2105.13544), as the library's example has them
XIP = "2.475 2.475 3.116 2.475 3.923 4.938 4.938 3.923 4.938 3.923"
XIM = "24.75 19.66 24.75 19.66 31.158 39.226 39.226 49.383 49.383 39.226"
PAIRS = [(i, j) for i in range(1, 5) for j in range(i, 5)]
VALUES = """\
[wl_photoz_errors_des]
bias_1 = -0.1 0.0 0.1
bias_2 = -0.1 0.0 0.1
bias_3 = -0.1 0.0 0.1
bias_4 = -0.1 0.0 0.1
[nofz_shifts_kids]
uncorr_bias_1 = -5.0 0.000 5.0
uncorr_bias_2 = -5.0 -0.181 5.0
uncorr_bias_3 = -5.0 -1.110 5.0
uncorr_bias_4 = -5.0 -1.395 5.0
uncorr_bias_5 = -5.0 1.265 5.0
[shear_calibration_parameters]
m1 = -0.1 0.0 0.1
m2 = -0.1 0.0 0.1
m3 = -0.1 0.0 0.1
m4 = -0.1 0.0 0.1
[intrinsic_alignment_parameters]
z_piv = 0.62
A1_des = -5.0 0.0 5.0
A2_des = 0.0
alpha1_des = -5.0 0.0 5.0
alpha2_des = 0.0
bias_ta_des = 0.0
A1_kids = -5.0 0.0 5.0
A2_kids = 0.0
alpha1_kids = -5.0 0.0 5.0
alpha2_kids = 0.0
bias_ta_kids = 0.0
A1 = 0.0
A2 = 0.0
alpha1 = 0.0
alpha2 = 0.0
bias_ta = 0.0
[halo_model_parameters]
logt_agn = 7.3 7.8 8.0
[cosmological_parameters]
omch2 = 0.051 0.11812972217650827 0.255
ombh2 = 0.019 0.025939374402978773 0.026
h0 = 0.64 0.7666550530735352 0.82
n_s = 0.84 0.9007697522848085 1.1
S_8 = 0.1 0.7567464875805479 1.3
omega_k = 0.0
w = -1.0
wa = 0.0
mnu = 0.055 0.07740741 0.6
tau = 0.0697186
"""


def limits():
    """Options angle_range_NAME_i_j of DES-Y3."""
    found = {}
    for name, listed in (("xip", XIP), ("xim", XIM)):
        for (i, j), least in zip(PAIRS, listed.split(), strict=True):
            found[f"angle_range_{name}_{i}_{j}"] = f"{least} 999.0"
    return found


def des_and_kids(shared):
    """DES-Y3's xi+- and KiDS-1000's COSEBIs: modules of alignment that run twice."""
    folder = shared / "data" / "stage3"
    file = str(folder / FILE)
    if not Path(file).is_file():
        pytest.skip(f"survey data are not there: {file}")
    kids = [f"nofz_shifts_kids/{{}}bias_{i}" for i in range(1, 6)]
    choose = {"file": "intrinsic_alignments/choose_ia/choose_ia_params.py"}
    sources = {
        name: dict.fromkeys(SHEAR, f"source_{name}-source_{name}") for name in ("des", "kids")
    }
    cosebis = {"file": "shear/cosebis/cl_to_cosebis/cl_to_cosebis_interface.so",
               "theta_min": "2.0", "theta_max": "300.0", "n_max": "5"}  # fmt: skip
    modules = {
        "consistency": {"file": "utility/consistency/consistency_interface.py"},
        "camb": CAMB | {"halofit_version": "mead2020_feedback", "neutrino_hierarchy": "normal"},
        "nz_des": nz(file, "source_des"),
        "correlated": {"file": "number_density/correlated_priors/correlated_priors.py",
                       "uncorrelated_parameters": " ".join(one.format("uncorr_") for one in kids),
                       "output_parameters": " ".join(one.format("") for one in kids),
                       "covariance": str(folder / "kids_1000_dz_covariance.txt")},
        "nz_kids": nz(file, "source_kids"),
        "shift_des": shift("nz_source_des", "wl_photoz_errors_des", "cubic"),
        "shift_kids": shift("nz_source_kids", "nofz_shifts_kids", "cubic"),
        "choose_des": choose | {"suffix": "des"},
        "IA": tatt(),
        "cl_des": PROJECT | sources["des"],
        "add": {"file": "shear/add_intrinsic/add_intrinsic.py", "position-shear": "F"},
        "xi": CURVED | {"xi_type": "EB", "theta_file": file},
        "m": M_BIAS | {"cl_section": "shear_xi_plus shear_xi_minus"},
        "2pt_like": like(file, "xip xim", include_norm="F", **limits()),
        "choose_kids": choose | {"suffix": "kids"},
        "cl_kids": PROJECT | sources["kids"],
        "cosebis": cosebis,
        "cosebis_like": {"file": "likelihood/2pt/cosebis/simple_like.py", "data_set": "En n",
                         "data_file": file, "like_name": "cosebis"},
    }  # fmt: skip
    order = [*modules]
    order[order.index("cl_kids") : order.index("cl_kids")] = ["IA"]
    order[order.index("cosebis") : order.index("cosebis")] = ["add"]
    return modules, order


@pytest.fixture(scope="module")
def pipeline(shared, tmp_path_factory):
    """The pipeline, whose modules IA and add stand in it twice."""
    modules, order = des_and_kids(shared)
    path = written(tmp_path_factory.mktemp("both"), modules, VALUES)
    text = path.read_text().replace(
        f"modules = {' '.join(modules)}", f"modules = {' '.join(order)}"
    )
    path.write_text(text)
    return path


def test_des_y3_with_kids_1000_is_what_cosmosis_has(pipeline):
    """-199.41 of both together, -151.77 and -47.64 of each."""
    model = load(pipeline)
    x = model.reference
    each = {name: -0.5 * float(value) for name, value in model.chi2s(x).items()}
    assert each["2pt"] == pytest.approx(-151.7732, abs=0.5)
    assert each["cosebis"] == pytest.approx(-47.6382, abs=0.5)
    assert sum(each.values()) == pytest.approx(-199.4114, abs=0.5)
    value, gradient = model.value_and_gradient(x)
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))
    # without alignment, as the start values have it, its power of redshift has no effect
    idle = [name for name, slope in zip(model.parameters, gradient, strict=True) if slope == 0]
    assert [name.partition("--")[2] for name in idle] == ["alpha1_des", "alpha1_kids"]


def test_it_is_our_own_input_of_the_same_analysis(pipeline):
    """Options and data as cosmosis_modules/des_y3_kids_1000_pipeline.ini has them, but that the
    library's example has neutrinos in normal order."""
    own = read_config(ROOT / "cosmosis_modules" / "des_y3_kids_1000_pipeline.ini")
    found = library_of(pipeline, {}).config
    for ours, theirs in zip(own.likelihoods, found.likelihoods, strict=True):
        options = vars(theirs.options) | {"neutrinos": "degenerate"}
        assert options == vars(ours.options)
        assert theirs.kernels == ours.kernels
        assert set(theirs.probes) == set(ours.probes)
    assert [one.suffix for one in found.likelihoods] == [one.suffix for one in own.likelihoods]


def test_des_y1_is_what_cosmosis_has(shared, tmp_path):
    """chi^2 of 563.06 at the start values of the library's example, and its data vector."""
    file = shared / "data" / "des_y1_3x2pt.fits"
    stored = np.load(shared / "reference" / "cosmosis" / "fiducial.npz")
    lines: dict[str, list[str]] = {}
    for name, value in zip(stored["param_names"], stored["param_values"], strict=True):
        section, _, key = str(name).partition("--")
        lines.setdefault(section, []).append(f"{key} = {float(value)!r}")
    lines["intrinsic_alignment_parameters"] = ["A = -5 0 5", "alpha = 0", "z0 = 0.62"]
    values = "".join(f"[{section}]\n" + "\n".join(own) + "\n" for section, own in lines.items())
    modules = first_generation(str(file))
    modules["2pt_like"] = like(str(file), "xip xim gammat wtheta")
    model = load(written(tmp_path, modules, values))
    assert float(model.chi2(model.reference)) == pytest.approx(float(stored["chi2"]), abs=0.5)
    (one,) = model.measured.values()
    difference = np.asarray(model.theory_vector(model.reference)) - stored["theory"]
    assert difference @ one.precision @ difference < 0.01
