"""The library's Planck likelihood: band powers with foregrounds marginalised."""

from pathlib import Path
from typing import Any

from jaxlike.config.others.cmb import COMPONENT, LOW_ELL
from jaxlike.config.standard_library.block import Block
from jaxlike.config.standard_library.gaussian import NAME, NORM, PLACES, append
from jaxlike.config.standard_library.given import Given
from jaxlike.config.standard_library.module import SILENT, Module, only, used
from jaxlike.data.planck_lite import COSMOSIS_FILE, SPECTRA, read_plik_lite
from jaxlike.errors import ConfigError
from jaxlike.theory.power.cmb.helium import CAMB, TABLES, Helium

_KINDS = {
    "TTTEEE": "planck_2018_highl_plik.TTTEEE_lite_native",
    "TT": "planck_2018_highl_plik.TT_lite_native",
}
_CALIBRATION = "A_planck"
_TAU = "cosmological_parameters--tau"
_YHE = "cosmological_parameters--yhe"
_LIMITS = tuple(f"ell_max_{one}" for one in SPECTRA)


def _planck_lite(block: Block, given: Given) -> None:
    if block.cmb:
        raise ConfigError(
            f"{given.file.place}: {given.where} reads C_ell of the CMB, but {block.cmb}"
        )
    if _TAU not in block.values:
        raise ConfigError(f"{given.file.place}: {given.where} needs '{_TAU}', which has no value")
    spectra = given.text("spectra").upper()
    if spectra not in _KINDS:
        raise given.refused("spectra", f"accepted are {', '.join(_KINDS)}")
    folder = _folder(given)
    options: dict[str, Any] = {"path": str(folder)}
    if bins := _bins(given, folder, spectra):
        words = "tt te ee" if spectra == "TTTEEE" else "tt"
        options["dataset_params"] = {"use_cl": words, "use_bins": bins}
    if (helium := _helium(block, given)) != CAMB:
        options["helium"] = helium
    given.say("spectra", f"{_KINDS[spectra]}, of {folder}")
    append(block, given, _KINDS[spectra], **options)
    if given.flag("use_low_ell_bins", False):
        append(block, given, COMPONENT, data=LOW_ELL)
        given.say("use_low_ell_bins", f"{COMPONENT}, data: {LOW_ELL}")
    # the module takes Planck's map as calibrated, whatever the values say of it
    block.fixed[_CALIBRATION] = 1.0
    block.own["tau"] = _TAU
    block.dropped.setdefault("planck--a_planck", f"{given.where} takes it as 1")


def _helium(block: Block, given: Given) -> Helium:
    """What CAMB is given: of bbn_consistency, else of the values, else its own."""
    if block.helium:
        if block.helium not in TABLES:
            raise ConfigError(
                f"{given.file.place}: {given.where} needs spectra of the helium of {block.helium}, "
                "which are not known here: leave that option out, or give "
                f"'{_YHE}' in the module's place"
            )
        return block.helium  # type: ignore[return-value]
    if _YHE not in block.values:
        return CAMB
    value = block.numbers.get(_YHE)
    if value is None:
        raise ConfigError(f"{given.file.place}: '{_YHE}' must be a fixed value here")
    block.options[_YHE] = f"helium = {value:g}"
    return value


def _folder(given: Given) -> Path:
    """Where the band powers are: below the option `data_directory`, or beside the module."""
    beside = Path(given.text("file")).parent / "data"
    folder = Path(given.text("data_directory", str(beside)))
    file = given.existing("data_directory", folder / given.text("year") / COSMOSIS_FILE)
    return file.parent.resolve()


def _bins(given: Given, folder: Path, spectra: str) -> list[int]:
    """Numbers of the bins that begin at or below the last multipoles, none where these leave all.

    ConfigError where they are not the same of all spectra.
    """
    limits = {one: given.number(f"ell_max_{one}", -1) for one in SPECTRA}
    limits = {one: limit for one, limit in limits.items() if one in spectra.lower()}
    if all(limit == -1 for limit in limits.values()):
        return []
    data = read_plik_lite(folder, {"use_cl": " ".join(limits)})
    firsts = {
        one: [f for f, own in zip(data.first, data.spectrum, strict=True) if own == one]
        for one in limits
    }
    kept = {
        one: sum(first <= limit or limit == -1 for first in firsts[one])
        for one, limit in limits.items()
    }
    n = max(kept.values())
    for one, number in kept.items():
        if number != min(n, len(firsts[one])):
            option = next(key for key in _LIMITS if given.has(key))
            raise given.refused(
                option, "the last multipole must be the same of all spectra here: give the three"
            )
    for key in _LIMITS:
        if given.has(key):
            given.say(key, f"use_bins: the first {n}")
    return list(range(n))


MODULE = Module(
    ("likelihood/planck_py/planck_py_interface",),
    "Planck 2018's band powers, foregrounds marginalised, with A_planck = 1",
    (
        *used("planck_2018_highl_plik.TTTEEE_lite_native, TT_lite_native", "spectra"),
        only("year", ("2018",), "Planck's band powers are those of 2018 here"),
        *used("planck_2018_lowl_tt: ell = 2 to 15 and 16 to 29 in TT", "use_low_ell_bins"),
        *used("the folder that has that of the year", "data_directory"),
        *used("use_bins, where the limits are the same of all spectra", *_LIMITS),
        only("use_data_from_test", ("",), "data are Planck's here"),
        only("y_section", ("cmb_cl",), "spectra are those of the universe"),
        *NAME,
        *NORM,
        *(option for option in PLACES if option.name != "y_section"),
        *SILENT,
    ),
    _planck_lite,
    like="planck",
)
"""planck_py."""
