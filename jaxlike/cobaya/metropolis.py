"""Cobaya's Metropolis-Hastings (Lewis 2013, arXiv:1304.4473) on a posterior of this package.

The proposal starts as the covariance of the Gaussian around the best fit, and the chains where NUTS
starts too; Cobaya learns the rest while the chains burn in. The likelihood is one compiled value,
without gradients. A chain is made in rounds, after each of which it can be stopped and resumed.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxlike.inference import Chains, Cost
from jaxlike.inference.geometry.laplace import Laplace, dispersed_starts, gradient_batch
from jaxlike.inference.runs.checkpoint import Checkpoint, check_same_density, restoring, stored
from jaxlike.inference.runs.initial_points import Start, best_fit_from, check_start
from jaxlike.inference.runs.options import SEED, check_whole
from jaxlike.inference.runs.parameter_space import ParameterSpace, chains_of
from jaxlike.inference.runs.progress import Shown, progress_bar, stopwatch
from jaxlike.inference.target import Posterior

_ROUNDS = 10  # of each chain
_LEARNING = 3  # of these, the first, in which Cobaya learns its proposal; they are dropped
_OF_UNIT = ("min", "max", "loc", "scale")  # terms of a prior that are measured as its parameter


@dataclass(frozen=True)
class _Walk:
    """One chain so far: rounds made, where it stands, its proposal's covariance, and its table.

    x (n,) and covariance (n, n) are of the parameters; table (m, 3 + n): weights, minus
    log-posterior, minus log-prior, parameters of the steps after those in which Cobaya learns.
    """

    rounds: int
    x: np.ndarray
    covariance: np.ndarray
    table: np.ndarray


@dataclass(frozen=True)
class _Run:
    """All chains so far, and what they took; log_density: of the first one's start."""

    walks: tuple[_Walk, ...]
    log_density: float
    cost: Cost
    starts: np.ndarray

    def checkpoint(self, settings: Mapping[str, Any]) -> Checkpoint:
        """What goes into a file."""
        numbers = {
            "rounds": [walk.rounds for walk in self.walks],
            "log_density": self.log_density,
            "cost": asdict(self.cost),
        }
        arrays = {"starts": self.starts}
        for i, walk in enumerate(self.walks):
            arrays |= {f"x_{i}": walk.x, f"covariance_{i}": walk.covariance}
            arrays[f"table_{i}"] = walk.table
        return Checkpoint(settings, numbers, arrays)

    @classmethod
    def of_checkpoint(cls, before: Checkpoint, chains: int, n: int) -> "_Run":
        """What came out of a file of `chains` chains in n dimensions; ValueError or KeyError where
        that is something else."""
        numbers = before.numbers
        walks = tuple(
            _Walk(
                int(numbers["rounds"][i]),
                before.array(f"x_{i}", n),
                before.array(f"covariance_{i}", n, n),
                before.array(f"table_{i}", None, 3 + n),
            )
            for i in range(chains)
        )
        starts = before.array("starts", chains, n)
        return cls(walks, float(numbers["log_density"]), Cost(**numbers["cost"]), starts)


