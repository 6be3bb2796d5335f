"""The part of a survey's file that says what galaxies a sample has."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.forecast.checks import fraction, number, numbers, positive
from jaxlike.forecast.design import Sample
from jaxlike.forecast.shapes import ANALYTIC, Shape, Table
from jaxlike.registry.options import bad_value, check_option_names

_BINS = ("edges", "sigma_z", "bias_z", "outlier_fraction")
_SHAPES = (*ANALYTIC, "table")


def sample_from(survey: Mapping[str, Any], name: str, more: tuple[str, ...]) -> Sample:
    """The sample `name` of the block `survey`; `more` options are accepted beside its own."""
    where = f"survey: {name}"
    given = survey.get(name)
    accepted = ("density", *_SHAPES, *_BINS, *more)
    if not isinstance(given, Mapping):
        raise bad_value(where, given, f"a mapping of {', '.join(accepted)}")
    check_option_names(given, accepted, f"option of {where}:")
    edges = numbers(f"{where}: edges", given.get("edges"))
    if len(edges) < 2 or not np.all(np.diff(edges) > 0) or edges[0] < 0:
        listed = ", ".join(f"{edge:g}" for edge in edges)
        raise ConfigError(
            f"option '{where}: edges' is {listed}, which is out of order; accepted are two or more "
            "ascending redshifts"
        )
    return Sample(
        density=positive(f"{where}: density", given.get("density")),
        edges=np.array(edges),
        sigma_z=positive(f"{where}: sigma_z", given.get("sigma_z")),
        shape=_shape(given, where),
        bias_z=_optional(given, "bias_z", where, number),
        outlier_fraction=_optional(given, "outlier_fraction", where, fraction),
    )


def _optional(
    given: Mapping[str, Any], name: str, where: str, check: Callable[[str, object], float]
) -> float | None:
    """A checked number, or None where it is not given."""
    value = given.get(name)
    return None if value is None else check(f"{where}: {name}", value)


def _shape(given: Mapping[str, Any], where: str) -> Shape:
    """The one shape of n(z) that a sample's options name."""
    named = [name for name in _SHAPES if name in given]
    if len(named) != 1:
        raise ConfigError(
            f"block '{where}' has {' and '.join(named) or 'no n(z)'}; one of {', '.join(_SHAPES)} "
            "is needed"
        )
    name = named[0]
    where, value = f"{where}: {name}", given[name]
    if name == "table":
        if not isinstance(value, str):
            raise bad_value(where, value, "the name of a text file with the columns z and n(z)")
        return Table.read(Path(value).expanduser())
    shape = ANALYTIC[name]
    wanted = [field.name for field in fields(shape)]
    if not isinstance(value, Mapping) or set(value) != set(wanted):
        raise bad_value(where, value, f"{{{', '.join(wanted)}}} of n(z) ~ {shape.formula}")
    return shape(**{key: positive(f"{where}: {key}", value[key]) for key in wanted})
