"""Which statistic a two-point table holds, by its keywords QUANT1 and QUANT2, and the other way.

COSEBIs and band powers have no quantities of their own. KiDS's files have COSEBIs as E and B modes
together (GEF x GBF: E_n), and band powers as if they were C_ell: these are known by their names
there, elsewhere by the keyword BANDPOW = T, which is what is written here.
"""

from collections.abc import Mapping
from typing import Any

from jaxlike.data.fits2pt.hdus import Hdu, keyword, logical
from jaxlike.errors import DataError

#: (QUANT1, QUANT2) keywords of a table -> statistic.
QUANTITIES: Mapping[tuple[str, str], str] = {
    ("G+R", "G+R"): "xi_plus",
    ("G-R", "G-R"): "xi_minus",
    ("GPR", "G+R"): "gamma_t",
    ("GPR", "GPR"): "w",
    ("GEF", "GEF"): "C_ell_shear",
    ("GPF", "GEF"): "C_ell_cross",
    ("GPF", "GPF"): "C_ell_counts",
    ("GPR", "CKR"): "w_kappa",
    ("G+R", "CKR"): "gamma_t_kappa",
    ("GPF", "CKF"): "C_ell_kappa_counts",
    ("GEF", "CKF"): "C_ell_kappa_shear",
    ("CKF", "CKF"): "C_ell_kappa",
    ("GEF", "GBF"): "E_n",
    ("GBF", "GEF"): "B_n",
}
#: The same of tables of band powers.
BAND_POWERS: Mapping[tuple[str, str], str] = {
    ("GEF", "GEF"): "bandpower_EE",
    ("GBF", "GBF"): "bandpower_BB",
    ("GPF", "GEF"): "bandpower_nE",
    ("GPF", "GPF"): "bandpower_nn",
}
BAND_POWER = "BANDPOW"
"""Keyword, true in tables of band powers."""

_KIDS_NAMES = ("PNN", "PNEE", "PEEE", "PEEB")


def statistic_of(hdu: Hdu) -> str | None:
    """The statistic of a table, None for one that is unknown here."""
    first, second = (str(hdu[2].get(key)).strip() for key in ("QUANT1", "QUANT2"))
    known = BAND_POWERS if _is_band_power(hdu) else QUANTITIES
    return known.get((first, second))


def known_statistic(hdu: Hdu) -> str:
    """The statistic of a table; DataError, which says what is accepted, for an unknown one."""
    found = statistic_of(hdu)
    if found is not None:
        return found
    known = ", ".join(f"{a} {b} ({statistic})" for (a, b), statistic in QUANTITIES.items())
    bands = ", ".join(f"{a} {b} ({statistic})" for (a, b), statistic in BAND_POWERS.items())
    raise DataError(
        f"HDU {hdu[0]!r} holds an unknown probe: QUANT1, QUANT2 are"
        f" {keyword(hdu, 'QUANT1')} {keyword(hdu, 'QUANT2')}; accepted are {known}, with"
        f" {BAND_POWER} = T {bands}; with the option probes only those it names are read"
    )


def keywords_of(statistic: str) -> dict[str, Any]:
    """The keywords by which `known_statistic` knows a statistic."""
    own = {name: pair for known in (QUANTITIES, BAND_POWERS) for pair, name in known.items()}
    first, second = own[statistic]
    band_power = {BAND_POWER: True} if statistic in BAND_POWERS.values() else {}
    return {"QUANT1": first, "QUANT2": second, **band_power}


def _is_band_power(hdu: Hdu) -> bool:
    return logical(hdu, BAND_POWER) or hdu[0].upper() in _KIDS_NAMES
