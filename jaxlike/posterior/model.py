"""A posterior from a configuration file: what users call and samplers see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from jaxlike.config import Config
from jaxlike.data import TwoPointData
from jaxlike.likelihoods.two_point import Likelihood
from jaxlike.numerics.batches import CPU_CHUNK, in_pieces
from jaxlike.posterior.parameters import Parameter, all_values, parameter_values
from jaxlike.posterior.priors import Prior
from jaxlike.registry.names import canonical_name, is_known
from jaxlike.registry.resolve import EXCLUSIVE, resolve
from jaxlike.theory.power import linear

_CPU_NODES = 5000
"""Redshift x multipole nodes, of all points together, that are evaluated at once on a CPU."""


@dataclass(frozen=True, eq=False)
class Model:
    """One data set, one theory, one set of priors: pure functions for `jit`, `grad` and `vmap`.

    x: (n,) values of the sampled parameters, in the order of `parameters`; u: (n,) the same in
    variables in which every prior is a unit normal.
    """

    config: Config
    likelihood: Likelihood

    @property
    def data(self) -> TwoPointData:
        """The data after scale cuts."""
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
    def reference(self) -> NDArray:
        """A sensible starting vector (n,): the centres of the parameters' `ref`."""
        return np.array([spec.ref_loc for spec in self.specs], float)

    @property
    def context(self) -> ArrayLike:
        """The data vector (n_data,): what samplers take as an argument of compiled functions."""
        value = self.likelihood.value
        return self.data.value if value is None else value

    def with_context(self, value: ArrayLike) -> "Model":
        """The posterior of another data vector (n_data,) with the same covariance."""
        return replace(self, likelihood=replace(self.likelihood, value=value))

    def params_dict(self, x: ArrayLike) -> dict[str, ArrayLike]:
        """Names -> values at x, with the fixed and the dependent parameters."""
        sampled = dict(zip(self.parameters, jnp.asarray(x), strict=True))
        return parameter_values(self.config.parameters, sampled)

    def canonical(self, params: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Canonical parameters from any accepted names; what the file fixes need not be given.

        Raises ParameterError on unknown, missing, or doubly given names.
        """
        values = dict(params)
        sampled = {name: values.pop(name) for name in self.parameters if name in values}
        if len(sampled) == len(self.parameters):
            known = parameter_values(self.config.parameters, sampled)
            values = {name: known[name] for name in known if is_known(name)} | values
        else:
            values |= sampled
            given = {canonical_name(name) for name in values}
            given |= {one for pair in EXCLUSIVE for one in pair if given & set(pair)}
            for spec in self.config.parameters:
                if spec.value is None or not is_known(spec.name):
                    continue
                if canonical_name(spec.name) not in given:
                    values[spec.name] = spec.value
        return resolve(values, self.likelihood.sizes)

    @partial(jax.jit, static_argnums=0)
    def theory_vector(self, params: Mapping[str, ArrayLike]) -> Array:
        """Predicted data vector (n_data,) for a dictionary of parameters."""
        return self.likelihood.theory_vector(self.canonical(params))

    @partial(jax.jit, static_argnums=0)
    def mean(self, x: ArrayLike) -> Array:
        """Predicted data vector (n_data,) at x (n,)."""
        return self.likelihood.theory_vector(self.canonical(self.params_dict(x)))

    def information(self, jacobian: Array) -> Array:
        """Fisher matrix J^T C^-1 J (n, n) of derivatives J (n_data, n) of the mean."""
        return self.likelihood.information(jacobian)

    @partial(jax.jit, static_argnums=0)
    def chi2(self, params: Mapping[str, ArrayLike]) -> Array:
        """chi^2 for a dictionary of parameters."""
        return self.likelihood.chi2(self.canonical(params))

    @partial(jax.jit, static_argnums=0)
    def log_likelihood(self, params: Mapping[str, ArrayLike]) -> Array:
        """-chi^2 / 2 for a dictionary of parameters; -inf where there is no solution."""
        return self.likelihood.log_likelihood(self.canonical(params))

    @property
    def external_priors(self) -> tuple[str, ...]:
        """Names of the external priors, functions of the parameters, in order."""
        return tuple(prior.name for prior in self.config.external_priors)

    @partial(jax.jit, static_argnums=0)
    def log_priors(self, x: ArrayLike) -> Array:
        """Natural logarithms (1 + n_external,) of the prior's factors at x (n,).

        The normalised product of the priors of single parameters, then the external priors; all
        are -inf where the first one is.
        """
        x = jnp.asarray(x)
        pairs = zip(self.priors, x, strict=True)
        product = jnp.sum(jnp.stack([prior.log_density(value) for prior, value in pairs]))
        inside = jnp.isfinite(product)
        external = self._log_external(jnp.where(inside, x, self.reference))
        return jnp.append(product, jnp.where(inside, external, -jnp.inf))

    @partial(jax.jit, static_argnums=0)
    def log_priors_batch(self, X: ArrayLike) -> Array:
        """The same (n_point, 1 + n_external) of many points X (n_point, n)."""
        return jax.vmap(self.log_priors)(jnp.asarray(X))

    @partial(jax.jit, static_argnums=0)
    def log_prior(self, x: ArrayLike) -> Array:
        """Natural logarithm of the prior density at x (n,), normalised but for external priors."""
        return jnp.sum(self.log_priors(x))

    @partial(jax.jit, static_argnums=0)
    def log_posterior(self, x: ArrayLike) -> Array:
        """log-likelihood plus log-prior at x (n,); -inf outside the prior, never NaN."""
        x = jnp.asarray(x, float)
        log_prior = self.log_prior(x)
        inside = jnp.isfinite(log_prior)
        safe = jnp.where(inside, x, self.reference)
        if self.external_priors:  # which may have no slope where they are -inf
            log_prior = self.log_prior(safe)
        return jnp.where(inside, self._log_likelihood_at(safe) + log_prior, -jnp.inf)

    @partial(jax.jit, static_argnums=0)
    def value_and_gradient(self, x: ArrayLike) -> tuple[Array, Array]:
        """log-posterior and its gradient (n,) at x (n,)."""
        return jax.value_and_grad(self.log_posterior)(jnp.asarray(x, float))

    @partial(jax.jit, static_argnums=0)
    def log_posterior_batch(self, X: ArrayLike) -> Array:
        """log-posterior (n_point,) of many points X (n_point, n)."""
        return self._batched(self.log_posterior, jnp.asarray(X, float))

    @partial(jax.jit, static_argnums=0)
    def value_and_gradient_batch(self, X: ArrayLike) -> tuple[Array, Array]:
        """log-posterior (n_point,) and its gradients (n_point, n) at many points X (n_point, n)."""
        return self._batched(jax.value_and_grad(self.log_posterior), jnp.asarray(X, float))

    def from_unconstrained(self, u: ArrayLike) -> Array:
        """x (n,) from unit-normal variables u (n,)."""
        pairs = zip(self.priors, jnp.asarray(u), strict=True)
        return jnp.stack([prior.from_unit_normal(value) for prior, value in pairs])

    def to_unconstrained(self, x: ArrayLike) -> Array:
        """Unit-normal variables u (n,) from x (n,)."""
        pairs = zip(self.priors, jnp.asarray(x, float), strict=True)
        return jnp.stack([prior.to_unit_normal(value) for prior, value in pairs])

    @partial(jax.jit, static_argnums=0)
    def log_density(self, u: ArrayLike) -> Array:
        """Posterior density over u (n,), up to a constant; never NaN.

        log-likelihood - u.u / 2 + external log-priors.
        """
        u = jnp.asarray(u, float)
        x = self.from_unconstrained(u)
        value = self._log_likelihood_at(x) - 0.5 * (u @ u) + jnp.sum(self._log_external(x))
        return jnp.where(jnp.isnan(value), -jnp.inf, value)

    @partial(jax.jit, static_argnums=0)
    def log_reference(self, u: ArrayLike) -> Array:
        """Prior density over u (n,), up to the same constant: -u.u / 2 + external log-priors."""
        u = jnp.asarray(u, float)
        return -0.5 * (u @ u) + jnp.sum(self._log_external(self.from_unconstrained(u)))

    @property
    def derived_parameters(self) -> dict[str, str]:
        """Name -> LaTeX of what `derived` computes: of sigma8 and S8, those not sampled."""
        sampled = {canonical_name(name) for name in self.parameters if is_known(name)}
        both = {"sigma8": r"\sigma_8", "S8": "S_8"}
        return {name: latex for name, latex in both.items() if name not in sampled}

    @partial(jax.jit, static_argnums=0)
    def derived(self, x: ArrayLike) -> Array:
        """Derived parameters (n_derived,) at x (n,): sigma8 and S8 = sigma8 (Omega_m / 0.3)^0.5."""
        cosmo = self.likelihood.cosmology(self.canonical(self.params_dict(x)))
        sigma8 = linear.sigma8(cosmo, 0.0, model=self.config.theory.linear)[0]
        values = {"sigma8": sigma8, "S8": sigma8 * jnp.sqrt(cosmo.Omega_m / 0.3)}
        return jnp.stack([values[name] for name in self.derived_parameters])

    def reason_of_failure(self, x: ArrayLike) -> str | None:
        """Why the log-posterior is -inf at x (n,), in words; None where it is finite."""
        triples = zip(self.parameters, self.priors, np.asarray(x, float), strict=True)
        for name, prior, value in triples:
            low, high = prior.support
            if not low <= value <= high:
                return f"parameter '{name}' = {value:g} is outside its prior [{low:g}, {high:g}]"
        external = np.asarray(self.log_priors(x))[1:]
        for name, value in zip(self.external_priors, external, strict=True):
            if not np.isfinite(value):
                return f"the external prior '{name}' has the logarithm {value:g}"
        reason = self.likelihood.reason_of_failure(self.canonical(self.params_dict(x)))
        if reason is not None:
            return f"the cosmology has no solution: it needs {reason}"
        finite = np.isfinite(self.log_posterior(x))
        return None if finite else "the theory is not finite there"

    @property
    def points_at_once(self) -> int:
        """How many points a core of a CPU evaluates at once; more nodes leave its caches."""
        nodes = self.likelihood.theory.nodes
        return max(1, min(CPU_CHUNK, _CPU_NODES // (nodes.z.size * nodes.ell.size)))

    def _batched(self, function: Callable[[Array], Any], X: Array) -> Any:
        """`function` of every row of X: all at once on an accelerator, a few at a time on a CPU."""
        few = partial(in_pieces, function, size=len(X), chunk=self.points_at_once)
        return jax.lax.platform_dependent(X, cpu=few, default=jax.vmap(function))

    def _log_external(self, x: Array) -> Array:
        """Logarithms (n_external,) of the external priors."""
        if not self.config.external_priors:
            return jnp.zeros(0, x.dtype)
        sampled = dict(zip(self.parameters, x, strict=True))
        values = all_values(self.config.parameters, sampled)
        return jnp.stack([prior.log_density(values) for prior in self.config.external_priors])

    def _log_likelihood_at(self, x: Array) -> Array:
        return self.likelihood.log_likelihood(self.canonical(self.params_dict(x)))
