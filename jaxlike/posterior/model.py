"""A posterior from a configuration file: what users call and samplers see."""

from collections.abc import Mapping
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.likelihoods.compiled import cosmology
from jaxlike.likelihoods.protocol import SPECTRA_OF_CMB, Other
from jaxlike.numerics.batches import CPU_CHUNK
from jaxlike.posterior import points
from jaxlike.posterior.compiled import compiled, compiled_batch
from jaxlike.posterior.composed import Composed
from jaxlike.posterior.derived import ALWAYS
from jaxlike.posterior.parameters import parameter_values
from jaxlike.posterior.points import Point
from jaxlike.theory.power.cmb.spectra import reason_unknown
from jaxlike.theory.power.validity import reason_of_failure

_mean, _chi2, _chi2s, _log_likelihood, _derived = map(
    compiled, ("mean", "chi2", "chi2s", "log_likelihood", "derived")
)
_log_priors, _log_prior, _log_posterior, _value_and_gradient = map(
    compiled, ("log_priors", "log_prior", "log_posterior", "value_and_gradient")
)
_log_density, _log_reference, _information = map(
    compiled, ("log_density", "log_reference", "information")
)
_from_unconstrained, _to_unconstrained = map(compiled, ("from_unconstrained", "to_unconstrained"))


