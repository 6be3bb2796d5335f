"""Modules of a universe: relations of parameters, CAMB and CLASS, and what goes with P(k, z)."""

from collections.abc import Mapping

from jaxlike.config.standard_library.accuracy import FINE, check_accuracy
from jaxlike.config.standard_library.block import Block
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, idle, only, refused, used
from jaxlike.config.standard_library.neutrinos import COSMOLOGY, hierarchy_of
from jaxlike.errors import ConfigError
from jaxlike.theory.power.cmb.helium import Nucleosynthesis

HALOES = "halo_model_parameters"
LATTICE = "P(k, z) and distances are computed where they are needed, without a table"

_HALOFIT = {
    "takahashi": "takahashi",
    "original": "smith",
    "mead": "hmcode2016",
    "mead2016": "hmcode2016",
    "mead2020": "hmcode2020",
    "mead2020_feedback": "hmcode2020",
}
_BY_DEFAULT = "mead2020"  # of CAMB
_CMB = "of the CMB's C_ell, which are an emulator's, trained on CAMB with settings of its own"
_SMOOTH = (
    "dark energy is smooth at the wavenumbers of the data, whichever of CAMB's two fluids it is"
)
_HELIUM = (
    "P(k, z) is that of the helium of CAMB's own table of nucleosynthesis, spectra of the CMB have "
    "this module's"
)
BBN_CONSISTENCY: Nucleosynthesis = "bbn_consistency"
ACCURACY = "the emulator was trained on CAMB with settings of its own"


def _consistency(block: Block, given: Given) -> None:
    """Parameters are accepted here in all the ways that the module relates."""
    for option in ("relations_file", "extra_relations"):
        if given.text(option, ""):
            raise given.refused(option, "relations of one's own are not read: leave it out")
    block.cosmology.add("consistency")
    theta = given.flag("cosmomc_theta", False)
    if theta and given.has("cosmomc_theta"):
        given.say("cosmomc_theta", "theta_MC_100 in the place of h where it is given")
    if not block.has(COSMOLOGY, "nnu"):
        block.fixed[f"{COSMOLOGY}--nnu"] = 3.044


def _bbn_consistency(block: Block, given: Given) -> None:
    block.helium = f"'data' of {given.where}" if given.has("data") else BBN_CONSISTENCY


def _hmcode_eta(block: Block, given: Given) -> None:
    if not block.has(HALOES, "a"):
        raise given.without_value(f"{HALOES}--a")
    block.dropped[f"{HALOES}--eta"] = "hmcode_eta makes it of A"
    block.values.pop(f"{HALOES}--eta", None)
    block.cosmology.add("hmcode_eta")


def alone(block: Block, given: Given) -> None:
    """Note the module that computes P(k, z); ConfigError where another one has."""
    if block.boltzmann:
        raise ConfigError(
            f"{given.file.place}: {given.where} and {block.boltzmann} both compute P(k, z): leave "
            "out one of the two modules"
        )
    block.boltzmann = given.where


def check_unread(block: Block, given: Given, values: Mapping[str, float]) -> None:
    """ConfigError unless parameters that a module does not read have these values."""
    for key, value in values.items():
        name = f"{COSMOLOGY}--{key}"
        if name in block.values and block.numbers.get(block.values[name]) != value:
            raise ConfigError(
                f"{given.file.place}: {given.where} does not read '{name}': fix it at {value:g}, "
                "or take camb"
            )


def emulated(block: Block, model: str, neutrinos: str, *, n_eff: float) -> None:
    """The universe of a module's options; n_eff: what it has where there is no value."""
    block.options[f"{COSMOLOGY}--num_massive_neutrinos"] = f"neutrinos = {neutrinos}"
    block.universe |= {
        "linear": "emulator",
        "nonlinear": model,
        "neutrinos": neutrinos,
        "radiation": True,
    }
    if f"{COSMOLOGY}--nnu" not in block.values:
        block.fixed.setdefault(f"{COSMOLOGY}--nnu", n_eff)


