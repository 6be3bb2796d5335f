"""Options of where the matter power comes from besides the core's own models: providers, boosts."""

import functools
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.errors import ConfigError
from jaxlike.registry.option_values import bad_value, is_none, parsed
from jaxlike.theory.power.boost import BOOSTS, FEEDBACK, TABLE, is_boost, load_boost
from jaxlike.theory.power.boost_table import named
from jaxlike.theory.power.linear import LINEAR
from jaxlike.theory.power.provider import (
    FIDUCIAL,
    PROVIDERS,
    Parameters,
    Provider,
    forward_mode,
    is_provider,
    load_provider,
    parameters_of,
)

POWER_MAPPINGS = ("power", "boost")
"""Options whose values may be mappings."""

DOTTED = "package.module.name of a provider"
_ACCEPTED_POWER = "{{provider: NAME}} (NAME: {}, package.module.name)"
_ACCEPTED_BOOST = (
    "none, {provider: NAME} (NAME: "
    + ", ".join((*BOOSTS, FEEDBACK))
    + ", package.module.name), {table: FILE}"
)


def is_linear(value: object) -> bool:
    """Whether the option `linear` may be this: a name of the core's, or of a provider."""
    return (isinstance(value, str) and value in LINEAR) or is_provider(value)


def power_from(value: object, words: Mapping[str, str]) -> tuple[str, str | None]:
    """The option `power` as the core has it, and the provider that it names, None for none.

    words: what inputs call the two -> the core's words.
    """
    given = parsed("power", value)
    if isinstance(given, Mapping):
        if set(given) == {"provider"} and is_provider(given["provider"]):
            return "jaxlike", str(given["provider"])
    elif isinstance(given, str) and given in words:
        return words[given], None
    accepted = _ACCEPTED_POWER.format(", ".join(PROVIDERS))
    raise bad_value("power", value, ", ".join((*words, accepted)))


def needs_linear(options: Mapping[str, object]) -> bool:
    """Whether a host's tables must have the linear power at z = 0."""
    return options["alignment"] == "tatt" or options["limber"] == "beyond"


def names_provider(value: object) -> bool:
    """Whether a value of the option `power` names a provider."""
    return isinstance(parsed("power", value), Mapping)


def located_boost(value: object, locate: Callable[[str], str]) -> object:
    """The option `boost` with the file of its table where `locate` says that it is."""
    given = parsed("boost", value) if "#" not in str(value) else value
    if isinstance(given, Mapping) and isinstance(given.get("table"), str):
        return {**given, "table": locate(given["table"])}
    return value


def boost_from(value: object) -> str:
    """The option `boost` as the name of a boost."""
    if is_none(value):
        return "none"
    if isinstance(value, str) and value.startswith(TABLE) and "#" in value:
        return value  # as it is written out
    given = parsed("boost", value)
    if isinstance(given, Mapping) and len(given) == 1:
        ((kind, what),) = given.items()
        if kind == "table" and isinstance(what, str) and what:
            return what if "#" in what else TABLE + named(what)
        given = what if kind == "provider" else None
    if is_boost(given) and not str(given).startswith(TABLE):
        return str(given)
    raise bad_value("boost", value, _ACCEPTED_BOOST)


def check_power(options: Mapping[str, object]) -> None:
    """ConfigError on providers and boosts that cannot be used, or without effect."""
    linear, nonlinear, boost = (str(options[name]) for name in ("linear", "nonlinear", "boost"))
    provider = None if linear in LINEAR else check_provider(linear)
    if nonlinear == "provider" and (provider is None or provider.nonlinear is None):
        what = f"linear = {linear} is no provider" if provider is None else f"{linear} has none"
        raise ConfigError(
            f"option 'nonlinear' is provider, but {what}: take power: {{provider: NAME}} of one "
            "with a nonlinear power, or another nonlinear"
        )
    if boost == "none":
        return
    if options["power"] == "host":
        raise ConfigError("option 'boost' has no effect with power from outside: leave it out")
    if boost == FEEDBACK and nonlinear in ("hmcode2020", "hmcode2016"):
        raise ConfigError(
            f"option 'boost' = {FEEDBACK} is feedback for a model without, and nonlinear = "
            f"{nonlinear} has its own: leave it out"
        )
    if boost != FEEDBACK:
        load_boost(boost)
    if boost not in BOOSTS and boost != FEEDBACK and not boost.startswith(TABLE):
        _check_boost(boost)


