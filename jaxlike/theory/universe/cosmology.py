"""The parameters of the universe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.theory.constants import (
    NEUTRINO_EV_PER_OMEGA,
    NEUTRINO_PER_PHOTON,
    OMEGA_GAMMA_H2,
    T_CMB,
)
from jaxlike.theory.declarations import Declared
from jaxlike.theory.universe.neutrinos import light_share

Scalar = Array | float
"""A parameter: a number, or an array of shape () that may be traced."""

NeutrinoModel = Literal["one_massive", "degenerate", "normal", "massless"]
N_EFF = 3.046
"""Effective number of neutrinos of the standard model, as long taken."""

_STANDARD = (3.044, N_EFF)  # what it is now taken for (Bennett et al. 2021), as CAMB has it

MASSIVE_EIGENSTATES: dict[str, int] = {
    "one_massive": 1, "degenerate": 3, "normal": 3, "massless": 0,
}  # fmt: skip
"""How many of the three neutrinos share omega_nu."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Cosmology:
    """A homogeneous universe with cold matter, baryons, neutrinos, radiation, dark energy.

    Omega_m counts all matter today: cold dark matter, baryons and massive neutrinos.
    Exactly one of A_s (at 0.05/Mpc) and sigma8 (total matter, z = 0) sets the amplitude.
    omega_nu is Omega_nu h^2 of all massive eigenstates, whose number `neutrinos` says; the others
    of the three are massless. tau is the optical depth of reionised matter, which spectra of the
    CMB alone see. With radiation=False there are no photons and no massless
    neutrinos, as in arXiv:2302.05163. log_T_AGN is log10 of the temperature [K] to which active
    nuclei heat gas (the feedback of HMCode2020, which leaves it out where there is none); A_bary
    and eta_bary are A and eta_0 of HMCode2016; spk_alpha, spk_beta and spk_gamma are the baryon
    fraction of haloes that SP(k) takes.
    """

    Omega_m: Scalar
    Omega_b: Scalar
    h: Scalar
    n_s: Scalar
    A_s: Scalar | None = None
    sigma8: Scalar | None = None
    omega_nu: Scalar | None = None
    Omega_k: Scalar = 0.0
    w0: Scalar = -1.0
    wa: Scalar = 0.0
    N_eff: Scalar = N_EFF
    T_cmb: Scalar = T_CMB
    tau: Scalar | None = None
    log_T_AGN: Scalar | None = None
    A_bary: Scalar | None = None
    eta_bary: Scalar | None = None
    spk_alpha: Scalar | None = None
    spk_beta: Scalar | None = None
    spk_gamma: Scalar | None = None
    radiation: bool = field(default=True, metadata={"static": True})
    neutrinos: NeutrinoModel = field(default="one_massive", metadata={"static": True})

    def __post_init__(self) -> None:
        if (self.A_s is None) == (self.sigma8 is None):
            raise ValueError("a Cosmology takes exactly one of A_s and sigma8")
        if self.neutrinos == "massless" and self.omega_nu is not None:
            raise ValueError("a Cosmology with massless neutrinos takes no omega_nu")

    @property
    def n_massive(self) -> int:
        """Number of massive eigenstates."""
        return 0 if self.omega_nu is None else MASSIVE_EIGENSTATES[self.neutrinos]

    @property
    def species(self) -> tuple[tuple[int, Scalar], ...]:
        """(Number, Omega_nu h^2 of them together) of massive eigenstates of one mass each."""
        if self.omega_nu is None:
            return ()
        if self.neutrinos != "normal":
            return ((self.n_massive, self.omega_nu),)
        light = light_share(self.mnu) * self.omega_nu
        return ((2, light), (1, self.omega_nu - light))

    @property
    def Omega_nu(self) -> Scalar:
        """Density of the massive neutrinos, were they fully non-relativistic today."""
        return 0.0 if self.omega_nu is None else self.omega_nu / self.h**2

    @property
    def N_eff_massive(self) -> Scalar:
        """N_eff of three neutrinos as hot as the massive ones: what exceeds 3.046 is massless."""
        return hot_as_massive(self.N_eff, self.neutrinos)

    @property
    def mnu(self) -> Scalar:
        """Sum of the masses in eV."""
        omega_nu = 0.0 if self.omega_nu is None else self.omega_nu
        return NEUTRINO_EV_PER_OMEGA * (3 / self.N_eff_massive) ** 0.75 * omega_nu

    @property
    def Omega_cb(self) -> Scalar:
        """Density of cold dark matter and baryons."""
        return self.Omega_m - self.Omega_nu

    @property
    def hot(self) -> tuple[Scalar, Scalar, Scalar]:
        """Densities of the photons, of the massless neutrinos, and of ONE massive eigenstate, were
        it massless; all zero without radiation."""
        if not self.radiation:
            return 0.0, 0.0, 0.0
        photons = OMEGA_GAMMA_H2 * (self.T_cmb / T_CMB) ** 4 / self.h**2
        per_N_eff = NEUTRINO_PER_PHOTON * photons
        massive = self.N_eff_massive / 3
        massless = self.N_eff - self.n_massive * massive  # what those leave of N_eff
        return photons, per_N_eff * massless, per_N_eff * massive

    @property
    def Omega_gamma(self) -> Scalar:
        """Density of the photons (zero without radiation)."""
        return self.hot[0]

    @property
    def Omega_nu_relativistic(self) -> Scalar:
        """Density of ONE massive eigenstate, were it massless."""
        return self.hot[2]

    @property
    def Omega_r(self) -> Scalar:
        """Density of photons and massless neutrinos."""
        photons, massless, _ = self.hot
        return photons + massless

    @property
    def Omega_de(self) -> Scalar:
        """Density of the dark energy, from closure."""
        return 1 - self.Omega_m - self.Omega_k - self.Omega_r


