"""The prior that a distribution of scipy.stats by name and keywords is."""

import math
from collections.abc import Mapping

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors.closed_form import Normal, TruncatedNormal, Uniform
from jaxlike.posterior.priors.quantile import Quantile, shape_names, standard

_CLOSED = {"uniform": (), "norm": (), "truncnorm": ("a", "b")}  # shape parameters


def scipy_prior(
    dist: str, values: Mapping[str, float]
) -> Uniform | Normal | TruncatedNormal | Quantile:
    """The prior `dist` of scipy.stats with `values` of its shape parameters, loc and scale.

    Or, as Cobaya has it: with min and max, by default 0 and 1, in the place of loc and
    loc + scale, where both ends of the support are finite; truncnorm takes them beside loc and
    scale, in the place of a and b.  Raises ParameterError on anything else.
    """
    shapes = _CLOSED[dist] if dist in _CLOSED else shape_names(dist)
    for name in values:
        if name not in (*shapes, "loc", "scale", "min", "max"):
            ends = ("min", "max") if dist in ("uniform", "truncnorm") else ()
            accepted = ", ".join((*shapes, "loc", "scale", *ends))
            raise ParameterError(f"unknown entry '{name}'; accepted for dist {dist} are {accepted}")
    limits = {"min", "max"} & {*values}
    mixed = limits and {*(("a", "b") if dist == "truncnorm" else ("loc", "scale"))} & {*values}
    if mixed:
        raise ParameterError(
            f"{', '.join(sorted(limits))} mixed with {', '.join(sorted(mixed))}; give one pair"
        )
    if dist == "truncnorm":
        return _truncated_normal(values)
    loc, scale = values.get("loc", 0.0), values.get("scale", 1.0)
    if dist == "norm" and not limits:
        return Normal(loc, scale)
    if dist == "uniform":
        return Uniform(*_limits(values)) if limits else Uniform(loc, loc + scale)
    given = {name: values[name] for name in values if name in shapes}
    if limits:
        if not all(map(math.isfinite, standard(dist, given).support())):
            raise ParameterError(
                f"min, max have no effect with dist {dist}, which has no two ends: give loc, scale"
            )
        loc, high = _limits(values)
        scale = high - loc
    return Quantile(
        dist, tuple((name, given[name]) for name in shapes if name in given), loc, scale
    )


def _limits(values: Mapping[str, float]) -> tuple[float, float]:
    return values.get("min", 0.0), values.get("max", 1.0)


def _truncated_normal(values: Mapping[str, float]) -> TruncatedNormal | Quantile:
    loc, scale = values.get("loc", 0.0), values.get("scale", 1.0)
    ends = [values.get(name) for name in ("min", "max")]
    shapes = [values.get(name) for name in ("a", "b")]
    if ends[0] is not None and ends[1] is not None:
        return TruncatedNormal(loc, scale, ends[0], ends[1])
    if shapes[0] is None or shapes[1] is None:
        raise ParameterError("dist truncnorm without its limits; give min and max, or a and b")
    low, high = (loc + shape * scale for shape in (shapes[0], shapes[1]))
    if math.isfinite(low) and math.isfinite(high):
        return TruncatedNormal(loc, scale, low, high)
    return Quantile("truncnorm", (("a", shapes[0]), ("b", shapes[1])), loc, scale)
