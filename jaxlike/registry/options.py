"""Options of the theory and of the probes, and the one check that every interface uses."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from numbers import Real
from typing import Literal, get_args

from jaxlike.errors import ConfigError
from jaxlike.registry.additions import (
    ADDED_OPTIONS,
    CORRECTIONS,
    COUNT_OPTIONS,
    FILE_OPTIONS,
    CovarianceCorrection,
    check_additions,
    count_from,
    file_from,
)
from jaxlike.registry.closed_form import MARGINALISE_OPTIONS, MarginaliseAt, check_closed_form
from jaxlike.registry.filters import FILTER_OPTIONS, filter_options
from jaxlike.registry.nz_models import NZ_MODELS, NzOption, has_kde, nz_from
from jaxlike.registry.option_values import bad_value as bad_value
from jaxlike.registry.option_values import flag as flag
from jaxlike.registry.option_values import is_none, number, numbers
from jaxlike.registry.power_options import boost_from, check_linear, check_power, power_from
from jaxlike.theory.power.boost import BOOSTS, FEEDBACK, BoostModel
from jaxlike.theory.power.linear import LINEAR, LinearModel
from jaxlike.theory.power.nonlinear import NONLINEAR, NonlinearModel, boosted
from jaxlike.theory.statistics.exact_choice import LimberRange
from jaxlike.theory.statistics.projection import Projection
from jaxlike.theory.systematics.point_mass import PointMassModel
from jaxlike.theory.tracers.alignment import BY_MASS, AlignmentModel
from jaxlike.theory.tracers.bias import BiasModel
from jaxlike.theory.universe.cosmology import MASSIVE_EIGENSTATES, NeutrinoModel

CHOICES: dict[str, Collection[str]] = {
    "linear": LINEAR.keys(),
    "nonlinear": NONLINEAR.keys(),
    "boost": ("none", FEEDBACK, *BOOSTS),
    "neutrinos": tuple(MASSIVE_EIGENSTATES),
    "nz": NZ_MODELS,
    "projection": ("flat", "curved"),
    "limber": get_args(LimberRange),
    "bias": get_args(BiasModel),
    "alignment": get_args(AlignmentModel),
    "power": ("jaxlike", "host"),
    "out_of_range": ("reject", "error"),
    "compression": ("none", "moped", "modes"),
    "marginalise_at": get_args(MarginaliseAt),
    "point_mass": get_args(PointMassModel),
    "covariance_correction": CORRECTIONS,
}
"""Accepted values of the options that name a method; those of _OPEN may be others too."""

_OPEN = ("linear", "boost", "nz")

THEORY_OPTIONS = ("linear", "nonlinear", "boost", "neutrinos", "radiation", "out_of_range")
"""Options of the Cobaya component `jaxlike.cobaya.Theory`."""

COMMON_OPTIONS = (*THEORY_OPTIONS, "power", "compression", *MARGINALISE_OPTIONS)
"""Options that all likelihoods of a posterior have in common."""

KAPPA_OPTIONS = ("kappa_beam_fwhm", "kappa_ell_min", "kappa_ell_max")
"""Options of the maps of the CMB's convergence: FWHM [arcmin] of a Gaussian beam, and between which
multipoles a map has been cut; each a number, or numbers by the names of the maps."""

DATA_OPTIONS = (
    "data_file",
    "scale_cuts",
    "survey",
    "probes",
    "kernels",
    "nz_file",
    *KAPPA_OPTIONS,
)
"""Options of what data a likelihood is of, and how they are read."""

_MODEL_OPTIONS = (
    "nz",
    "nz_bandwidth",
    "projection",
    *FILTER_OPTIONS,
    "ell_prefactors",
    "limber",
    "bias",
    "alignment",
    "f_r",
    "log10_M_pivot",
    "b_modes",
    "magnification",
    "rsd",
    *ADDED_OPTIONS,
)

LIKELIHOOD_OPTIONS = (
    "data_file",
    "scale_cuts",
    "probes",
    "survey",
    "kernels",
    "nz_file",
    *KAPPA_OPTIONS,
    "prefix",
    "correlated_priors",
    *_MODEL_OPTIONS,
    "power",
    "compression",
    *MARGINALISE_OPTIONS,
)
"""Options of the Cobaya components `jaxlike.cobaya.{3x2pt,shear,2x2pt}`."""

SURVEY_OPTIONS = ("kernels", *KAPPA_OPTIONS, "correlated_priors", *_MODEL_OPTIONS)
"""Those of LIKELIHOOD_OPTIONS that a survey's folder may have: how its data are to be modelled."""

