"""Parameters with their priors as lines of a values file and of a priors file."""

import math
from collections.abc import Collection, Mapping

from jaxlike.config.container import Config
from jaxlike.errors import ConfigError
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors import Normal, Prior, Quantile, TruncatedNormal, Uniform

_FAR = 10.0  # deviations, where a cut changes nothing that double precision can hold


def lines_of(
    config: Config, names: Mapping[str, str], made: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Lines of the two files by `section--name`, without the parameters that a module makes.

    ConfigError on a prior that CosmoSIS has not got.
    """
    joint: dict[str, Normal] = {}
    for prior in config.correlated_priors:
        joint |= prior.marginals
    values: dict[str, str] = {}
    priors: dict[str, str] = {}
    for p in config.parameters:
        if p.name in made:
            continue
        name = names[p.name]
        if p.value is not None:
            values[name] = repr(float(p.value))
            continue
        assert p.prior is not None
        if p.name in joint:  # of which the module makes the prior
            low, high, text = *_limits(joint[p.name]), None
        else:
            low, high, text = _of(p.name, p.prior)
        values[name] = f"{low!r} {_start(p, low, high)!r} {high!r}"
        if text is not None:
            priors[name] = text
    return values, priors


def check_no_functions(config: Config, made: Collection[str]) -> None:
    """ConfigError on a parameter that is a function of others and that no module makes."""
    for p in config.parameters:
        if p.derived_from is not None and p.name not in made:
            raise ConfigError(
                f"parameter '{p.name}' is a function of others, which a values file has no way to "
                "say: take --output FILE.yaml"
            )


def _limits(prior: Normal) -> tuple[float, float]:
    reach = _FAR * float(prior.scale)
    return float(prior.loc) - reach, float(prior.loc) + reach


def _start(p: Parameter, low: float, high: float) -> float:
    """Where CosmoSIS starts."""
    assert p.prior is not None
    start = float(p.prior.centre if p.ref_loc is None else p.ref_loc)
    return min(max(start, low), high)


def _of(name: str, prior: Prior) -> tuple[float, float, str | None]:
    """Limits of a parameter, and the line of its prior, None for a flat one."""
    low, high = (float(end) for end in prior.support)
    if isinstance(prior, Uniform):
        return low, high, None
    if isinstance(prior, Normal):
        return *_limits(prior), f"gaussian {float(prior.loc)!r} {float(prior.scale)!r}"
    if isinstance(prior, TruncatedNormal):
        return low, high, f"gaussian {float(prior.loc)!r} {float(prior.scale)!r}"
    if isinstance(prior, Quantile) and math.isfinite(high):
        if prior.dist == "loguniform" and prior.loc == 0:
            return low, high, f"one-over-x {low!r} {high!r}"
        if prior.dist == "truncexpon" and low >= 0:
            return low, high, f"exponential {float(prior.scale)!r}"
    words = ", ".join(f"{key} {value}" for key, value in prior.as_cobaya().items())
    raise ConfigError(
        f"parameter '{name}' has the prior {words}, which CosmoSIS has not got: take --output "
        "FILE.yaml"
    )
