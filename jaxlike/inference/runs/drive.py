"""The loop of a run of chains: segments of draws, what is learned of them, what is kept on disk.

Every few seconds the state of the run is on disk: one that is killed goes on from there.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jaxlike.inference.geometry.adaptation import (
    average,
    begin_averaging,
    final_step_size,
    learn_coordinates,
    next_step_size,
)
from jaxlike.inference.results.chains import Chains, Cost
from jaxlike.inference.runs.parameter_space import ParameterSpace
from jaxlike.inference.runs.progress import stopwatch
from jaxlike.inference.runs.run_state import Run
from jaxlike.inference.runs.stages import Stage, current
from jaxlike.inference.runs.transitions import LENGTH, Draws, joined

_REPORT_S = 1.0  # seconds between two reports, so that an interrupt is soon obeyed
_SAVE_S = 5.0  # seconds between two calls of `save`, and two checkpoints


@dataclass(frozen=True)
class Keeping:
    """Where a run leaves what it has: `save` gets the chains so far, `checkpoint` is a file.

    settings: what a run must share to go on from that file.
    """

    settings: Mapping[str, Any]
    checkpoint: Path | None
    save: Callable[[Chains], None] | None


@dataclass(frozen=True)
class Sampler:
    """From one Run to the next: a segment of draws, and what is learned from them.

    warm_up, own: (context, words, first, count, states, Tuning) -> (states, Draws), by the kernel
    of the warm-up and by the method's; words: of random keys; mass (n, n): the entries of the mass
    matrix that are used; bounded: the parameters of which a straightening is tried; tuned: draws
    between two changes of a step size that is being tuned.
    """

    stages: Sequence[Stage]
    warm_up: Callable[..., tuple[list[Any], Draws]]
    own: Callable[..., tuple[list[Any], Draws]]
    context: Any
    words: np.ndarray
    space: ParameterSpace
    mass: np.ndarray
    bounded: Sequence[int]
    tuned: int = 3

    @property
    def total(self) -> int:
        """Draws of a whole run, those included that are not kept."""
        return sum(stage.draws for stage in self.stages)

    def stage(self, run: Run) -> Stage:
        """The stage that the next draw belongs to."""
        return self.stages[current(self.stages, run.done)[0]]

    def advance(self, run: Run, states: Any, count: int) -> tuple[Any, Run]:
        """Make at most `count` draws that are kept, or a few that tune."""
        index, before = current(self.stages, run.done)
        stage, tuning, averaging = self.stages[index], run.tuning, run.averaging
        if stage.target_accept is not None:
            if not averaging:
                averaging = begin_averaging(stage.first_step or float(tuning.step_size))
            tuning = tuning._replace(step_size=next_step_size(averaging))
            count = min(self.tuned, before + stage.draws - run.done)
        segment = self.own if stage.own else self.warm_up
        states, draws = segment(self.context, self.words, run.done, count, states, tuning)
        position, value, gradient = joined(states)
        run = replace(run, done=run.done + count, position=position, value=value, gradient=gradient)
        gradients = int(draws.gradients.sum())
        if stage.target_accept is None:
            run = replace(run, cost=run.cost + Cost(sampling_gradients=gradients))
            return states, run.extended(draws)
        run = replace(run, cost=run.cost + Cost(warmup_gradients=gradients))
        if not stage.own:
            run = run.warmed(draws)
        averaging = average(averaging, float(draws.acceptance.mean()), stage.target_accept)
        if run.done < before + stage.draws:
            return states, replace(run, averaging=averaging)
        tuning = tuning._replace(step_size=final_step_size(averaging))
        if stage.learns:
            first = self.stages[0].draws if index else 0
            last = not any(later.learns for later in self.stages[index + 1 :])
            tuning = self.learned(
                run.warm_u[:, first:], run.warm_gradient[:, first:], stage.draws, tuning, last=last
            )
        return states, replace(run, tuning=tuning, averaging=())

    def learned(
        self,
        u: np.ndarray,
        gradient: np.ndarray,
        n_recent: int,
        tuning: Any,
        *,
        last: bool = True,
    ) -> Any:
        """The tuning with coordinates learned from draws: see `learn_coordinates`."""
        return learn_coordinates(
            u,
            gradient,
            n_recent,
            tuning,
            parameters=lambda points: self.space.at(points)[0],
            bounded=self.bounded,
            mass=self.mass,
            last=last,
        )


def drive(
    sampler: Sampler,
    run: Run,
    states: Any,
    bar: Any,
    keeping: Keeping,
    finish: Callable[[Run], Chains],
    cpu_start: float,
) -> Run:
    """Make all draws that are left of a run; cpu_start: process time at its beginning.

    On a KeyboardInterrupt what there is of it is kept, and the interrupt passed on.
    """
    bar.reset()  # the time left is extrapolated from draws, not from the compilation
    bar.update(run.done)
    clock, count, unsaved_s = stopwatch(), 1, 0.0
    try:
        while run.done < sampler.total:
            stage = sampler.stage(run)
            bar.set_description(stage.name, refresh=False)
            states, following = sampler.advance(run, states, min(count, sampler.total - run.done))
            seconds, made = clock(), following.done - run.done
            count = int(np.clip(_REPORT_S * made / seconds, 1, LENGTH))
            spent = Cost(sampling_s=seconds) if stage.kept else Cost(warmup_s=seconds)
            cost = replace(following.cost + spent, cpu_s=time.process_time() - cpu_start)
            run = replace(following, cost=cost)
            bar.set_postfix(divergent=int(run.divergent.sum()), refresh=False)
            bar.update(made)
            unsaved_s += seconds
            if unsaved_s > _SAVE_S:
                _keep(run, keeping, finish)
                unsaved_s = 0.0
    except KeyboardInterrupt:
        _keep(run, keeping, finish)
        raise
    if keeping.checkpoint:
        run.checkpoint(keeping.settings).save(keeping.checkpoint)
    return run


def _keep(run: Run, keeping: Keeping, finish: Callable[[Run], Chains]) -> None:
    if keeping.checkpoint:
        run.checkpoint(keeping.settings).save(keeping.checkpoint)
    if keeping.save and run.u.size:
        keeping.save(finish(run))