def hot_as_massive(N_eff: Scalar, neutrinos: NeutrinoModel) -> Scalar:
    """N_eff of three neutrinos as hot as the massive ones, as CAMB divides N_eff: these have their
    standard temperature, or all of N_eff where it is less; the rest is massless."""
    n = MASSIVE_EIGENSTATES[neutrinos] or 3
    standard = jnp.clip(N_eff, *_STANDARD)
    return jnp.minimum(N_eff * (3 / n), standard)


def _in(section: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{section}--{name}" for name in names)


def _cosmological(*names: str) -> tuple[str, ...]:
    return _in("cosmological_parameters", *names)


# CosmoSIS ignores case, and its names differ from the bare ones: h0 is h, omega_nu is not Omega_nu
# h^2 (and so is left out).
PARAMETERS = (
    Declared("Omega_m", ("omega_m", "omegam"), _cosmological("omega_m"), r"\Omega_\mathrm{m}"),
    Declared("Omega_c", (), _cosmological("omega_c"), r"\Omega_\mathrm{c}"),
    Declared("omch2", (), _cosmological("omch2"), r"\Omega_\mathrm{c} h^2"),
    Declared("Omega_b", ("omega_b", "omegab"), _cosmological("omega_b"), r"\Omega_\mathrm{b}"),
    Declared("ombh2", (), _cosmological("ombh2"), r"\Omega_\mathrm{b} h^2"),
    Declared("h", ("h0",), _cosmological("h0"), "h"),
    Declared("H0", (), _cosmological("hubble"), "H_0"),
    # CosmoSIS calls a hundred times the angle what CAMB calls the angle
    Declared("theta_MC_100", (), _cosmological("cosmomc_theta"), r"100\theta_\mathrm{MC}"),
    Declared("cosmomc_theta", (), _cosmological("theta_mc"), r"\theta_\mathrm{MC}"),
    Declared("n_s", ("ns",), _cosmological("n_s"), r"n_\mathrm{s}"),
    Declared("A_s", ("a_s", "As"), _cosmological("a_s"), r"A_\mathrm{s}"),
    Declared("A_s_1e9", ("As_1e9",), _cosmological("a_s_1e9"), r"10^9 A_\mathrm{s}"),
    Declared(
        "logA",
        ("log1e10As",),
        _cosmological("log1e10as"),
        r"\ln(10^{10} A_\mathrm{s})",
    ),
    Declared(
        "log10_A_s",
        ("log10_As", "log10As"),
        _cosmological("log10_a_s", "log10as"),
        r"\log_{10} A_\mathrm{s}",
    ),
    Declared(
        "sigma8",
        ("sigma_8",),
        _cosmological("sigma_8", "sigma8_input", "sigma_8_input"),
        r"\sigma_8",
    ),
    Declared("S8", ("S_8",), _cosmological("s_8", "s_8_input"), "S_8"),
    Declared("omega_nu", ("omnuh2",), _cosmological("omnuh2"), r"\Omega_\nu h^2"),
    Declared("mnu", (), _cosmological("mnu"), r"\Sigma m_\nu"),
    Declared("Omega_k", ("omega_k", "omk"), _cosmological("omega_k"), r"\Omega_k"),
    Declared("w0", ("w",), _cosmological("w"), "w_0", default=-1.0),
    Declared("wa", (), _cosmological("wa"), "w_a", default=0.0),
    Declared("w0_plus_wa", (), _cosmological("w0_plus_wa"), "w_0 + w_a"),
    Declared("N_eff", ("nnu",), _cosmological("nnu"), r"N_\mathrm{eff}", default=N_EFF),
    Declared("tau", (), _cosmological("tau"), r"\tau_\mathrm{reio}"),
    Declared(
        "log_T_AGN",
        ("logT_AGN", "HMCode_logT_AGN"),
        _in("halo_model_parameters", "logt_agn"),
        r"\log_{10} T_\mathrm{AGN}",
        needs=("nonlinear", ("hmcode2020",)),
        or_needs=("boost", ("hmcode2020_feedback",)),
        required_by=(("boost", "hmcode2020_feedback"),),
    ),
    Declared(
        "A_bary",
        ("hmcode_A", "HMCode_A_baryon"),
        _in("halo_model_parameters", "a"),
        r"A_\mathrm{bary}",
        needs=("nonlinear", ("hmcode2016",)),
    ),
    Declared(
        "eta_bary",
        ("hmcode_eta", "HMCode_eta_baryon"),
        _in("halo_model_parameters", "eta"),
        r"\eta_0",
        needs=("nonlinear", ("hmcode2016",)),
    ),
    *(
        Declared(
            f"spk_{name}",
            (),
            _in("spk_parameters", name),
            rf"\{name}_\mathrm{{SPk}}",
            needs=("boost", ("spk",)),
            required_by=(("boost", "spk"),),
        )
        for name in ("alpha", "beta", "gamma")
    ),
)
"""Parameters of a universe, which all likelihoods of a posterior have in common."""

FEEDBACK = ("log_T_AGN", "A_bary", "eta_bary", "spk_alpha", "spk_beta", "spk_gamma")
"""What haloes do to the power, where it is given."""

AMPLITUDES = ("A_s", "A_s_1e9", "logA", "log10_A_s", "sigma8", "S8")
"""What sets the amplitude of structure: S8 = sigma8 (Omega_m / 0.3)^0.5, logA = ln(10^10 A_s)."""

HUBBLE = ("h", "H0", "theta_MC_100", "cosmomc_theta")
"""What sets the Hubble constant."""

EXCLUSIVE = (
    AMPLITUDES,
    HUBBLE,
    ("Omega_c", "omch2"),
    ("Omega_b", "ombh2"),
    ("omega_nu", "mnu"),
    ("wa", "w0_plus_wa"),
)
"""Quantities of which a universe takes one."""

NECESSARY = (
    ("Omega_m", "Omega_c", "omch2"),
    ("Omega_b", "ombh2"),
    HUBBLE,
    ("n_s",),
    AMPLITUDES,
)
"""Quantities of which a universe takes at least one."""

_SETTINGS = ("radiation", "neutrinos")
COSMOLOGY_NAMES = tuple(name for name in Cosmology.__dataclass_fields__ if name not in _SETTINGS)


def from_parameters(
    parameters: Mapping[str, ArrayLike],
    *,
    radiation: bool,
    neutrinos: NeutrinoModel = "one_massive",
) -> Cosmology:
    """The Cosmology in a dictionary of canonical parameters (other entries are ignored).

    ParameterError if there is a neutrino mass for massless neutrinos.
    """
    if neutrinos == "massless" and "omega_nu" in parameters:
        raise ParameterError(
            "the neutrino mass (omega_nu, omnuh2 or mnu) has no effect with neutrinos = massless: "
            "leave it out, or take neutrinos = one_massive, degenerate or normal"
        )
    chosen = {name: parameters[name] for name in COSMOLOGY_NAMES if name in parameters}
    return Cosmology(**chosen, radiation=radiation, neutrinos=neutrinos)  # type: ignore[arg-type]
