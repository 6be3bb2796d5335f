"""The stages of a run of chains: windows of the warm-up by NUTS, tuning of the method, sampling."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxlike.inference.samplers.kernels import Method

_NUTS_ACCEPT = 0.95
# Fractions of the warm-up: windows that each end with new coordinates; the rest is for the step
# size. Draws of the first, in which chains forget where they begin, serve no later window.
_WINDOWS = (0.10, 0.15, 0.25, 0.35)


@dataclass(frozen=True)
class Stage:
    """A stretch of draws of every chain.

    name: what a progress bar calls it; own: by the method's own kernel, not by the warm-up's;
    target_accept: what the step size is tuned to, None where it is fixed and draws are kept;
    first_step: the step size it begins with, None to go on with the last; learns: whether its
    draws make new coordinates at its end.
    """

    name: str
    draws: int
    own: bool = False
    target_accept: float | None = None
    first_step: float | None = None
    learns: bool = False

    @property
    def kept(self) -> bool:
        """Whether its draws are the result."""
        return self.target_accept is None


def plan(
    method: Method | None, n: int, warmup: int, samples: int, target_accept: float | None
) -> tuple[Stage, ...]:
    """The stages of a run in n dimensions; `method` None is NUTS, which goes on as it warmed up."""
    accept = _NUTS_ACCEPT if method or target_accept is None else target_accept
    lengths = [round(fraction * warmup) for fraction in _WINDOWS]
    lengths.append(warmup - sum(lengths))
    last = len(lengths) - 1
    stages = [
        Stage("warm-up", draws, target_accept=accept, learns=i < last)
        for i, draws in enumerate(lengths)
        if draws > 0
    ]
    if method:
        stages.append(
            Stage(
                f"tuning {method.name}",
                method.tuning_draws,
                own=True,
                target_accept=method.target_accept if target_accept is None else target_accept,
                first_step=method.first_step(n),
            )
        )
    return (*stages, Stage("sampling", samples, own=True))


def current(stages: Sequence[Stage], done: int) -> tuple[int, int]:
    """Index of the stage after `done` draws, and number of draws before that stage.

    The last stage goes on without an end.
    """
    before = 0
    for index, stage in enumerate(stages[:-1]):
        if done < before + stage.draws:
            return index, before
        before += stage.draws
    return len(stages) - 1, before
