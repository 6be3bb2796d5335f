"""From draws of u, where samplers work, to chains of the parameters, with their densities there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.inference.chains import Chains
from jaxlike.inference.posterior import Derived, ExternalPriors, Posterior
from jaxlike.numerics.batches import in_blocks

LENGTH = 25
"""Number of points that are carried at once."""

#: u (LENGTH, n) -> parameters (LENGTH, n) and their log-prior (LENGTH,)
Transform = Callable[[np.ndarray], tuple[Any, Any]]
#: points (m, n), any m -> (m,)
LogReference = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Carrier:
    """Compiled functions of a posterior: a Transform, and x (n,) -> log-posterior.

    `log_reference` (m, n) -> (m,) is the prior's log-density over the variables that are sampled,
    up to a constant.
    """

    model: Posterior
    transform: Transform
    log_posterior: Callable[[Any], Any]
    log_reference: LogReference

    @classmethod
    def compile(cls, model: Posterior) -> "Carrier":
        """Compile both functions."""
        real, n = jnp.result_type(float), len(model.parameters)

        def transform(u: jax.Array) -> tuple[jax.Array, jax.Array]:
            x = model.from_unconstrained(u)
            return x, model.log_prior(x)

        many = jax.jit(jax.vmap(transform)).lower(jax.ShapeDtypeStruct((LENGTH, n), real))
        one = jax.jit(model.log_posterior).lower(jax.ShapeDtypeStruct((n,), real))
        return cls(model, many.compile(), one.compile(), _by_blocks(model.log_reference, n))

    def at(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Parameters (m, n) and log-prior (m,) at any number of points u (m, n)."""
        return in_blocks(self.transform, u, LENGTH)

    def constant(self, u: np.ndarray, log_density: float) -> float:
        """What `log_density` leaves out of log-likelihood + `log_reference`, by its value at u."""
        x, log_prior = self.at(u[None])
        log_likelihood = float(self.log_posterior(x[0])) - float(log_prior[0])
        return log_likelihood - (log_density - float(self.log_reference(u[None])[0]))

    def chains(
        self, u: np.ndarray, log_density: np.ndarray, constant: float, **fields: Any
    ) -> Chains:
        """Chains of draws u (chain, draw, n) with log_density (chain, draw); `fields` of Chains."""
        x, log_prior = self.at(u.reshape(-1, u.shape[-1]))
        log_prior = log_prior.reshape(log_density.shape)
        log_reference = self.log_reference(u.reshape(-1, u.shape[-1])).reshape(log_density.shape)
        log_likelihood = log_density - log_reference + constant
        return chains_of(
            self.model,
            draws=x.reshape(u.shape),
            log_posterior=log_likelihood + log_prior,
            log_prior=log_prior,
            **fields,
        )


def chains_of(model: Posterior, *, log_prior: np.ndarray, **fields: Any) -> Chains:
    """Chains of a model's parameters: log_prior (chain, draw) and other `fields` of Chains.

    None of the draws is divergent unless `fields` say so.
    """
    return Chains(
        names=tuple(model.parameters),
        latex=tuple(spec.latex for spec in model.specs),
        priors=tuple(spec.prior.as_cobaya() for spec in model.specs),
        log_prior=log_prior,
        **{"divergent": np.zeros(log_prior.shape, bool), **fields},
    )


def with_derived(model: Derived, chains: Chains) -> Chains:
    """The same chains with the model's derived parameters, computed draw by draw."""
    n = chains.draws.shape[-1]
    values = jax.lax.map(model.derived, jnp.asarray(chains.draws.reshape(-1, n)), batch_size=LENGTH)
    shape = (chains.n_chains, chains.n_draws, -1)
    return replace(
        chains,
        derived_latex=dict(model.derived_parameters),
        derived=np.asarray(values).reshape(shape),
    )


def with_external_priors(model: ExternalPriors, chains: Chains) -> Chains:
    """The same chains with the model's external priors, draw by draw."""
    flat = chains.draws.reshape(-1, chains.draws.shape[-1])
    if not model.external_priors or not len(flat):
        return chains
    factors = np.asarray(in_blocks(model.log_priors_batch, flat, LENGTH))[:, 1:]
    columns = factors.T.reshape(-1, *chains.log_prior.shape)
    return replace(chains, log_external=dict(zip(model.external_priors, columns, strict=True)))


def _by_blocks(function: Callable[[Any], Any], n: int) -> LogReference:
    shape = jax.ShapeDtypeStruct((LENGTH, n), jnp.result_type(float))
    return partial(in_blocks, jax.jit(jax.vmap(function)).lower(shape).compile(), size=LENGTH)
