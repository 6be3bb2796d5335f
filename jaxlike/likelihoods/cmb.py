"""A Gaussian in named quantities of the universe: the CMB compressed to a few numbers
(arXiv:2302.12911; arXiv:2503.14738, appendix A), or what nucleosynthesis says of the baryons."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.data.gaussian import GaussianData
from jaxlike.errors import DataError, ParameterError
from jaxlike.likelihoods.gaussian import whitening
from jaxlike.likelihoods.protocol import cosmology_of
from jaxlike.registry.names import find
from jaxlike.theory.power.derived import DERIVED, Of, derived_of, unmet_need
from jaxlike.theory.power.universe import Universe
from jaxlike.theory.universe.cosmology import COSMOLOGY_NAMES, Cosmology

_TODAY = ("sigma8", "S8", "s8h5", "s8omegamp5", "s8omegamp25")
_PRIMORDIAL = ("As", "As_1e9", "logA", "log10_A_s")

QUANTITIES = (*DERIVED, "ns", "nnu", "w")
"""What a Gaussian may be of, by Cobaya's names; parameters by any of their names."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class GaussianConstraint:
    """A Gaussian in `quantities` (n,) of a universe, derived parameters or parameters.

    mean: (n,); whitening W: (n, n) with W^T W = C^-1.
    """

    mean: NDArray | Array
    whitening: NDArray
    quantities: tuple[str, ...] = field(metadata={"static": True})

    @classmethod
    def of(cls, data: GaussianData) -> "GaussianConstraint":
        """The likelihood of data; DataError on a quantity that is none."""
        for name in data.names:
            if name not in DERIVED and _parameter(name) is None:
                raise DataError(
                    f"{data.source}: has the quantity {name!r}; accepted are "
                    f"{', '.join(QUANTITIES)}"
                )
        mean = np.asarray(data.mean, float)
        return cls(mean, whitening(np.asarray(data.covariance, float)).whole(), data.names)

    def __repr__(self) -> str:
        return f"GaussianConstraint: {', '.join(self.quantities)}"

    @property
    def n_points(self) -> int:
        """How many numbers it is the sum over."""
        return len(self.quantities)

    @property
    def parameters(self) -> tuple[str, ...]:
        """None of its own."""
        return ()

    def log_likelihood(self, parameters: Mapping[str, ArrayLike], universe: Universe) -> Array:
        """-chi^2 / 2; -inf, with a slope of zero, where a quantity is not known (outside of the
        densities of a table).

        ParameterError for a quantity that the universe has not got.
        """
        found = self.theory_vector(universe)
        known = jnp.isfinite(found)
        r = self.whitening @ jnp.where(known, found - self.mean, 0.0)
        return jnp.where(jnp.all(known), -0.5 * (r @ r), -jnp.inf)

    @property
    def n_noise(self) -> int:
        """As many as numbers."""
        return self.n_points

    def with_noise(
        self, parameters: Mapping[str, ArrayLike], universe: Universe, noise: Array
    ) -> "GaussianConstraint":
        """The likelihood of a mean that is the universe's and noise (n,) of unit variance."""
        noise = jnp.linalg.solve(self.whitening, noise)
        return replace(self, mean=self.theory_vector(universe) + noise)

    def theory_vector(self, universe: Universe) -> Array:
        """The quantities (n,) in the order of the data; NaN where they are not known."""
        cosmo = cosmology_of(universe)
        known: dict[str, ArrayLike] = {}
        if any(name in _TODAY for name in self.quantities):
            assert universe.los.sigma8 is not None
            known["sigma8"] = universe.los.sigma8
        # of any linear model: what differs between them is known, or refused
        of = derived_of(cosmo, "eisenstein_hu", known)
        return jnp.stack([jnp.asarray(_value(name, cosmo, of), float) for name in self.quantities])


def _parameter(name: str) -> str | None:
    """The canonical name of a parameter of the universe, None where there is none."""
    named = find(name)
    canonical = None if named is None else named.canonical
    return canonical if canonical in COSMOLOGY_NAMES else None


def _value(name: str, cosmo: Cosmology, of: Of) -> ArrayLike:
    if (need := unmet_need(name, cosmo.radiation)) is not None:
        raise ParameterError(f"{name} is computed with {need} only")
    if name in _PRIMORDIAL and cosmo.A_s is None:
        raise ParameterError(f"{name} is that of a universe with A_s (or logA, ...), not sigma8")
    if name in DERIVED:
        return of(name)
    value = getattr(cosmo, _parameter(name) or "")
    if value is None:
        raise ParameterError(f"the universe has no parameter {name}, which a likelihood asks for")
    return value
