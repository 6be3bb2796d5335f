"""Pipelines of modules of the CosmoSIS standard library, written for tests from their options."""

from collections.abc import Mapping
from pathlib import Path

CAMB = {"file": "boltzmann/camb/camb_interface.py", "mode": "power", "NonLinear": "pk",
        "halofit_version": "takahashi", "kmax": "50.0", "AccuracyBoost": "1.1"}  # fmt: skip
COSMOLOGY = """\
[cosmological_parameters]
omega_m = 0.1 0.3 0.9
h0 = 0.55 0.69 0.91
omega_b = 0.03 0.048 0.07
n_s = 0.87 0.97 1.07
A_s = 0.5e-09 2.1e-9 5.0e-09
w = -1.0
mnu = 0.06 0.0773 0.6
num_massive_neutrinos = 3
nnu = 3.046
tau = 0.07
yhe = 0.245
"""


def nz(file, samples, output=None):
    """n(z) of a file."""
    found = {"file": "number_density/load_nz_fits/load_nz_fits.py", "nz_file": file,
             "data_sets": samples}  # fmt: skip
    return found | ({"data_sets_output": output} if output else {})


def shift(sample, section, interpolation="linear"):
    """Shifts of n(z)."""
    return {"file": "number_density/photoz_bias/photoz_bias.py", "mode": "additive",
            "sample": sample, "bias_section": section,
            "interpolation": interpolation}  # fmt: skip


def tatt(**more):
    """Alignment to second order."""
    return {"file": "intrinsic_alignments/tatt/tatt_interface.py", "ia_model": "tatt",
            "sub_lowk": "F", "do_galaxy_intrinsic": "F", **more}  # fmt: skip


def add(suffix=None, **more):
    """Alignment enters the spectra."""
    found = {"file": "shear/add_intrinsic/add_intrinsic.py", "shear-shear": "T", "perbin": "F"}
    return found | ({"suffix": suffix} if suffix else {}) | more


SHEAR = ("shear-shear", "shear-intrinsic", "intrinsic-intrinsic", "intrinsicb-intrinsicb")
PROJECT = {"file": "structure/projection/project_2d.py", "ell_min_logspaced": "0.1",
           "ell_max_logspaced": "5.0e5", "n_ell_logspaced": "100", "verbose": "F"}  # fmt: skip
CURVED = {"file": "shear/cl_to_xi_fullsky/cl_to_xi_interface.py", "ell_max": "40000",
          "bin_avg": "T"}  # fmt: skip
FAST_PT = {"file": "structure/fast_pt/fast_pt_interface.py", "do_ia": "T", "k_res_fac": "0.5"}
M_BIAS = {"file": "shear/shear_bias/shear_m_bias.py", "m_per_bin": "True"}
NICAEA = "shear/cl_to_xi_nicaea/nicaea_interface.so"
LIKE = {"file": "likelihood/2pt/2pt_like.py", "covmat_name": "COVMAT", "include_norm": "T"}


def like(file, tables, **more):
    """A likelihood of two-point data."""
    return LIKE | {"data_file": file, "data_sets": tables} | more


def first_generation(file):
    """3x2pt with linear alignment, in the flat sky: the form of the library's DES-Y1."""
    return {
        "consistency": {"file": "utility/consistency/consistency_interface.py"},
        "camb": CAMB,
        "fits_nz": nz(file, "source lens"),
        "lens_photoz_bias": shift("nz_lens", "lens_photoz_errors"),
        "source_photoz_bias": shift("nz_source", "wl_photoz_errors"),
        "unbiased_galaxies": {"file": "bias/no_bias/no_bias.py"},
        "IA": {"file": "intrinsic_alignments/la_model/linear_alignments_interface.py",
               "do_galaxy_intrinsic": "T", "method": "bk_corrected"},
        "ia_z_field": {"file": "intrinsic_alignments/z_powerlaw/ia_z_powerlaw.py",
                       "do_galaxy_intrinsic": "T"},
        "pk_to_cl": PROJECT
        | dict.fromkeys(SHEAR[:3], "source-source")
        | {"position-shear": "lens-source", "position-intrinsic": "lens-source",
           "position-position": "lens-lens"},
        "bin_bias": {"file": "bias/binwise_bias/bin_bias.py", "perbin": "T"},
        "add_intrinsic": add(**{"position-shear": "T"}),
        "shear_m_bias": M_BIAS,
        "2pt_gal": {"file": NICAEA, "corr_type": "1"},
        "2pt_gal_shear": {"file": NICAEA, "corr_type": "2"},
        "2pt_shear": {"file": NICAEA, "corr_type": "0"},
        "2pt_like": like(
            file,
            "xip xim gammat wtheta",
            angle_range_xip_1_1="8.0 250.0",
            angle_range_xip_2_1="9.0 250.0",
            angle_range_xim_2_2="30.0 100.0",
            cut_wtheta="1,1",
        ),
    }  # fmt: skip


