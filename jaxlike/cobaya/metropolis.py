"""Cobaya's Metropolis-Hastings (Lewis 2013, arXiv:1304.4473) on a posterior of this package.

The proposal starts as the covariance of the Gaussian around the best fit, and the chains where NUTS
starts too; Cobaya learns the rest. The likelihood is one compiled value, without gradients.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.inference import Chains, Cost
from jaxlike.inference.carry import Carrier, chains_of
from jaxlike.inference.laplace import Laplace, dispersed_starts, fit_laplace, gradient_batch
from jaxlike.inference.options import SEED, check_whole
from jaxlike.inference.posterior import Posterior
from jaxlike.inference.progress import progress_bar, stopwatch

_BURN_IN = 0.3  # of every chain, in which Cobaya still learns its proposal
_OF_UNIT = ("min", "max", "loc", "scale")  # terms of a prior that are measured as its parameter


def run_mh(
    model: Posterior,
    *,
    chains: int = 4,
    steps: int = 20000,
    samples: int = 2000,
    seed: int = 0,
    progress: bool = True,
    save: Callable[[Chains], None] | None = None,
) -> Chains:
    """Make `chains` chains of `steps` accepted steps, of which every one keeps `samples` draws.

    The first 30 % are dropped; the draws kept are evenly spaced. `save` is called after each
    chain. Raises ConfigError on an option out of range.
    """
    for name, value, *limits in (
        ("chains", chains, 1, 1024),
        ("steps", steps, 100),
        ("samples", samples, 1),
        ("seed", seed, *SEED),
    ):
        check_whole(name, value, *limits)
    n, cpu_start, clock = len(model.parameters), time.process_time(), stopwatch()
    rng = np.random.default_rng(seed)
    evaluate = gradient_batch(model.log_density, n)
    carrier = Carrier.compile(model)
    point = jax.ShapeDtypeStruct((n,), jnp.result_type(float))
    # Cobaya multiplies it with the priors of single parameters: external ones are part of it here.
    difference = jax.jit(lambda x: model.log_posterior(x) - _log_product(model, x))
    log_likelihood = difference.lower(point).compile()
    log_prior = jax.jit(jax.vmap(model.log_prior))
    cost = Cost(compile_s=clock())
    fit = fit_laplace(evaluate, np.asarray(model.to_unconstrained(model.reference)), rng)
    starts, _ = carrier.at(dispersed_starts(evaluate, fit, chains, rng))
    covariance = _covariance(model, fit)
    cost = replace(cost, fit_gradients=fit.n_gradients, fit_s=clock())

    kept: list[np.ndarray] = []
    values = 0
    with progress_bar(chains * steps, progress, unit="step") as bar:
        bar.set_description("sampling")
        for index in range(chains):

            def show(mcmc: Any, done: int = index * steps) -> None:
                bar.update(done + len(mcmc.collection) - bar.n)

            chain, evaluations = _run(
                model, log_likelihood, covariance, starts[index], steps, seed + index, show
            )
            values += evaluations
            kept.append(_expanded(chain, samples))
            cost = replace(
                cost,
                values=values,
                sampling_s=cost.sampling_s + clock(),
                cpu_s=time.process_time() - cpu_start,
            )
            table = np.stack(kept)
            result = chains_of(
                model,
                draws=table[:, :, 2:],
                log_posterior=-table[:, :, 0],
                log_prior=np.stack([np.asarray(log_prior(part[:, 2:])) for part in table]),
                cost=cost,
                wanted=samples,
                method="mh",
            )
            if save:
                save(result)
    return result


def _log_product(model: Posterior, x: jax.Array) -> jax.Array:
    """Logarithm of the product of the priors of single parameters at x (n,)."""
    pairs = zip(model.specs, x, strict=True)
    return jnp.sum(jnp.stack([spec.prior.log_density(value) for spec, value in pairs]))


def _covariance(model: Posterior, fit: Laplace) -> np.ndarray:
    """Covariance (n, n) of the parameters in the Gaussian around the mode."""
    slope = np.asarray(jax.jacfwd(model.from_unconstrained)(jnp.asarray(fit.mode)))
    return slope @ fit.covariance @ slope.T


def _run(
    model: Posterior,
    log_likelihood: Callable[[Any], Any],
    covariance: np.ndarray,
    start: np.ndarray,
    steps: int,
    seed: int,
    show: Callable[[Any], None],
) -> tuple[np.ndarray, int]:
    """One chain: weights, minus log-posterior, minus log-prior and parameters (m, 3 + n).

    Cobaya works in units of the expected errors: it takes the covariance of an A_s of 2e-9 for a
    matrix that is not positive.
    """
    from cobaya.run import run

    names = list(model.parameters)
    count = 0

    def likelihood(**values: float) -> float:
        nonlocal count
        count += 1
        found = float(log_likelihood(unit * jnp.asarray([values[name] for name in names])))
        return found if np.isfinite(found) else -np.inf

    unit = np.sqrt(np.diag(covariance))
    scaled = (_scaled(spec.prior.as_cobaya(), s) for spec, s in zip(model.specs, unit, strict=True))
    info = {
        "likelihood": {"jaxlike": {"external": likelihood, "input_params": names}},
        "params": {
            name: {"prior": prior, "ref": float(x), "proposal": 1.0}
            for name, prior, x in zip(names, scaled, start / unit, strict=True)
        },
        "sampler": {
            "mcmc": {
                "covmat": covariance / np.outer(unit, unit),
                "covmat_params": names,
                "max_samples": steps,
                "Rminus1_stop": 0.0,  # the number of steps says when to stop
                "measure_speeds": False,
                "seed": seed,
                "callback_every": max(steps // 100, 1),
                "callback_function": show,
            }
        },
    }
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)  # Cobaya's log of its own progress
    try:
        _, sampler = run(info)
    finally:
        logging.disable(level)
    found = sampler.products()["sample"]
    columns = ["weight", "minuslogpost", "minuslogprior", *names]
    table = found.data[columns].to_numpy(float, copy=True)
    table[:, 1:3] += np.log(unit).sum()  # densities over the parameters, not over their units
    table[:, 3:] *= unit
    return table, count


def _scaled(prior: Mapping[str, Any], unit: float) -> dict[str, Any]:
    """Cobaya's prior of a parameter that is measured in `unit`."""
    return {k: float(v) / unit if k in _OF_UNIT else v for k, v in prior.items()}


def _expanded(table: np.ndarray, samples: int) -> np.ndarray:
    """`samples` rows (samples, 2 + n), evenly spaced in steps, after the burn-in."""
    weights = np.rint(table[:, 0]).astype(int)
    row = np.repeat(np.arange(len(table)), weights)
    row = row[int(_BURN_IN * row.size) :]
    return table[row[np.linspace(0, row.size - 1, samples).astype(int)], 1:]
