"""What SACC's data types are here, and which of a point's two tracers is the lens."""

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
    }
)
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


def tracer_fields(tracers: Mapping[str, Any], points: Iterable[Any]) -> Fields:
    """Tracer -> the fields it is of, counts or shear: by its quantity, or else by its data types.

    Raises DataError for a tracer that is no n(z) of galaxies and for contradictions.
    """
    fields: Fields = {}
    for name, tracer in tracers.items():
        if tracer.type_name == "NZ" and tracer.quantity in QUANTITIES:
            field = QUANTITIES[tracer.quantity]
            fields[name] = set() if field is None else {field}
    told = {name for name in fields if fields[name]}
    for point in points:
        statistic, in_order = TYPES[point.data_type]
        ends = STATISTICS[statistic] if in_order is not False else STATISTICS[statistic][::-1]
        for name, field in zip(_two(point), ends, strict=True):
            _check_tracer(tracers, name, point.data_type)
            if in_order is None:
                continue
            if name in told and field not in fields[name]:
                raise DataError(
                    f"tracer {name!r} has the quantity {tracers[name].quantity!r}, but"
                    f" {point.data_type} has it in the place of"
                    f" {' or '.join(q for q, f in QUANTITIES.items() if f in (field, None))}"
                )
            fields[name].add(field)
    return fields


def ordered_tracers(point: Any, fields: Fields) -> tuple[str, str]:
    """The two tracers of a point, in its statistic's order of fields (lens first, then source)."""
    statistic, in_order = TYPES[point.data_type]
    first, second = _two(point)
    if in_order is not None:
        return (first, second) if in_order else (second, first)

    def fits(name: str, field: str) -> bool:
        return not fields[name] or field in fields[name]

    possible = [
        (lens, source)
        for lens, source in ((first, second), (second, first))
        if fits(lens, STATISTICS[statistic][0]) and fits(source, STATISTICS[statistic][1])
    ]
    if len(possible) != 1:
        raise DataError(
            f"tracers {first!r} and {second!r} of {point.data_type}: "
            + ("either" if possible else "neither")
            + " may be the lens; give NZ tracers the quantity galaxy_density or galaxy_shear"
        )
    return possible[0]


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
    if tracer.type_name != "NZ":
        raise DataError(
            f"tracer {name!r} of {data_type} is of type {tracer.type_name!r} and has no n(z);"
            " accepted are tracers of type 'NZ'"
        )
    if tracer.quantity not in QUANTITIES:
        raise DataError(
            f"tracer {name!r} has the quantity {tracer.quantity!r}; accepted are"
            f" {', '.join(QUANTITIES)}"
        )
