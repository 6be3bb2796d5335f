"""Priors that are functions of several parameters and multiply those of single parameters."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.posterior.functions import Function


@dataclass(frozen=True)
class ExternalPrior:
    """A log-density, normalised or not, of the parameters that its function takes.

    JAX can trace the function.
    """

    name: str
    function: Function

    @property
    def arguments(self) -> tuple[str, ...]:
        """Names of the parameters that it takes."""
        return self.function.arguments

    @property
    def text(self) -> str | None:
        """The function as the input has it, None for one of Python."""
        return self.function.text

    def log_density(self, values: Mapping[str, ArrayLike]) -> Array:
        """The function at `values` of all parameters; -inf where it is not a number."""
        found = jnp.asarray(self.function(**{name: values[name] for name in self.arguments}), float)
        return jnp.where(jnp.isnan(found), -jnp.inf, found)
