"""What an input says of maps of the CMB's convergence: beams, and multipoles they are cut to."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jaxlike.data.convergence import Convergence
from jaxlike.data.twopoint import TwoPointData
from jaxlike.errors import DataError

_FIELD_OF = {
    "kappa_beam_fwhm": "fwhm_arcmin", "kappa_ell_min": "ell_min", "kappa_ell_max": "ell_max",
}  # fmt: skip


def with_maps(data: TwoPointData, kappa: Mapping[str, float | Mapping[str, float]]) -> TwoPointData:
    """The same with other beams (in the place of the file's) and cuts of the convergence maps.

    kappa: kappa_beam_fwhm [arcmin], kappa_ell_min, kappa_ell_max -> a number, or numbers by the
    names of the maps; DataError on a name that is none.
    """
    names = [one.name for one in data.convergence]

    def told(one: Convergence) -> Convergence:
        changes: dict[str, Any] = {}
        for option, value in kappa.items():
            own = value.get(one.name) if isinstance(value, Mapping) else value
            if own is not None:
                changes[_FIELD_OF[option]] = own
        if "fwhm_arcmin" in changes:
            changes |= {"ell": None, "beam": None}
        return replace(one, **changes)

    for option, value in kappa.items():
        for name in value if isinstance(value, Mapping) else names[:1] or [""]:
            if name not in names:
                what = f" for '{name}'" if name else ""
                raise DataError(
                    f"{data.source}: option '{option}' is given{what}, which is no map of the "
                    f"convergence; those are: {', '.join(names) or 'none'}"
                )
    convergence = tuple(told(one) for one in data.convergence)
    return replace(data, convergence=convergence, is_covariance=True)
