"""Priors whose map to a unit normal is a closed form: uniform, normal, truncated normal.

Their numbers are leaves of pytrees: in a compiled function that takes a prior as an argument they
are traced, and other priors of the same kind run the same program. `support`, `centre` and
`as_cobaya` are for priors with numbers.
"""

import math
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from scipy import special

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors.arguments import (
    as_floats,
    check_ordered,
    check_scale,
    floating,
    numbers_as_leaves,
)
from jaxlike.posterior.priors.unit_normal import both_tails, ndtr, ndtri

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


@numbers_as_leaves
@dataclass(frozen=True)
class Uniform:
    """Flat density between `low` and `high` (both included); ParameterError if not low < high."""

    low: float
    high: float

    def __post_init__(self) -> None:
        check_ordered("uniform", self.low, self.high)
        as_floats(self, "low", "high")

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest value with nonzero density."""
        return (self.low, self.high)

    @property
    def centre(self) -> float:
        """Median of the prior."""
        return 0.5 * (self.low + self.high)

    def as_cobaya(self) -> dict[str, float | str]:
        """The prior as the mapping that a Cobaya input takes under `prior:`."""
        return {"min": self.low, "max": self.high}

    def log_density(self, x: ArrayLike) -> Array:
        """Natural logarithm of the normalised density at x, any shape; -inf outside."""
        x = floating(x)
        inside = (x >= self.low) & (x <= self.high)
        return jnp.where(inside, -jnp.log(self.high - self.low), -jnp.inf)

    def from_unit_normal(self, u: ArrayLike) -> Array:
        """x = F^-1(Phi(u)), any shape; the tail is measured from the nearer limit."""
        u = floating(u)
        # Not abs(): its derivative vanishes at u = 0, which is where chains start.
        tail = (self.high - self.low) * ndtr(jnp.where(u < 0, u, -u))
        return jnp.where(u < 0, self.low + tail, self.high - tail)

    def to_unit_normal(self, x: ArrayLike) -> Array:
        """u = Phi^-1(F(x)), any shape; -inf or +inf at or beyond the limits."""
        x = floating(x)
        width = self.high - self.low
        below = x < self.centre
        tail = jnp.where(below, x - self.low, self.high - x) / width
        return jnp.where(below, 1.0, -1.0) * ndtri(jnp.maximum(tail, 0.0))


@numbers_as_leaves
@dataclass(frozen=True)
class Normal:
    """Normal density with mean `loc` and standard deviation `scale` > 0 (else ParameterError)."""

    loc: float
    scale: float

    def __post_init__(self) -> None:
        check_scale("normal", self.loc, self.scale)
        as_floats(self, "loc", "scale")

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest value with nonzero density."""
        return (-math.inf, math.inf)

    @property
    def centre(self) -> float:
        """Median of the prior."""
        return self.loc

    def as_cobaya(self) -> dict[str, float | str]:
        """The prior as the mapping that a Cobaya input takes under `prior:`."""
        return {"dist": "norm", "loc": self.loc, "scale": self.scale}

    def log_density(self, x: ArrayLike) -> Array:
        """Natural logarithm of the normalised density at x, any shape."""
        z = self.to_unit_normal(x)
        return -0.5 * z * z - (jnp.log(self.scale) + _LOG_SQRT_2PI)

    def from_unit_normal(self, u: ArrayLike) -> Array:
        """x = loc + scale u, any shape."""
        return self.loc + self.scale * floating(u)

    def to_unit_normal(self, x: ArrayLike) -> Array:
        """u = (x - loc) / scale, any shape."""
        return (floating(x) - self.loc) / self.scale


