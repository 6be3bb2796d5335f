"""Variational inference: independent draws of a guide that was trained to resemble the posterior.

Importance weights tell how far it does: Pareto k-hat (Vehtari et al., arXiv:1507.02646), proposed
for this use by Yao et al. 2018 (arXiv:1802.02538).
"""

import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.errors import JaxlikeError
from jaxlike.inference.results.chains import Chains, Cost, Evidence
from jaxlike.inference.runs.initial_points import Start
from jaxlike.inference.runs.options import check_whole
from jaxlike.inference.runs.progress import Shown, progress_bar, stopwatch
from jaxlike.inference.samplers.guides import Guide
from jaxlike.inference.samplers.variational import Fit, check_training, fit_guide
from jaxlike.inference.target import Posterior
from jaxlike.numerics.batches import few_at_a_time, in_blocks

MENTION_K_HAT = 0.5  # up to here the weights have a variance, and the evidence an error
MAX_K_HAT = 0.7
_BATCH = 200  # draws evaluated by one call
_MAX_ROUNDS = 20  # of draws, until enough have a density


def run_svi(
    model: Posterior,
    *,
    guide: str = "mvn",
    steps: int | None = None,
    learning_rate: float | None = None,
    particles: int = 16,
    samples: int = 1000,
    chains: int = 4,
    seed: int = 0,
    start: Start = "reference",
    progress: Shown = True,
    save: Callable[[Chains], None] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Chains:
    """Train a guide, "mvn" or "bnaf", and return independent draws of it with their densities.

    `particles` is the number of gradients in a step; `steps` and `learning_rate` have defaults for
    each guide.  The trace "elbo" is a noisy lower bound of ln Z; where Pareto k-hat is at most 0.5,
    the evidence itself is estimated from the importance weights.  After a KeyboardInterrupt `save`
    gets draws of the guide as it is.  `start`, `checkpoint` and `resume` are those of `run_mcmc`.
    Raises ConfigError on an option out of range or another run's checkpoint.
    """
    training = check_training(
        model,
        "svi",
        guide=guide,
        steps=steps,
        learning_rate=learning_rate,
        particles=particles,
        seed=seed,
        start=start,
    )
    check_whole("samples", samples, 1)
    check_whole("chains", chains, 1, 1024)

    def finish(fit: Fit) -> Chains:
        bar.set_description("sampling")
        began = time.process_time()
        result = _draw(model, fit, chains, samples, seed)
        cpu_s = fit.cost.cpu_s + time.process_time() - began
        used = replace(result.cost, cpu_s=cpu_s)
        result = replace(result, cost=used)
        if save:
            save(result)
        return result

    with progress_bar(training.steps, progress, unit="step") as bar:
        fit = fit_guide(
            model, training, bar, interrupted=finish, checkpoint=checkpoint, resume=resume
        )
        return finish(fit)


def _draw(model: Posterior, fit: Fit, chains: int, samples: int, seed: int) -> Chains:
    """`samples` draws of the guide for each chain, with what is to be said of it."""
    clock = stopwatch()
    n = fit.laplace.mode.size
    evaluate = _compile(model, fit.guide)
    cost = fit.cost + Cost(compile_s=clock())

    wanted = chains * samples
    key = jax.random.fold_in(jax.random.key(seed), 1)  # another than the training's
    kept: list[tuple[np.ndarray, ...]] = []
    made, found = 0, 0
    for i in range(_MAX_ROUNDS):
        z = np.asarray(jax.random.normal(jax.random.fold_in(key, i), (wanted - found, n)))
        u, log_density, log_guide = in_blocks(evaluate, z, _BATCH)
        good = np.isfinite(log_density)
        kept.append((u[good], log_density[good], log_density[good] - log_guide[good]))
        made, found = made + len(z), found + int(good.sum())
        if found == wanted:
            break
    else:
        raise JaxlikeError(
            f"the guide is not the posterior, which is zero at {made - found} of its {made} draws"
        )
    u, log_density, log_weight = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    log_weight += fit.evidence_constant
    k_hat = pareto_k_hat(log_weight)
    cost += Cost(sampling_s=clock(), values=made)
    return fit.space.chains(
        u.reshape(chains, samples, n),
        log_density.reshape(chains, samples),
        fit.constant,
        cost=cost,
        wanted=samples,
        method="svi",
        cautions=tuple(_cautions(k_hat, fit.guide.voids, made - found)),
        evidence=_evidence(log_weight, made) if k_hat <= MENTION_K_HAT else None,
        trace={"elbo": fit.elbo},
    )


def pareto_k_hat(log_weight: np.ndarray) -> float:
    """Tail index of importance weights (m,): their error is in hand below 0.7."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ announces its next version when imported
        import arviz

        return float(arviz.psislw(log_weight)[1])


def _compile(model: Posterior, guide: Guide) -> Callable[[Any], Any]:
    """Compile z (_BATCH, n) -> u (_BATCH, n), log-density there, the guide's log-density."""
    log_density = few_at_a_time(model.log_density)

    def at(z: Array) -> tuple[Array, Array, Array]:
        u, log_det = guide(z)
        normal = -0.5 * (z @ z) - 0.5 * z.size * jnp.log(2.0 * jnp.pi)
        return u, log_density(u), normal - log_det

    shape = jax.ShapeDtypeStruct((_BATCH, guide.centre.size), jnp.result_type(float))
    return jax.jit(jax.vmap(at)).lower(shape).compile()


def _evidence(log_weight: np.ndarray, made: int) -> Evidence:
    """ln Z from the weights of those of `made` draws that have one; the others' are zero."""
    highest = log_weight.max()
    weight = np.zeros(made)
    weight[: log_weight.size] = np.exp(log_weight - highest)
    mean = weight.mean()
    error = weight.std() / mean / np.sqrt(made)
    return Evidence(float(highest + np.log(mean)), float(error))


def _cautions(k_hat: float, trained: int, drawn: int) -> list[str]:
    found = []
    if not k_hat <= MAX_K_HAT:
        found.append(
            f"the guide is not the posterior: Pareto k-hat = {k_hat:.3f} is above {MAX_K_HAT}; "
            "widths may be wrong, compare with method neutra or nuts"
        )
    elif k_hat > MENTION_K_HAT:
        found.append(
            f"the guide is near the posterior, but not it: Pareto k-hat = {k_hat:.3f} is above "
            f"{MENTION_K_HAT}"
        )
    if trained or drawn:
        found.append(
            f"the posterior is zero at {trained} points that the guide was trained on, and at "
            f"{drawn} of its draws, which were made again"
        )
    return found
