"""Neural transport: NUTS in variables that a trained guide makes nearly normal.

Source: Hoffman et al. 2019 (arXiv:1903.03704), used in jax-cosmo's section 5.4.1
(arXiv:2302.05163).  Unlike the guide's own draws, these are of the posterior, whatever the guide.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.inference.results.chains import Chains
from jaxlike.inference.runs.initial_points import Start
from jaxlike.inference.runs.progress import Shown, progress_bar
from jaxlike.inference.samplers.guides import Guide
from jaxlike.inference.samplers.mcmc import check_run
from jaxlike.inference.samplers.nuts import run_nuts
from jaxlike.inference.samplers.variational import check_training, fit_guide
from jaxlike.inference.target import ParameterRecord, Posterior
from jaxlike.numerics.compilation import jit_quickly


@dataclass(frozen=True)
class Transported:
    """A posterior over z, of which a guide makes u: the Posterior and Transport of a sampler."""

    model: Posterior
    guide: Guide

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names, as of the model."""
        return self.model.parameters

    @property
    def specs(self) -> Sequence[ParameterRecord]:
        """Sampled parameters, as of the model."""
        return self.model.specs

    @property
    def reference(self) -> np.ndarray:
        """The parameters (n,) at the guide's centre."""
        centre = jit_quickly(self.from_unconstrained)  # a network is many small programs else
        return np.asarray(centre(jnp.zeros(len(self.parameters))))

    def log_prior(self, x: ArrayLike) -> Array:
        """The model's log-prior at x (n,)."""
        return self.model.log_prior(x)

    def log_posterior(self, x: ArrayLike) -> Array:
        """The model's log-posterior at x (n,)."""
        return self.model.log_posterior(x)

    def log_density(self, z: ArrayLike) -> Array:
        """Posterior density over z (n,), up to a constant; never NaN."""
        u, log_det = self.guide(z)
        value = self.model.log_density(u) + log_det
        return jnp.where(jnp.isnan(value), -jnp.inf, value)

    def log_reference(self, z: ArrayLike) -> Array:
        """Prior density over z (n,), up to a constant."""
        u, log_det = self.guide(z)
        return self.model.log_reference(u) + log_det

    @property
    def mixes(self) -> bool:
        """Every parameter depends on many of z."""
        return True

    def to_unconstrained(self, x: ArrayLike) -> Array:
        """z (n,) from parameters x (n,); without a gradient."""
        return self.guide.inverse(self.model.to_unconstrained(x))

    def from_unconstrained(self, z: ArrayLike) -> Array:
        """Parameters x (n,) from z (n,)."""
        return self.model.from_unconstrained(self.guide(z)[0])


def run_neutra(
    model: Posterior,
    *,
    guide: str = "mvn",
    steps: int | None = None,
    learning_rate: float | None = None,
    particles: int = 16,
    chains: int = 4,
    warmup: int = 300,
    samples: int = 1000,
    seed: int = 0,
    target_accept: float = 0.9,
    max_tree_depth: int = 10,
    start: Start = "reference",
    progress: Shown = True,
    save: Callable[[Chains], None] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Chains:
    """Train a guide as `run_svi` does, then sample `model` through it as `run_nuts` does.

    `save`, `checkpoint` and `resume` are as in `run_nuts`, the training included, which has a
    checkpoint of its own.  The cost counts the training as warm-up.  Raises ConfigError on an
    option out of range or another run's checkpoint, JaxlikeError if the posterior is finite
    nowhere.
    """
    training = check_training(
        model,
        "neutra",
        guide=guide,
        steps=steps,
        learning_rate=learning_rate,
        particles=particles,
        seed=seed,
        start=start,
    )
    check_run(chains, warmup, samples, seed, target_accept, max_tree_depth)
    with progress_bar(training.steps, progress, unit="step") as bar:
        fit = fit_guide(model, training, bar, checkpoint=_guide_file(checkpoint), resume=resume)

    def whole(part: Chains) -> Chains:
        cost = fit.cost + part.cost
        return replace(part, method="neutra", cost=cost, trace={"elbo": fit.elbo})

    return whole(
        run_nuts(
            Transported(model, fit.guide),
            chains=chains,
            warmup=warmup,
            samples=samples,
            seed=seed,
            target_accept=target_accept,
            max_tree_depth=max_tree_depth,
            progress=progress,
            save=(lambda part: save(whole(part))) if save else None,
            checkpoint=checkpoint,
            resume=resume,
        )
    )


def _guide_file(checkpoint: Path | None) -> Path | None:
    """The checkpoint of the training, beside that of the chains."""
    return checkpoint and checkpoint.with_name(f"{checkpoint.stem}.guide{checkpoint.suffix}")
