"""CosmoSIS's own module for correlated parameters: what is sampled are unit normals u, and the
parameters are mean + L u, L the Cholesky factor of their covariance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.config.places import find_file
from jaxlike.errors import ConfigError, ParameterError
from jaxlike.posterior.functions import Function
from jaxlike.posterior.parameters import Parameter
from jaxlike.posterior.priors.correlated import CorrelatedPrior, numbers_of
from jaxlike.registry.names import default_latex

MODULE_FILE = "correlated_priors.py"
"""The module's file in CosmoSIS's standard library, by which its section is recognised."""

_OPTIONS = ("uncorrelated_parameters", "output_parameters", "covariance")


def with_module(
    parameters: tuple[Parameter, ...], options: Mapping[str, Any], section: str, path: Path
) -> tuple[Parameter, ...]:
    """The parameters of a pipeline with those that its module makes; files are beside `path`.

    ConfigError names the section, and what is missing or wrong.
    """
    for option in _OPTIONS:
        if not options.get(option):
            raise ConfigError(f"section [{section}] has no '{option}'")
    inputs, outputs = (_names(str(options[option])) for option in _OPTIONS[:2])
    try:
        covariance = numbers_of(
            find_file(str(options["covariance"]), path, above=True), "covariance"
        )
        mean = _mean(options.get("mean"), len(outputs), path)
        prior = CorrelatedPrior.of(section, outputs, mean, covariance)
    except ParameterError as error:
        raise ConfigError(f"section [{section}]: {error}") from error
    return mapped(parameters, inputs, outputs, prior.factor, np.array(prior.mean), section)


def mapped(
    parameters: tuple[Parameter, ...],
    inputs: Sequence[str],
    outputs: Sequence[str],
    factor: NDArray,
    mean: NDArray,
    section: str,
) -> tuple[Parameter, ...]:
    """Parameters of which `inputs` u (m,) feed those that are called `outputs`, mean + L u; L
    (m, m), mean (m,). ConfigError on inputs that there are not, and outputs that there are."""
    if len(inputs) != len(outputs):
        raise ConfigError(
            f"section [{section}] has {len(inputs)} uncorrelated_parameters, but {len(outputs)} "
            "output_parameters"
        )
    names = [p.name for p in parameters]
    for name in inputs:
        if name not in names:
            raise ConfigError(f"section [{section}] takes '{name}', which has no value")
    for name in outputs:
        if name in names:
            raise ConfigError(f"section [{section}] makes '{name}', which has a value as well")
    fed = tuple(replace(p, drop=True) if p.name in inputs else p for p in parameters)
    made = []
    for name, row, centre in zip(outputs, factor, mean, strict=True):
        at = [i for i in range(len(inputs)) if row[i]]
        function = _linear(float(centre), [float(row[i]) for i in at], [inputs[i] for i in at])
        made.append(Parameter(name, derived_from=function, latex=default_latex(name)))
    return (*fed, *made)


def _linear(centre: float, row: Sequence[float], arguments: Sequence[str]) -> Function:
    """centre + row . u, with the text that it is in a Cobaya input."""

    def value(*u: ArrayLike) -> ArrayLike:
        terms = [factor * jnp.asarray(one) for factor, one in zip(row, u, strict=True)]
        return sum(terms[1:], centre + terms[0])

    words = [f"u{i + 1}" for i in range(len(row))]
    terms = " + ".join(f"{factor!r} * {word}" for factor, word in zip(row, words, strict=True))
    text = f"lambda {', '.join(words)}: {centre!r} + {terms}"
    return Function.of(value, tuple(arguments), text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(word.strip().lower().replace("/", "--") for word in text.split())


def _mean(given: Any, count: int, path: Path) -> NDArray:
    """Zeros, numbers in a row, or those of a file."""
    if given is None or str(given).strip() == "":
        return np.zeros(count)
    if not isinstance(given, str):
        return numbers_of(given, "mean")
    try:
        return np.array([float(word) for word in given.split()])
    except ValueError:
        return numbers_of(find_file(given, path, above=True), "mean")
