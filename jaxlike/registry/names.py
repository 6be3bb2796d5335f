"""Parameter names: canonical ones, and the aliases that are accepted everywhere.

Every quantity has one canonical name (Omega_m, h, b1, dz_source3, ...) and aliases from Cobaya and
CAMB, from CosmoSIS (bare, or as `section--name`) and from Campagne et al. 2023 (arXiv:2302.05163).
"""

from difflib import get_close_matches

from jaxlike.errors import ParameterError

COSMOLOGY: dict[str, tuple[str, ...]] = {
    "Omega_m": ("Omega_m", "omega_m", "omegam"),
    "Omega_c": ("Omega_c",),
    "omch2": ("omch2",),
    "Omega_b": ("Omega_b", "omega_b", "omegab"),
    "ombh2": ("ombh2",),
    "h": ("h", "h0"),
    "H0": ("H0",),
    "n_s": ("n_s", "ns"),
    "A_s": ("A_s", "a_s", "As"),
    "sigma8": ("sigma8", "sigma_8"),
    "omega_nu": ("omega_nu", "omnuh2"),
    "mnu": ("mnu",),
    "Omega_k": ("Omega_k", "omega_k", "omk"),
    "w0": ("w0", "w"),
    "wa": ("wa",),
    "N_eff": ("N_eff", "nnu"),
    "log_T_AGN": ("log_T_AGN", "logT_AGN", "HMCode_logT_AGN"),
}
ALIGNMENT: dict[str, tuple[str, ...]] = {
    "A_IA": ("A_IA", "A", "DES_AIA", "A1_IA"),
    "alpha_IA": ("alpha_IA", "eta", "DES_alphaIA", "alpha1_IA", "eta1"),
    "z0_IA": ("z0_IA", "DES_z0IA"),
    "A2_IA": ("A2_IA",),
    "alpha2_IA": ("alpha2_IA", "eta2"),
    "bTA_IA": ("bTA_IA", "bTA", "bias_ta"),
}
BIAS: dict[str, tuple[str, ...]] = {
    "alpha_b": ("alpha_b",),
    "z0_b": ("z0_b",),
}
TATT = ("A2_IA", "alpha2_IA", "bTA_IA")
"""What tidal alignment and tidal torquing has beyond the nonlinear alignment model."""

# CosmoSIS ignores case, and its names differ from the bare ones: h0 is h, omega_nu is not Omega_nu
# h^2 (and so is left out).
_SECTIONS: dict[str, dict[str, str]] = {
    "cosmological_parameters": {
        "omega_m": "Omega_m",
        "omega_c": "Omega_c",
        "omch2": "omch2",
        "omega_b": "Omega_b",
        "ombh2": "ombh2",
        "h0": "h",
        "hubble": "H0",
        "n_s": "n_s",
        "a_s": "A_s",
        "sigma_8": "sigma8",
        "omnuh2": "omega_nu",
        "mnu": "mnu",
        "omega_k": "Omega_k",
        "w": "w0",
        "wa": "wa",
        "nnu": "N_eff",
    },
    "halo_model_parameters": {"logt_agn": "log_T_AGN"},
    "intrinsic_alignment_parameters": {
        "a": "A_IA",
        "a1": "A_IA",
        "alpha": "alpha_IA",
        "alpha1": "alpha_IA",
        "a2": "A2_IA",
        "alpha2": "alpha2_IA",
        "bias_ta": "bTA_IA",
        "z0": "z0_IA",
        "z_piv": "z0_IA",
    },
    "bin_bias": {"alpha_b": "alpha_b", "z0_b": "z0_b"},
}
# Numbered from 1, by bin or by mode of n(z): canonical stem, then the accepted stems.
NUMBERED: dict[str, tuple[str, ...]] = {
    "b": ("b", "DES_b", "bin_bias--b", "bias_lens--b"),
    "alpha_mag": ("alpha_mag", "mag_alpha_lens--alpha_"),
    "m": ("m", "DES_m", "shear_calibration_parameters--m"),
    "dz_source": ("dz_source", "dz", "DES_DzS", "wl_photoz_errors--bias_"),
    "dz_lens": ("dz_lens", "DES_DzL", "lens_photoz_errors--bias_"),
    "sz_source": ("sz_source", "DES_szS", "wl_photoz_errors--width_"),
    "sz_lens": ("sz_lens", "DES_szL", "lens_photoz_errors--width_"),
    "A_IA": ("A_IA", "intrinsic_alignment_parameters--a_"),
    "u_source": ("u_source", "source_photoz_u--u_"),
    "u_lens": ("u_lens", "lens_photoz_u--u_"),
}
COUNTED_BY = dict.fromkeys(NUMBERED, "source") | {
    "b": "lens",
    "alpha_mag": "lens",
    "dz_lens": "lens",
    "sz_lens": "lens",
    "u_source": "source_modes",
    "u_lens": "lens_modes",
}
"""What the numbers of each stem count: a field of `Sizes`."""
SINGLE = COSMOLOGY | ALIGNMENT | BIAS
"""Quantities of which there is one, not one for each bin."""

