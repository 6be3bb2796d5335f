"""CAMB's parameters and options (cobaya.theories.camb, CAMB 2.0) and what they are here."""

from collections.abc import Mapping

from jaxlike.config.boltzmann.rules import (
    Code,
    Idle,
    OptionRule,
    ParameterRule,
    Refused,
    Renamed,
    Universe,
    at_least,
    idle,
    kept,
    number,
    only,
)

_OF_CMB = "of the CMB's spectra, which no likelihood here sees"
_OF_TENSORS = "of tensor modes, which matter does not see"
_ACCURACY = (
    "power is that of CAMB with AccuracyBoost = 2, lAccuracyBoost = 3, from which the default "
    "differs by less than 0.03 in chi^2 of DES-Y1"
)
_LESS = "less than CAMB's default accuracy has no counterpart: leave it out"
_TABLES = "CAMB's tables of P(k, z), which there are none of here"
_REIONISATION = "of reionisation, which matter and distances do not see"

HALOFIT = {
    "takahashi": "takahashi",
    "mead": "hmcode2016",
    "mead2016": "hmcode2016",
    "mead2020": "hmcode2020",
    "mead2020_feedback": "hmcode2020",
}
"""halofit_version -> nonlinear."""

_DEFAULTS = {"nnu": 3.044, "mnu": 0.06}
"""What CAMB assumes where an input says nothing."""

_FEEDBACK = {
    "mead": ("HMCode_A_baryon", "HMCode_eta_baryon"),
    "mead2016": ("HMCode_A_baryon", "HMCode_eta_baryon"),
    "mead2020_feedback": ("HMCode_logT_AGN",),
}
_FEEDBACK_DEFAULTS = {"HMCode_A_baryon": 3.13, "HMCode_eta_baryon": 0.603, "HMCode_logT_AGN": 7.8}

_SAME = ("H0", "ombh2", "omch2", "omk", "cosmomc_theta", "mnu", "nnu", "w", "wa", "As", "ns")
PARAMETERS: Mapping[str, ParameterRule] = {
    **{name: Renamed(name) for name in (*_SAME, "sigma8", *_FEEDBACK_DEFAULTS)},
    "omnuh2_active": Renamed("omnuh2"),
    **dict.fromkeys(
        ("tau", "zrei", "deltazrei", "helium_redshift", "max_zrei"), Idle(_REIONISATION)
    ),
    "Alens": Idle(_OF_CMB),
    **dict.fromkeys(("r", "At", "nt", "ntrun"), Idle(_OF_TENSORS)),
    "thetastar": Refused("theta_MC is the angle that is a parameter here: give cosmomc_theta"),
    "YHe": Refused("helium is that of nucleosynthesis here: leave YHe out"),
    "TCMB": Refused("the CMB has 2.7255 K here: leave TCMB out", (2.7255,)),
    "nrun": Refused("the primordial spectrum is a power law here", (0,)),
    "nrunrun": Refused("the primordial spectrum is a power law here", (0,)),
    "cs2": Refused("dark energy is smooth here, cs2 = 1", (1,)),
    "meffsterile": Refused("there are no sterile neutrinos here", (0,)),
    "omnuh2": Refused("give mnu, or omnuh2_active"),
    "standard_neutrino_neff": Refused("it is 3.044 here", (3.044,)),
}


def _halofit(value: object, universe: Universe) -> str:
    if value not in HALOFIT:
        raise ValueError(f"accepted are {', '.join(HALOFIT)}")
    universe.said["halofit_version"] = value
    return f"nonlinear = {HALOFIT[str(value)]}"


def _power_law(value: object, universe: Universe) -> Idle:
    if str(getattr(value, "__name__", value)) != "InitialPowerLaw":
        raise ValueError("the primordial spectrum is a power law here")
    return Idle("the primordial spectrum is a power law here too")


def _halofit_class(value: object, universe: Universe) -> Idle:
    if str(getattr(value, "__name__", value)) != "Halofit":
        raise ValueError("accepted is Halofit, of any halofit_version that is known here")
    return Idle("the class of halofit_version")


