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
from jaxlike.inference.runs.compiled_functions import CompiledFunctions
from jaxlike.inference.runs.options import check_choice
from jaxlike.inference.runs.progress import stopwatch
from jaxlike.inference.runs.run_state import Run
from jaxlike.inference.target import Posterior, Transport, at_reference, context_of

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


def best_fit_from(
    model: Posterior, evaluate: Batch, start: Start, rng: np.random.Generator
) -> Laplace:
    """The Gaussian around the best fit, searched for from one of `STARTS` or a point x (n,)."""
    try:
        if start == "prior":
            point, spent = best_of_prior(evaluate, len(model.parameters), rng)
        else:
            x = model.reference if isinstance(start, str) else start
            point, spent = np.asarray(model.to_unconstrained(jnp.asarray(x))), 0
        laplace = fit_laplace(evaluate, point, rng)
    except JaxlikeError as error:
        raise JaxlikeError(f"{error}{at_reference(model)}") from error
    return replace(laplace, n_gradients=laplace.n_gradients + spent)


def first_run(
    model: Posterior,
    functions: CompiledFunctions,
    evaluate: Batch,
    chains: int,
    seed: int,
    mass: np.ndarray,
    start: Start,
    cost: Cost,
) -> Run:
    """Chains that are about to make their first draw; mass (n, n): `mass_pattern`."""
    rng, clock = np.random.default_rng(seed), stopwatch()
    laplace = best_fit_from(model, evaluate, start, rng)
    starts = dispersed_starts(evaluate, laplace, chains, rng)
    value, gradient = evaluate(starts)
    cost = replace(cost, fit_gradients=laplace.n_gradients, fit_s=clock())
    space = functions.space.result().within(context_of(model))
    return Run.begin(
        starts,
        value,
        gradient,
        step_size=first_step_size(len(model.parameters)),
        inverse_mass=np.where(mass, laplace.covariance, 0.0),
        constant=space.constant(laplace.mode, laplace.log_density),
        cost=replace(cost, compile_s=cost.compile_s + clock()),
    )


def bounded_parameters(model: Posterior) -> list[int]:
    """Parameters of which a straightening is tried: those whose prior has edges.

    None where each parameter depends on many variables: a straightening needs them one by one.
    """
    if isinstance(model, Transport) and model.mixes:
        return []
    return [i for i, s in enumerate(model.specs) if np.isfinite(s.prior.support).any()]
