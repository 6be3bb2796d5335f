"""CLASS's parameters and options (cobaya.theories.classy, CLASS 3.3) and what they are here."""

from collections.abc import Mapping
from numbers import Real

from jaxlike.config.boltzmann.rules import (
    Code,
    Function,
    Idle,
    OptionRule,
    ParameterRule,
    Refused,
    Renamed,
    Universe,
    idle,
    kept,
    only,
)

_OF_CMB = "of the CMB's spectra, which no likelihood here sees"
_OF_TENSORS = "of tensor modes, which matter does not see"
_REIONISATION = "of reionisation, which matter and distances do not see"
_TABLES = "of CLASS's tables of P(k, z), which there are none of here"
_ANGLE = "its angle is no parameter here: give H0, or theta_MC_100 with theory: camb"
_POWER_LAW = "the primordial spectrum is a power law here"

_T_NCDM = 0.71611
_N_EFF_OF_ONE = _T_NCDM**4 / (4 / 11) ** (4 / 3)
"""What a massive neutrino of CLASS's temperature adds to N_eff."""

PARAMETERS: Mapping[str, ParameterRule] = {
    "H0": Renamed("H0"),
    "h": Renamed("h"),
    "omega_b": Renamed("ombh2"),
    "Omega_b": Renamed("Omega_b"),
    "omega_cdm": Renamed("omch2"),
    "Omega_cdm": Renamed("Omega_c"),
    "Omega_m": Renamed("Omega_m"),
    "A_s": Renamed("A_s"),
    "ln10^{10}A_s": Renamed("logA"),
    "ln_A_s_1e10": Renamed("logA"),
    "sigma8": Renamed("sigma8"),
    "S8": Renamed("S8"),
    "n_s": Renamed("n_s"),
    "Omega_k": Renamed("omk"),
    "w0_fld": Renamed("w"),
    "wa_fld": Renamed("wa"),
    "c_min": Renamed("HMCode_A_baryon"),
    "eta_0": Renamed("HMCode_eta_baryon"),
    "log10T_heat_hmcode": Renamed("HMCode_logT_AGN"),
    **dict.fromkeys(
        (
            *("tau_reio", "z_reio", "reionization_width", "reionization_exponent"),
            *("helium_fullreio_redshift", "helium_fullreio_width"),
        ),
        Idle(_REIONISATION),
    ),
    "A_L": Idle(_OF_CMB),
    **dict.fromkeys(("r", "n_t", "alpha_t"), Idle(_OF_TENSORS)),
    "N_ur": Renamed("nnu"),
    "m_ncdm": Renamed("mnu"),
    **dict.fromkeys(
        ("100*theta_s", "theta_s_100", "theta_s_1e2", "theta_star_100"), Refused(_ANGLE)
    ),
    "alpha_s": Refused(_POWER_LAW, (0,)),
    "beta_s": Refused(_POWER_LAW, (0,)),
    "T_cmb": Refused("the CMB has 2.7255 K here: leave T_cmb out", (2.7255,)),
    "YHe": Refused("helium is that of nucleosynthesis here: leave YHe out", ("BBN",)),
    "Omega_Lambda": Refused(
        "dark energy is what closes the universe here: Omega_Lambda is 0 beside w0_fld, or is left "
        "out",
        (0,),
    ),
    "Omega_scf": Refused("there is no scalar field here", (0,)),
    "cs2_fld": Refused("dark energy is smooth here, cs2_fld = 1", (1,)),
}
"""Those of neutrinos are looked at together."""

_NEUTRINOS = ("N_ur", "N_ncdm", "m_ncdm", "deg_ncdm", "T_ncdm")


def _nonlinear(value: object, universe: Universe) -> str:
    word = "none" if value in (None, False) else str(value).lower()
    word = "hmcode" if value is True else word
    if word not in ("halofit", "hmcode"):
        raise ValueError("accepted are halofit, hmcode")
    universe.said["non_linear"] = word
    return "nonlinear = " + ("takahashi" if word == "halofit" else "that of hmcode_version")


