"""Tuning of NUTS in a warm-up that all chains share: one step size, one mass matrix.

The chains start in the Gaussian around the mode, which gives the first mass matrix.  Pooling the
chains' draws makes each later one good after few draws of each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from jaxlike.inference.blocks import Draws

#: (first draw, number of draws, states, step size, inverse mass) -> (states, draws)
Advance = Callable[[int, int, Any, float, np.ndarray], tuple[Any, Draws]]

# Fractions of the warm-up: step size alone, then windows that each end with a new mass matrix; the
# rest is for the step size alone again.
_WINDOWS = (0.10, 0.15, 0.25, 0.40)
_BLOCK = 5  # draws between two updates of the step size


@dataclass(frozen=True)
class Tuning:
    """Step size, and inverse mass matrix (n, n), an estimate of the covariance."""

    step_size: float
    inverse_mass: np.ndarray


@dataclass(frozen=True)
class Window:
    """A stretch of the warm-up: number of draws, and whether its draws make a new mass matrix."""

    draws: int
    learns_mass: bool


def windows(warmup: int) -> tuple[Window, ...]:
    """The stretches of a warm-up of `warmup` draws, which they add up to."""
    lengths = [round(fraction * warmup) for fraction in _WINDOWS]
    lengths.append(warmup - sum(lengths))
    last = len(lengths) - 1
    return tuple(Window(n, 0 < i < last) for i, n in enumerate(lengths) if n > 0)


def warm_up(
    advance: Advance, states: Any, tuning: Tuning, *, warmup: int, target_accept: float, dense: bool
) -> Iterator[tuple[Any, Tuning, Draws]]:
    """Make `warmup` draws a few at a time; yields states, the tuning to go on with, and the draws.

    The step size follows dual averaging (Hoffman & Gelman 2014, section 3.2) of the acceptance
    rate's mean over the chains; the mass matrix is learned at the end of each window.
    """
    from blackjax.adaptation.step_size import dual_averaging_adaptation

    init, update, final = dual_averaging_adaptation(target_accept)
    update = jax.jit(update)
    done = 0
    for window in windows(warmup):
        # BlackJAX pulls towards ten times the start; this start is a good guess already.
        averaging = init(tuning.step_size / 10.0)
        averaging = averaging._replace(log_step_size=np.log(tuning.step_size))
        seen: list[np.ndarray] = []
        left = window.draws
        while left:
            count = min(left, _BLOCK)
            step_size = float(np.exp(averaging.log_step_size))
            states, draws = advance(done, count, states, step_size, tuning.inverse_mass)
            averaging = update(averaging, float(draws.acceptance.mean()))
            seen.append(draws.u)
            left -= count
            done += count
            if left == 0:
                tuning = Tuning(float(final(averaging)), tuning.inverse_mass)
                if window.learns_mass:
                    covariance = pooled_covariance(np.concatenate(seen, 1), tuning.inverse_mass)
                    tuning = Tuning(tuning.step_size, covariance if dense else diagonal(covariance))
            yield states, tuning, draws


def pooled_covariance(draws: np.ndarray, previous: np.ndarray) -> np.ndarray:
    """Covariance (n, n) of all draws (..., n), drawn towards `previous` with the weight of n draws.

    So the result is never degenerate, however few the draws.
    """
    n = previous.shape[0]
    pooled = draws.reshape(-1, n)
    count = len(pooled)
    if count < 2:
        return previous
    return (count * np.cov(pooled, rowvar=False).reshape(n, n) + n * previous) / (count + n)


def diagonal(matrix: np.ndarray) -> np.ndarray:
    """The matrix (n, n) without its off-diagonal entries."""
    return np.diag(np.diag(matrix))


def first_step_size(n: int) -> float:
    """A step size that suits a Gaussian of n dimensions with its own covariance as inverse mass."""
    return 1.4 / max(n, 1) ** 0.25