NOT_OF_MOCKS = ("kernels", "nz_file", "psf_file", "psf_transform")
"""Options of how files are read, and of what stands in files, that mock data have no use for."""

_FLAGS = ("radiation", "ell_prefactors", "b_modes", "magnification", "rsd")


@dataclass(frozen=True)
class TheoryOptions:
    """How the data vector is computed; ConfigError names a bad option and the accepted values.

    linear, nonlinear: matter power spectrum, the core's or that of a provider.  boost: what
    multiplies the nonlinear one.  radiation: photons and massless neutrinos in the
    background.  nz: redshift distributions smoothed by a kernel of width nz_bandwidth (None: a
    small default), samples of the histogram, between which shifts go along straight lines, or a
    spline through the middles of its cells; of all samples, or (name of the n(z), model) of some.
    projection: C_ell to angle, at the bin centre in the flat sky or averaged over the bin on the
    curved one.  cosebis_theta, band_power_theta: angles [arcmin] from and to which COSEBIs and band
    powers are filtered.  band_power_apodisation: width in ln(theta) of the fading of band powers'
    filters around each of these, 0 for none.  band_power_ell: first and last multipole of the
    bands, and how many there are, equal in ln(ell).
    ell_prefactors: sqrt((ell+2)!/(ell-2)!)/(ell+1/2)^2 per shear field, ell(ell+1)/(ell+1/2)^2 per
    magnified one.  limber: the approximation at all multipoles, or beyond it where data see that.
    bias: of each lens bin, constant, times ((1+z)/(1+z0_b))^alpha_b, over the growth factor, or to
    one loop.
    alignment: intrinsic shear linear in the tidal field, with one amplitude or one for each source
    bin, with one times f_r (M / M_pivot)^beta, or with tidal alignment and tidal torquing to second
    order.  f_r: shares of red galaxies, a number for each source bin; log10_M_pivot: of halo masses
    in M_sun/h; both with alignment = nla_m or nla_m_twice. b_modes: those of alignment = tatt in
    xi+-, or (false) E modes alone. magnification, rsd: of galaxy counts by the matter before them,
    redshift-space distortions in them. power: where P(k, z) and distances come from, this package
    or the program that calls it. neutrinos: which of the three eigenstates have the mass that
    omnuh2 or mnu gives: one, all three alike, all three in normal order, or none (and then there is
    no mass). out_of_range: what becomes of a cosmology that the emulator was not trained for,
    likelihood zero and a counted warning, or an error. compression: likelihood of the data, or of
    one number for each sampled parameter (MOPED, arXiv:astro-ph/9911102) that tells of it around
    the best fit, or chi^2 by a few modes of the angles (see `likelihoods.modes`). marginalise:
    parameters, or stems of them, that are so in closed form, with derivatives at marginalise_at.
    point_mass: of lens bins, sampled or marginalised. psf_file, psf_transform: tables of the PSF's
    terms in xi+, and what decorrelates their factors. shear_ratios: a file of ratios of gamma_t,
    which count too. covariance_correction: for a covariance from n_simulations (see
    `likelihoods.correction`), with n_parameters where Percival's asks for how many are fitted.

    >>> options = jaxlike.TheoryOptions(alignment="tatt", nonlinear="hmcode2020")
    """

    linear: LinearModel = "eisenstein_hu"
    nonlinear: NonlinearModel = "takahashi"
    nz: NzOption = "kde"
    nz_bandwidth: float | None = None
    projection: Projection = "flat"
    radiation: bool = True
    ell_prefactors: bool = False
    limber: LimberRange = "all"
    power: str = "jaxlike"
    neutrinos: NeutrinoModel = "one_massive"
    out_of_range: Literal["reject", "error"] = "reject"
    bias: BiasModel = "constant"
    alignment: AlignmentModel = "nla"
    f_r: tuple[float, ...] | None = None
    log10_M_pivot: float = 13.5
    b_modes: bool = True
    magnification: bool = False
    rsd: bool = False
    compression: Literal["none", "moped", "modes"] = "none"
    cosebis_theta: tuple[float, ...] | None = None
    band_power_theta: tuple[float, ...] | None = None
    band_power_apodisation: float | None = None
    band_power_ell: tuple[float, ...] | None = None
    point_mass: PointMassModel = "none"
    psf_file: str | None = None
    psf_transform: str | None = None
    shear_ratios: str | None = None
    covariance_correction: CovarianceCorrection = "none"
    n_simulations: int | None = None
    n_parameters: int | None = None
    boost: BoostModel = "none"
    marginalise: tuple[str, ...] | None = None
    marginalise_at: MarginaliseAt = "best_fit"

    def __post_init__(self) -> None:
        object.__setattr__(self, "nz", nz_from(self.nz))
        for name, accepted in CHOICES.items():
            if name not in _OPEN and getattr(self, name) not in (*accepted,):  # of lists, too
                raise bad_value(name, getattr(self, name), _listed(accepted))
        check_linear(self.linear)
        check_power(vars(self))
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise bad_value(name, getattr(self, name), "true, false")
        for name, parsed in filter_options(vars(self)).items():
            object.__setattr__(self, name, parsed)
        check_additions(vars(self))
        object.__setattr__(self, "marginalise", check_closed_form(vars(self)))
        self._check_masses()
        if not self.b_modes and self.alignment != "tatt":
            raise ConfigError(
                f"option 'b_modes' is false, which has no effect: alignment = {self.alignment} has "
                "none; leave it at true"
            )
        width = self.nz_bandwidth
        if width is None:
            return
        if isinstance(width, bool) or not isinstance(width, Real) or not 0 < width < math.inf:
            raise bad_value("nz_bandwidth", width, "a positive number, null")
        if not has_kde(self.nz):
            raise ConfigError(
                f"option 'nz_bandwidth' has no effect with nz = {self.nz}; "
                "leave it out or take nz = kde"
            )

    @property
    def matter(self) -> NonlinearModel:
        """The nonlinear model with its boost."""
        return boosted(self.nonlinear, self.boost)

    def _check_masses(self) -> None:
        """ConfigError on options of halo masses that are missing or without effect."""
        if self.alignment in BY_MASS:
            if self.f_r is None:
                raise ConfigError(
                    f"option 'f_r' is missing: alignment = {self.alignment} needs the share of red "
                    "galaxies in each source bin, such as f_r: [0.1, 0.2, 0.3]"
                )
            for value in self.f_r:
                if not 0 <= value <= 1:
                    raise bad_value("f_r", list(self.f_r), "numbers from 0 to 1")
            return
        for name in ("f_r", "log10_M_pivot"):
            if getattr(self, name) != getattr(TheoryOptions, name):
                raise ConfigError(
                    f"option '{name}' has no effect with alignment = {self.alignment}; leave it "
                    "out or take alignment = nla_m"
                )


