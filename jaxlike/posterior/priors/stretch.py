"""A monotone map of a distribution's support to the whole line, where its quantiles are smooth.

Distances from an end become their logarithms and the reach of an unbounded side becomes asinh, so
that power laws of the tail probability, at an end or far out, grow no faster than u^2.
"""

import math
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax.numpy as jnp
from jax import Array
from jax.scipy.special import expit


@dataclass(frozen=True)
class Stretch:
    """y(z) for z in (low, high), either end of which may be infinite.

    log(z - low) - log(high - z), less the logarithm of an end that is infinite; without any end
    asinh((z - middle) / width).
    """

    low: float
    high: float
    middle: float = 0.0
    width: float = 1.0

    @property
    def bounded(self) -> tuple[bool, bool]:
        """Whether the lower and the upper end are finite."""
        return math.isfinite(self.low), math.isfinite(self.high)

    def forward(self, z: Any, xp: ModuleType = jnp) -> Any:
        """y at z, any shape, of NumPy or jax.numpy as `xp`; z has to be inside."""
        match self.bounded:
            case True, True:
                return xp.log(z - self.low) - xp.log(self.high - z)
            case True, False:
                return xp.log(z - self.low)
            case False, True:
                return -xp.log(self.high - z)
        return xp.arcsinh((z - self.middle) / self.width)

    def backward(self, y: Array) -> Array:
        """z at y, any shape; finite, with finite derivatives, for every finite y."""
        limit = 0.8 * math.log(float(jnp.finfo(y.dtype).max))  # room for scales and slopes
        y = jnp.clip(y, -limit, limit)
        match self.bounded:
            case True, True:
                range_ = self.high - self.low
                return jnp.where(
                    y < 0, self.low + range_ * expit(y), self.high - range_ * expit(-y)
                )
            case True, False:
                return self.low + jnp.exp(y)
            case False, True:
                return self.high - jnp.exp(-y)
        return self.middle + self.width * jnp.sinh(y)
