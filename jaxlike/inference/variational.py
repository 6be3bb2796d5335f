"""The fit that variational methods share: best-fit point, then a guide trained from there."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.inference.carry import Carrier
from jaxlike.inference.chains import Cost
from jaxlike.inference.guides import GUIDES, Guide, train
from jaxlike.inference.laplace import Laplace, fit_laplace, gradient_batch
from jaxlike.inference.options import (
    SEED,
    check_between,
    check_choice,
    check_installed,
    check_whole,
)
from jaxlike.inference.posterior import Posterior
from jaxlike.inference.progress import stopwatch

STEPS = {"mvn": 1000, "bnaf": 10000}
LEARNING_RATES = {"mvn": 1e-2, "bnaf": 3e-2}


@dataclass(frozen=True)
class Training:
    """How a guide is trained: its name, number of steps, and gradients in a step."""

    guide: str
    steps: int
    learning_rate: float
    particles: int
    seed: int


@dataclass(frozen=True)
class Fit:
    """A trained guide, the Gaussian that it began as, and what both took.

    `constant` is what the log-density leaves out of log-likelihood + the model's log_reference.
    """

    guide: Guide
    laplace: Laplace
    carrier: Carrier
    constant: float
    cost: Cost

    @property
    def evidence_constant(self) -> float:
        """What the log-density leaves out of log-likelihood + log-prior over u."""
        return self.constant - 0.5 * self.laplace.mode.size * float(np.log(2.0 * np.pi))

    @property
    def elbo(self) -> np.ndarray:
        """Each step's noisy estimate (steps,) of the lower bound of ln Z."""
        return self.guide.elbo + self.evidence_constant


def check_training(
    model: Posterior,
    method: str,
    *,
    guide: str,
    steps: int | None,
    learning_rate: float | None,
    particles: int,
    seed: int,
) -> Training:
    """The training that the options ask for; ConfigError on one out of range."""
    check_installed(method, numpyro="NumPyro", optax="Optax")
    check_choice("guide", guide, GUIDES)
    if guide == "bnaf" and len(model.parameters) < 2:
        raise ConfigError("option guide is 'bnaf'; accepted for one parameter is mvn")
    steps = STEPS[guide] if steps is None else steps
    learning_rate = LEARNING_RATES[guide] if learning_rate is None else learning_rate
    check_whole("steps", steps, 1)
    check_between("learning_rate", learning_rate, 0, 1)
    check_whole("particles", particles, 1, 65536)
    check_whole("seed", seed, *SEED)
    return Training(guide, steps, learning_rate, particles, seed)


def fit_guide(
    model: Posterior,
    training: Training,
    bar: Any,
    *,
    interrupted: Callable[[Fit], Any] | None = None,
) -> Fit:
    """Find the best-fit point and train a guide; `bar` shows the steps and the ELBO.

    After a KeyboardInterrupt in the training, `interrupted` gets the guide as it is.
    """
    clock = stopwatch()
    with ThreadPoolExecutor(1) as pool:  # XLA compiles on one core
        carrying = pool.submit(Carrier.compile, model)
        evaluate = gradient_batch(model.log_density, len(model.parameters))
        cost = Cost(compile_s=clock())
        bar.set_description("best fit")
        start = np.asarray(model.to_unconstrained(jnp.asarray(model.reference)))
        laplace = fit_laplace(evaluate, start, np.random.default_rng(training.seed))
        cost = replace(cost, fit_gradients=laplace.n_gradients, fit_s=clock())
        bar.set_description("compiling")
        carrier = carrying.result()
    constant = carrier.constant(laplace.mode, laplace.log_density)

    fit: Fit | None = None
    key = jax.random.key(training.seed)
    try:
        for guide in train(
            model,
            laplace,
            training.guide,
            key,
            steps=training.steps,
            learning_rate=training.learning_rate,
            particles=training.particles,
        ):
            if fit is None:
                cost = replace(cost, compile_s=cost.compile_s + clock())
                bar.reset()  # the time left is extrapolated from steps, not from the compilation
                bar.set_description("training")
            fit = Fit(guide, laplace, carrier, constant, cost)
            done = guide.elbo.size
            if done:
                gradients = done * training.particles
                cost = replace(cost, warmup_gradients=gradients, warmup_s=cost.warmup_s + clock())
                fit = replace(fit, cost=cost)
                bar.set_postfix(elbo=f"{np.nanmean(fit.elbo[-20:]):.2f}", refresh=False)
                bar.update(done - bar.n)
    except KeyboardInterrupt:
        if interrupted and fit and fit.guide.elbo.size:
            interrupted(fit)
        raise
    if fit is None:
        raise RuntimeError("the training of the guide came to nothing")
    return fit
