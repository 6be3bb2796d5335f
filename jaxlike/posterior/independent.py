"""Independent priors of many parameters, those of one kind evaluated as one batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.posterior.priors import Prior


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class IndependentPriors:
    """One prior for each of n parameters.

    kinds: priors of one structure each, their numbers stacked; order: (n,) where each parameter
    stands among those of all kinds; members: which parameters are of each kind.
    """

    kinds: tuple[Prior, ...]
    order: tuple[int, ...] = field(metadata={"static": True})
    members: tuple[tuple[int, ...], ...] = field(metadata={"static": True})

    @classmethod
    def of(cls, priors: Sequence[Prior]) -> "IndependentPriors":
        """From the priors in the order of the parameters."""
        groups: dict[object, list[int]] = {}
        for i, prior in enumerate(priors):
            shapes = tuple(np.shape(leaf) for leaf in jax.tree.leaves(prior))
            groups.setdefault((jax.tree.structure(prior), shapes), []).append(i)
        kinds = tuple(
            jax.tree.map(lambda *leaves: np.stack(leaves), *(priors[i] for i in group))
            for group in groups.values()
        )
        members = tuple(tuple(group) for group in groups.values())
        order = np.argsort([i for group in members for i in group])
        return cls(kinds, tuple(order.tolist()), members)

    def log_density(self, x: Array) -> Array:
        """Sum of the log-densities at x (n,)."""
        return jnp.sum(self._each(lambda prior, value: prior.log_density(value), x))

    def from_unit_normal(self, u: Array) -> Array:
        """x (n,) from unit normal variables u (n,)."""
        return self._each(lambda prior, value: prior.from_unit_normal(value), u)

    def to_unit_normal(self, x: Array) -> Array:
        """Unit normal variables u (n,) from x (n,)."""
        return self._each(lambda prior, value: prior.to_unit_normal(value), x)

    def _each(self, function: Callable[[Prior, Array], Array], values: Array) -> Array:
        parts = [
            jax.vmap(function)(kind, values[np.array(members)])
            for kind, members in zip(self.kinds, self.members, strict=True)
        ]
        return jnp.concatenate(parts)[np.array(self.order)] if parts else jnp.zeros(0)