_BARE = {alias: name for name, given in SINGLE.items() for alias in given}
_SECTIONED = {
    f"{section}--{alias}": name
    for section in _SECTIONS
    for alias, name in _SECTIONS[section].items()
}
_STEMS = {alias: stem for stem, given in NUMBERED.items() for alias in given}
_IN_COSMOSIS = {name: alias for alias, name in reversed(_SECTIONED.items())}

_LATEX = {
    "Omega_m": r"\Omega_\mathrm{m}",
    "Omega_c": r"\Omega_\mathrm{c}",
    "omch2": r"\Omega_\mathrm{c} h^2",
    "Omega_b": r"\Omega_\mathrm{b}",
    "ombh2": r"\Omega_\mathrm{b} h^2",
    "h": "h",
    "H0": "H_0",
    "n_s": r"n_\mathrm{s}",
    "A_s": r"A_\mathrm{s}",
    "sigma8": r"\sigma_8",
    "omega_nu": r"\Omega_\nu h^2",
    "mnu": r"\Sigma m_\nu",
    "Omega_k": r"\Omega_k",
    "w0": "w_0",
    "wa": "w_a",
    "N_eff": r"N_\mathrm{eff}",
    "log_T_AGN": r"\log_{10} T_\mathrm{AGN}",
    "A_IA": r"A_\mathrm{IA}",
    "alpha_IA": r"\alpha_\mathrm{IA}",
    "z0_IA": r"z_{0,\mathrm{IA}}",
    "A2_IA": r"A_{2,\mathrm{IA}}",
    "alpha2_IA": r"\alpha_{2,\mathrm{IA}}",
    "bTA_IA": r"b_\mathrm{TA}",
    "b": "b^{#}",
    "m": "m^{#}",
    "dz_source": r"\Delta z_\mathrm{s}^{#}",
    "dz_lens": r"\Delta z_\mathrm{l}^{#}",
    "sz_source": r"\sigma_{z,\mathrm{s}}^{#}",
    "sz_lens": r"\sigma_{z,\mathrm{l}}^{#}",
    "alpha_mag": r"\alpha_\mathrm{mag}^{#}",
    "u_source": r"u_\mathrm{s}^{#}",
    "u_lens": r"u_\mathrm{l}^{#}",
    "alpha_b": r"\alpha_b",
    "z0_b": "z_{0,b}",
}


def split_name(name: str) -> tuple[str, int | None] | None:
    """(quantity, None), or (stem, bin number from 1), or None for an unknown name."""
    key = name.lower() if "--" in name else name
    known = _SECTIONED.get(key) or _BARE.get(key)
    if known:
        return known, None
    digits = key[len(key.rstrip("0123456789")) :]
    stem = _STEMS.get(key[: len(key) - len(digits)])
    if stem and digits and digits[0] != "0":
        return stem, int(digits)
    return None


def aliases(quantity: str) -> str:
    """The bare names of a quantity of which there is one, joined by |."""
    return "|".join(SINGLE[quantity])


def accepted_aliases(stem: str, number: int | None) -> str:
    """All names of a quantity, or of bin `number` of one that has a parameter for each bin."""
    if number is None:
        return aliases(stem)
    return "|".join(f"{alias}{number}" for alias in NUMBERED[stem])


def accepted_names() -> str:
    """The accepted names as one line, alternatives joined by | and bin numbers written 1.."""
    single = [aliases(quantity) for quantity in SINGLE]
    binned = ["|".join(f"{a}1.." for a in given if "--" not in a) for given in NUMBERED.values()]
    return ", ".join(single + binned) + ", or CosmoSIS's section--name"


def canonical_name(name: str) -> str:
    """The quantity that `name` stands for, such as "b1" for "DES_b1"; ParameterError if unknown.

    Quantities that the theory does not take as they are keep names of their own: H0, Omega_c,
    omch2, ombh2, mnu.
    """
    parts = split_name(name)
    if parts is None:
        close = get_close_matches(
            name, [*_BARE, *_SECTIONED, *(f"{s}1" for s in _STEMS)], n=1, cutoff=0.75
        )
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        raise ParameterError(f"unknown parameter '{name}'{hint}; accepted are {accepted_names()}")
    stem, number = parts
    return stem if number is None else f"{stem}{number}"


def cosmosis_name(name: str) -> str | None:
    """CosmoSIS's section--name of an accepted parameter name; None for an unknown one."""
    parts = split_name(name)
    if parts is None:
        return None
    stem, number = parts
    if number is None:
        return _IN_COSMOSIS.get(stem)
    return next(f"{alias}{number}" for alias in NUMBERED[stem] if "--" in alias)


def is_known(name: str) -> bool:
    """Whether `name` is an accepted parameter name."""
    return split_name(name) is not None


def default_latex(name: str) -> str:
    """A LaTeX label (without $) for an accepted name; the name itself in text if unknown."""
    parts = split_name(name)
    if parts is None:
        return r"\mathrm{" + name.replace("_", r"\_") + "}"
    stem, number = parts
    latex = _LATEX[stem]
    if number is None:
        return latex
    return latex.replace("#", str(number)) if "#" in latex else f"{latex}^{{{number}}}"


class Names:
    def __init__(self, samples):
        self.samples = samples

    def is_known(self, name):
        return is_known(name)

    def canonical(self, name):
        return canonical_name(name)