_HMCODE = {
    "2015": "hmcode2016",
    "2016": "hmcode2016",
    "2020": "hmcode2020",
    "2020_baryonic_feedback": "hmcode2020",
}
_FEEDBACK = {
    **dict.fromkeys(("2015", "2016"), ("c_min", "eta_0")),
    "2020_baryonic_feedback": ("log10T_heat_hmcode",),
}


def _hmcode(value: object, universe: Universe) -> str:
    word = str(value)
    word = f"20{word}" if word in ("15", "16", "20") else word
    if word not in _HMCODE:
        raise ValueError(f"accepted are {', '.join(_HMCODE)}")
    universe.said["hmcode_version"] = word
    return f"nonlinear = {_HMCODE[word]}"


OPTIONS: Mapping[str, OptionRule] = {
    "non_linear": _nonlinear,
    "non linear": _nonlinear,
    "hmcode_version": _hmcode,
    **{name: kept(name) for name in _NEUTRINOS},
    **dict.fromkeys(
        (
            *("output", "modes", "lensing", "l_max_scalars", "l_max_tensors", "l_switch_limber"),
            *("accurate_lensing", "delta_l_max", "l_logstep", "l_linstep", "hyper_sampling_flat"),
            *("perturbations_sampling_stepsize", "want_lcmb_full_limber", "gauge"),
        ),
        idle(_OF_CMB),
    ),
    **dict.fromkeys(
        (
            *("P_k_max_h/Mpc", "P_k_max_1/Mpc", "z_max_pk", "z_pk", "nonlinear_min_k_max"),
            *(
                "hmcode_min_k_max",
                "halofit_min_k_max",
                "k_per_decade_for_pk",
                "k_per_decade_for_bao",
            ),
        ),
        idle(_TABLES),
    ),
    "use_ppf": idle("dark energy is smooth here, which is both on the scales of surveys"),
    "fluid_equation_of_state": only(("CLP",), "w(a) is w + wa (1 - a)", "accepted is CLP"),
    "sBBN file": idle("helium is that of CAMB's default nucleosynthesis"),
    "recombination": only(
        ("RECFAST", "HyRec", "recfast", "hyrec"),
        "recombination is RECFAST's, as CAMB has it",
        "accepted are RECFAST, HyRec",
    ),
    "reio_parametrization": idle(_REIONISATION),
    "k_pivot": only((0.05,), "as here", "A_s is that of 0.05/Mpc here"),
    "input_verbose": idle("of what CLASS prints"),
}


def _numbers(value: object) -> list[float] | None:
    """The numbers of a list of CLASS's, None where it is none."""
    try:
        if isinstance(value, Real):
            return [float(value)]
        parts = value.split(",") if isinstance(value, str) else list(value)  # type: ignore[call-overload]
        return [float(part) for part in parts]
    except (TypeError, ValueError):
        return None


def _all_alike(universe: Universe, params: Mapping[str, object]) -> tuple[int, object]:
    """How many massive eigenstates there are, all of one mass, and that mass, which may be the
    name of a parameter; ValueError on others."""
    said = universe.said
    species = int(float(said.get("N_ncdm", 0)))
    if species == 0:
        return 0, 0.0
    temperature = _numbers(said.get("T_ncdm", _T_NCDM))
    if temperature is None or any(abs(t - _T_NCDM) > 1e-5 for t in temperature):
        raise ValueError(f"option 'T_ncdm' is {said['T_ncdm']}: accepted is {_T_NCDM}")
    each = _numbers(said.get("deg_ncdm", 1))
    mass = said.get("m_ncdm")
    if "m_ncdm" in params:
        masses: list[float] | None = [0.0]
    else:
        masses = [0.06] if mass is None and species == 1 else _numbers(mass)
    wrong = masses is None or each is None or len({*masses}) != 1 or len({*each}) != 1
    if wrong or masses is None or each is None or len(masses) not in (1, species):
        raise ValueError(
            f"option 'm_ncdm' is {mass}: accepted are one massive neutrino, or three of one mass"
        )
    return species * int(each[0]), "m_ncdm" if "m_ncdm" in params else masses[0]


