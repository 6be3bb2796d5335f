"""A posterior from a configuration file: what users call and samplers see."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray
from scipy.linalg import block_diag

from jaxlike.config import Config
from jaxlike.data import TwoPointData
from jaxlike.errors import ParameterError
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.posterior import points
from jaxlike.posterior.compiled import Held, compiled, compiled_batch
from jaxlike.posterior.density import DERIVED, Density, density_of
from jaxlike.posterior.parameters import Parameter, parameter_values
from jaxlike.posterior.part import Part
from jaxlike.posterior.points import Point
from jaxlike.posterior.priors import Prior
from jaxlike.registry.samples import Sample

_mean, _chi2, _chi2s, _log_likelihood, _derived = map(
    compiled, ("mean", "chi2", "chi2s", "log_likelihood", "derived")
)
_log_priors, _log_prior, _log_posterior, _value_and_gradient = map(
    compiled, ("log_priors", "log_prior", "log_posterior", "value_and_gradient")
)
_log_density, _log_reference = map(compiled, ("log_density", "log_reference"))


@dataclass(frozen=True, eq=False)
class Model:
    """Likelihoods, one theory, one prior: pure functions for `jit`, `grad` and `vmap`.

    x: (n,) values of the sampled parameters, in the order of `parameters`, or a dictionary of
    them; u: (n,) the same in variables in which every prior is a unit normal. parts: the
    likelihoods as functions of canonical parameters; held: what is compiled.
    """

    config: Config
    parts: Mapping[str, Likelihood]
    held: Held

    @classmethod
    def of(cls, config: Config, likelihoods: Mapping[str, Likelihood]) -> "Model":
        """The product of likelihoods on common nodes with the prior of a configuration."""
        return cls(config, likelihoods, Held.of(density_of(config, likelihoods)))

    @property
    def density(self) -> Density:
        """Pure functions of points alone, a pytree of all arrays."""
        return self.held.density

    @property
    def likelihoods(self) -> dict[str, Part]:
        """Name -> likelihood, with `data`, `theory_vector(params)` and `chi2(params)`."""
        return {name: Part(one, self.density) for name, one in self.parts.items()}

    @property
    def likelihood(self) -> Likelihood:
        """The likelihood, where there is one; ParameterError where there are several."""
        if len(self.parts) > 1:
            raise ParameterError(
                f"the posterior has the likelihoods {', '.join(self.parts)}: take one of them from "
                "`likelihoods`"
            )
        return next(iter(self.parts.values()))

    @property
    def data(self) -> TwoPointData:
        """The data after scale cuts, of the one likelihood that there is."""
        return self.likelihood.data

    @property
    def specs(self) -> tuple[Parameter, ...]:
        """The sampled parameters: prior, reference, proposal, latex."""
        return self.config.sampled

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the sampled parameters, in order."""
        return tuple(spec.name for spec in self.specs)

    @property
    def priors(self) -> tuple[Prior, ...]:
        """Priors of the sampled parameters, in order."""
        return tuple(spec.prior for spec in self.specs if spec.prior is not None)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples of galaxies of all likelihoods."""
        return self.density.samples

    @property
    def reference(self) -> NDArray:
        """A sensible starting vector (n,): the centres of the parameters' `ref`."""
        return np.array([spec.ref_loc for spec in self.specs], float)

    @property
    def value(self) -> Array:
        """The data vectors (n_data,) of all likelihoods, one after another."""
        return jnp.concatenate([one.value for one in self.density.likelihoods])

    @property
    def covariance(self) -> NDArray:
        """Covariance (n_data, n_data) of all data; likelihoods are independent of each other."""
        return np.asarray(block_diag(*(one.data.covariance for one in self.parts.values())))

    @property
    def n_points(self) -> int:
        """How many numbers chi^2 is the sum over: the data, or what they are compressed to."""
        sizes = [one.n_points for one in self.parts.values()]
        return sizes[0] if self.compressed else sum(sizes)

    @property
    def compressed(self) -> bool:
        """Whether the likelihood is that of a few numbers made of the data."""
        return self.density.likelihoods[0].vectors is not None

    def chi2_of(self, vector: ArrayLike) -> Array:
        """chi^2 of predicted data vectors (n_data,), one after another."""
        return self.density.chi2_of_vector(jnp.asarray(vector))

    @property
    def context(self) -> Density:
        """What compiled functions take as an argument, apart from the point."""
        return self.density

    def in_context(self, density: Density) -> "Model":
        """The posterior of another density of the same structure, whose arrays may be traced."""
        return replace(self, held=Held.of(density))

    def with_context(self, value: ArrayLike) -> "Model":
        """The posterior of other data vectors (n_data,), one after another, with the same
        covariances."""
        value = jnp.asarray(value)
        if value.shape != self.value.shape:
            raise ParameterError(
                f"a data vector of shape {value.shape} was given, but the likelihoods have "
                f"{self.value.size} points"
            )
        return self._changed(Likelihood.with_value, self.density.split(value))

    def with_vectors(self, vectors: ArrayLike | None) -> "Model":
        """The posterior of the numbers B^T d of all data for `vectors` B (n_data, n), or of all
        the data."""
        if vectors is None:
            return self._changed(Likelihood.with_vectors, [None] * len(self.parts))
        return self._changed(Likelihood.with_vectors, self.density.split(jnp.asarray(vectors)))

    def with_likelihoods(self, names: Sequence[str]) -> "Model":
        """The posterior of some of the likelihoods, with all parameters and their priors."""
        absent = [name for name in names if name not in self.parts]
        if absent or not names:
            raise ParameterError(
                f"there is no likelihood {absent[0] if absent else names!r}; they are "
                f"{', '.join(self.parts)}"
            )
        kept = {name: one for name, one in self.parts.items() if name in names}
        return Model.of(self.config, kept)

    def _changed(
        self, change: Callable[[Likelihood, Any], Likelihood], to: Sequence[Any]
    ) -> "Model":
        parts = {
            name: change(one, value)
            for (name, one), value in zip(self.parts.items(), to, strict=True)
        }
        arrays = tuple(one.arrays for one in parts.values())
        density = replace(self.density, likelihoods=arrays)
        return replace(self, parts=parts, held=Held.of(density))

    def point(self, x: Point) -> ArrayLike:
        """x (n,) from itself or from a dictionary of the sampled parameters; ParameterError names
        what is missing, unknown or of another shape."""
        return x if points.is_point(x, self.held.n) else points.point_of(self.parameters, x)

    def points(self, X: ArrayLike) -> Array:
        """X (n_point, n); ParameterError on another shape."""
        return points.points_of(self.held.n, X)

    def params_dict(self, x: Point) -> dict[str, ArrayLike]:
        """Names -> values at x, with the fixed and the dependent parameters."""
        sampled = dict(zip(self.parameters, jnp.asarray(self.point(x)), strict=True))
        return parameter_values(self.config.parameters, sampled)

    def canonical(self, params: Point) -> dict[str, Array]:
        """Canonical parameters at x, or from any accepted names; what the file fixes need not be
        given.

        Raises ParameterError on unknown, missing, or doubly given names.
        """
        values = self.values(params)
        return self.density.canonical(values if isinstance(values, dict) else jnp.asarray(values))

    def values(self, params: Point) -> ArrayLike | dict[str, ArrayLike]:
        """`params` as compiled functions take them: x (n,), or a dictionary."""
        return points.values_of(params) if isinstance(params, Mapping) else self.point(params)

    def theory_vector(self, params: Point) -> Array:
        """Predicted data vectors (n_data,), one after another, at x or for a dictionary."""
        return _mean(self.held, self.values(params))

    def mean(self, x: Point) -> Array:
        """Predicted data vectors (n_data,) at x."""
        return _mean(self.held, self.point(x))

    def information(self, jacobian: Array) -> Array:
        """Fisher matrix J^T C^-1 J (n, n) of derivatives J (n_data, n) of the mean."""
        return self.density.information(jacobian)

    def chi2(self, params: Point) -> Array:
        """chi^2 at x or for a dictionary of parameters."""
        return _chi2(self.held, self.values(params))

    def chi2s(self, params: Point) -> dict[str, Array]:
        """Name of a likelihood -> its chi^2."""
        found = _chi2s(self.held, self.values(params))
        return dict(zip(self.parts, found, strict=True))

    @property
    def likelihood_names(self) -> tuple[str, ...]:
        """Names of the likelihoods, in order."""
        return tuple(self.parts)

    def chi2s_batch(self, X: ArrayLike) -> Array:
        """chi^2 (n_point, n_likelihood) of each likelihood at many points X (n_point, n)."""
        return compiled_batch("chi2s", self.density, self.points(X), self.points_at_once)

    def log_likelihood(self, params: Point) -> Array:
        """-chi^2 / 2 at x or for a dictionary of parameters; -inf where there is no solution."""
        return _log_likelihood(self.held, self.values(params))

    @property
    def external_priors(self) -> tuple[str, ...]:
        """Names of the external priors, functions of the parameters, in order."""
        return tuple(prior.name for prior in self.config.external_priors)

    def log_priors(self, x: Point) -> Array:
        """Natural logarithms (1 + n_external,) of the prior's factors at x: the normalised product
        of the priors of single parameters, then the external priors."""
        return _log_priors(self.held, self.point(x))

    def log_priors_batch(self, X: ArrayLike) -> Array:
        """The same (n_point, 1 + n_external) of many points X (n_point, n)."""
        return compiled_batch("log_priors", self.density, self.points(X), self.points_at_once)

    def log_prior(self, x: Point) -> Array:
        """Natural logarithm of the prior density at x, normalised but for external priors."""
        return _log_prior(self.held, self.point(x))

    def log_posterior(self, x: Point) -> Array:
        """log-likelihood plus log-prior at x; -inf outside the prior, never NaN."""
        return _log_posterior(self.held, self.point(x))

    def value_and_gradient(self, x: Point) -> tuple[Array, Array]:
        """log-posterior and its gradient (n,) at x."""
        return _value_and_gradient(self.held, self.point(x))

    def log_posterior_batch(self, X: ArrayLike) -> Array:
        """log-posterior (n_point,) of many points X (n_point, n)."""
        return compiled_batch("log_posterior", self.density, self.points(X), self.points_at_once)

    def value_and_gradient_batch(self, X: ArrayLike) -> tuple[Array, Array]:
        """log-posterior (n_point,) and its gradients (n_point, n) at many points X (n_point, n)."""
        return compiled_batch(
            "value_and_gradient", self.density, self.points(X), self.points_at_once
        )

    def from_unconstrained(self, u: ArrayLike) -> Array:
        """x (n,) from unit-normal variables u (n,)."""
        return self.density.from_unconstrained(jnp.asarray(u))

    def to_unconstrained(self, x: Point) -> Array:
        """Unit-normal variables u (n,) from x (n,)."""
        return self.density.to_unconstrained(jnp.asarray(self.point(x)))

    def log_density(self, u: ArrayLike) -> Array:
        """Posterior density over u (n,), up to a constant; never NaN.

        log-likelihood - u.u / 2 + external log-priors.
        """
        return _log_density(self.held, jnp.asarray(u, float))

    def log_reference(self, u: ArrayLike) -> Array:
        """Prior density over u (n,), up to the same constant: -u.u / 2 + external log-priors."""
        return _log_reference(self.held, jnp.asarray(u, float))

    @property
    def derived_parameters(self) -> dict[str, str]:
        """Name -> LaTeX of what `derived` computes: of sigma8 and S8, those not sampled."""
        return {name: DERIVED[name] for name in self.density.derived_names}

    def derived(self, x: Point) -> Array:
        """Derived parameters (n_derived,) at x: sigma8 and S8 = sigma8 (Omega_m / 0.3)^0.5."""
        return _derived(self.held, self.point(x))

    def reason_of_failure(self, x: Point) -> str | None:
        """Why the log-posterior is -inf at x (n,), in words; None where it is finite."""
        point = np.asarray(self.point(x))
        external = np.asarray(self.log_priors(point))[1:]
        reason = points.outside_priors(self.specs, point) or points.no_density(
            self.external_priors, external
        )
        if reason is not None:
            return reason
        first = next(iter(self.parts.values()))
        reason = first.reason_of_failure(self.canonical(point))
        if reason is not None:
            return f"the cosmology has no solution: it needs {reason}"
        finite = np.isfinite(self.log_posterior(point))
        return None if finite else "the theory is not finite there"

    @property
    def points_at_once(self) -> int:
        """How many points a core of a CPU evaluates at once."""
        return self.density.points_at_once
