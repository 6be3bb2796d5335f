"""Parameters in which a data vector is taken to be linear around a point, marginalised there.

With t = t_0 + T (theta - theta_0) and theta ~ N(mu, P) the data have the mean
t_0 + T (mu - theta_0) and the covariance C + T P T^T: templates like those of point masses, but the
same at every point.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.likelihoods.compiled import TwoPoint
from jaxlike.likelihoods.marginal import Marginal
from jaxlike.theory.declarations import Declared
from jaxlike.theory.systematics.registry import Context, Linear, Own, Tracers


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Linearised:
    """elements: T (n_data, k); factor: (k, k), L^T of P = L L^T; shift: (n_data,), what it adds,
    T (mu - theta_0). It belongs to a model, not to options of a data set: it has no parameters.
    """

    elements: NDArray
    factor: NDArray
    shift: NDArray
    marginal: ClassVar[bool] = True
    fixed: ClassVar[bool] = True
    sigma: ClassVar[float] = 1.0
    kind: ClassVar[str] = ""
    parameters: ClassVar[tuple[Declared, ...]] = ()

    @classmethod
    def of(cls, context: Context, options: Mapping[str, Any]) -> tuple[Self, ...]:
        """None: no option of a data set alone says where its model is linear."""
        return ()

    @classmethod
    def build(cls, derivatives: NDArray, covariance: NDArray, away: NDArray) -> "Linearised":
        """From T (n_data, k), P (k, k) and mu - theta_0 (k,)."""
        return cls(derivatives, np.linalg.cholesky(covariance).T, derivatives @ away)

    def mixing(self, tracers: Tracers, own: Own | None = None) -> Array:
        """The same at every point."""
        return jnp.asarray(self.factor)

    def added(self, tracers: Tracers, own: Own) -> Array:
        """What the mean of the prior adds where the point is not there."""
        return jnp.asarray(self.shift)


def with_linearised(one: TwoPoint, covariance: NDArray, templates: Linearised) -> TwoPoint:
    """The likelihood with more templates; covariance: (n_data, n_data) without any."""
    before = one.marginal
    systematics = () if before is None else before.systematics
    every = (*systematics, cast(Linear, templates))
    marginal = Marginal.build(every, one.theory.tracers, covariance)
    more = marginal.as_read.log_det - (0.0 if before is None else before.as_read.log_det)
    return replace(
        one,
        marginal=marginal,
        systematics=(*one.systematics, jax.device_put(templates)),
        log_det=one.log_det + more,
    )