def _camb(block: Block, given: Given) -> None:
    alone(block, given)
    version = given.text("halofit_version", _BY_DEFAULT).lower()
    mode = given.text("mode", "all").lower()
    power = mode in ("power", "all")
    default = "none" if mode in ("background", "thermal") else "both"
    nonlinear = given.text("nonlinear", default).lower()
    if version not in _HALOFIT and power:
        raise given.refused(
            "halofit_version", f"no such model is computed here; accepted are {', '.join(_HALOFIT)}"
        )
    model = _HALOFIT.get(version, "takahashi")
    if nonlinear in ("none", "lens"):
        model = "linear"
    if power:
        check_accuracy(given)
        given.say("halofit_version", f"nonlinear = {model}")
        given.say("nonlinear", f"nonlinear = {model}")
    else:
        model = "takahashi"
        given.say("halofit_version", "no P(k, z) is asked for")
    neutrinos = hierarchy_of(block, given)
    given.say("neutrino_hierarchy", f"neutrinos = {neutrinos}")
    emulated(block, model, neutrinos, n_eff=3.044)
    _haloes(block, given, version if power else "")
    block.cmb = _unlike_the_emulator(given, mode, nonlinear)
    given.say("file", "linear = emulator, trained on CAMB")


def _unlike_the_emulator(given: Given, mode: str, nonlinear: str) -> str:
    """Why C_ell of the CMB are others than the emulator's, nothing where they are the same."""
    if mode not in ("cmb", "all"):
        return f"'mode' of {given.where} is {mode}: take all or cmb"
    if not given.flag("do_lensing", False):
        return f"'do_lensing' of {given.where} is F: spectra here are lensed"
    if nonlinear not in ("lens", "both"):
        return (
            f"'nonlinear' of {given.where} is {nonlinear}: take lens or both, as spectra here are"
        )
    return ""


def _haloes(block: Block, given: Given, version: str) -> None:
    """What haloes do to the power, by the version of HMCode."""
    needed = {"mead2020_feedback": ("logt_agn",), "mead2016": ("a", "eta"), "mead": ("a", "eta")}
    for key in needed.get(version, ()):
        made = key == "eta" and "hmcode_eta" in block.cosmology
        if not made and not block.has(HALOES, key):
            raise given.without_value(f"{HALOES}--{key}", given.entry("halofit_version"))
    for key in ("logt_agn", "a", "eta"):
        if key not in needed.get(version, ()):
            block.dropped.setdefault(
                f"{HALOES}--{key}", f"halofit_version = {version or 'none'} does not read it"
            )


_CAMB_OPTIONS = (
    *used("neutrinos = one_massive, degenerate, normal or massless", "neutrino_hierarchy"),
    *used("nonlinear = a model", "halofit_version", "nonlinear"),
    only("mode", ("power", "all", "cmb", "background", "thermal"), "CAMB has no other"),
    only("initial", ("adiabatic",), "perturbations are adiabatic here"),
    only("use_tabulated_w", ("F",), "dark energy is w0 and wa here"),
    only("do_vectors", ("F",), "there are no vector modes here"),
    only("power_spectra", ("delta_tot",), "P(k, z) is of all matter, neutrinos included"),
    only("pivot_scalar", ("0.05",), "A_s is at 0.05/Mpc here"),
    *idle(
        LATTICE,
        *("zmin", "zmax", "nz", "zmid", "nz_mid", "zmin_background", "zmax_background"),
        *("nz_background", "kmin", "kmax_extrapolate", "nk", "n_logz", "zmax_logz"),
        *("want_chistar", "k_per_logint", "do_bao", "min_kh_nonlinear"),
    ),
    *idle(
        _CMB,
        *("lmax", "do_tensors", "do_reionization", "use_optical_depth", "max_eta_k"),
        *("lens_potential_accuracy", "lens_margin", "k_eta_fac", "lens_k_eta_reference"),
        *("pivot_tensor", "include_helium_fullreion", "tau_solve_accuracy_boost"),
        *("tau_timestep_boost", "tau_max_redshift", "lsampleboost", "laccuracyboost"),
        *("dolateradtruncation", "min_l_logl_sampling", "recombination_model"),
    ),
    *used("C_ell of the CMB, where a likelihood reads them, are lensed", "do_lensing"),
    *idle(FINE, "kmax", "accuracyboost"),
    *idle(ACCURACY, "accurate_massive_neutrino_transfers"),
    *idle(_SMOOTH, "use_ppf_w"),
    *idle("how theta is turned into h", "theta_h0_range"),
    *idle("what is printed", "max_printed_errors"),
    *SILENT,
)