def run_mh(
    model: Posterior,
    *,
    chains: int = 4,
    steps: int = 20000,
    samples: int = 2000,
    seed: int = 0,
    start: Start = "reference",
    progress: Shown = True,
    save: Callable[[Chains], None] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Chains:
    """Make `chains` chains of `steps` accepted steps, of which every one keeps `samples` draws.

    The first 30 % are dropped; the draws kept are evenly spaced. `start` is that of `run_mcmc`.
    `save` is called after each chain, `checkpoint` written after each tenth of one, from which
    `resume` goes on. Raises ConfigError on an option out of range or another run's checkpoint.
    """
    for name, value, *limits in (
        ("chains", chains, 1, 1024),
        ("steps", steps, 100),
        ("samples", samples, 1),
        ("seed", seed, *SEED),
    ):
        check_whole(name, value, *limits)
    check_start(start)
    settings = {
        "method": "mh", "parameters": list(model.parameters), "chains": chains, "steps": steps,
        "seed": seed, "start": start,
    }  # fmt: skip
    before = stored(checkpoint, resume, settings)
    n, cpu_start, clock = len(model.parameters), time.process_time(), stopwatch()
    point = jax.ShapeDtypeStruct((n,), jnp.result_type(float))
    # Cobaya multiplies it with the priors of single parameters: external ones are part of it here.
    difference = jax.jit(lambda x: model.log_posterior(x) - _log_product(model, x))
    log_likelihood = difference.lower(point).compile()
    if before and checkpoint:
        with restoring(checkpoint):
            run = _Run.of_checkpoint(before, chains, n)
        here = float(log_likelihood(jnp.asarray(run.starts[0])))
        check_same_density(checkpoint, [here], [run.log_density])
        cpu_start -= run.cost.cpu_s
        run = replace(run, cost=run.cost + Cost(compile_s=clock()))
    else:
        run = _begin(model, log_likelihood, chains, seed, start)
        clock()

    lengths = np.diff(np.linspace(0, steps, _ROUNDS + 1).astype(int))
    with progress_bar(chains * steps, progress, unit="step") as bar:
        bar.set_description("sampling")
        bar.update(sum(lengths[: walk.rounds].sum() for walk in run.walks))
        for index in range(chains):
            while run.walks[index].rounds < _ROUNDS:
                walk = run.walks[index]
                walk, values = _round(
                    model, log_likelihood, walk, int(lengths[walk.rounds]), seed, index, bar
                )
                walks = (*run.walks[:index], walk, *run.walks[index + 1 :])
                cost = run.cost + Cost(values=values, sampling_s=clock())
                cost = replace(cost, cpu_s=time.process_time() - cpu_start)
                run = replace(run, walks=walks, cost=cost)
                if checkpoint:
                    run.checkpoint(settings).save(checkpoint)
            if save:
                save(_chains(model, run, index + 1, samples))
    return _chains(model, run, chains, samples)


def _begin(
    model: Posterior,
    log_likelihood: Callable[[Any], Any],
    chains: int,
    seed: int,
    start: Start,
) -> _Run:
    """Chains at points around the best fit, with the covariance there for a proposal."""
    clock, rng = stopwatch(), np.random.default_rng(seed)
    evaluate = gradient_batch(model.log_density, len(model.parameters))
    space = ParameterSpace.compile(model)
    cost = Cost(compile_s=clock())
    fit = best_fit_from(model, evaluate, start, rng)
    starts, _ = space.at(dispersed_starts(evaluate, fit, chains, rng))
    covariance = _covariance(model, fit)
    empty = np.zeros((0, 3 + starts.shape[1]))
    return _Run(
        tuple(_Walk(0, x, covariance, empty) for x in starts),
        float(log_likelihood(jnp.asarray(starts[0]))),
        replace(cost, fit_gradients=fit.n_gradients, fit_s=clock()),
        starts,
    )


def _log_product(model: Posterior, x: jax.Array) -> jax.Array:
    """Logarithm of the product of the priors of single parameters at x (n,)."""
    pairs = zip(model.specs, x, strict=True)
    return jnp.sum(jnp.stack([spec.prior.log_density(value) for spec, value in pairs]))


def _covariance(model: Posterior, fit: Laplace) -> np.ndarray:
    """Covariance (n, n) of the parameters in the Gaussian around the mode."""
    slope = np.asarray(jax.jit(jax.jacfwd(model.from_unconstrained))(jnp.asarray(fit.mode)))
    return slope @ fit.covariance @ slope.T


def _round(
    model: Posterior,
    log_likelihood: Callable[[Any], Any],
    walk: _Walk,
    steps: int,
    seed: int,
    index: int,
    bar: Any,
) -> tuple[_Walk, int]:
    """`steps` more accepted steps of the chain of this index, and how many values they took.

    Cobaya works in units of the expected errors: it takes the covariance of an A_s of 2e-9 for a
    matrix that is not positive.
    """
    from cobaya.run import run

    names = list(model.parameters)
    learning = walk.rounds < _LEARNING
    count = shown = 0

    def likelihood(**values: float) -> float:
        nonlocal count
        count += 1
        x = unit * np.array([values[name] for name in names])
        found = float(log_likelihood(x.astype(real)))
        return found if np.isfinite(found) else -np.inf

    def show(mcmc: Any) -> None:
        nonlocal shown
        bar.update(len(mcmc.collection) - shown)
        shown = len(mcmc.collection)

    real = jnp.result_type(float)
    unit = np.sqrt(np.diag(walk.covariance))
    scaled = (_scaled(spec.prior.as_cobaya(), s) for spec, s in zip(model.specs, unit, strict=True))
    info = {
        "likelihood": {"jaxlike": {"external": likelihood, "input_params": names}},
        "params": {
            name: {"prior": prior, "ref": float(x), "proposal": 1.0}
            for name, prior, x in zip(names, scaled, walk.x / unit, strict=True)
        },
        "sampler": {
            "mcmc": {
                "covmat": walk.covariance / np.outer(unit, unit),
                "covmat_params": names,
                "learn_proposal": learning,
                "max_samples": steps,
                "Rminus1_stop": 0.0,  # the number of steps says when to stop
                "measure_speeds": False,
                "seed": _seed(seed, index, walk.rounds),
                "callback_every": max(steps // 10, 1),
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
    bar.update(steps - shown)
    found = sampler.products()["sample"]
    columns = ["weight", "minuslogpost", "minuslogprior", *names]
    table = found.data[columns].to_numpy(float, copy=True)
    table[:, 1:3] += np.log(unit).sum()  # densities over the parameters, not over their units
    table[:, 3:] *= unit
    # where the chain stands is not in the table yet: the next round begins with it
    x = sampler.current_point.values * unit
    covariance = sampler.proposer.get_covariance() * np.outer(unit, unit)
    kept = walk.table if learning else np.concatenate([walk.table, table])
    return _Walk(walk.rounds + 1, x, covariance, kept), count


def _seed(*numbers: int) -> int:
    """One seed of several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


def _scaled(prior: Mapping[str, Any], unit: float) -> dict[str, Any]:
    """Cobaya's prior of a parameter that is measured in `unit`."""
    return {k: float(v) / unit if k in _OF_UNIT else v for k, v in prior.items()}


def _chains(model: Posterior, run: _Run, done: int, samples: int) -> Chains:
    """The first `done` chains, which are complete."""
    table = np.stack([_expanded(walk.table, samples) for walk in run.walks[:done]])
    log_prior = jax.jit(jax.vmap(jax.vmap(model.log_prior)))(jnp.asarray(table[:, :, 2:]))
    return chains_of(
        model,
        draws=table[:, :, 2:],
        log_posterior=-table[:, :, 0],
        log_prior=np.asarray(log_prior),
        cost=run.cost,
        wanted=samples,
        method="mh",
    )


def _expanded(table: np.ndarray, samples: int) -> np.ndarray:
    """`samples` rows (samples, 2 + n), evenly spaced in steps."""
    row = np.repeat(np.arange(len(table)), np.rint(table[:, 0]).astype(int))
    return table[row[np.linspace(0, row.size - 1, samples).astype(int)], 1:]