THEORY_FIELDS = tuple(field.name for field in fields(TheoryOptions))
"""Names of the fields of TheoryOptions."""


def _listed(accepted: Iterable[str]) -> str:
    return ", ".join(accepted)


def check_option_names(given: Iterable[object], accepted: Iterable[str], what: str) -> None:
    """Raise ConfigError if `given` has a name that is not in `accepted`; `what` says whose."""
    accepted = tuple(accepted)
    for name in given:
        if name not in accepted:
            raise ConfigError(f"unknown {what} '{name}'; accepted are {_listed(accepted)}")


def theory_options(given: Mapping[str, object], *, host: str = "host") -> TheoryOptions:
    """TheoryOptions from the options of a file or of a host, absent ones at their defaults.

    Values may be text ("T", "0.01"), as in ini files.  `host` is the caller's word for power from
    outside ("block" in CosmoSIS).  Raises ConfigError on unknown names and values.
    """
    check_option_names(given, THEORY_FIELDS, "option")
    values: dict[str, object] = dict(given)
    for name in _FLAGS:
        if name in values:
            values[name] = flag(name, values[name])
    values |= {name: count_from(name, values[name]) for name in COUNT_OPTIONS if name in values}
    values |= {name: file_from(values[name]) for name in FILE_OPTIONS if name in values}
    if "log10_M_pivot" in values:
        values["log10_M_pivot"] = number("log10_M_pivot", values["log10_M_pivot"])
    width = partial(number, accepted="a positive number, null")
    for name, read in (("nz_bandwidth", width), ("f_r", numbers)):
        if name in values:
            values[name] = None if is_none(values[name]) else read(name, values[name])
    if "power" in values:
        words = {"jaxlike": "jaxlike", host: "host"}
        values["power"], provider = power_from(values["power"], words)
        if provider is not None:
            if values.get("linear", provider) != provider:
                raise ConfigError(
                    f"option 'linear' is {values['linear']}, but power is of provider {provider}: "
                    "give one of the two"
                )
            values["linear"] = provider
    if "boost" in values:
        values["boost"] = boost_from(values["boost"])
    return TheoryOptions(**values)  # type: ignore[arg-type]
