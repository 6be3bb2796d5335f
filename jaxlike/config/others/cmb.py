"""The compressed CMB in an input, and other Gaussians in quantities of the universe."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.config.others.other_config import Kinds, OtherConfig
from jaxlike.config.others.planck_lite import HIGH_ELL
from jaxlike.data.gaussian import COMPRESSED_CMB, GaussianData, compressed_cmb, read_gaussian
from jaxlike.data.planck_lite import planck_low_ell
from jaxlike.errors import ConfigError
from jaxlike.likelihoods.band_powers import CmbBandPowers
from jaxlike.likelihoods.cmb import GaussianConstraint
from jaxlike.registry.option_values import bad_value, number
from jaxlike.theory.power.derived import DERIVED

COMPONENT = "jaxlike.cobaya.cmb"
LOW_TEMPERATURE = "Planck's temperature at ell < 30"
LOW_POLARISATION = "Planck's polarisation at ell < 30"
OPTIONS = ("data", "mean", "error", "covariance")
DEFAULT = "planck_pr4_compressed"

LOW_ELL = "planck_2018_lowl_tt"
"""The data that are no Gaussian in quantities of the universe, but in spectra of the CMB."""

_OF_PLANCK: Mapping[str, frozenset[str]] = {
    "planck_pr4_compressed": frozenset((HIGH_ELL, LOW_TEMPERATURE, LOW_POLARISATION)),
    "planck_2018_compressed": frozenset((HIGH_ELL, LOW_TEMPERATURE, LOW_POLARISATION)),
    "planck_2018_compressed_as_ns": frozenset((HIGH_ELL, LOW_TEMPERATURE, LOW_POLARISATION)),
    "planck_2018_thetastar": frozenset((HIGH_ELL, LOW_TEMPERATURE, LOW_POLARISATION)),
    "planck_2018_lowe": frozenset((LOW_POLARISATION,)),
    LOW_ELL: frozenset((LOW_TEMPERATURE,)),
}
"""Name -> what of Planck's data it is made of."""


def low_ell_wanted(given: Mapping[str, Any]) -> bool:
    """Whether options name Planck's temperature at ell < 30; ConfigError on others beside it."""
    options = [key for key, value in given.items() if value is not None and key != "data"]
    if given.get("data") != LOW_ELL:
        return False
    if options:
        raise ConfigError(f"option '{options[0]}' has no effect beside data: {LOW_ELL}")
    return True


def gaussian_of(given: Mapping[str, Any], source: str) -> GaussianData:
    """The data that options name, or those that stand in them; ConfigError or DataError names what
    is wrong. source: what messages call those of the options."""
    options = {key: value for key, value in given.items() if value is not None}
    if "mean" in options:
        if "data" in options:
            raise ConfigError("options 'data' and 'mean' both have means: leave out one of them")
        return _inline(options, source)
    for name in ("error", "covariance"):
        if name in options:
            raise ConfigError(f"option '{name}' is that of a mean: give mean: {{QUANTITY: VALUE}}")
    data = options.get("data", DEFAULT)
    if isinstance(data, str) and data in COMPRESSED_CMB:
        return compressed_cmb(data)
    if not isinstance(data, str) or not Path(data).expanduser().is_file():
        accepted = ", ".join((*COMPRESSED_CMB, LOW_ELL))
        raise bad_value("data", data, f"{accepted}, the path of a file")
    return read_gaussian(data)


def _inline(options: Mapping[str, Any], source: str) -> GaussianData:
    mean = _numbers("mean", options["mean"])
    if ("error" in options) == ("covariance" in options):
        raise ConfigError("option 'mean' goes with either of 'error' and 'covariance'")
    names = tuple(mean)
    if "error" in options:
        error = _numbers("error", options["error"])
        if {*error} != {*names}:
            raise ConfigError(
                f"options 'mean' and 'error' are of {', '.join(mean)} and of {', '.join(error)}"
            )
        if min(error.values()) <= 0:
            raise bad_value("error", dict(options["error"]), "numbers above 0")
        covariance = np.diag([error[name] ** 2 for name in names])
    else:
        covariance = _matrix(options["covariance"], len(names))
    return GaussianData(names, np.array([*mean.values()]), covariance, source)


def _numbers(option: str, value: object) -> dict[str, float]:
    accepted = "a mapping {QUANTITY: NUMBER, ...}"
    if not isinstance(value, Mapping) or not value:
        raise bad_value(option, value, accepted)
    return {str(name): number(option, one, accepted) for name, one in value.items()}


def _matrix(value: object, n: int) -> np.ndarray:
    accepted = f"{n} lists of {n} numbers, in the order of 'mean'"
    rows = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else []
    if len(rows) != n or any(not isinstance(row, list | tuple) or len(row) != n for row in rows):
        raise bad_value("covariance", value, accepted)
    return np.array([[number("covariance", one, accepted) for one in row] for row in rows])


class CmbConfig(OtherConfig):
    """A Gaussian that comes with the package, in a file, or in the input itself."""

    accepted = OPTIONS

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> OtherConfig:
        """The data are read at once, for what is wrong with them."""
        if low_ell_wanted(given):
            return LowEllConfig(name, kind, dict(given))
        found = cls(name, kind, dict(given))
        found.build()
        return found

    @property
    def _data(self) -> GaussianData:
        return gaussian_of(self.options, f"likelihood '{self.name}'")

    @property
    def needs(self) -> tuple[str, ...]:
        """Its quantities that are derived parameters."""
        return tuple(name for name in self._data.names if name in DERIVED)

    @property
    def measurements(self) -> frozenset[str]:
        """What of Planck's it is, where it comes with the package."""
        return _OF_PLANCK.get(self._known or "", frozenset())

    @property
    def _known(self) -> str | None:
        if "mean" in self.options:
            return None
        data = str(self.options.get("data", DEFAULT))
        return data if isinstance(data, str) and data in COMPRESSED_CMB else None

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        known, data = self._known, self._data
        if known is not None:
            return f"{COMPRESSED_CMB[known]}, as it comes with jaxlike"
        where = "the input" if "mean" in self.options else data.source
        return f"a Gaussian in {', '.join(data.names)}, of {where}"

    def build(self) -> GaussianConstraint:
        """The likelihood itself."""
        return GaussianConstraint.of(self._data)


class LowEllConfig(OtherConfig):
    """Planck's temperature at ell < 30 in two bins, which comes with the package."""

    accepted = OPTIONS

    @property
    def needs(self) -> tuple[str, ...]:
        """The angle of the acoustic scale, which the spectra are known by."""
        return ("thetastar",)

    @property
    def measurements(self) -> frozenset[str]:
        """Planck's."""
        return _OF_PLANCK[LOW_ELL]

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return "Planck 2018, TT at ell = 2 to 15 and 16 to 29 (arXiv:1909.05869), as with jaxlike"

    def build(self) -> CmbBandPowers:
        """The likelihood itself."""
        return CmbBandPowers.of(planck_low_ell())


KINDS: Kinds = {COMPONENT: CmbConfig}
