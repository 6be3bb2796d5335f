"""A posterior as compiled functions take it: one prior times any number of likelihoods.

Structure apart from arrays: what the posterior *is* (names, functions, statistics, options, shapes)
is hashable and compared by value, what it *holds* (data, n(z), matrices, numbers of priors) are
leaves. Functions that are compiled for one serve all of the same structure.
"""

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.likelihoods.compiled import TwoPoint, cosmology, with_solution
from jaxlike.likelihoods.protocol import LogLikelihood, minus_2_ln
from jaxlike.numerics.batches import chunk_of
from jaxlike.posterior.derived import derived_values
from jaxlike.posterior.joint import JointPriors
from jaxlike.posterior.parameters import Output, Role, values_of
from jaxlike.posterior.priors import ExternalPrior
from jaxlike.registry.names import Names
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.resolve import EXCLUSIVE, resolve
from jaxlike.registry.samples import Sample
from jaxlike.theory.power.universe import Universe, UniverseGrid


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Density:
    """Pure functions of the sampled parameters x (n,), and of u (n,) in which every prior is a unit
    normal.

    fixed: values of the fixed parameters that are not zero, in the order of the roles; reference:
    (n,) a sensible point, at which what has no solution elsewhere is evaluated; names: of the
    likelihoods, in order; roles: of all parameters; options: of the theory; outputs: what
    `derived` computes.
    """

    grid: UniverseGrid
    likelihoods: tuple[LogLikelihood, ...]
    priors: JointPriors
    fixed: Array
    reference: Array
    names: tuple[str, ...] = field(metadata={"static": True})
    roles: tuple[Role, ...] = field(metadata={"static": True})
    external: tuple[ExternalPrior, ...] = field(metadata={"static": True})
    options: TheoryOptions = field(metadata={"static": True})
    known: frozenset[str] = field(metadata={"static": True})
    outputs: tuple[Output, ...] = field(metadata={"static": True})

    def __repr__(self) -> str:
        sampled = ", ".join(self.sampled)
        return f"Density of {', '.join(self.names)}; {len(self.sampled)} parameters: {sampled}"

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The samples of all likelihoods."""
        return tuple(sample for one in self.measured for sample in one.samples)

    @property
    def measured(self) -> tuple[TwoPoint, ...]:
        """The likelihoods that have a data vector."""
        return tuple(one for one in self.likelihoods if isinstance(one, TwoPoint))

    @property
    def others(self) -> tuple[LogLikelihood, ...]:
        """The likelihoods that have none."""
        return tuple(one for one in self.likelihoods if not isinstance(one, TwoPoint))

    @property
    def compressed(self) -> bool:
        """Whether the data vectors count by a few numbers made of them."""
        return bool(self.measured) and self.measured[0].vectors is not None

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the parameters that only those without a data vector know."""
        return tuple(name for one in self.others for name in one.parameters)

    @property
    def sampled(self) -> tuple[str, ...]:
        """Names of the sampled parameters, in the order of x."""
        return tuple(role.name for role in self.roles if role.sampled)

    def _all_values(self, x: Array) -> dict[str, ArrayLike]:
        return values_of(self.roles, self._fixed(), dict(zip(self.sampled, x, strict=True)))

    def _fixed(self) -> dict[str, ArrayLike]:
        """Values of the fixed parameters; those that are zero as the number itself."""
        names = [role.name for role in self.roles if role.fixed and not role.zero]
        zero = {role.name: 0.0 for role in self.roles if role.zero}
        return {**dict(zip(names, self.fixed, strict=True)), **zero}

    def params(self, x: Array) -> dict[str, ArrayLike]:
        """Names -> values of all parameters but the dropped ones."""
        values = self._all_values(x)
        return {role.name: values[role.name] for role in self.roles if not role.drop}

    def canonical(self, point: Array | Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Canonical parameters at x, or from a dictionary of any accepted names.

        What is fixed need not be given. Raises ParameterError on unknown, missing, or doubly given
        names.
        """
        values = self._completed(point) if isinstance(point, Mapping) else self._taken(point)
        own = {name: jnp.asarray(values.pop(name), float) for name in self.own if name in values}
        return resolve(values, self.samples, self.options) | own

    def _taken(self, x: Array) -> dict[str, ArrayLike]:
        """Names -> values of the parameters that likelihoods take at x."""
        taken = self.known | {*self.own}
        return {name: value for name, value in self.params(x).items() if name in taken}

    def _completed(self, params: Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
        """`params` with what is fixed, or depends on them, where they do not say otherwise."""
        values = dict(params)
        sampled = {name: values.pop(name) for name in self.sampled if name in values}
        if len(sampled) == len(self.sampled):
            x = jnp.stack([jnp.asarray(sampled[name], float) for name in self.sampled])
            return self._taken(x) | values
        values |= sampled
        names = Names(self.samples)
        given = {names.canonical(name) for name in values}
        given |= {one for pair in EXCLUSIVE for one in pair if given & set(pair)}
        for name, value in self._fixed().items():
            if name in self.known and names.canonical(name) not in given:
                values[name] = value
            elif name in self.own:
                values.setdefault(name, value)
        return values

    def universe(self, parameters: Mapping[str, ArrayLike]) -> Universe:
        """The universe of canonical parameters, for all likelihoods."""
        return self.grid.universe(cosmology(parameters, self.options))

    def theory_vectors(
        self, parameters: Mapping[str, ArrayLike], universe: Universe
    ) -> tuple[Array, ...]:
        """Predicted data vector of each likelihood that has one, for canonical parameters."""
        return tuple(one.theory_vector(universe, parameters) for one in self.measured)

    def theory_vector_of(self, name: str, point: Array | Mapping[str, ArrayLike]) -> Array:
        """Predicted data vector (n_data,) of one likelihood; ParameterError where it has none."""
        one = self.likelihoods[self.names.index(name)]
        if not isinstance(one, TwoPoint):
            raise ParameterError(f"likelihood '{name}' has no data vector")
        parameters = self.canonical(point)
        return one.theory_vector(self.universe(parameters), parameters)

    def chi2_of(self, name: str, point: Array | Mapping[str, ArrayLike]) -> Array:
        """-2 ln L of the likelihood of this name alone, chi^2 where it is Gaussian."""
        one, parameters = self.likelihoods[self.names.index(name)], self.canonical(point)
        return minus_2_ln(one, parameters, self.universe(parameters))

    def chi2_of_vector(self, vector: Array) -> Array:
        """chi^2 of predicted data vectors (n_data,), one after another."""
        return self._chi2_of(self.split(vector))

    def split(self, vector: Array) -> tuple[Array, ...]:
        """What is of each likelihood in (n_data, ...)."""
        ends = np.cumsum([one.value.size for one in self.measured])[:-1].tolist()
        return tuple(jnp.split(vector, ends))

    def mean(self, point: Array | Mapping[str, ArrayLike]) -> Array:
        """All predicted data vectors (n_data,) one after another."""
        parameters = self.canonical(point)
        vectors = self.theory_vectors(parameters, self.universe(parameters))
        return jnp.concatenate(vectors) if vectors else jnp.zeros(0)

    def chi2s(self, point: Array | Mapping[str, ArrayLike]) -> Array:
        """-2 ln L (n_likelihood,) of each likelihood, which of a Gaussian data vector is chi^2."""
        parameters = self.canonical(point)
        universe = self.universe(parameters)
        return jnp.stack([minus_2_ln(one, parameters, universe) for one in self.likelihoods])

    def chi2(self, point: Array | Mapping[str, ArrayLike]) -> Array:
        """chi^2 of all likelihoods: -2 ln L of those that have no data vector."""
        return self._sum("chi2", self.canonical(point))

    def _sum(self, what: str, parameters: Mapping[str, ArrayLike]) -> Array:
        """chi^2, or -2 ln L but for a constant, of all likelihoods."""
        universe = self.universe(parameters)
        others = (minus_2_ln(one, parameters, universe) for one in self.others)
        if self.compressed:
            return sum(others, self._chi2_of(self.theory_vectors(parameters, universe)))
        found = (getattr(one.evaluate(parameters, universe), what) for one in self.measured)
        return functools.reduce(operator.add, [*found, *others])

    def _chi2_of(self, vectors: tuple[Array, ...]) -> Array:
        """The sum over all data vectors, or over the numbers that they are compressed to."""
        both = list(zip(self.measured, vectors, strict=True))
        if not self.compressed:
            return sum((one.chi2_of(v) for one, v in both), jnp.zeros(()))
        numbers = functools.reduce(operator.add, [one.compressed(v) for one, v in both])
        return numbers @ numbers

    def log_likelihood(self, point: Array | Mapping[str, ArrayLike]) -> Array:
        """ln L but for a constant, -chi^2 / 2 of Gaussians; -inf, with a slope of zero, where the
        cosmology has no solution."""
        last = self.grid.nodes.last_scattering
        possible, safe = with_solution(self.canonical(point), self.options, last)
        deviance = self._sum("deviance", safe)
        finite = possible & jnp.isfinite(deviance)
        return jnp.where(finite, -0.5 * jnp.where(finite, deviance, 0.0), -jnp.inf)

    def log_priors(self, x: Array) -> Array:
        """Natural logarithms (1 + n_joint + n_external,) of the prior's factors at x (n,).

        The normalised product of the priors of single parameters, then over it those of joint
        ones, then the external priors; all are -inf where the first one is.
        """
        product = self.priors.log_density(x)
        inside = jnp.isfinite(product)
        safe = jnp.where(inside, x, self.reference)
        others = jnp.append(self.priors.log_ratios(safe), self._log_external(safe))
        return jnp.append(product, jnp.where(inside, others, -jnp.inf))

    def _log_external(self, x: Array) -> Array:
        """Logarithms (n_external,) of the external priors."""
        if not self.external:
            return jnp.zeros(0, x.dtype)
        values = self._all_values(x)
        return jnp.stack([prior.log_density(values) for prior in self.external])

    def log_prior(self, x: Array) -> Array:
        """Natural logarithm of the prior density at x, normalised but for external priors."""
        return jnp.sum(self.log_priors(x))

    def log_posterior(self, x: Array) -> Array:
        """log-likelihood plus log-prior at x; -inf outside the prior, never NaN."""
        log_prior = self.log_prior(x)
        inside = jnp.isfinite(log_prior)
        safe = jnp.where(inside, x, self.reference)
        if self.external:  # which may have no slope where they are -inf
            log_prior = self.log_prior(safe)
        return jnp.where(inside, self.log_likelihood(safe) + log_prior, -jnp.inf)

    def value_and_gradient(self, x: Array) -> tuple[Array, Array]:
        """log-posterior and its gradient (n,) at x."""
        return jax.value_and_grad(self.log_posterior)(x)

    def from_unconstrained(self, u: Array) -> Array:
        """x from unit-normal variables u."""
        return self.priors.from_unit_normal(u)

    def to_unconstrained(self, x: Array) -> Array:
        """Unit-normal variables u from x."""
        return self.priors.to_unit_normal(x)

    def log_density(self, u: Array) -> Array:
        """Posterior density over u, up to a constant; never NaN.

        log-likelihood - u.u / 2 + external log-priors.
        """
        x = self.from_unconstrained(u)
        value = self.log_likelihood(x) - 0.5 * (u @ u) + jnp.sum(self._log_external(x))
        return jnp.where(jnp.isnan(value), -jnp.inf, value)

    def log_reference(self, u: Array) -> Array:
        """Prior density over u, up to the same constant: -u.u / 2 + external log-priors."""
        return -0.5 * (u @ u) + jnp.sum(self._log_external(self.from_unconstrained(u)))

    def derived(self, x: Array) -> Array:
        """The outputs (n_output,) at x."""
        canonical, names = self.canonical(x), Names(self.samples)
        cosmo = cosmology(canonical, self.options)
        return derived_values(
            self.outputs, names, self.options, cosmo, canonical, self._all_values(x)
        )

    @property
    def points_at_once(self) -> int:
        """How many points a core of a CPU evaluates at once."""
        return chunk_of(
            self.grid.temporary, max((one.matrix_size for one in self.measured), default=0)
        )

    def information(self, jacobian: Array) -> Array:
        """Fisher matrix J^T C^-1 J (n, n) of derivatives J (n_data, n) of the mean."""
        both = zip(self.names, self.likelihoods, strict=True)
        if without := [name for name, one in both if not isinstance(one, TwoPoint)]:
            raise ParameterError(
                f"likelihood '{without[0]}' has no data vector, which a Fisher matrix is "
                "made of: take the others alone, `with_likelihoods`"
            )
        if self.compressed:
            every = jnp.concatenate([one.vectors for one in self.measured])  # type: ignore
            compressed = every.T @ jacobian
            return compressed.T @ compressed
        parts = zip(self.measured, self.split(jacobian), strict=True)
        return functools.reduce(operator.add, [one.information(part) for one, part in parts])
