"""Parameters that are functions of others, as a Cobaya input has them, made for JAX."""

import inspect

import jax

from jaxlike.errors import ConfigError, ParameterError
from jaxlike.posterior.functions import Function, evaluated, no_exit
from jaxlike.posterior.parameters import Parameter, parameter_values


def function_from(name: str, given: object) -> Function:
    """The function that a `value` or `derived` is: a Python expression in text with JAX's numpy as
    np, or a function of Python."""
    text = given if isinstance(given, str) else None
    try:
        function = evaluated(text) if text is not None else given
        if not callable(function):
            raise TypeError(f"{function!r} is no function")
        arguments = tuple(inspect.signature(function).parameters)
    except Exception as error:  # the text may raise anything
        raise ConfigError(
            f"parameter '{name}': value {given!r} cannot be used ({error}); "
            "accepted are numbers and 'lambda a, b: ...' with np"
        ) from error
    return Function.of(function, arguments, text)


def check_functions(parameters: tuple[Parameter, ...], of_priors: set[str]) -> None:
    """Trace the functions once, so that a bad one is reported with its parameter at once.

    `of_priors` are the arguments of external priors.
    """
    used = {argument for p in parameters if p.derived_from for argument in p.derived_from.arguments}
    for parameter in parameters:
        # A fixed one with drop is Cobaya's way to take out a component's default parameter.
        if parameter.drop and parameter.prior and parameter.name not in used | of_priors:
            raise ParameterError(
                f"parameter '{parameter.name}' has drop: true, so it has no effect unless a "
                "function of it is another parameter's value or a prior"
            )
    sampled = {p.name: p.ref_loc for p in parameters if p.prior is not None}
    if not used:
        return
    try:
        with no_exit():
            jax.eval_shape(lambda point: parameter_values(parameters, point), sampled)
    except ParameterError:
        raise
    except Exception as error:  # a function written by the user may raise anything
        names = ", ".join(f"'{p.name}'" for p in parameters if p.derived_from)
        problem = (str(error) or type(error).__name__).splitlines()[0]
        raise ConfigError(
            f"one of the functions for {names} cannot be traced by JAX ({problem}); "
            "write it with np functions of its arguments"
        ) from error
