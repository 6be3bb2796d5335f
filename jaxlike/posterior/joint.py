"""The prior of all parameters, as compiled functions take it: of single ones, and Gaussians of
several together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.linalg import solve_triangular

from jaxlike.posterior.independent import IndependentPriors
from jaxlike.posterior.priors import CorrelatedPrior


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class JointGaussian:
    """A Gaussian of m of the n parameters: a pytree of its numbers.

    mean: (m,); factor L (m, m), lower triangular: x = mean + L u of unit normal variables u;
    members: which parameters they are.
    """

    mean: Array
    factor: Array
    members: tuple[int, ...] = field(metadata={"static": True})

    @classmethod
    def of(cls, prior: CorrelatedPrior, parameters: Sequence[str]) -> "JointGaussian":
        """The prior of some of the sampled `parameters`, in their order."""
        members = tuple(parameters.index(name) for name in prior.params)
        return cls(jnp.asarray(prior.mean), jnp.asarray(prior.factor), members)

    def log_ratio(self, x: Array) -> Array:
        """Logarithm of the density at x (n,) over the product of those of the single parameters."""
        away = x[jnp.array(self.members)] - self.mean
        scale = jnp.sqrt(jnp.sum(self.factor**2, axis=1))
        u, z = solve_triangular(self.factor, away, lower=True), away / scale
        ln_volume = jnp.sum(jnp.log(scale)) - jnp.sum(jnp.log(jnp.diagonal(self.factor)))
        return 0.5 * (z @ z - u @ u) + ln_volume

    def placed(self, x: Array, u: Array) -> Array:
        """x (n,) with the values of the members from unit normal variables u (n,)."""
        at = jnp.array(self.members)
        return x.at[at].set(self.mean + self.factor @ u[at])

    def taken(self, u: Array, x: Array) -> Array:
        """u (n,) with the variables of the members from x (n,)."""
        at = jnp.array(self.members)
        return u.at[at].set(solve_triangular(self.factor, x[at] - self.mean, lower=True))


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class JointPriors:
    """Priors of n parameters: of each alone, and joint ones of some, whose marginals these are."""

    single: IndependentPriors
    joint: tuple[JointGaussian, ...]

    def log_density(self, x: Array) -> Array:
        """Sum of the log-densities of the single parameters at x (n,)."""
        return self.single.log_density(x)

    def log_ratios(self, x: Array) -> Array:
        """What joint priors add to it (n_joint,)."""
        ratios = [one.log_ratio(x) for one in self.joint]
        return jnp.stack(ratios) if ratios else jnp.zeros(0, x.dtype)

    def from_unit_normal(self, u: Array) -> Array:
        """x (n,) from unit normal variables u (n,)."""
        x = self.single.from_unit_normal(u)
        for one in self.joint:
            x = one.placed(x, u)
        return x

    def to_unit_normal(self, x: Array) -> Array:
        """Unit normal variables u (n,) from x (n,)."""
        u = self.single.to_unit_normal(x)
        for one in self.joint:
            u = one.taken(u, x)
        return u
