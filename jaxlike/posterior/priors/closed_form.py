"""Priors whose map to a unit normal is a closed form: uniform, normal, truncated normal."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy.special import ndtr, ndtri
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors.arguments import check_ordered, check_scale, floating

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True)
class Uniform:
    """Flat density between `low` and `high` (both included); ParameterError if not low < high."""

    low: float
    high: float

    def __post_init__(self) -> None:
        check_ordered("uniform", self.low, self.high)

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
        return jnp.where(inside, -math.log(self.high - self.low), -jnp.inf)

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


@dataclass(frozen=True)
class Normal:
    """Normal density with mean `loc` and standard deviation `scale` > 0 (else ParameterError)."""

    loc: float
    scale: float

    def __post_init__(self) -> None:
        check_scale("normal", self.loc, self.scale)

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
        return -0.5 * z * z - (math.log(self.scale) + _LOG_SQRT_2PI)

    def from_unit_normal(self, u: ArrayLike) -> Array:
        """x = loc + scale u, any shape."""
        return self.loc + self.scale * floating(u)

    def to_unit_normal(self, x: ArrayLike) -> Array:
        """u = (x - loc) / scale, any shape."""
        return (floating(x) - self.loc) / self.scale


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
        if not self._tails[2] > 1e-300:
            raise ParameterError(
                f"truncated normal prior: no probability is left between {self.low!r} and "
                f"{self.high!r} for mean {self.loc!r} and standard deviation {self.scale!r}"
            )

    @property
    def _tails(self) -> tuple[float, float, float]:
        """Probability below `low`, above `high`, and between them, of the uncut density."""
        a = (self.low - self.loc) / (self.scale * math.sqrt(2.0))
        b = (self.high - self.loc) / (self.scale * math.sqrt(2.0))
        below, above = 0.5 * math.erfc(-a), 0.5 * math.erfc(b)
        if a > 0:  # far in the upper tail: a difference of small numbers keeps its digits
            between = 0.5 * (math.erfc(a) - math.erfc(b))
        elif b < 0:
            between = 0.5 * (math.erfc(-b) - math.erfc(-a))
        else:
            between = 1.0 - below - above
        return below, above, between

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
        log_norm = math.log(self.scale) + _LOG_SQRT_2PI + math.log(self._tails[2])
        return jnp.where((x >= self.low) & (x <= self.high), -0.5 * z * z - log_norm, -jnp.inf)

    def from_unit_normal(self, u: ArrayLike) -> Array:
        """x = F^-1(Phi(u)), any shape; always inside [low, high]."""
        u = floating(u)
        below, above, between = self._tails
        lower = below + between * ndtr(u)
        upper = above + between * ndtr(-u)
        is_lower = lower < upper
        # The floor keeps the derivative of ndtri finite where the tail underflows.
        tail = jnp.maximum(jnp.where(is_lower, lower, upper), float(np.finfo(u.dtype).tiny))
        z = jnp.where(is_lower, 1.0, -1.0) * ndtri(tail)
        return jnp.clip(self.loc + self.scale * z, self.low, self.high)

    def to_unit_normal(self, x: ArrayLike) -> Array:
        """u = Phi^-1(F(x)), any shape; -inf or +inf at or beyond the limits."""
        z = (floating(x) - self.loc) / self.scale
        below, above, between = self._tails
        lower = (ndtr(z) - below) / between
        upper = (ndtr(-z) - above) / between
        # Where only a far tail is kept, one of the two is a difference of numbers close to one.
        if self.low > self.loc:
            lower = 1.0 - upper
        elif self.high < self.loc:
            upper = 1.0 - lower
        is_lower = lower < upper
        tail = jnp.maximum(jnp.where(is_lower, lower, upper), 0.0)
        return jnp.where(is_lower, 1.0, -1.0) * ndtri(tail)