@numbers_as_leaves
@dataclass(frozen=True)
class TruncatedNormal:
    """Normal density cut to [low, high] and normalised there; ParameterError on bad arguments."""

    loc: float
    scale: float
    low: float
    high: float

    def __post_init__(self) -> None:
        check_scale("truncated normal", self.loc, self.scale)
        check_ordered("truncated normal", self.low, self.high)
        numbers = self.loc, self.scale, self.low, self.high
        traced = any(isinstance(number, Array) for number in numbers)
        if not traced and not _between(special.ndtr(self._standard_ends()), np.where) > 1e-300:
            raise ParameterError(
                f"truncated normal prior: no probability is left between {self.low!r} and "
                f"{self.high!r} for mean {self.loc!r} and standard deviation {self.scale!r}"
            )
        as_floats(self, "loc", "scale", "low", "high")

    def _standard_ends(self) -> tuple[Any, ...]:
        """The ends a, b in standard deviations as a, -b, -a, b."""
        a, b = (self.low - self.loc) / self.scale, (self.high - self.loc) / self.scale
        return a, -b, -a, b

    def _tails(self) -> tuple[Array, Array, Array]:
        """Probability below `low`, above `high`, and between them, of the uncut density."""
        below, above, *rest = ndtr(jnp.stack(jnp.broadcast_arrays(*self._standard_ends())))
        return below, above, _between((below, above, *rest))

    @property
    def support(self) -> tuple[float, float]:
        """Smallest and largest value with nonzero density."""
        return (self.low, self.high)

    @property
    def centre(self) -> float:
        """The mode: `loc`, or the limit nearest to it."""
        return min(max(self.loc, self.low), self.high)

    def as_cobaya(self) -> dict[str, float | str]:
        """The prior as the mapping that a Cobaya input takes under `prior:`."""
        return {
            "dist": "truncnorm",
            "loc": self.loc,
            "scale": self.scale,
            "min": self.low,
            "max": self.high,
        }

    def log_density(self, x: ArrayLike) -> Array:
        """Natural logarithm of the normalised density at x, any shape; -inf outside."""
        x = floating(x)
        z = (x - self.loc) / self.scale
        log_norm = jnp.log(self.scale) + _LOG_SQRT_2PI + jnp.log(self._tails()[2])
        return jnp.where((x >= self.low) & (x <= self.high), -0.5 * z * z - log_norm, -jnp.inf)

    def from_unit_normal(self, u: ArrayLike) -> Array:
        """x = F^-1(Phi(u)), any shape; always inside [low, high]."""
        u = floating(u)
        below, above, between = self._tails()
        from_below, from_above = both_tails(u)
        lower, upper = below + between * from_below, above + between * from_above
        is_lower = lower < upper
        # The floor keeps the derivative of ndtri finite where the tail underflows.
        tail = jnp.maximum(jnp.where(is_lower, lower, upper), float(np.finfo(u.dtype).tiny))
        z = jnp.where(is_lower, 1.0, -1.0) * ndtri(tail)
        return jnp.clip(self.loc + self.scale * z, self.low, self.high)

    def to_unit_normal(self, x: ArrayLike) -> Array:
        """u = Phi^-1(F(x)), any shape; -inf or +inf at or beyond the limits."""
        z = (floating(x) - self.loc) / self.scale
        below, above, between = self._tails()
        to_z, from_z = both_tails(z)
        lower, upper = (to_z - below) / between, (from_z - above) / between
        # Where only a far tail is kept, one of the two is a difference of numbers close to one.
        lower, upper = (
            jnp.where(self.low > self.loc, 1.0 - upper, lower),
            jnp.where(self.high < self.loc, 1.0 - lower, upper),
        )
        is_lower = lower < upper
        tail = jnp.maximum(jnp.where(is_lower, lower, upper), 0.0)
        return jnp.where(is_lower, 1.0, -1.0) * ndtri(tail)


def _between(tails: Any, where: Any = jnp.where) -> Any:
    """Probability between a and b from those below a, -b, -a and b."""
    above_a, below_b = tails[2], tails[3]
    # far in the upper tail a difference of small numbers keeps its digits
    return where(tails[0] > 0.5, above_a - tails[1], below_b - tails[0])