FIRST_VALUES = (
    COSMOLOGY
    + """\
[bin_bias]
b1 = 0.8 1.4 3.0
b2 = 0.8 1.6 3.0
[shear_calibration_parameters]
m1 = -0.1 0.0 0.1
m2 = -0.1 0.0 0.1
[intrinsic_alignment_parameters]
A = -5 0.5 5
alpha = -5 0 5
z0 = 0.62
[wl_photoz_errors]
bias_1 = -0.1 0.0 0.1
bias_2 = -0.1 0.0 0.1
[lens_photoz_errors]
bias_1 = 0.001
bias_2 = 0.0
"""
)


def by_mass(modules, file, suffix):
    """Shear alone, whose spectra of alignment end in `suffix` until a module makes them go with the
    masses of haloes."""
    project = {n: v for n, v in modules["pk_to_cl"].items() if not n.startswith("position")}
    own = {"file": "intrinsic_alignments/mass_dependent_ia/mass_dependent_ia_model.py"}
    if suffix:
        own["suffix"] = suffix
        project |= dict.fromkeys(SHEAR[1:3], f"source-source:{suffix}")
    found = {}
    for name, module in modules.items():
        if name == "pk_to_cl":
            found |= {name: project, "by_mass": own}
        elif name not in ("bin_bias", "2pt_gal", "2pt_gal_shear"):
            found[name] = module
    return found | {
        "add_intrinsic": add(**{"position-shear": "F"}),
        "2pt_like": like(file, "xip xim"),
    }


def mass_values(suffix):
    """Values of what `by_mass` makes of the first generation's pipeline."""
    section = f"[intrinsic_alignment_parameters_{suffix}]\n" if suffix else ""
    masses = """\
beta = 0.0 0.5 1.0
log10_M_piv = 13.5
log10_M_mean_1 = 13.1
log10_M_mean_2 = 13.3
f_r_1 = 0.2
f_r_2 = 0.3
"""
    return FIRST_VALUES.replace("z0 = 0.62\n", f"z0 = 0.62\n{section}{masses}")


def second_generation(file):
    """3x2pt with TATT, magnification and point masses: the form of the library's DES-Y3."""
    of_lensing = ("lingal-shear", "lingal-intrinsic", "magnification-shear")
    lensing = dict.fromkeys((*of_lensing, "magnification-intrinsic"), "lens-source")
    counts = dict.fromkeys(("lingal-magnification", "magnification-magnification"), "lens-lens")
    return {
        "consistency": {"file": "utility/consistency/consistency_interface.py"},
        "bbn_consistency": {"file": "utility/bbn_consistency/bbn_consistency.py"},
        "camb": CAMB,
        "fast_pt": FAST_PT,
        "fits_nz": nz(file, "lens source"),
        "lens_photoz_width": {"file": "number_density/photoz_width/photoz_width.py",
                              "mode": "stretch", "sample": "nz_lens",
                              "bias_section": "lens_photoz_errors", "interpolation": "linear"},
        "lens_photoz_bias": shift("nz_lens", "lens_photoz_errors"),
        "source_photoz_bias": shift("nz_source", "wl_photoz_errors"),
        "IA": tatt(),
        "pk_to_cl_gg": PROJECT | {"lingal-lingal": "lens-lens", "do_exact": "lingal-lingal",
                                  "do_rsd": "True", "auto_only": "lingal-lingal"},
        "pk_to_cl": PROJECT | dict.fromkeys(SHEAR, "source-source") | lensing | counts,
        "add_magnification": {"file": "structure/magnification/add_magnification.py",
                              "include_intrinsic": "T"},
        "add_intrinsic": add(**{"position-shear": "T"}),
        "2pt_shear": CURVED | {"xi_type": "EB", "theta_file": file,
                               "input_section_name": "shear_cl  shear_cl_bb",
                               "output_section_name": "shear_xi_plus  shear_xi_minus"},
        "2pt_gal": CURVED | {"xi_type": "'00'", "theta_file": file},
        "2pt_gal_shear": CURVED | {"xi_type": "'02'", "theta_file": file},
        "shear_m_bias": M_BIAS | {"cl_section": "shear_xi_plus shear_xi_minus",
                                  "cross_section": "galaxy_shear_xi"},
        "add_point_mass": {"file": "shear/point_mass/add_gammat_point_mass.py",
                           "add_togammat": "False", "use_fiducial": "True"},
        "2pt_like": like(file, "xip xim gammat wtheta", do_pm_marg="True",
                         do_pm_sigcritinv="True", sigma_a="10000.0", no_det_fac="False")
        | {"file": "likelihood/2pt/2pt_point_mass/2pt_point_mass.py"},
    }  # fmt: skip


