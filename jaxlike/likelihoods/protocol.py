"""What a posterior multiplies: anything with a log-likelihood in a universe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.theory.power.quantities import QUANTITIES
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.universe.cosmology import Cosmology


@runtime_checkable
class LogLikelihood(Protocol):
    """A pytree whose leaves are data; what is not (names, functions) is static and hashable.

    parameters: names of those of its own. The universe has what `jaxlike.theory.power.quantities`
    lists, as methods by the field's names (`universe.H(z)`, `universe.D_M(z)`, ...), and besides
    the cosmology (`universe.cosmo`), the line of sight at the nodes (`universe.los`) and P(k, z) at
    the Limber points (`universe.power`). A class may have `needs`, names of these quantities, which
    are looked at before anything is computed.
    """

    @property
    def parameters(self) -> tuple[str, ...]: ...
    def log_likelihood(
        self, parameters: Mapping[str, ArrayLike], universe: Universe, /
    ) -> ArrayLike: ...


@runtime_checkable
class Simulated(Protocol):
    """A LogLikelihood whose data can be drawn, for `jaxlike benchmark sbc`.

    n_noise: how many unit normal variables that takes; with_noise(parameters, universe, noise): the
    same likelihood of data that are the prediction and this noise (n_noise,).
    """

    @property
    def n_noise(self) -> int: ...
    def with_noise(
        self, parameters: Mapping[str, ArrayLike], universe: Universe, noise: Array, /
    ) -> "LogLikelihood": ...


def cosmology_of(universe: Universe) -> Cosmology:
    """The cosmology of a universe; ParameterError where a host's tables stand for it."""
    if universe.cosmo is None:
        raise ParameterError("a universe of tables has no parameters, which a likelihood asks for")
    return universe.cosmo


def minus_2_ln(
    one: LogLikelihood, parameters: Mapping[str, ArrayLike], universe: Universe
) -> Array:
    """-2 ln L in a universe, for canonical parameters."""
    return -2 * jnp.asarray(one.log_likelihood(parameters, universe))


SPECTRA_OF_CMB = "D_ell"
"""The need of those that see the primary CMB, which is known in some universes only."""


@dataclass(frozen=True, eq=False)
class Other:
    """A likelihood that is no two-point one, under its name in a posterior."""

    name: str
    arrays: LogLikelihood

    samples = ()

    def __post_init__(self) -> None:
        if not isinstance(self.arrays, LogLikelihood):
            raise ParameterError(
                f"likelihood '{self.name}' is {self.arrays!r}: it must have the method "
                "log_likelihood(parameters, universe) and `parameters`, names of its own ones"
            )
        if jax.tree_util.all_leaves([self.arrays]):
            raise ParameterError(
                f"likelihood '{self.name}' is no pytree: decorate its dataclass with "
                "jax.tree_util.register_dataclass"
            )
        for need in self.needs:
            if need not in QUANTITIES:
                raise ParameterError(
                    f"likelihood '{self.name}' needs '{need}', which no theory here gives; there "
                    f"are {', '.join(QUANTITIES)}"
                )
        for leaf in jax.tree.leaves(self.arrays):
            try:
                jnp.asarray(leaf)
            except (TypeError, ValueError) as error:
                raise ParameterError(
                    f"likelihood '{self.name}' has {leaf!r} among its data, which must be numbers"
                ) from error

    @property
    def needs(self) -> tuple[str, ...]:
        """Quantities of the universe that it says it is a function of."""
        return tuple(getattr(self.arrays, "needs", ()))

    @property
    def quantities(self) -> tuple[str, ...]:
        """Derived parameters and parameters that it is a Gaussian in."""
        return tuple(getattr(self.arrays, "quantities", ()))

    @property
    def n_points(self) -> int:
        """How many numbers it is the sum over, where it says that."""
        return int(getattr(self.arrays, "n_points", 0))

    @property
    def summary(self) -> str:
        """What it is, in a line."""
        own = ", ".join(self.arrays.parameters)
        what = getattr(getattr(self.arrays, "function", None), "__name__", "")
        if self.n_points:
            own = f"{self.n_points} points" + (f", {own}" if own else "")
        return (what or type(self.arrays).__name__) + (f" of {own}" if own else "")

    @property
    def foreign(self) -> bool:
        """Whether it is somebody's own, which nobody has looked at."""
        own = type(self.arrays).__module__.startswith("jaxlike.")
        return hasattr(self.arrays, "function") or not own