@dataclass(frozen=True, eq=False, repr=False)
class Model(Composed):
    """Likelihoods, one theory, one prior: pure functions for `jit`, `grad` and `vmap`.

    Points are x (n,), values of the sampled parameters in the order of `parameters`, or a
    dictionary of them; X (n_point, n), many of them; u (n,), the same in variables in which every
    prior is a unit normal; params, x or a dictionary of any parameters, the rest being the file's.

    Example:
        >>> x = model.reference
        >>> value, gradient = jax.value_and_grad(model.log_posterior)(x)
        >>> gradient.shape == x.shape == (len(model.parameters),)
        True
    """

    def point(self, x: Point) -> ArrayLike:
        """x (n,) from itself or from a dictionary of the sampled parameters; ParameterError names
        what is missing, unknown or of another shape.

        >>> model.point({"b1": 1.4, "omegam": 0.3}).tolist()
        [0.3, 1.4]
        """
        return x if points.is_point(x, self.held.n) else points.point_of(self.parameters, x)

    def points(self, X: ArrayLike) -> Array:
        """X (n_point, n); ParameterError on another shape."""
        return points.points_of(self.held.n, X)

    def params_dict(self, x: Point) -> dict[str, ArrayLike]:
        """Names -> values at x, with the fixed and the dependent parameters.

        >>> float(model.params_dict(x)["ns"])
        0.96
        """
        sampled = dict(zip(self.parameters, jnp.asarray(self.point(x)), strict=True))
        return parameter_values(self.config.parameters, sampled)

    def canonical(self, params: Point) -> dict[str, Array]:
        """Canonical parameters at x, or from any accepted names; what the file fixes need not be
        given.

        Raises ParameterError on unknown, missing, or doubly given names.

        >>> float(model.canonical(x)["h"])
        0.7
        """
        values = self.values(params)
        return self.density.canonical(values if isinstance(values, dict) else jnp.asarray(values))

    def values(self, params: Point) -> ArrayLike | dict[str, ArrayLike]:
        """`params` as compiled functions take them: x (n,), or a dictionary."""
        return points.values_of(params) if isinstance(params, Mapping) else self.point(params)

    def theory_vector(self, params: Point) -> Array:
        """Predicted data vectors (n_data,), one after another, at x or for a dictionary.

        >>> more = model.theory_vector({**model.params_dict(x), "b1": 1.5})
        >>> more.shape == (model.n_points,)
        True
        """
        return _mean(self.held, self.values(params))

    def mean(self, x: Point) -> Array:
        """Predicted data vectors (n_data,) at x.

        >>> slopes = jax.jacfwd(model.mean)(x)  # (n_data, n)
        """
        return _mean(self.held, self.point(x))

    def information(self, jacobian: Array) -> Array:
        """Fisher matrix J^T C^-1 J (n, n) of derivatives J (n_data, n) of the mean.

        >>> model.information(jax.jacfwd(model.mean)(x)).shape
        (2, 2)
        """
        return _information(self.held, jacobian)

    def chi2(self, params: Point) -> Array:
        """chi^2 at x or for a dictionary of parameters.

        >>> bool(jnp.isclose(model.chi2(x), -2 * model.log_likelihood(x)))
        True
        """
        return _chi2(self.held, self.values(params))

    def chi2s(self, params: Point) -> dict[str, Array]:
        """Name of a likelihood -> its -2 ln L, which of a Gaussian data vector is chi^2.

        >>> list(model.chi2s(x))
        ['jaxlike.cobaya.2x2pt']
        """
        found = _chi2s(self.held, self.values(params))
        return dict(zip(self.parts, found, strict=True))

    @property
    def likelihood_names(self) -> tuple[str, ...]:
        """Names of the likelihoods, in order.

        >>> model.likelihood_names
        ('jaxlike.cobaya.2x2pt',)
        """
        return tuple(self.parts)

    def chi2s_batch(self, X: ArrayLike) -> Array:
        """chi^2 (n_point, n_likelihood) of each likelihood at many points X (n_point, n).

        >>> model.chi2s_batch([x, x]).shape
        (2, 1)
        """
        return compiled_batch("chi2s", self.density, self.points(X), self.points_at_once)

    def log_likelihood(self, params: Point) -> Array:
        """-chi^2 / 2 at x or for a dictionary of parameters; -inf where there is no solution.

        >>> bool(jnp.isfinite(model.log_likelihood(x)))
        True
        """
        return _log_likelihood(self.held, self.values(params))

    @property
    def external_priors(self) -> tuple[str, ...]:
        """Names of what multiplies the priors of single parameters: what makes them correlated,
        then functions of the parameters, in order."""
        joint = (prior.name for prior in self.config.correlated_priors)
        return (*joint, *(prior.name for prior in self.config.external_priors))

    def log_priors(self, x: Point) -> Array:
        """Natural logarithms (1 + n_external,) of the prior's factors at x: the normalised product
        of the priors of single parameters, then the external priors."""
        return _log_priors(self.held, self.point(x))

    def log_priors_batch(self, X: ArrayLike) -> Array:
        """The same (n_point, 1 + n_external) of many points X (n_point, n)."""
        return compiled_batch("log_priors", self.density, self.points(X), CPU_CHUNK)

    def log_prior(self, x: Point) -> Array:
        """Natural logarithm of the prior density at x, normalised but for external priors."""
        return _log_prior(self.held, self.point(x))

    def log_posterior(self, x: Point) -> Array:
        """log-likelihood plus log-prior at x; -inf outside the prior, never NaN.

        >>> model.log_posterior({"omegam": 0.95, "b1": 1.4}).item()
        -inf
        """
        return _log_posterior(self.held, self.point(x))

    def value_and_gradient(self, x: Point) -> tuple[Array, Array]:
        """log-posterior and its gradient (n,) at x.

        >>> value, gradient = model.value_and_gradient(x)
        """
        return _value_and_gradient(self.held, self.point(x))

    def log_posterior_batch(self, X: ArrayLike) -> Array:
        """log-posterior (n_point,) of many points X (n_point, n).

        >>> model.log_posterior_batch([x, 1.01 * x]).shape
        (2,)
        """
        return compiled_batch("log_posterior", self.density, self.points(X), self.points_at_once)

    def value_and_gradient_batch(self, X: ArrayLike) -> tuple[Array, Array]:
        """log-posterior (n_point,) and its gradients (n_point, n) at many points X (n_point, n).

        >>> model.value_and_gradient_batch([x, 1.01 * x])[1].shape
        (2, 2)
        """
        return compiled_batch(
            "value_and_gradient", self.density, self.points(X), self.points_at_once
        )

    def from_unconstrained(self, u: ArrayLike) -> Array:
        """x (n,) from unit-normal variables u (n,).

        >>> model.from_unconstrained(jnp.zeros(2)).round(6).tolist()  # medians of the priors
        [0.5, 1.4]
        """
        return _from_unconstrained(self.held, jnp.asarray(u))

    def to_unconstrained(self, x: Point) -> Array:
        """Unit-normal variables u (n,) from x (n,).

        >>> u = model.to_unconstrained(x)
        >>> bool(jnp.allclose(model.from_unconstrained(u), x))
        True
        """
        return _to_unconstrained(self.held, self.point(x))

    def log_density(self, u: ArrayLike) -> Array:
        """Posterior density over u (n,), up to a constant; never NaN.

        log-likelihood - u.u / 2 + external log-priors.

        >>> jax.grad(model.log_density)(model.to_unconstrained(x)).shape
        (2,)
        """
        return _log_density(self.held, jnp.asarray(u, float))

    def log_reference(self, u: ArrayLike) -> Array:
        """Prior density over u (n,), up to the same constant: -u.u / 2 + external log-priors."""
        return _log_reference(self.held, jnp.asarray(u, float))

    @property
    def derived_parameters(self) -> dict[str, str]:
        """Name -> LaTeX of what `derived` computes: what the input has recorded, under its own
        definition, and sigma8 and S8 = sigma8 (Omega_m / 0.3)^0.5 where they are no parameters.

        >>> list(model.derived_parameters)
        ['sigma8', 'S8']
        """
        latex = {**ALWAYS, **self.config.output_latex}
        return {one.name: latex[one.name] for one in self.density.outputs}

    def derived(self, x: Point) -> Array:
        """Derived parameters (n_derived,) at x, in the order of `derived_parameters`.

        >>> sigma8, S8 = model.derived(x)
        """
        return _derived(self.held, self.point(x))

    def derived_batch(self, X: ArrayLike) -> Array:
        """The same (n_point, n_derived) at many points X (n_point, n)."""
        return compiled_batch("derived", self.density, self.points(X), CPU_CHUNK)

    def reason_of_failure(self, x: Point) -> str | None:
        """Why the log-posterior is -inf at x (n,), in words; None where it is finite.

        >>> model.reason_of_failure({"omegam": 0.95, "b1": 1.4})
        "parameter 'omegam' = 0.95 is outside its prior [0.1, 0.9]"
        """
        point = np.asarray(self.point(x))
        external = dict(zip(self.external_priors, self.log_priors(point)[1:], strict=True))
        if (reason := points.failure_of_prior(self.specs, point, external)) is not None:
            return reason
        cosmo = cosmology(self.canonical(point), self.config.theory)
        last = self.density.grid.nodes.last_scattering
        if (reason := reason_of_failure(cosmo, self.config.theory.linear, last)) is not None:
            return f"the cosmology has no solution: it needs {reason}"
        if np.isfinite(self.log_posterior(point)):
            return None
        parts = zip(self.parts, np.asarray(_chi2s(self.held, point)), strict=True)
        none = next((n for n, chi2 in parts if chi2 == np.inf and n not in self.measured), None)
        if none is None:
            return "the theory is not finite there"
        reason = f"the likelihood '{none}' is zero there"
        one = self.parts[none]
        if isinstance(one, Other) and SPECTRA_OF_CMB in one.needs:
            unknown = reason_unknown(cosmo, self.config.theory.linear)
            return reason if unknown is None else f"{reason}: it needs {unknown}"
        return reason

    @property
    def points_at_once(self) -> int:
        """How many points a core of a CPU evaluates at once."""
        return self.density.points_at_once

    @property
    def log_density_constant(self) -> float:
        """What `log_density` leaves out of log-likelihood + `log_reference`."""
        return 0.0
