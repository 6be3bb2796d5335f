"""One likelihood of a posterior, seen alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from jax import Array

from jaxlike.data import TwoPointData
from jaxlike.errors import ParameterError
from jaxlike.likelihoods.protocol import Other
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.posterior.compiled import compiled_of
from jaxlike.posterior.density import Density
from jaxlike.posterior.points import Point, point_of, values_of


@dataclass(frozen=True, eq=False)
class Part:
    """One likelihood as a function of the posterior's parameters."""

    likelihood: Likelihood | Other
    density: Density

    def __repr__(self) -> str:
        return f"{self.name}: {self.likelihood.summary}"

    @property
    def name(self) -> str:
        """Its name in the input."""
        return self.likelihood.name

    @property
    def data(self) -> TwoPointData:
        """Its data after scale cuts; ParameterError where it is no two-point likelihood."""
        if isinstance(self.likelihood, Other):
            raise ParameterError(f"likelihood '{self.name}' has no two-point data")
        return self.likelihood.data

    def theory_vector(self, params: Point) -> Array:
        """Predicted data vector (n_data,) at x or for a dictionary of parameters."""
        return self._compiled("theory_vector_of", params)

    def chi2(self, params: Point) -> Array:
        """-2 ln L, which of Gaussians is chi^2, at x or for a dictionary of parameters."""
        return self._compiled("chi2_of", params)

    def _compiled(self, method: str, params: Point) -> Array:
        names = self.density.sampled
        point = values_of(params) if isinstance(params, Mapping) else point_of(names, params)
        found: Array = compiled_of(method, self.name, self.density, point)
        return found