MODULES = (
    Module(
        ("utility/consistency/consistency_interface",),
        "parameters of the universe are related here as well: each may be given in any of its ways",
        (
            *used("theta_MC_100 where it is given, else h is", "cosmomc_theta"),
            *used("relations of one's own are refused", "relations_file", "extra_relations"),
            *SILENT,
        ),
        _consistency,
    ),
    Module(
        ("utility/bbn_consistency/bbn_consistency",),
        _HELIUM,
        (*idle(_HELIUM, "data", "input_name"), *SILENT),
        _bbn_consistency,
    ),
    Module(
        ("structure/hmcode_eta/hmcode_eta",),
        "eta_bary = 0.98 - 0.12 A_bary, as it is here where A_bary alone is given",
        SILENT,
        _hmcode_eta,
    ),
    Module(
        ("boltzmann/camb/camb_interface",),
        "linear = emulator, trained on CAMB",
        _CAMB_OPTIONS,
        _camb,
    ),
    Module(
        ("boltzmann/extrapolate/extrapolate_power",),
        "P(k, z) is known at all wavenumbers that are needed",
        (*idle(LATTICE, "kmin", "kmax", "nmin", "nmax", "npoint", "power_spectra_names"), *SILENT),
    ),
    Module(
        ("structure/fast_pt/fast_pt_interface",),
        "the one-loop terms of alignment = tatt and bias = one_loop are computed here",
        (
            *idle("terms of galaxy bias are computed where nlgal spectra ask for them", "do_bias"),
            only("do_dd_spt", ("F",), "P(k, z) is not of one-loop order here"),
            only("do_rsd", ("F",), "redshift-space distortions are linear here"),
            *idle(
                "of terms that alignment = tatt has anyway",
                *("do_ia", "do_ia_tt", "do_ia_ta", "do_ia_mix", "bias_section", "only_terms"),
            ),
            *idle(
                "accuracy of the one-loop integrals, which have their own here",
                *("k_res_fac", "low_extrap", "high_extrap", "c_window", "n_pad_fac", "p_window"),
                *("output_nl_grid", "always_init"),
            ),
            *SILENT,
        ),
    ),
    Module(
        ("structure/extract_growth/extract_growth", "structure/growth_factor/interface"),
        "growth is that of the linear power here",
        (*idle(LATTICE, "zmin", "zmax", "dz", "nz_lin", "k", "k_growth"), *SILENT),
    ),
    refused(
        "it changes the block in ways that are not followed here: write the pipeline without it",
        *("utility/rename/rename_section", "utility/copy/copy_section"),
        *("utility/delete/delete_section", "utility/sample_sigma8/sigma8_rescale"),
        *("utility/exclude_w0_wa/w0wa_sum_prior", "utility/random_fail/random_fail"),
        "utility/stop/stop",
    ),
    refused(
        "sigma(R) and such are not computed here",
        *("boltzmann/sigmar/sigmar", "boltzmann/sigma_cpp/sigma_cpp"),
    ),
    refused(
        "distances are those of w0 and wa here",
        *("background/dynamical_de_distances/distances", "background/log_w_model/log_w_model"),
    ),
    refused(
        "it is of an older library: take boltzmann/camb/camb_interface.py",
        "boltzmann/camb/camb",
    ),
    refused(
        "give linear = eisenstein_hu_no_wiggle to a module of this package",
        "structure/crl_eisenstein_hu/nowiggle_module",
    ),
    refused(
        "gravity is general relativity here",
        *("boltzmann/mgcamb/camb", "boltzmann/isitgr/camb"),
    ),
    refused(
        "its P(k, z) is not among those computed here; give a provider of power (docs/power.md)",
        *("structure/cosmic_emu/interface", "structure/baccoemu/baccoemu_interface"),
        *("structure/EuclidEmulator2/euclid_emulator2_interface", "structure/owls/owls_interface"),
        *("structure/cosmic_emu_2022/interface", "structure/FrankenEmu/interface"),
        *("structure/nlfactor/NLfactor", "structure/amod/amod"),
        *("structure/baryon_power_scaling/baryonic_interface",),
    ),
)
"""Of a universe."""
