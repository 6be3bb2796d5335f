"""A monotone map of a distribution's support to the whole line, where its quantiles are smooth.

Distances from an end become their logarithms and the reach of an unbounded side becomes asinh, so
that power laws of the tail probability, at an end or far out, grow no faster than u^2.
"""

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.special import expit


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Stretch:
    """y(z) for z in (low, high), either end of which may be None: there is none.

    A pytree of its numbers; which ends there are is its structure.

    log(z - low) - log(high - z), less the logarithm of an end that is not there; without any end
    asinh((z - middle) / width).
    """

    low: float | None
    high: float | None
    middle: float = 0.0
    width: float = 1.0

    def forward(self, z: Any, xp: ModuleType = jnp) -> Any:
        """y at z, any shape, of NumPy or jax.numpy as `xp`; z has to be inside."""
        if self.low is not None and self.high is not None:
            return xp.log(z - self.low) - xp.log(self.high - z)
        if self.low is not None:
            return xp.log(z - self.low)
        if self.high is not None:
            return -xp.log(self.high - z)
        return xp.arcsinh((z - self.middle) / self.width)

    def backward(self, y: Array) -> Array:
        """z at y, any shape; finite, with finite derivatives, for every finite y."""
        limit = 0.8 * math.log(float(jnp.finfo(y.dtype).max))  # room for scales and slopes
        y = jnp.clip(y, -limit, limit)
        if self.low is not None and self.high is not None:
            range_ = self.high - self.low
            return jnp.where(y < 0, self.low + range_ * expit(y), self.high - range_ * expit(-y))
        if self.low is not None:
            return self.low + jnp.exp(y)
        if self.high is not None:
            return self.high - jnp.exp(-y)
        return self.middle + self.width * jnp.sinh(y)
