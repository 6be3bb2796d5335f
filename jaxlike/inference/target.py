"""What a sampler sees of a model: names, a start, and a density over unit-normal variables."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ConfigError
from jaxlike.kept.programs import Program
from jaxlike.numerics.batches import CPU_CHUNK, sloped_few_at_a_time
from jaxlike.numerics.compilation import as_array


class Prior(Protocol):
    """A one-dimensional prior, as far as samplers and chain files need it."""

    @property
    def support(self) -> tuple[float, float]: ...
    def as_cobaya(self) -> Mapping[str, Any]: ...


class ParameterRecord(Protocol):
    """A sampled parameter, as far as chain files need it."""

    @property
    def name(self) -> str: ...
    @property
    def latex(self) -> str: ...
    @property
    def prior(self) -> Any: ...


class Posterior(Protocol):
    """A posterior over n parameters x, and over u in which every prior is a unit normal.

    All functions of x or u, each of shape (n,), work under `jit`, `grad` and `vmap`.
    `log_reference(u)` is the prior's log-density over u up to a constant: -u.u / 2, plus those of
    external priors.  `log_density(u)` is the log-likelihood plus `log_reference(u)` plus a
    constant, and never NaN.
    """

    @property
    def parameters(self) -> tuple[str, ...]: ...
    @property
    def specs(self) -> Sequence[ParameterRecord]: ...
    @property
    def reference(self) -> np.ndarray: ...
    def log_prior(self, x: ArrayLike, /) -> Array: ...
    def log_posterior(self, x: ArrayLike, /) -> Array: ...
    def log_density(self, u: ArrayLike, /) -> Array: ...
    def log_reference(self, u: ArrayLike, /) -> Array: ...
    def to_unconstrained(self, x: ArrayLike, /) -> Array: ...
    def from_unconstrained(self, u: ArrayLike, /) -> Array: ...


def check_posterior(given: object, function: str) -> None:
    """ConfigError where the argument of a function of the package is no posterior."""
    if not hasattr(given, "parameters") or not hasattr(given, "log_density"):
        raise ConfigError(
            f"{function} takes a Model, as jaxlike.load returns it of a file or a mapping, and was"
            f" given a {type(given).__name__}"
        )


def points_at_once(model: Posterior) -> int:
    """How many points of a posterior a core of a CPU evaluates at once: `model` may say so."""
    return getattr(model, "points_at_once", CPU_CHUNK)


@runtime_checkable
class Transport(Protocol):
    """What a posterior over variables has that are not the u of its priors.

    `mixes`: whether each parameter depends on many of the variables.
    """

    @property
    def mixes(self) -> bool: ...


class ExternalPriors(Protocol):
    """Priors that are functions of several parameters, by name, and the prior's factors at x (n,).

    `log_priors_batch(X)`, (m, n) -> (m, 1 + n_external), has the product of the priors of single
    parameters first.
    """

    @property
    def external_priors(self) -> tuple[str, ...]: ...
    def log_priors_batch(self, X: ArrayLike, /) -> Array: ...


@runtime_checkable
class Contextual(Protocol):
    """One of many posteriors that differ in numbers only: a compilation serves all of them.

    `context` is a pytree of arrays, such as the data, and `in_context` the posterior with another
    one, whose arrays may be traced.
    """

    @property
    def context(self) -> Any: ...
    def in_context(self, context: Any, /) -> Posterior: ...


def context_of(model: Posterior) -> Any:
    """The context of a posterior, as JAX's arrays; () where it has none."""
    return jax.tree.map(as_array, model.context) if isinstance(model, Contextual) else ()


def in_context(model: Posterior, name: str) -> Callable[[Any, ArrayLike], Any]:
    """The method `name` of a posterior as a function of (context, point (n,))."""

    def function(context: Any, point: ArrayLike) -> Any:
        here = model.in_context(context) if isinstance(model, Contextual) else model
        return getattr(here, name)(point)

    return function


def fingerprint_of(model: Posterior) -> str | None:
    """What functions of (context, point) depend on besides the shapes of these: programs that were
    compiled for one posterior serve all of the same. None, unless `model` says it."""
    return getattr(model, "fingerprint", None)


def sloped_density(model: Posterior) -> Callable[[Any, Array], Array]:
    """The log-density of (context, u), with a gradient in u, for all functions of a run."""
    return sloped_few_at_a_time(in_context(model, "log_density"), chunk=points_at_once(model))


def trace_slope(
    model: Posterior, density: Callable[[Any, Array], Array], programs: Iterable[Program]
) -> None:
    """Trace a `sloped_density` with its gradient, once, before threads compile programs that take
    it: each of them would, and it takes longer than to load what was compiled before. Where all
    `programs` are kept nothing is traced."""
    if all(program.kept for program in programs):
        return
    point = jax.ShapeDtypeStruct((len(model.parameters),), jnp.result_type(float))
    jax.eval_shape(jax.value_and_grad(density, argnums=1), context_of(model), point)


@runtime_checkable
class Product(Protocol):
    """A posterior of one or more likelihoods, by name, and chi^2 of each at many points.

    `chi2s_batch(X)`: (m, n) -> (m, n_likelihood).
    """

    @property
    def likelihood_names(self) -> tuple[str, ...]: ...
    def chi2s_batch(self, X: ArrayLike, /) -> Array: ...


class Derived(Protocol):
    """Functions of the parameters that chain files also hold; name -> LaTeX, in order."""

    @property
    def derived_parameters(self) -> Mapping[str, str]: ...
    def derived_batch(self, X: ArrayLike, /) -> Array: ...


def check_sampled(model: Posterior) -> None:
    """ConfigError on a posterior of no parameter."""
    if not model.parameters:
        raise ConfigError("nothing is sampled: give a parameter a prior")


def at_reference(model: Posterior) -> str:
    """Why the posterior is zero at the reference point, to end a sentence; "" if unsaid."""
    why = getattr(model, "reason_of_failure", None)
    reason = None if why is None else why(model.reference)
    return f" (at the reference point {reason})" if reason else ""
