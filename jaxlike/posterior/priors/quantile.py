"""Any continuous distribution of scipy.stats as a prior."""

import math
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors.arguments import check_scale, floating
from jaxlike.posterior.priors.quantile_table import QuantileTable

_ELSEWHERE = {"vonmises": "vonmises_line"}  # whose density goes round for ever, and one that ends


@dataclass(frozen=True)
class Quantile:
    """The distribution `dist` of scipy.stats with its shape parameters (name, value), loc, scale.

    Quantiles and density are tabulated when it is made, to about 1e-10.  ParameterError on a name
    that is no continuous distribution, or on arguments that it does not take.
    """

    dist: str
    shapes: tuple[tuple[str, float], ...] = ()
    loc: float = 0.0
    scale: float = 1.0
    table: QuantileTable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_scale(self.dist, self.loc, self.scale)
        object.__setattr__(self, "table", _tabulated(self.dist, dict(self.shapes)))

    @property
    def support(self) -> tuple[float, float]:
        """Ends of the values with nonzero density; they may be infinite."""
        ends = self.table.stretch.low, self.table.stretch.high
        return self.loc + self.scale * ends[0], self.loc + self.scale * ends[1]

    @property
    def centre(self) -> float:
        """Median of the prior."""
        return self.loc + self.scale * self.table.stretch.middle

    def as_cobaya(self) -> dict[str, float | str]:
        """The prior as the mapping that a Cobaya input takes under `prior:`."""
        return {"dist": self.dist, **dict(self.shapes), "loc": self.loc, "scale": self.scale}

    def log_density(self, x: ArrayLike) -> Array:
        """Natural logarithm of the normalised density at x, any shape; -inf outside."""
        x = floating(x)
        (low, high), (with_low, with_high) = self.support, self.table.with_ends
        above = x >= low if with_low else x > low
        below = x <= high if with_high else x < high
        inside = above & below
        # The centre stands in outside, where no derivative may be infinite.
        u = self.table.normal_variable(self._standard(jnp.where(inside, x, self.centre)))
        return jnp.where(inside, self.table.log_density(u) - math.log(self.scale), -jnp.inf)

    def from_unit_normal(self, u: ArrayLike) -> Array:
        """x = F^-1(Phi(u)), any shape; always inside the support."""
        return jnp.clip(self.loc + self.scale * self.table.quantile(floating(u)), *self.support)

    def to_unit_normal(self, x: ArrayLike) -> Array:
        """u = Phi^-1(F(x)), any shape; -inf or +inf at or beyond the ends of the support."""
        x = floating(x)
        low, high = self.support
        inside = (x > low) & (x < high)
        u = self.table.normal_variable(self._standard(jnp.where(inside, x, self.centre)))
        return jnp.where(inside, u, jnp.where(x <= low, -jnp.inf, jnp.inf))

    def _standard(self, x: Array) -> Array:
        """z = (x - loc) / scale, a hair inside the support: at its very end u is infinite."""
        kind = np.dtype(x.dtype).type
        least = 1e8 * float(np.finfo(kind).tiny)  # its inverse has a square root to spare

        def inwards(end: float, sign: float) -> float:
            return end + sign * max(float(np.spacing(kind(abs(end)))), least)

        low, high = self.table.stretch.low, self.table.stretch.high
        z = (x - self.loc) / self.scale
        z = jnp.maximum(z, inwards(low, 1.0)) if math.isfinite(low) else z
        return jnp.minimum(z, inwards(high, -1.0)) if math.isfinite(high) else z


def continuous(dist: str) -> Any:
    """The continuous distribution of scipy.stats by name; ParameterError if there is none."""
    from scipy import stats  # which takes a second

    if dist in _ELSEWHERE:
        raise ParameterError(f"dist is {dist}, which has no ends: take {_ELSEWHERE[dist]}")
    found = getattr(stats, dist, None)
    if not isinstance(found, stats.rv_continuous):
        raise ParameterError(
            f"dist is {dist!r}; accepted is a continuous distribution of scipy.stats, such as "
            "uniform, norm, lognorm, halfnorm, loguniform, beta, truncnorm"
        )
    return found


def shape_names(dist: str) -> tuple[str, ...]:
    """Names of the shape parameters of a distribution; ParameterError as of `continuous`."""
    names = continuous(dist).shapes
    return tuple(name.strip() for name in names.split(",")) if names else ()


def standard(dist: str, shapes: dict[str, float]) -> Any:
    """SciPy's frozen distribution with loc 0 and scale 1; ParameterError on other shapes."""
    wanted = shape_names(dist)
    for name in sorted({*wanted} ^ {*shapes}):
        problem = "is missing" if name in wanted else "has no effect"
        known = ", ".join(wanted) or "none"
        raise ParameterError(f"{dist} prior: {name} {problem}; its shape parameters are {known}")
    for name, value in shapes.items():
        if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(value):
            raise ParameterError(f"{dist} prior: {name} is {value!r}, but must be a number")
    found = continuous(dist)(**shapes)
    if np.isnan(found.support()).any():
        given = ", ".join(f"{name} = {value!r}" for name, value in shapes.items())
        raise ParameterError(f"{dist} prior: there is none with {given}")
    return found


def _tabulated(dist: str, shapes: dict[str, float]) -> QuantileTable:
    from jaxlike.posterior.priors.quantile_fit import fit_table

    distribution = standard(dist, shapes)
    try:
        return fit_table(distribution)
    except ParameterError as error:
        raise ParameterError(f"{dist} prior: {error}") from error
