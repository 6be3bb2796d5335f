"""Any continuous distribution of scipy.stats as a prior."""

import math
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.posterior.priors.arguments import as_floats, check_scale, floating, rebuilt
from jaxlike.posterior.priors.quantile_table import QuantileTable

_ELSEWHERE = {"vonmises": "vonmises_line"}  # whose density goes round for ever, and one that ends


@jax.tree_util.register_pytree_with_keys_class
@dataclass(frozen=True)
class Quantile:
    """The distribution `dist` of scipy.stats with its shape parameters (name, value), loc, scale.

    Quantiles and density are tabulated when it is made, to about 1e-10.  ParameterError on a name
    that is no continuous distribution, or on arguments that it does not take.

    A pytree of its numbers and its table, in which shape parameters have done their part: another
    prior of the same `dist` has the same structure, unless its support ends elsewhere than this
    one's or takes more than a hundred panels.  Shape parameters are numbers, never traced.
    """

    dist: str
    shapes: tuple[tuple[str, float], ...] = ()
    loc: float = 0.0
    scale: float = 1.0
    table: QuantileTable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_scale(self.dist, self.loc, self.scale)
        object.__setattr__(self, "table", _tabulated(self.dist, dict(self.shapes)))
        as_floats(self, "loc", "scale")
        shapes = tuple((name, float(value)) for name, value in self.shapes)
        object.__setattr__(self, "shapes", shapes)

    def tree_flatten_with_keys(self) -> tuple[tuple[tuple[Any, Any], ...], tuple[Any, ...]]:
        """Numbers and table with their keys, then the names."""
        values = tuple(value for _, value in self.shapes)
        leaves = {"shapes": values, "loc": self.loc, "scale": self.scale, "table": self.table}
        keyed = tuple((jax.tree_util.GetAttrKey(name), leaf) for name, leaf in leaves.items())
        return keyed, (self.dist, tuple(name for name, _ in self.shapes))

    @classmethod
    def tree_unflatten(cls, structure: tuple[Any, ...], leaves: tuple[Any, ...]) -> "Quantile":
        """The prior again, without tabulating it again."""
        dist, names = structure
        values, loc, scale, table = leaves
        # JAX may put one placeholder in the place of a whole branch
        shapes = tuple(zip(names, values, strict=True)) if isinstance(values, tuple) else values
        return rebuilt(cls, dist=dist, shapes=shapes, loc=loc, scale=scale, table=table)

    @property
    def support(self) -> tuple[float, float]:
        """Ends of the values with nonzero density; they may be infinite."""
        low, high = self._ends
        return -math.inf if low is None else low, math.inf if high is None else high

    @property
    def _ends(self) -> tuple[float | None, float | None]:
        """The ends, None where there is none: an infinite one would leave NaNs to gradients."""
        low, high = self.table.stretch.low, self.table.stretch.high
        return (
            None if low is None else self.loc + self.scale * low,
            None if high is None else self.loc + self.scale * high,
        )

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
        return jnp.where(inside, self.table.log_density(u) - jnp.log(self.scale), -jnp.inf)

    def from_unit_normal(self, u: ArrayLike) -> Array:
        """x = F^-1(Phi(u)), any shape; always inside the support."""
        return jnp.clip(self.loc + self.scale * self.table.quantile(floating(u)), *self._ends)

    def to_unit_normal(self, x: ArrayLike) -> Array:
        """u = Phi^-1(F(x)), any shape; -inf or +inf at or beyond the ends of the support."""
        x = floating(x)
        low, high = self.support
        inside = (x > low) & (x < high)
        u = self.table.normal_variable(self._standard(jnp.where(inside, x, self.centre)))
        return jnp.where(inside, u, jnp.where(x <= low, -jnp.inf, jnp.inf))

    def _standard(self, x: Array) -> Array:
        """z = (x - loc) / scale, a hair inside the support: at its very end u is infinite."""
        least = 1e8 * float(jnp.finfo(x.dtype).tiny)  # its inverse has a square root to spare

        def inwards(end: ArrayLike, sign: float) -> Array:
            at = lax.stop_gradient(jnp.asarray(end, x.dtype))
            spacing = jnp.nextafter(jnp.abs(at), jnp.inf) - jnp.abs(at)
            return at + sign * jnp.maximum(spacing, least)

        low, high = self.table.stretch.low, self.table.stretch.high
        z = (x - self.loc) / self.scale
        z = z if low is None else jnp.maximum(z, inwards(low, 1.0))
        return z if high is None else jnp.minimum(z, inwards(high, -1.0))


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
