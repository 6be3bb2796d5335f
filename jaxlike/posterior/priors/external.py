"""Priors that are functions of several parameters and multiply those of single parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike


@dataclass(frozen=True)
class ExternalPrior:
    """A log-density, normalised or not, of the parameters named in `arguments`.

    JAX can trace the function.  `text` is how the input has it, None for a function of Python.
    """

    name: str
    function: Callable[..., ArrayLike]
    arguments: tuple[str, ...]
    text: str | None = None

    def log_density(self, values: Mapping[str, ArrayLike]) -> Array:
        """The function at `values` of all parameters; -inf where it is not a number."""
        found = jnp.asarray(self.function(**{name: values[name] for name in self.arguments}), float)
        return jnp.where(jnp.isnan(found), -jnp.inf, found)