def _complete(universe: Universe, params: Mapping[str, object]) -> Mapping[str, str]:
    n, mass = _all_alike(universe, params)
    if n not in (0, 1, 3):
        raise ValueError(
            f"options 'N_ncdm', 'deg_ncdm' make {n} massive neutrinos: accepted are 1, 3"
        )
    neutrinos = {0: "massless", 1: "one_massive", 3: "degenerate"}[n]
    universe.options["neutrinos"] = neutrinos
    if mass == "m_ncdm":
        universe.functions["m_ncdm"] = Function("mnu", f"{n} * {{}}")
    elif n:
        universe.fixed["mnu"] = n * float(mass)  # type: ignore[arg-type]
    massive = n * _N_EFF_OF_ONE
    if "N_ur" in params:
        universe.functions["N_ur"] = Function("nnu", f"{massive!r} + {{}}")
    else:
        universe.fixed["nnu"] = massive + float(universe.said.get("N_ur", 3.044))
    become = {
        **dict.fromkeys(("N_ncdm", "deg_ncdm", "T_ncdm"), f"neutrinos = {neutrinos}"),
        "m_ncdm": f"neutrinos = {neutrinos}, mnu = {universe.fixed.get('mnu', 0)}",
        "N_ur": f"nnu = {universe.fixed.get('nnu')}",
    }
    _complete_power(universe, params)
    return become


def _complete_power(universe: Universe, params: Mapping[str, object]) -> None:
    version = str(universe.said.get("hmcode_version", "2020"))
    hmcode = universe.said.get("non_linear", "hmcode") == "hmcode"
    universe.options["nonlinear"] = _HMCODE[version] if hmcode else "takahashi"
    taken = _FEEDBACK.get(version, ()) if hmcode else ()
    for name in ("c_min", "eta_0", "log10T_heat_hmcode"):
        if name in params and name not in taken:
            universe.ignored[name] = f"HMCode of version {version} does not take it"
    if "log10T_heat_hmcode" in taken and "log10T_heat_hmcode" not in params:
        universe.fixed["log10T_heat_hmcode"] = 7.8
    if len({"c_min", "eta_0"} & {*params} & {*taken}) == 1:
        raise ValueError("c_min and eta_0 go together: give both, or none of them")


CLASSY = Code(
    name="classy",
    parameters=PARAMETERS,
    options=OPTIONS,
    renames={
        "As": "A_s",
        "ns": "n_s",
        "nrun": "alpha_s",
        "nrunrun": "beta_s",
        "nt": "n_t",
        "ntrun": "alpha_t",
        "omegak": "Omega_k",
        "omegal": "Omega_Lambda",
        "w": "w0_fld",
        "wa": "wa_fld",
        "omegabh2": "omega_b",
        "omegab": "Omega_b",
        "omegach2": "omega_cdm",
        "omegac": "Omega_cdm",
        "omegam": "Omega_m",
        "tau": "tau_reio",
        "zrei": "z_reio",
        "deltazrei": "reionization_width",
        "helium_redshift": "helium_fullreio_redshift",
        "helium_delta_redshift": "helium_fullreio_width",
        "yhe": "YHe",
        "yheused": "YHe",
        "rdrag": "rs_drag",
        "omegan": "Omega_nu",
    },
    outputs={
        "rs_drag": "rdrag",
        "Omega_m": "omegam",
        "Omega_b": "omegab",
        "Omega_k": "omk",
        "Omega_Lambda": "omegal",
        "m_ncdm_tot": "mnu",
    },
    complete=_complete,
)
