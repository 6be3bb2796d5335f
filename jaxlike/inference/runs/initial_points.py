"""The beginning of every run of chains: the best fit, and chains dispersed around it.

The best fit is searched for from the reference point, or from the best of some draws of the prior,
with the posterior's gradients.  The Gaussian around it disperses the chains and is their first
mass matrix: nothing has to be set by hand.
"""

from dataclasses import replace
from numbers import Real

import jax.numpy as jnp
import numpy as np

from jaxlike.errors import ConfigError, JaxlikeError
from jaxlike.inference.geometry.adaptation import first_step_size
from jaxlike.inference.geometry.laplace import (
    Batch,
    Laplace,
    best_of_prior,
    dispersed_starts,
    fit_laplace,
)
from jaxlike.inference.results.chains import Cost
from jaxlike.inference.runs.beginning import Beginning
from jaxlike.inference.runs.compiled_functions import CompiledFunctions
from jaxlike.inference.runs.options import check_choice
from jaxlike.inference.runs.progress import stopwatch
from jaxlike.inference.runs.run_state import Run
from jaxlike.inference.target import Posterior, Transport, at_reference, context_of
from jaxlike.numerics.compilation import as_array

STARTS = ("reference", "prior")
"""Where the search for the best fit can begin, besides a point of one's own."""

Start = str | tuple[float, ...]
"""One of `STARTS`, or values of all parameters."""


def check_start(start: Start) -> None:
    """ConfigError on what is neither one of `STARTS` nor a tuple of numbers."""
    if isinstance(start, str):
        check_choice("start", start, STARTS)
    elif not (isinstance(start, tuple) and all(isinstance(x, Real) for x in start)):
        accepted = f"{', '.join(STARTS)}, or a tuple of numbers, such as tuple(model.reference)"
        raise ConfigError(f"option start is {start!r}; accepted are {accepted}")


def start_point(model: Posterior, start: Start) -> np.ndarray | None:
    """Where the search begins, u (n,); None for the best of some draws of the prior."""
    if start == "prior":
        return None
    x = np.asarray(model.reference if isinstance(start, str) else start)
    return np.asarray(model.to_unconstrained(as_array(x.astype(jnp.result_type(float)))))


def best_fit_from(
    model: Posterior, evaluate: Batch, start: Start, rng: np.random.Generator
) -> Laplace:
    """The Gaussian around the best fit, searched for from one of `STARTS` or a point x (n,)."""
    try:
        point, spent = start_point(model, start), 0
        if point is None:
            point, spent = best_of_prior(evaluate, len(model.parameters), rng)
        laplace = fit_laplace(evaluate, point, rng)
    except JaxlikeError as error:
        raise JaxlikeError(f"{error}{at_reference(model)}") from error
    return replace(laplace, n_gradients=laplace.n_gradients + spent)


def first_run(
    model: Posterior,
    functions: CompiledFunctions,
    begun: Beginning | None,
    chains: int,
    seed: int,
    mass: np.ndarray,
    start: Start,
    cost: Cost,
) -> tuple[Run, Beginning]:
    """Chains that are about to make their first draw, and where they begin; mass (n, n):
    `mass_pattern`.

    begun: where they do if that is known, as of an earlier run of the same.
    """
    clock, space = stopwatch(), functions.space
    if begun is None:
        assert functions.evaluate is not None
        evaluate, rng = functions.evaluate.result()(context_of(model)), np.random.default_rng(seed)
        cost = replace(cost, compile_s=cost.compile_s + clock())
        laplace = best_fit_from(model, evaluate, start, rng)
        starts = dispersed_starts(evaluate, laplace, chains, rng)
        value, gradient = evaluate(starts)
        cost = replace(cost, fit_gradients=laplace.n_gradients, fit_s=clock())
        within = space.result().within(context_of(model))
        constant = within.constant(laplace.mode, laplace.log_density)
        begun = Beginning(starts, value, gradient, laplace.covariance, np.asarray(constant))
    run = Run.begin(
        begun.points,
        begun.value,
        begun.gradient,
        step_size=first_step_size(len(model.parameters)),
        inverse_mass=np.where(mass, begun.covariance, 0.0),
        constant=float(begun.constant),
        cost=replace(cost, compile_s=cost.compile_s + clock()),
    )
    return run, begun


def bounded_parameters(model: Posterior) -> list[int]:
    """Parameters of which a straightening is tried: those whose prior has edges.

    None where each parameter depends on many variables: a straightening needs them one by one.
    """
    if isinstance(model, Transport) and model.mixes:
        return []
    return [i for i, s in enumerate(model.specs) if np.isfinite(s.prior.support).any()]
