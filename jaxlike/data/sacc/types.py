"""What SACC's data types are here, and which of a point's two tracers is which."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from jaxlike.data.statistics import STATISTICS
from jaxlike.errors import DataError

#: SACC data type -> statistic, and whether its tracers are in the statistic's order of fields (None
#: where the name does not tell, as "shearDensity" does not).
TYPES: Mapping[str, tuple[str, bool | None]] = MappingProxyType(
    {
        "galaxy_density_cl": ("C_ell_counts", True),
        "galaxy_shearDensity_cl_e": ("C_ell_cross", None),
        "galaxy_shear_cl_ee": ("C_ell_shear", True),
        "galaxy_density_xi": ("w", True),
        "galaxy_shearDensity_xi_t": ("gamma_t", None),
        "galaxy_shear_xi_plus": ("xi_plus", True),
        "galaxy_shear_xi_minus": ("xi_minus", True),
        "cl_00": ("C_ell_counts", True),
        "cl_0e": ("C_ell_cross", True),
        "cl_e0": ("C_ell_cross", False),
        "cl_ee": ("C_ell_shear", True),
        "xi_00": ("w", True),
        "xi_0e": ("gamma_t", True),
        "xi_e0": ("gamma_t", False),
        "xi_plus_re": ("xi_plus", True),
        "xi_minus_re": ("xi_minus", True),
        "cmbGalaxy_convergenceDensity_cl": ("C_ell_kappa_counts", None),
        "cmbGalaxy_convergenceShear_cl_e": ("C_ell_kappa_shear", None),
        "cmb_convergence_cl": ("C_ell_kappa", True),
        "cmbGalaxy_convergenceDensity_xi": ("w_kappa", None),
        "cmbGalaxy_convergenceShear_xi_t": ("gamma_t_kappa", None),
        "galaxy_shear_cosebi_ee": ("E_n", True),
        "galaxy_shear_cosebi_bb": ("B_n", True),
        # which sacc has no names for
        "galaxy_shear_bandpower_ee": ("bandpower_EE", True),
        "galaxy_shear_bandpower_bb": ("bandpower_BB", True),
        "galaxy_shearDensity_bandpower_e": ("bandpower_nE", None),
        "galaxy_density_bandpower": ("bandpower_nn", True),
    }
)
#: Data types that only tell spins, and what they are of where one or two tracers are convergence.
_WITH_CONVERGENCE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cl_00": ("C_ell_kappa_counts", "C_ell_kappa"),
        "cl_0e": ("C_ell_kappa_shear",),
        "cl_e0": ("C_ell_kappa_shear",),
        "xi_00": ("w_kappa",),
        "xi_0e": ("gamma_t_kappa",),
        "xi_e0": ("gamma_t_kappa",),
    }
)
SCALE_TAGS: Mapping[str, str] = MappingProxyType({"theta": "theta", "ell": "ell", "mode": "n"})
"""What the points of a statistic are at -> the tag that has it."""
RANGE_TAGS = ("theta_min", "theta_max")
"""Tags of the angles [arcmin] that COSEBIs are between."""
CONVERGENCE = "cmb_convergence"
"""Quantity of a map of the CMB's convergence, a tracer of type Map or Misc."""
#: Statistic -> the data type that is written.
TYPE_OF: Mapping[str, str] = MappingProxyType(
    {statistic: name for name, (statistic, _) in reversed(list(TYPES.items()))}
)
#: Quantity of an NZ tracer -> field; None is settled by the data types that use the tracer.
QUANTITIES: Mapping[str, str | None] = MappingProxyType(
    {"galaxy_density": "counts", "galaxy_shear": "shear", "generic": None}
)
#: Field -> name of its sample of galaxies, and quantity of its tracers, as written.
SAMPLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"counts": ("lens", "galaxy_density"), "shear": ("source", "galaxy_shear")}
)

Fields = dict[str, set[str]]


def check_type(data_type: str) -> None:
    """Raise DataError unless the theory knows the SACC data type."""
    if data_type not in TYPES:
        raise DataError(
            f"holds points of the data type {data_type!r}; accepted are {', '.join(TYPES)}:"
            f" leave the others out with sacc's remove_selection('{data_type}')"
        )


