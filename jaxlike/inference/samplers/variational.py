"""The fit that variational methods share: best-fit point, then a guide trained from there."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.inference.geometry.laplace import Laplace, gradient_batch
from jaxlike.inference.results.chains import Cost
from jaxlike.inference.runs.checkpoint import Checkpoint, check_same_density, restoring, stored
from jaxlike.inference.runs.initial_points import Start, best_fit_from, check_start
from jaxlike.inference.runs.options import (
    SEED,
    check_between,
    check_choice,
    check_installed,
    check_whole,
)
from jaxlike.inference.runs.parameter_space import ParameterSpace
from jaxlike.inference.runs.progress import stopwatch
from jaxlike.inference.samplers.guides import GUIDES, Guide, train
from jaxlike.inference.target import Posterior

STEPS = {"mvn": 1000, "bnaf": 10000}
LEARNING_RATES = {"mvn": 1e-2, "bnaf": 3e-2}
_SAVE_S = 5.0  # seconds between two checkpoints


@dataclass(frozen=True)
class Training:
    """How a guide is trained: its name, steps, gradients in a step, start of the fit."""

    guide: str
    steps: int
    learning_rate: float
    particles: int
    seed: int
    start: Start


@dataclass(frozen=True)
class Fit:
    """A trained guide, the Gaussian that it began as, and what both took.

    `constant` is what the log-density leaves out of log-likelihood + the model's log_reference.
    """

    guide: Guide
    laplace: Laplace
    space: ParameterSpace
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
    start: Start,
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
    check_start(start)
    return Training(guide, steps, learning_rate, particles, seed, start)


def fit_guide(
    model: Posterior,
    training: Training,
    bar: Any,
    *,
    interrupted: Callable[[Fit], Any] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Fit:
    """Find the best-fit point and train a guide; `bar` shows the steps and the ELBO.

    After a KeyboardInterrupt in the training, `interrupted` gets the guide as it is.  The training
    is written to `checkpoint` every few seconds and at its end, from where `resume` goes on.
    """
    settings = {"parameters": list(model.parameters), "method": "guide", **asdict(training)}
    before = stored(checkpoint, resume, settings)
    clock, cpu_start = stopwatch(), time.process_time()
    with ThreadPoolExecutor(1) as pool:  # XLA compiles on one core
        compiling_space = pool.submit(ParameterSpace.compile, model)
        evaluate = gradient_batch(model.log_density, len(model.parameters))
        cost = Cost(compile_s=clock())
        if before and checkpoint:
            n = len(model.parameters)
            with restoring(checkpoint):
                laplace = Laplace(
                    before.array("mode", n),
                    before.array("covariance", n, n),
                    **before.numbers["fit"],
                )
                spent = Cost(**before.numbers["cost"])
            here = evaluate(laplace.mode[None])[0]
            check_same_density(checkpoint, here, [laplace.log_density])
            cost += spent
            cpu_start -= cost.cpu_s
        else:
            bar.set_description("best fit")
            rng = np.random.default_rng(training.seed)
            laplace = best_fit_from(model, evaluate, training.start, rng)
            cost = replace(cost, fit_gradients=laplace.n_gradients, fit_s=clock())
        bar.set_description("compiling")
        space = compiling_space.result()
    constant = space.constant(laplace.mode, laplace.log_density)

    fit: Fit | None = None
    unsaved_s = 0.0
    try:
        for guide, arrays in train(
            model,
            laplace,
            training.guide,
            jax.random.key(training.seed),
            steps=training.steps,
            learning_rate=training.learning_rate,
            particles=training.particles,
            before=before,
        ):
            done = guide.elbo.size
            gradients = done * training.particles
            if fit is None:
                cost = replace(cost, compile_s=cost.compile_s + clock())
                bar.reset()  # the time left is extrapolated from steps, not from the compilation
                bar.set_description("training")
            else:
                seconds = clock()
                cost = replace(cost, warmup_s=cost.warmup_s + seconds)
                unsaved_s += seconds
            cpu_s = time.process_time() - cpu_start
            cost = replace(cost, warmup_gradients=gradients, cpu_s=cpu_s)
            fit = Fit(guide, laplace, space, constant, cost)
            if checkpoint and (unsaved_s > _SAVE_S or done == training.steps):
                _keep(fit, arrays, settings, checkpoint)
                unsaved_s = 0.0
            if done:
                bar.set_postfix(elbo=f"{np.nanmean(fit.elbo[-20:]):.2f}", refresh=False)
                bar.update(done - bar.n)
    except KeyboardInterrupt:
        if checkpoint and fit:
            _keep(fit, arrays, settings, checkpoint)
        if interrupted and fit and fit.guide.elbo.size:
            interrupted(fit)
        raise
    if fit is None:
        raise RuntimeError("the training of the guide came to nothing")
    return fit


def _keep(
    fit: Fit, arrays: Mapping[str, np.ndarray], settings: Mapping[str, Any], path: Path
) -> None:
    laplace = fit.laplace
    numbers = {
        "fit": {"log_density": laplace.log_density, "n_gradients": laplace.n_gradients},
        "cost": asdict(fit.cost),
    }
    own = {"mode": laplace.mode, "covariance": laplace.covariance}
    Checkpoint(settings, numbers, {**own, **arrays}).save(path)
