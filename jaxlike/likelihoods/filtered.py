"""Where the points of COSEBIs and band powers are: from data and options, which must agree."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from jaxlike.data import Measurement, TwoPointData
from jaxlike.data.statistics import scale_of
from jaxlike.data.units import ARCMIN
from jaxlike.errors import ConfigError
from jaxlike.registry.filters import FILTER_OPTIONS
from jaxlike.registry.options import TheoryOptions
from jaxlike.theory.statistics import STATISTICS
from jaxlike.theory.statistics.cosebis import MAX_MODE
from jaxlike.theory.statistics.registry import Points

_FOR = {"mode": "COSEBIs", "ell": "band powers"}
_NEEDED: Mapping[str, tuple[str, ...]] = {"mode": FILTER_OPTIONS[:1], "ell": FILTER_OPTIONS[1:]}
_EXAMPLES = {
    "cosebis_theta": "[0.5, 300] for 0.5 to 300 arcmin",
    "band_power_theta": "[0.5, 300] for 0.5 to 300 arcmin",
    "band_power_apodisation": "0.5 for a width of 0.5 in ln(theta), 0 for none",
    "band_power_ell": "[100, 1500, 8] for 8 bands from ell = 100 to 1500",
}


def check_filters(options: TheoryOptions, data: TwoPointData) -> None:
    """ConfigError on an option of filters for statistics that the data have not got."""
    scales = {scale_of(s) for s in data.statistics if STATISTICS[s].filtered}
    for scale, names in _NEEDED.items():
        for name in names:
            if getattr(options, name) is not None and scale not in scales:
                raise ConfigError(
                    f"option '{name}' has no effect: the data of {data.source} in use have no "
                    f"{_FOR[scale]} (but {', '.join(data.statistics)}); leave it out"
                )


def filtered_points(
    measurement: Measurement, data: TwoPointData, options: TheoryOptions, scale: NDArray
) -> Points:
    """Points at the modes or nominal multipoles `scale` (n,) of a table.

    ConfigError where an option is missing, or the data contradict it.
    """
    of = scale_of(measurement.statistic)
    known = _range_of_data(measurement, data)
    for name in _NEEDED[of]:
        if getattr(options, name) is None and (known is None or of == "ell"):
            raise ConfigError(
                f"option '{name}' is needed for the {_FOR[of]} of {data.source}: HDU "
                f"'{measurement.name}', whose columns do not tell; give it, {_EXAMPLES[name]}"
            )
    if of == "mode":
        if scale.max() > MAX_MODE:
            raise ConfigError(
                f"HDU '{measurement.name}' of {data.source} has mode {scale.max():g}, and modes 1 "
                f"to {MAX_MODE} are computed: give scale_cuts with max_mode: {MAX_MODE}"
            )
        return Points(scale, theta_range=_theta_range(known, measurement, data, options))
    assert options.band_power_theta is not None  # as checked above
    assert options.band_power_apodisation is not None
    low, high = options.band_power_theta
    return Points(
        scale,
        edges=_bands(measurement, data, options, scale),
        theta_range=(low * ARCMIN, high * ARCMIN),
        apodisation=options.band_power_apodisation,
    )


def _range_of_data(measurement: Measurement, data: TwoPointData) -> tuple[float, float] | None:
    """Angles [arcmin] that a table of COSEBIs says it is between, None where it does not."""
    low, high = measurement.theta_min_arcmin, measurement.theta_max_arcmin
    if low is None or high is None:
        return None
    if np.ptp(low) > 0 or np.ptp(high) > 0:
        raise ConfigError(
            f"{data.source}: HDU '{measurement.name}' has COSEBIs between different angles: "
            "columns ANGLEMIN and ANGLEMAX must be the same in every row"
        )
    return float(low[0]), float(high[0])


def _theta_range(
    known: tuple[float, float] | None,
    measurement: Measurement,
    data: TwoPointData,
    options: TheoryOptions,
) -> tuple[float, float]:
    """Angles [radians] between which COSEBIs are."""
    given = options.cosebis_theta
    if known is not None and given is not None and not np.allclose(known, given, rtol=1e-3):
        raise ConfigError(
            f"option 'cosebis_theta' is {given[0]:g} to {given[1]:g} arcmin, but HDU "
            f"'{measurement.name}' of {data.source} has COSEBIs from {known[0]:g} to "
            f"{known[1]:g} arcmin: leave it out"
        )
    low, high = known or given or (np.nan, np.nan)
    return low * ARCMIN, high * ARCMIN


def _bands(
    measurement: Measurement, data: TwoPointData, options: TheoryOptions, scale: NDArray
) -> tuple[NDArray, NDArray]:
    """First and last multipoles (n,) of the bands that nominal multipoles `scale` (n,) are in."""
    assert options.band_power_ell is not None  # as its caller has checked
    first, last, number = options.band_power_ell
    edges = np.geomspace(first, last, int(number) + 1)
    band = np.searchsorted(edges, scale) - 1
    outside = (band < 0) | (band >= number)
    stated = f"option 'band_power_ell' has {number:g} bands from {first:g} to {last:g}"
    where = f"HDU '{measurement.name}' of {data.source}"
    if outside.any():
        raise ConfigError(f"{stated}, and {where} has ell = {scale[outside][0]:.5g}, in none")
    if np.unique(band).size < band.size:
        raise ConfigError(f"{stated}, and {where} has several ell in one of them")
    return edges[band], edges[band + 1]