def statistic_of(point: Any, tracers: Mapping[str, Any]) -> tuple[str, bool | None]:
    """The statistic of a point and whether its tracers are in that one's order, as in TYPES."""
    statistic, in_order = TYPES[point.data_type]
    number = sum(_is_convergence(tracers.get(name)) for name in _two(point))
    found = _WITH_CONVERGENCE.get(point.data_type, ())
    return (found[number - 1], None) if 0 < number <= len(found) else (statistic, in_order)


def tracer_fields(tracers: Mapping[str, Any], points: Iterable[Any]) -> Fields:
    """Tracer of the points -> the fields it is of: by its quantity, or else by its data types.

    Raises DataError for a tracer that is neither n(z) nor convergence and for contradictions.
    """
    fields: Fields = {}
    points = list(points)
    for point in points:
        for name in _two(point):
            _check_tracer(tracers, name, point.data_type)
            fields[name] = _told(tracers[name])
    told = {name for name in fields if fields[name]}
    for point in points:
        statistic, in_order = statistic_of(point, tracers)
        if in_order is None:
            continue
        ends = STATISTICS[statistic] if in_order else STATISTICS[statistic][::-1]
        for name, field in zip(_two(point), ends, strict=True):
            if name in told and field not in fields[name]:
                places = [q for q, f in QUANTITIES.items() if f in (field, None)]
                raise DataError(
                    f"tracer {name!r} has the quantity {tracers[name].quantity!r}, but"
                    f" {point.data_type} has it in the place of"
                    f" {CONVERGENCE if field == 'convergence' else ' or '.join(places)}"
                )
            if field == "convergence" and name not in told:
                raise DataError(f"tracer {name!r} of {point.data_type} is no {CONVERGENCE}")
            fields[name].add(field)
    return fields


def _told(tracer: Any) -> set[str]:
    if _is_convergence(tracer):
        return {"convergence"}
    field = QUANTITIES[tracer.quantity]
    return set() if field is None else {field}


def _is_convergence(tracer: Any) -> bool:
    return (
        tracer is not None
        and tracer.type_name in ("Map", "Misc")
        and tracer.quantity == CONVERGENCE
    )


def ordered_tracers(point: Any, tracers: Mapping[str, Any], fields: Fields) -> tuple[str, str]:
    """The two tracers of a point, in its statistic's order of fields (lens first, then source)."""
    statistic, in_order = statistic_of(point, tracers)
    first, second = _two(point)
    if in_order is not None:
        return (first, second) if in_order else (second, first)

    def fits(name: str, field: str) -> bool:
        if _is_convergence(tracers[name]) or field == "convergence":
            return _is_convergence(tracers[name]) and field == "convergence"
        return not fields[name] or field in fields[name]

    possible = [
        pair
        for pair in ((first, second), (second, first))
        if all(fits(name, f) for name, f in zip(pair, STATISTICS[statistic], strict=True))
    ]
    if len(possible) == 1 or statistic == "C_ell_kappa":
        return possible[0]
    where = f"tracers {first!r} and {second!r} of {point.data_type}: "
    kind, other = STATISTICS[statistic]
    if other == "convergence":
        raise DataError(
            f"{where}one must have the quantity {CONVERGENCE} and the other {SAMPLES[kind][1]}"
        )
    raise DataError(
        where
        + ("either" if possible else "neither")
        + " may be the lens; give NZ tracers the quantity galaxy_density or galaxy_shear"
    )


def _two(point: Any) -> tuple[str, str]:
    if len(point.tracers) != 2:
        raise DataError(
            f"a point of {point.data_type} has {len(point.tracers)} tracer(s), {point.tracers};"
            " two are needed"
        )
    first, second = point.tracers
    return str(first), str(second)


def _check_tracer(tracers: Mapping[str, Any], name: str, data_type: str) -> None:
    if name not in tracers:
        raise DataError(
            f"{data_type} uses the tracer {name!r}, which is not there; the tracers are"
            f" {', '.join(tracers) or 'none'}"
        )
    tracer = tracers[name]
    if _is_convergence(tracer):
        return
    if tracer.type_name != "NZ":
        raise DataError(
            f"tracer {name!r} of {data_type} is of type {tracer.type_name!r} and has no n(z);"
            f" accepted are tracers of type 'NZ', and 'Map' or 'Misc' of quantity {CONVERGENCE}"
        )
    if tracer.quantity not in QUANTITIES:
        raise DataError(
            f"tracer {name!r} has the quantity {tracer.quantity!r}; accepted are"
            f" {', '.join(QUANTITIES)}"
        )
