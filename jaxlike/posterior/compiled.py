"""Methods of a density, compiled once for all densities of one structure.

Calls take the arrays of a density in one flat tuple, the small ones packed in one, and its
structure as an object that is compared by identity first: to flatten a density, to compare two
structures or to hand over some forty arrays at every call would each take a tenth of the time of a
likelihood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.tree_util import PyTreeDef

from jaxlike.numerics.batches import in_pieces
from jaxlike.numerics.compilation import as_array
from jaxlike.posterior.density import Density

_SMALL = 250
"""Arrays of floats up to this size are packed: a larger one is read faster where it stands."""


class Structure:
    """The structure of a density; equal structures are one to JAX.

    packed: index -> shape of the leaves that are packed, in order.
    """

    def __init__(self, tree: PyTreeDef, packed: dict[int, tuple[int, ...]]) -> None:
        self._tree, self._packed = tree, packed
        self._hash = hash((tree, *packed.items()))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Structure)
            and (self._tree, self._packed) == (other._tree, other._packed)
        )

    def pack(self, leaves: Sequence[Array]) -> tuple[Array, ...]:
        """The small leaves as one array, then the others."""
        small = [leaves[i] for i in self._packed]
        others = (leaf for i, leaf in enumerate(leaves) if i not in self._packed)
        if any(isinstance(leaf, jax.core.Tracer) for leaf in small):
            return jnp.concatenate([jnp.ravel(leaf) for leaf in small]), *others
        # by NumPy, which compiles nothing for each new shape
        return as_array(np.concatenate([np.ravel(leaf) for leaf in small])), *others

    def density(self, arrays: tuple[Array, ...]) -> Density:
        """The density of these arrays."""
        small, *others = arrays
        ends = np.cumsum([0, *(np.prod(shape, dtype=int) for shape in self._packed.values())])
        parts = (small[start:end] for start, end in pairwise(ends))
        found = {
            i: part.reshape(self._packed[i]) for i, part in zip(self._packed, parts, strict=True)
        }
        rest = iter(others)
        n = self._tree.num_leaves
        density: Density = self._tree.unflatten(
            found[i] if i in found else next(rest) for i in range(n)
        )
        return density


@dataclass(frozen=True, eq=False)
class Held:
    """A density, and the same as its structure and its arrays."""

    density: Density
    structure: Structure
    arrays: tuple[Array, ...]
    n: int

    @classmethod
    def of(cls, density: Density) -> "Held":
        """Take a density of n parameters apart."""
        leaves, tree = jax.tree.flatten(density)
        packed = {
            i: np.shape(leaf)
            for i, leaf in enumerate(leaves)
            if np.size(leaf) <= _SMALL and jnp.result_type(leaf) == jnp.result_type(float)
        }
        structure = Structure(tree, packed)
        return cls(density, structure, structure.pack(leaves), len(density.sampled))

    def __repr__(self) -> str:
        return f"Held: {self.density!r}"

    def __reduce__(self) -> tuple[Any, ...]:
        """JAX does not pickle the structure of a tree, which its tree has."""
        return Held.of, (self.density,)


def compiled(name: str) -> Callable[..., Any]:
    """A method of Density of this name as a compiled function of (Held, its arguments)."""

    @partial(jax.jit, static_argnums=0)
    def method(structure: Structure, arrays: tuple[Array, ...], *arguments: Any) -> Any:
        return getattr(structure.density(arrays), name)(*arguments)

    def function(held: Held, *arguments: Any) -> Any:
        return method(held.structure, held.arrays, *arguments)

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