def check_linear(name: str) -> None:
    """ConfigError unless a linear power by this name can be used."""
    if not is_linear(name):
        raise bad_value("linear", name, ", ".join((*LINEAR, *PROVIDERS, DOTTED)))
    if name not in LINEAR:
        check_provider(name)


@functools.cache
def check_provider(name: str) -> Provider:
    """The provider of a name, tried where it should work; ConfigError names it and the reason.

    Those that the package knows by name are not tried again: that takes seconds.
    """
    provider = load_provider(name)
    if name in PROVIDERS:
        return provider
    unknown = [key for key in provider.ranges if key not in parameters_of(FIDUCIAL)]
    if unknown:
        accepted = ", ".join(parameters_of(FIDUCIAL))
        raise ConfigError(
            f"provider '{name}' has a range of '{unknown[0]}', which is no parameter: accepted are "
            f"{accepted}"
        )
    low, high = provider.k_range
    k = np.geomspace(max(low, 1e-4), min(high, 10.0), 5)
    z = np.linspace(0.0, min(provider.z_max, 2.0), 3)
    for which in ("linear", "cold", "nonlinear"):
        function = getattr(provider, which)
        if function is not None:
            _try(f"provider '{name}'", function, _within(provider), k, z)
    return provider


@functools.cache
def _check_boost(name: str) -> None:
    def at(parameters: Parameters, k: Array, z: Array) -> Array:
        shape = (jnp.size(z), jnp.size(k))
        wide = jnp.broadcast_to(k, shape)
        return load_boost(name)(FIDUCIAL, wide, z[:, None])

    _try(f"boost '{name}'", at, parameters_of(FIDUCIAL), np.geomspace(1e-3, 10, 5), np.arange(3.0))


def _within(provider: Provider) -> dict[str, Array]:
    """Parameters at which a provider should work: the fiducial ones, kept within its ranges."""
    values = parameters_of(FIDUCIAL)
    clipped = {
        key: jnp.clip(values[key], low, high) for key, (low, high) in provider.ranges.items()
    }
    if "mnu" in clipped:  # three numbers of one sum
        clipped["m_nu"] = values["m_nu"] * clipped["mnu"] / values["mnu"]
    return values | clipped


def _try(
    what: str,
    function: Callable[[Parameters, Array, Array], Array],
    parameters: dict[str, Array],
    k: np.ndarray,
    z: np.ndarray,
) -> None:
    """ConfigError unless a function can be compiled and gives positive numbers with slopes."""

    def total(parameters: Parameters) -> tuple[Array, Array]:
        found = function(parameters, jnp.asarray(k), jnp.asarray(z))
        return jnp.sum(jnp.log(found)), found

    shape = (z.size, k.size)
    try:
        given = jax.eval_shape(total, parameters)[1].shape
        if given != shape:
            raise ConfigError(
                f"{what} gives an array of shape {given} for {k.size} wavenumbers and {z.size} "
                f"redshifts, but must give {shape}"
            )
        (_, found), slopes = jax.jit(jax.value_and_grad(total, has_aux=True))(parameters)
    except ConfigError:
        raise
    except jax.errors.JAXTypeError as error:
        reason = str(error).split("\n", 1)[0]
        raise ConfigError(
            f"{what} cannot be compiled, for it needs the values of its arguments (write it in "
            f"jax.numpy, without float(), if and numpy on them): {reason}"
        ) from error
    except Exception as error:  # whatever somebody else's code raises
        reason = str(error).split("\n", 1)[0]
        if "Reverse-mode" in reason:
            raise ConfigError(
                f"{what} has derivatives in forward mode only: wrap it in "
                f"{forward_mode.__module__}.{forward_mode.__name__}"
            ) from error
        raise ConfigError(f"{what} fails with {type(error).__name__}: {reason}") from error
    if not np.all(np.asarray(found) > 0):
        raise ConfigError(f"{what} gives numbers that are not positive, or NaN, at {_said(found)}")
    bad = [key for key, slope in slopes.items() if not np.all(np.isfinite(slope))]
    if bad:
        raise ConfigError(f"{what} has no finite slope in {bad[0]}")


def _said(found: Array) -> str:
    row, column = np.argwhere(~(np.asarray(found) > 0))[0]
    return f"row {row} (z), column {column} (k): {float(found[row, column]):g}"
