"""True redshifts of all galaxies of a sample, before it is cut into bins: pytrees of numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Protocol

import jax
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.errors import DataError
from jaxlike.theory.tracers import distributions


class Shape(Protocol):
    """What has an n(z)."""

    def dndz(self, z: NDArray) -> Array:
        """n(z) (n,) of unit integral on a lattice z (n,)."""


class Analytic:
    """A shape with a formula: a dataclass whose fields are the parameters, in their order."""

    function: ClassVar[Callable[..., Array]]
    formula: ClassVar[str]

    def dndz(self, z: NDArray) -> Array:
        """n(z) (n,) of unit integral on a lattice z (n,)."""
        return self.function(z, *vars(self).values())


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Smail(Analytic):
    """See `distributions.smail`."""

    function = staticmethod(distributions.smail)
    formula = "z^a exp(-(z/z0)^b)"
    a: ArrayLike
    b: ArrayLike
    z0: ArrayLike


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Fu(Analytic):
    """See `distributions.fu`."""

    function = staticmethod(distributions.fu)
    formula = "(z^a + z^(ab)) / (z^b + c)"
    a: ArrayLike
    b: ArrayLike
    c: ArrayLike


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Gaussian(Analytic):
    """See `distributions.gaussian`."""

    function = staticmethod(distributions.gaussian)
    formula = "exp(-(z - mean)^2 / (2 sigma^2))"
    mean: ArrayLike
    sigma: ArrayLike


@partial(jax.tree_util.register_dataclass, data_fields=["density"], meta_fields=["z"])
@dataclass(frozen=True)
class Table:
    """Samples `density` (n_table,) at redshifts z, joined by straight lines."""

    z: tuple[float, ...]
    density: ArrayLike

    def dndz(self, z: NDArray) -> Array:
        """n(z) (n,) of unit integral on a lattice z (n,)."""
        return distributions.tabulated(z, np.array(self.z), self.density)

    @classmethod
    def read(cls, path: Path) -> "Table":
        """The columns z and n(z) of a text file; DataError says what is wrong with it."""
        try:
            columns = np.loadtxt(path, ndmin=2).T
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"{path}: cannot be read as columns z and n(z) ({reason})") from error
        if len(columns) != 2 or not np.isfinite(columns).all():
            raise DataError(f"{path}: must have two columns of numbers, z and n(z)")
        z, density = columns
        if z.size < 2 or z[0] < 0 or np.any(np.diff(z) <= 0):
            raise DataError(f"{path}: column z must ascend from 0 or more, in two rows or more")
        if np.any(density < 0) or not density.any():
            raise DataError(f"{path}: column n(z) must be >= 0, and not zero everywhere")
        return cls(tuple(map(float, z)), density)


ANALYTIC: dict[str, type[Smail] | type[Fu] | type[Gaussian]] = {
    "smail": Smail,
    "fu": Fu,
    "gaussian": Gaussian,
}
"""Names of the shapes that have a formula."""
