"""External priors: Cobaya's block `prior:`, functions of several parameters, made for JAX."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxlike.errors import ConfigError
from jaxlike.posterior.functions import Function, evaluated, no_exit
from jaxlike.posterior.parameters import Parameter, all_values
from jaxlike.posterior.priors import CorrelatedPrior, ExternalPrior, correlated_gaussian

_RESERVED = "0"  # Cobaya's name of the product of all priors of single parameters


def external_priors(
    block: Mapping[Any, Any], parameters: tuple[Parameter, ...]
) -> tuple[ExternalPrior, ...]:
    """The priors of an input's block `prior:`, name -> text of a function, or a function.

    As in Cobaya their arguments are names of parameters, sampled, fixed or a function of such,
    dropped ones too; others keep their defaults.  Raises ConfigError naming the prior.
    """
    known = {p.name for p in parameters}
    return tuple(_prior(name, given, known) for name, given in block.items())


def correlated_in(
    block: Mapping[Any, Any],
) -> tuple[dict[Any, Any], tuple[CorrelatedPrior, ...]]:
    """The block without the correlated Gaussians in it, and these; ConfigError names a bad one."""
    rest, found = {}, []
    for name, given in block.items():
        text = isinstance(given, str) and correlated_gaussian.__name__ in given
        value = _evaluated(str(name), given) if text else given
        if isinstance(value, CorrelatedPrior):
            found.append(replace(value, name=str(name)))
        else:
            rest[name] = given
    return rest, tuple(found)


def check_traceable(external: tuple[ExternalPrior, ...], parameters: tuple[Parameter, ...]) -> None:
    """ConfigError with the name of the first prior that JAX cannot trace to one real number."""
    sampled = {p.name: jnp.asarray(p.ref_loc, float) for p in parameters if p.prior is not None}
    for prior in external:

        def log_density(point: Mapping[str, ArrayLike], prior: ExternalPrior = prior) -> ArrayLike:
            values = all_values(parameters, point)
            return prior.function(**{name: values[name] for name in prior.arguments})

        try:
            with no_exit():
                found = jax.eval_shape(log_density, sampled)
        except Exception as error:  # a function written by the user may raise anything
            problem = (str(error) or type(error).__name__).splitlines()[0]
            raise ConfigError(
                f"external prior '{prior.name}' cannot be traced by JAX ({problem}): write it "
                "with np and stats functions, which are jax.numpy's and jax.scipy.stats' here, or "
                "take Cobaya's mcmc"
            ) from error
        if not (
            isinstance(found, jax.ShapeDtypeStruct)
            and found.shape == ()
            and found.dtype.kind in "fiu"
        ):
            raise ConfigError(
                f"external prior '{prior.name}' is {found}, but must be one real number, the "
                "logarithm of a density"
            )


def _prior(name: object, given: object, known: set[str]) -> ExternalPrior:
    if not isinstance(name, str) or name == _RESERVED:
        raise ConfigError(f"external prior {name!r}: the name must be text, and not '{_RESERVED}'")
    text = given if isinstance(given, str) else None
    function = _evaluated(name, text) if text is not None else given
    if not callable(function):
        raise ConfigError(
            f"external prior '{name}' is {given!r}; accepted are a function, "
            "'lambda a, b: ...' and 'import_module(\"file\").function'"
        )
    try:
        signature = inspect.getfullargspec(function)
    except TypeError as error:
        raise ConfigError(
            f"external prior '{name}' does not tell its arguments ({error}): give a function of "
            "Python"
        ) from error
    needed = signature.args[: len(signature.args) - len(signature.defaults or ())]
    for argument in needed:
        if argument not in known:
            raise ConfigError(
                f"external prior '{name}' takes '{argument}', which is no sampled, fixed or "
                f"dependent parameter of the input; known are {', '.join(sorted(known))}"
            )
    arguments = tuple(argument for argument in signature.args if argument in known)
    return ExternalPrior(name, Function.of(function, arguments, text))


def _evaluated(name: str, text: str) -> Callable[..., ArrayLike]:
    try:
        return evaluated(text)
    except Exception as error:  # the text may raise anything
        raise ConfigError(
            f"external prior '{name}': {text!r} cannot be used ({error}); accepted are "
            "'lambda a, b: ...' with np and stats, and 'import_module(\"file\").function'"
        ) from error
