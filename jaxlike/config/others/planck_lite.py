"""Planck's foreground-marginalised band powers in an input, by Cobaya's names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxlike.config.others.installed import folder_of, given_places, located
from jaxlike.config.others.other_config import Kinds, OtherConfig
from jaxlike.data.planck_lite import (
    COSMOSIS_FILE,
    DATASET_FILE,
    KEYS,
    BandPowers,
    read_plik_lite,
)
from jaxlike.errors import ConfigError, DataError
from jaxlike.likelihoods.band_powers import CmbBandPowers
from jaxlike.registry.option_values import bad_value, number
from jaxlike.registry.options import check_option_names
from jaxlike.theory.power.cmb.helium import CAMB, RANGE, TABLES

HIGH_ELL = "Planck's spectra at ell >= 30"
"""What these and the compressed CMB have in common."""

_FAMILY = "planck_2018_highl_plik"
_USED = {f"{_FAMILY}.TTTEEE_lite_native": "tt te ee", f"{_FAMILY}.TT_lite_native": "tt"}
_FOLDER = "planck_2018_pliklite_native"
_CALIBRATION = "A_planck"


class PlanckLiteConfig(OtherConfig):
    """Cobaya's plik-lite of its own, of files that `cobaya-install` brings."""

    accepted = ("path", "packages_path", "dataset_file", "dataset_params", "helium")

    @classmethod
    def read(cls, name: str, kind: str, given: Mapping[str, Any]) -> "PlanckLiteConfig":
        """Options as in Cobaya, and `helium` of the spectra."""
        changed = given.get("dataset_params") or {}
        if not isinstance(changed, Mapping):
            raise ConfigError(f"option 'dataset_params' of {kind} is {changed!r}: give a mapping")
        check_option_names(changed, KEYS, f"entry in dataset_params of {kind}:")
        options: dict[str, object] = {**given_places(given)}
        if given.get("dataset_file", DATASET_FILE) != DATASET_FILE:
            options["dataset_file"] = str(given["dataset_file"])
        changed = {key: _words(value) for key, value in changed.items()}
        if changed and changed != {"use_cl": _USED[kind]}:
            options["dataset_params"] = changed
        if (helium := _helium(given.get("helium", CAMB))) != CAMB:
            options["helium"] = helium
        return cls(name, kind, options)

    @property
    def _changed(self) -> dict[str, str]:
        found: Any = self.options.get("dataset_params", {})
        return {"use_cl": _USED[self.kind], **found}

    @property
    def calibration(self) -> str:
        """The parameter A by whose square the prediction is divided."""
        return self._changed.get("calibration_param", _CALIBRATION)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The calibration."""
        return (self.calibration,)

    @property
    def default_params(self) -> Mapping[str, object]:
        """Cobaya's prior of the calibration (arXiv:1907.12875, sec. 3.3.4)."""
        if self.calibration != _CALIBRATION:
            return {}
        return {
            _CALIBRATION: {
                "prior": {"dist": "norm", "loc": 1, "scale": 0.0025},
                "ref": {"dist": "norm", "loc": 1, "scale": 0.002},
                "proposal": 0.0005,
                "latex": r"y_\mathrm{cal}",
            }
        }

    @property
    def needs(self) -> tuple[str, ...]:
        """The angle of the acoustic scale, which the spectra are known by."""
        return ("thetastar",)

    @property
    def measurements(self) -> frozenset[str]:
        """All its spectra are of the same sky."""
        return frozenset({HIGH_ELL})

    @property
    def source(self) -> str:
        """Where the data are from, in words."""
        return f"Planck 2018 plik-lite (arXiv:1907.12875), {self._changed['use_cl']}"

    def data(self) -> BandPowers:
        """The numbers; DataError says how they are installed, or what is wrong with a file."""
        name = self.options.get("dataset_file", DATASET_FILE)
        folder = folder_of(self.kind, name, self.options, _FOLDER)
        if folder is not None and "path" in self.options and not (folder / str(name)).is_file():
            if not any((folder / own).is_file() for own in ("bweight.dat", COSMOSIS_FILE)):
                raise DataError(
                    f"{folder / str(name)}: is not there, but {self.kind} has its data in it; a "
                    "folder of planck-lite-py, with bweight.dat, is accepted too, and one of "
                    f"CosmoSIS's, with {COSMOSIS_FILE}"
                )
            return read_plik_lite(folder, self._changed)
        file: Path = located(str(name), self.kind, self.options, folder)
        return read_plik_lite(file, self._changed)

    def build(self) -> CmbBandPowers:
        """The likelihood itself."""
        helium: Any = self.options.get("helium", CAMB)
        return CmbBandPowers.of(self.data(), calibration=self.calibration, helium=helium)


def _helium(given: object) -> object:
    """A table of nucleosynthesis, or the share of helium; ConfigError on others."""
    if given in TABLES:
        return given
    low, high = RANGE
    accepted = f"{', '.join(TABLES)}, or a number from {low} to {high}"
    value = number("helium", given, accepted)
    if not low <= value <= high:
        raise bad_value("helium", given, accepted)
    return value


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


KINDS: Kinds = dict.fromkeys(_USED, PlanckLiteConfig)

_LITE = (
    "its foregrounds and systematics are other programs' business; accepted are "
    f"{' and '.join(_USED)}"
)
REFUSED = {
    **{f"{_FAMILY}.{name}": _LITE for name in ("TTTEEE", "TT", "TE", "EE", "TTTEEE_unbinned")},
    **{f"{_FAMILY}.{name}_lite": _LITE for name in ("TTTEEE", "TT")},
    **dict.fromkeys(
        ("planck_2018_lowl.TT", "planck_2018_lowl.TT_clik"),
        "it is no Gaussian in C_ell; two of its bins are, {class: jaxlike.cobaya.cmb, data: "
        "planck_2018_lowl_tt}",
    ),
    **dict.fromkeys(
        ("planck_2018_lowl.EE", "planck_2018_lowl.EE_clik", "planck_2018_lowl.EE_sroll2"),
        "it is no Gaussian in C_ell; what it says of tau is, {class: jaxlike.cobaya.cmb, data: "
        "planck_2018_lowe}",
    ),
}
"""Names of Cobaya's likelihoods -> why they are none here."""
