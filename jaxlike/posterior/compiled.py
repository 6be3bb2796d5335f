"""Methods of a density, compiled once for all densities of one structure.

Calls take the arrays of a density in one flat tuple, and its structure as an object that is
compared by identity first: to flatten a density, or compare two structures, at every call would
take a tenth of the time of a likelihood.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
from jax import Array
from jax.tree_util import PyTreeDef

from jaxlike.numerics.batches import in_pieces
from jaxlike.posterior.density import Density


class Structure:
    """The structure of a density; equal structures are one to JAX."""

    def __init__(self, tree: PyTreeDef) -> None:
        self._tree, self._hash = tree, hash(tree)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Structure) and self._tree == other._tree)

    def density(self, leaves: tuple[Array, ...]) -> Density:
        """The density of these arrays."""
        density: Density = self._tree.unflatten(leaves)
        return density


@dataclass(frozen=True, eq=False)
class Held:
    """A density as its structure and its arrays."""

    structure: Structure
    leaves: tuple[Array, ...]
    n: int

    @classmethod
    def of(cls, density: Density) -> "Held":
        """Take a density of n parameters apart."""
        leaves, tree = jax.tree.flatten(density)
        return cls(Structure(tree), tuple(leaves), len(density.sampled))

    def __repr__(self) -> str:
        return f"Held: {self.density!r}"

    @property
    def density(self) -> Density:
        """The density again."""
        return self.structure.density(self.leaves)

    def __reduce__(self) -> tuple[Any, ...]:
        """JAX does not pickle the structure of a tree, which its tree has."""
        return Held.of, (self.density,)


def compiled(name: str) -> Callable[..., Any]:
    """A method of Density of this name as a compiled function of (Held, its arguments)."""

    @partial(jax.jit, static_argnums=0)
    def method(structure: Structure, leaves: tuple[Array, ...], *arguments: Any) -> Any:
        return getattr(structure.density(leaves), name)(*arguments)

    def function(held: Held, *arguments: Any) -> Any:
        return method(held.structure, held.leaves, *arguments)

    return function


@partial(jax.jit, static_argnums=(0, 1))
def compiled_of(name: str, likelihood: str, density: Density, point: Any) -> Any:
    """A method of Density of one likelihood alone, at a point."""
    return getattr(density, name)(likelihood, point)


@partial(jax.jit, static_argnums=(0, 3))
def compiled_batch(name: str, density: Density, X: Array, at_once: int) -> Any:
    """A method at every row of X: all at once on an accelerator, a few at a time on a CPU."""
    function = partial(getattr(Density, name), density)
    few = partial(in_pieces, function, size=len(X), chunk=at_once)
    return jax.lax.platform_dependent(X, cpu=few, default=jax.vmap(function))