_DARK = ("fluid", "ppf", "DarkEnergyFluid", "DarkEnergyPPF")
OPTIONS: Mapping[str, OptionRule] = {
    "halofit_version": _halofit,
    "num_massive_neutrinos": kept("num_massive_neutrinos"),
    "neutrino_hierarchy": kept("neutrino_hierarchy"),
    "theta_H0_range": idle("H0 is found from the angle between 30 and 150, with no other bounds"),
    "bbn_predictor": idle("helium is that of CAMB's default; other tables move no chi^2 of DES-Y1"),
    "dark_energy_model": only(
        _DARK,
        "dark energy is smooth here, which is both of them on the scales of surveys",
        f"accepted are {', '.join(_DARK[:2])}",
    ),
    "use_tabulated_w": only((False,), "w(a) is w + wa (1 - a)", "w(a) is w + wa (1 - a) here"),
    "lens_potential_accuracy": idle(_OF_CMB),
    **dict.fromkeys(
        (
            *("lmax", "max_eta_k", "lens_margin", "lens_output_margin", "k_eta_fac"),
            *("lens_k_eta_reference", "min_l_logl_sampling", "max_l", "max_l_tensor", "min_l"),
            *("DoLateRadTruncation", "Want_CMB", "Want_CMB_lensing", "DoLensing", "WantCls"),
            *("WantScalars", "Accuracy.AccurateBB", "Accuracy.AccuratePolarization"),
        ),
        idle(_OF_CMB),
    ),
    **dict.fromkeys(
        ("WantTensors", "pivot_tensor", "parameterization", "max_eta_k_tensor"), idle(_OF_TENSORS)
    ),
    **dict.fromkeys(
        (
            "kmax",
            "k_per_logint",
            "redshifts",
            "WantTransfer",
            "accurate_massive_neutrino_transfers",
        ),
        idle(_TABLES),
    ),
    **dict.fromkeys(
        ("AccuracyBoost", "lAccuracyBoost", "lSampleBoost"), at_least(1, _ACCURACY, _LESS)
    ),
    "HMCode_wiggle_max_fnu": idle("of how CAMB takes the wiggles out, for speed"),
    "initial_power_model": _power_law,
    "non_linear_model": _halofit_class,
    "pivot_scalar": only(
        (0.05,), "A_s is that of 0.05/Mpc here too", "A_s is that of 0.05/Mpc here"
    ),
    "recombination_model": only(
        ("Recfast",), "RECFAST here too", "recombination is RECFAST's here"
    ),
    "share_delta_neff": only((False,), "as here", "N_eff is divided as CAMB does by default here"),
}


def _complete(universe: Universe, params: Mapping[str, object]) -> Mapping[str, str]:
    n, hierarchy = (
        universe.said.get(key, default)
        for key, default in (("num_massive_neutrinos", 1), ("neutrino_hierarchy", "degenerate"))
    )
    neutrinos = {1: "one_massive", 3: "degenerate"}.get(int(number(n, "num_massive_neutrinos")))
    if hierarchy == "normal":
        neutrinos = "normal"
    elif hierarchy != "degenerate":
        raise ValueError(
            f"option 'neutrino_hierarchy' is {hierarchy!r}: accepted are degenerate, normal"
        )
    if neutrinos is None:
        raise ValueError(
            f"option 'num_massive_neutrinos' is {n}: accepted are 1, 3 (and 'mnu: 0' for none)"
        )
    version = str(universe.said.get("halofit_version", "mead2020"))
    universe.options |= {"nonlinear": HALOFIT[version], "neutrinos": neutrinos}
    if "omnuh2_active" not in params:
        universe.fixed |= {"mnu": _DEFAULTS["mnu"]} if "mnu" not in params else {}
    if "nnu" not in params:
        universe.fixed["nnu"] = _DEFAULTS["nnu"]
    taken = _FEEDBACK.get(version, ())
    for name, default in _FEEDBACK_DEFAULTS.items():
        if name in taken and name not in params:
            universe.fixed[name] = default
        elif name not in taken and name in params:
            universe.ignored[name] = f"halofit_version = {version} does not take it"
    become = f"neutrinos = {neutrinos}"
    return {"num_massive_neutrinos": become, "neutrino_hierarchy": become}


CAMB = Code(
    name="camb",
    parameters=PARAMETERS,
    options=OPTIONS,
    renames={
        "omegabh2": "ombh2",
        "omegach2": "omch2",
        "omegal": "omega_de",
        "omegak": "omk",
        "yhe": "YHe",
        "yheused": "YHe",
        "YpBBN": "Y_p",
    },
    outputs={"omega_de": "omegal"},
    complete=_complete,
)
