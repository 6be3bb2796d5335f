"""Cobaya's description of a parameter (prior, ref, proposal, value, ...) as a Parameter."""

from collections.abc import Mapping, Sequence
from numbers import Real

from jaxlike.config.functions import function_from
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.posterior.parameters import Output, Parameter
from jaxlike.posterior.priors import Prior, Quantile, Uniform, scipy_prior
from jaxlike.registry.names import Names, default_latex

_KEYS = (
    "prior",
    "ref",
    "proposal",
    "latex",
    "value",
    "drop",
    "derived",
    "min",
    "max",
    "renames",
    "periodic",
)


def _number(name: str, what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ConfigError(f"parameter '{name}': {what} is {value!r}, but must be a number")
    try:
        return float(value)
    except OverflowError as error:
        raise ConfigError(f"parameter '{name}': {what} is too large for a number") from error


def _prior_mapping(name: str, what: str, given: object) -> dict[str, object]:
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2:
        return {"dist": "uniform", "min": given[0], "max": given[1]}
    raise ConfigError(
        f"parameter '{name}': {what} is {given!r}; accepted are [min, max], {{min, max}} and "
        "{dist: a continuous distribution of scipy.stats, ...}"
    )


def prior_from(name: str, given: object, what: str = "prior") -> Prior:
    """The prior of parameter `name` from Cobaya's forms, with the meaning Cobaya gives them.

    [min, max] or {min, max}; {dist, loc, scale and shape parameters} of a continuous distribution
    of scipy.stats, with min and max in the place of loc and scale where it has two ends.  Other
    forms are a ConfigError.
    """
    terms = _prior_mapping(name, what, given)
    dist = terms.pop("dist", "uniform")
    values = {key: _number(name, f"{what} {key}", value) for key, value in terms.items()}
    one_end = ("min" in values) != ("max" in values) and dist != "truncnorm"
    both = f"parameter '{name}': {what} is {given!r}; both ends are needed, min and max"
    if one_end and dist == "uniform" and len(values) == 1:  # not what the other would be by default
        raise ConfigError(both)
    try:
        prior = scipy_prior(str(dist), values)
    except ParameterError as error:
        raise ConfigError(f"parameter '{name}': {what}: {error}") from error
    if one_end or (dist == "uniform" and len(values) < 2):
        raise ConfigError(both)
    return prior


def _reference(name: str, given: object) -> tuple[float, float | None]:
    """Centre and spread of Cobaya's `ref`."""
    if isinstance(given, Real) and not isinstance(given, bool):
        return _number(name, "ref", given), 0.0
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2:
        # For a reference, unlike a prior, Cobaya reads a pair as mean and deviation.
        given = {"dist": "norm", "loc": given[0], "scale": given[1]}
    reference = prior_from(name, given, "ref")
    if isinstance(reference, Uniform):
        return reference.centre, (reference.high - reference.low) / 12**0.5
    if isinstance(reference, Quantile):  # whose variance may be infinite
        low, high = (float(reference.from_unit_normal(u)) for u in (-1.0, 1.0))
        return reference.centre, (high - low) / 2
    return reference.centre, reference.scale


def expand(name: str, info: object) -> dict[str, object]:
    """Cobaya's short forms of a parameter as a mapping of its long form; unknown keys refused."""
    if info is None:
        return {"derived": True}
    if isinstance(info, Mapping):
        for key in info:
            if key not in _KEYS:
                raise ConfigError(
                    f"parameter '{name}' has unknown entry '{key}'; accepted are {', '.join(_KEYS)}"
                )
        return dict(info)
    if isinstance(info, Sequence) and not isinstance(info, str):
        if len(info) not in (2, 4, 5):
            raise ConfigError(
                f"parameter '{name}' is a list of {len(info)}; accepted are [min, max], "
                "[min, max, ref, spread] and [min, max, ref, spread, proposal]"
            )
        long: dict[str, object] = {"prior": list(info[:2])}
        if len(info) > 2:
            long["ref"] = list(info[2:4])
        if len(info) > 4:
            long["proposal"] = info[4]
        return long
    return {"value": info}


def parameter_from(name: object, info: object, names: Names | None = None) -> Parameter | None:
    """The Parameter of Cobaya's entry `name: info`; None for an output that Cobaya only records.

    `names` of the likelihoods are for its label.  Raises ConfigError naming the parameter and what
    is accepted.
    """
    if not isinstance(name, str):
        raise ConfigError(f"parameter name {name!r} is not text")
    terms = expand(name, info)
    latex, drop = terms.get("latex"), terms.get("drop", False)
    if not isinstance(drop, bool):
        raise ConfigError(f"parameter '{name}': drop is {drop!r}; accepted are true, false")
    label = default_latex(name, names) if latex is None else str(latex)
    prior_info, value = terms.get("prior"), terms.get("value")
    if prior_info is None:
        for key in ("ref", "proposal"):
            if terms.get(key) is not None:
                raise ConfigError(f"parameter '{name}' has '{key}' but no prior: give a prior")
    if prior_info is not None and value is not None:
        raise ConfigError(f"parameter '{name}' has both a prior and a value: give one")
    if prior_info is not None:
        prior = prior_from(name, prior_info)
        ref, spread = prior.centre, None
        if terms.get("ref") is not None:
            ref, spread = _reference(name, terms["ref"])
        low, high = prior.support
        if not low <= ref <= high:
            raise ConfigError(
                f"parameter '{name}': ref {ref:g} is outside its prior, {low:g} to {high:g}"
            )
        step = terms.get("proposal")
        proposal = None if step is None else _number(name, "proposal", step)
        if proposal is not None and not proposal > 0:
            raise ConfigError(f"parameter '{name}': proposal is {proposal:g}, but must be positive")
        return Parameter(
            name,
            prior=prior,
            latex=label,
            ref_loc=ref,
            ref_scale=spread,
            proposal=proposal,
            drop=drop,
        )
    if isinstance(value, str) or callable(value):
        return Parameter(name, derived_from=function_from(name, value), latex=label, drop=drop)
    if value is not None:
        return Parameter(name, value=_number(name, "value", value), latex=label, drop=drop)
    return None


def output_from(name: str, info: object, names: Names | None = None) -> tuple[Output, str] | None:
    """What Cobaya's entry `name: info` has recorded besides sampled parameters, and its LaTeX.

    Functions of parameters are, unless `derived` is false; None for what is sampled or fixed.
    """
    terms = expand(name, info)
    value, derived = terms.get("value"), terms.get("derived", True)
    if terms.get("prior") is not None or derived is False or isinstance(value, Real):
        return None
    latex = terms.get("latex")
    label = default_latex(name, names) if latex is None else str(latex)
    if isinstance(derived, str) or callable(derived):
        return Output(name, function_from(name, derived)), label
    return Output(name), label
