"""From draws of u, where samplers work, to chains of the parameters, with their densities there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.inference.results.chains import Chains
from jaxlike.inference.target import (
    Derived,
    ExternalPriors,
    Posterior,
    Product,
    context_of,
    fingerprint_of,
    in_context,
)
from jaxlike.kept.programs import Program
from jaxlike.numerics.batches import in_blocks

LENGTH = 25
"""Number of points that are taken there at once."""

#: (context, u (LENGTH, n)) -> parameters (LENGTH, n) and their log-prior (LENGTH,)
Transform = Callable[[Any, np.ndarray], tuple[Any, Any]]
#: (context, u (LENGTH, n)) -> (LENGTH,)
LogReference = Callable[[Any, np.ndarray], Any]


@dataclass(frozen=True)
class ParameterSpace:
    """Compiled functions of a posterior, and the context that they are for.

    reference: the prior's log-density over the variables that are sampled, up to a constant.
    """

    model: Posterior
    transform: Transform
    reference: LogReference
    context: Any = ()

    @classmethod
    def compile(cls, model: Posterior) -> "ParameterSpace":
        """Compile what every draw needs."""
        inward, prior = (in_context(model, f) for f in ("from_unconstrained", "log_prior"))

        def transform(context: Any, u: jax.Array) -> tuple[jax.Array, jax.Array]:
            x = inward(context, u)
            return x, prior(context, x)

        reference = in_context(model, "log_reference")
        return cls(
            model,
            _program(model, "parameters", transform, LENGTH).compiled(),
            _program(model, "log_reference", reference, LENGTH).compiled(),
            context_of(model),
        )

    def within(self, context: Any) -> "ParameterSpace":
        """The same for another context of the same shapes."""
        return replace(self, context=context)

    def at(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Parameters (m, n) and log-prior (m,) at any number of points u (m, n)."""
        return in_blocks(partial(self.transform, self.context), u, LENGTH)

    def log_reference(self, u: np.ndarray) -> np.ndarray:
        """The prior's log-density (m,) over the variables that are sampled, up to a constant."""
        return np.asarray(in_blocks(partial(self.reference, self.context), u, LENGTH))

    def constant(self, u: np.ndarray, log_density: float) -> float:
        """What `log_density` leaves out of log-likelihood + `log_reference`, by its value at u,
        where the model does not say it."""
        known = getattr(self.model, "log_density_constant", None)
        if known is not None:
            return float(known)
        x, log_prior = self.at(u[None])
        log_posterior = in_context(self.model, "log_posterior")
        log_posterior = _program(
            self.model, "log_posterior", log_posterior, 1, quick=True
        ).compiled()
        log_likelihood = float(log_posterior(self.context, x)[0]) - float(log_prior[0])
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
    shape = (chains.n_chains, chains.n_draws, len(model.derived_parameters))
    flat = np.asarray(chains.draws).reshape(-1, chains.draws.shape[-1])
    values = in_blocks(model.derived_batch, flat, LENGTH) if len(flat) else np.zeros(0)
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


def with_chi2s(model: Posterior, chains: Chains, before: Chains | None = None) -> Chains:
    """The same chains with chi^2 of each likelihood, where there are several; those that chains
    `before` them had are not computed again."""
    if not isinstance(model, Product) or len(model.likelihood_names) < 2 or not chains.draws.size:
        return chains
    done = 0
    if before is not None and before.n_draws <= chains.n_draws:
        same = np.array_equal(before.draws, chains.draws[:, : before.n_draws])
        done = before.n_draws if same else 0
    if before is not None and done == chains.n_draws:
        return replace(chains, chi2s=before.chi2s)
    new = chains.draws[:, done:]
    flat = np.asarray(in_blocks(model.chi2s_batch, new.reshape(-1, new.shape[-1]), LENGTH))
    found = {}
    for name, column in zip(model.likelihood_names, flat.T, strict=True):
        parts = [column.reshape(new.shape[:2])]
        if before is not None and done:
            parts.insert(0, before.chi2s[name][:, :done])
        found[name] = np.concatenate(parts, axis=1)
    return replace(chains, chi2s=found)


def _program(
    model: Posterior, name: str, function: Callable, size: int, *, quick: bool = False
) -> Program:
    """A function of (context, point (n,)) for `size` points at once."""
    points = jax.ShapeDtypeStruct((size, len(model.parameters)), jnp.result_type(float))
    of = fingerprint_of(model)
    about = None if of is None else (name, of)
    many = jax.jit(jax.vmap(function, in_axes=(None, 0)))
    return Program(many, (context_of(model), points), about, quick=quick)