TATT_VALUES = """\
z_piv = 0.62
A1 = -5.0 0.7 5.0
A2 = -5.0 -1.36 5.0
alpha1 = -5.0 -1.7 5.0
alpha2 = -5.0 -2.5 5.0
bias_ta = 0.0 1.0 2.0
"""
SECOND_VALUES = (
    COSMOLOGY
    + """\
[bias_lens]
b1 = 0.8 1.4 3.0
b2 = 0.8 1.6 3.0
[shear_calibration_parameters]
m1 = -0.1 0.0 0.1
m2 = -0.1 0.0 0.1
[wl_photoz_errors]
bias_1 = -0.1 0.0 0.1
bias_2 = -0.1 0.0 0.1
[lens_photoz_errors]
bias_1 = 0.0
bias_2 = 0.0
width_1 = 1.0
width_2 = 0.1 1.0 1.9
[mag_alpha_lens]
alpha_1 = 1.3
alpha_2 = -0.5
[intrinsic_alignment_parameters]
"""
    + TATT_VALUES
)


def survey(file, name, **of_like):
    """Cosmic shear of one of several surveys, whose sections end in its name."""
    pair = f"{name}-{name}:{name}:{name}"
    return {
        f"nz_{name}": nz(file, "source", name),
        f"shift_{name}": shift(f"nz_{name}", f"wl_photoz_errors_{name}"),
        f"IA_{name}": tatt(name=name, param_name=name),
        f"cl_{name}": PROJECT | dict.fromkeys(SHEAR, pair),
        f"add_{name}": add(name, **{"position-shear": "F"}),
        f"xi_{name}": CURVED | {"xi_type": "EB", "theta_file": file, "save_name": name,
                                "input_section_name": f"shear_cl_{name} shear_cl_bb_{name}",
                                "output_section_name": "shear_xi_plus shear_xi_minus",
                                "e_plus_b_name": name},
        f"m_{name}": M_BIAS | {"cl_section": f"shear_xi_plus_{name} shear_xi_minus_{name}",
                               "cal_section": f"shear_calibration_parameters_{name}"},
        f"2pt_{name}": like(file, "xip xim", suffixes=name, like_name=f"2pt_{name}", **of_like),
    }  # fmt: skip


def survey_values(name):
    """Its parameters."""
    return f"""\
[shear_calibration_parameters_{name}]
m1 = -0.1 0.0 0.1
m2 = -0.1 0.0 0.1
[wl_photoz_errors_{name}]
bias_1 = -0.1 0.0 0.1
bias_2 = -0.1 0.0 0.1
[intrinsic_alignment_parameters_{name}]
{TATT_VALUES}"""


def written(
    folder: Path,
    modules: Mapping[str, Mapping[str, str]],
    values: str,
    priors: str = "",
    **sections: str,
) -> Path:
    """A pipeline of these modules in a folder; `sections`: text that comes before theirs."""
    (folder / "values.ini").write_text(values)
    (folder / "priors.ini").write_text(priors)
    lines = [
        "[runtime]", "sampler = test", "[pipeline]", f"modules = {' '.join(modules)}",
        "values = values.ini", "priors = priors.ini",
        "extra_output = cosmological_parameters/sigma_8 data_vector/2pt_chi2", "timing = F",
        "[test]", "fatal_errors = T", *sections.values(),
    ]  # fmt: skip
    for name, options in modules.items():
        lines += [f"[{name}]", *(f"{key} = {value}" for key, value in options.items())]
    path = folder / "pipeline.ini"
    path.write_text("\n".join(lines) + "\n")
    return path
