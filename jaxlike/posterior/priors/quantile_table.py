"""Quantiles and log-density of a distribution as piecewise polynomials of a unit normal variable.

Both are stored as functions of u in [u_1, u_m], the quantile z as y = `Stretch`(z).  Beyond these
ends, which are as far out as the distribution's own numbers are good, y goes on as a parabola
that never turns back and the log-density as a straight line of y: near a finite end both are the
exact asymptotics.
"""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.posterior.priors.stretch import Stretch

_FARTHEST = 100.0  # |u|: a distance whose square any precision holds
_STEPS = 8  # of Newton: a panel's polynomial is nearly straight


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class Tail:
    """Beyond an end of the table, at distance d >= 0: |y - y_end| = slope d + curvature d^2 / 2.

    `log_density_slope` is d(log-density)/dy there.
    """

    slope: float
    curvature: float
    log_density_slope: float

    def reach(self, d: Array) -> Array:
        """|y - y_end| at distance d."""
        return d * (self.slope + 0.5 * self.curvature * d)

    def distance(self, reach: Array) -> Array:
        """d at |y - y_end|."""
        root = jnp.sqrt(self.slope**2 + 2.0 * self.curvature * reach)
        return 2.0 * reach / (self.slope + root)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class QuantileTable:
    """Polynomials of t, which goes from -1 to 1 on each of m panels: a pytree of arrays.

    u, y: (m + 1,) edges of the panels; y_powers, log_density_powers: (m, degree + 1) coefficients,
    the highest power first.  with_ends: whether the ends of the support have a density.
    """

    stretch: Stretch
    u: NDArray
    y: NDArray
    y_powers: NDArray
    log_density_powers: NDArray
    tails: tuple[Tail, Tail]
    with_ends: tuple[bool, bool] = field(metadata={"static": True})

    @jax.jit
    def quantile(self, u: Array) -> Array:
        """z at u, any shape."""
        return self.stretch.backward(self._y(jnp.clip(u, -_FARTHEST, _FARTHEST)))

    @jax.jit
    def normal_variable(self, z: Array) -> Array:
        """u at z inside the support, any shape."""
        return _inverse(self, self.stretch.forward(z))

    @jax.jit
    def log_density(self, u: Array) -> Array:
        """Log-density of z at u, any shape."""
        _, down, up = self._sides(u)
        tails = self.tails[1].log_density_slope * up - self.tails[0].log_density_slope * down
        return self._inside(self.log_density_powers, u) + tails

    def _sides(self, u: Array) -> tuple[Array, Array, Array]:
        """u kept in the table, and how far y is below its first and above its last value."""
        first, last = _first_and_last(self.u, u)
        # Not clip: its derivative is halved at an end.
        kept = jnp.where(u < first, first, jnp.where(u > last, last, u))
        down = self.tails[0].reach(jnp.where(u < first, first - u, 0.0))
        return kept, down, self.tails[1].reach(jnp.where(u > last, u - last, 0.0))

    def _inside(self, powers: NDArray, u: Array) -> Array:
        kept, _, _ = self._sides(u)
        panel = _panel(self.u, kept)
        left, right = _ends(self.u, panel, u)
        return _polynomial(powers, panel, (2.0 * kept - left - right) / (right - left))

    def _y(self, u: Array) -> Array:
        _, down, up = self._sides(u)
        return self._inside(self.y_powers, u) + up - down

    def _solve(self, y: Array) -> Array:
        """u at y by Newton's method in the panel that holds it."""
        first, last = _first_and_last(self.y, y)
        kept = jnp.clip(y, first, last)
        panel = _panel(self.y, kept)
        low, high = _ends(self.y, panel, y)

        def step(_: int, t: Array) -> Array:
            value, slope = jax.jvp(
                lambda t: _polynomial(self.y_powers, panel, t), (t,), (jnp.ones_like(t),)
            )
            return jnp.clip(t - (value - kept) / slope, -1.0, 1.0)

        t = jax.lax.fori_loop(0, _STEPS, step, (2.0 * kept - low - high) / (high - low))
        left, right = _ends(self.u, panel, y)
        u = 0.5 * (left + right + (right - left) * t)
        down, up = jnp.maximum(first - y, 0.0), jnp.maximum(y - last, 0.0)
        return u - self.tails[0].distance(down) + self.tails[1].distance(up)


@jax.custom_jvp
def _inverse(table: QuantileTable, y: Array) -> Array:
    """u at y, any shape, whose derivative is that of an implicit function."""
    return table._solve(y)


@_inverse.defjvp
def _inverse_jvp(
    primals: tuple[QuantileTable, Array], tangents: tuple[QuantileTable, Array]
) -> tuple[Array, Array]:
    table, _ = primals
    u = _inverse(*primals)
    _, slope = jax.jvp(table._y, (u,), (jnp.ones_like(u),))
    _, drift = jax.jvp(lambda other: other._y(u), (table,), (tangents[0],))
    return u, (tangents[1] - drift) / slope


def _first_and_last(edges: NDArray, like: Array) -> tuple[Array, Array]:
    """First and last edge in the precision of `like`."""
    return jnp.asarray(edges[0], like.dtype), jnp.asarray(edges[-1], like.dtype)


def _ends(edges: NDArray, panel: Array, like: Array) -> tuple[Array, Array]:
    """Left and right end of each panel in the precision of `like`."""
    return jnp.asarray(edges[:-1], like.dtype)[panel], jnp.asarray(edges[1:], like.dtype)[panel]


def _panel(edges: NDArray, x: Array) -> Array:
    """Number of the panel that holds x."""
    inner = jnp.asarray(edges[1:-1], x.dtype)
    return jnp.searchsorted(inner, x, side="right", method="compare_all")


def _polynomial(powers: NDArray, panel: Array, t: Array) -> Array:
    """Horner's scheme with the coefficients of each t's panel."""
    rows = jnp.asarray(powers, t.dtype)[panel]
    value = jnp.zeros_like(t)
    for power in range(np.shape(powers)[1]):
        value = value * t + rows[..., power]
    return value
