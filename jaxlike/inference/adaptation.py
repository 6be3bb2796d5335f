"""Tuning of NUTS in a warm-up that all chains share: step size, mass matrix, shear.

The chains start in the Gaussian around the mode, which gives the first mass matrix.  Pooling the
chains' draws makes each later one good after few draws of each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax import Array

from jaxlike.inference.blocks import Draws, Info, Kernel, Tuning
from jaxlike.inference.shear import Sample, fit_shear, offset

#: (first draw, number of draws, states, tuning) -> (states, draws)
Advance = Callable[[int, int, Any, Tuning], tuple[Any, Draws]]

# Fractions of the warm-up: step size alone, then windows that each end with new coordinates; the
# rest is for the step size alone again.
_WINDOWS = (0.10, 0.15, 0.25, 0.35)
_STEP = 1e-4  # in u, for the derivative of the parameters
_BLOCK = 3  # draws between two changes of the step size


def nuts_kernel(max_tree_depth: int) -> Kernel:
    """BlackJAX's NUTS (Hoffman & Gelman 2014), at most 2^max_tree_depth leapfrog steps a draw."""
    import blackjax

    step = blackjax.nuts.build_kernel()

    def kernel(key: Array, state: Any, density: Any, tuning: Tuning) -> tuple[Any, Info]:
        state, info = step(
            key, state, density, tuning.step_size, tuning.inverse_mass, max_tree_depth
        )
        return state, Info(info.is_divergent, info.num_integration_steps, info.acceptance_rate)

    return kernel


@dataclass(frozen=True)
class Window:
    """A stretch of the warm-up: number of draws, and whether they make new coordinates."""

    draws: int
    learns: bool


def windows(warmup: int) -> tuple[Window, ...]:
    """The stretches of a warm-up of `warmup` draws, which they add up to."""
    lengths = [round(fraction * warmup) for fraction in _WINDOWS]
    lengths.append(warmup - sum(lengths))
    last = len(lengths) - 1
    return tuple(Window(n, 0 < i < last) for i, n in enumerate(lengths) if n > 0)


def warm_up(
    advance: Advance,
    states: Any,
    tuning: Tuning,
    *,
    warmup: int,
    target_accept: float,
    learn: Callable[[Sequence[Draws], Sequence[Draws], Tuning], Tuning],
) -> Iterator[tuple[Any, Tuning, Draws]]:
    """Make `warmup` draws a few at a time; yields states, the tuning to go on with, and the draws.

    At the end of a window `learn` makes the coordinates from the window's draws, and those of
    earlier windows.
    """
    earlier: list[Draws] = []
    done = 0
    for window in windows(warmup):
        seen: list[Draws] = []
        for stage in tune_step_size(
            advance, states, tuning, first=done, draws=window.draws, target_accept=target_accept
        ):
            states, tuning, draws = stage
            seen.append(draws)
            done += draws.u.shape[1]
            if window.learns and sum(d.u.shape[1] for d in seen) == window.draws:
                tuning = learn(earlier, seen, tuning)
                earlier += seen
            yield states, tuning, draws


def tune_step_size(
    advance: Advance,
    states: Any,
    tuning: Tuning,
    *,
    first: int,
    draws: int,
    target_accept: float,
) -> Iterator[tuple[Any, Tuning, Draws]]:
    """Make `draws` draws, the first of number `first`; yields states, tuning, draws, few at a time.

    The step size follows dual averaging (Hoffman & Gelman 2014, section 3.2) of the acceptance
    rate's mean over the chains; the last tuning has its average.
    """
    from blackjax.adaptation.step_size import dual_averaging_adaptation

    init, update, final = dual_averaging_adaptation(target_accept)
    update = jax.jit(update)
    # BlackJAX pulls towards ten times the start; this start is a good guess already.
    averaging = init(tuning.step_size / 10.0)
    averaging = averaging._replace(log_step_size=np.log(tuning.step_size))
    left = draws
    while left:
        count = min(left, _BLOCK)
        step_size = float(np.exp(averaging.log_step_size))
        states, made = advance(first, count, states, tuning._replace(step_size=step_size))
        averaging = update(averaging, float(made.acceptance.mean()))
        left -= count
        first += count
        if left == 0:
            tuning = tuning._replace(step_size=float(final(averaging)))
        yield states, tuning, made


def learn_coordinates(
    earlier: Sequence[Draws],
    recent: Sequence[Draws],
    tuning: Tuning,
    *,
    parameters: Callable[[np.ndarray], np.ndarray],
    bounded: Sequence[int],
    dense: bool,
) -> Tuning:
    """Tuning with a shear learned from all draws, and the covariance of recent ones.

    `parameters` takes points u (m, n) to x (m, n); `bounded` are those whose prior has edges.
    """
    u, gradient = (
        np.concatenate([getattr(d, name) for d in (*recent, *earlier)], axis=1)
        for name in ("u", "gradient")
    )
    n_recent = sum(d.u.shape[1] for d in recent)
    n = u.shape[-1]
    flat = u.reshape(-1, n)
    x, above, below = (parameters(flat + h) for h in (0.0, _STEP, -_STEP))
    sample = Sample(flat, x, (above - below) / (2 * _STEP), np.nan_to_num(gradient).reshape(-1, n))
    shear = fit_shear(sample, bounded)
    v = u - shear.axis * offset(shear, x).reshape(*u.shape[:-1], 1)
    covariance = pooled_covariance(v[:, :n_recent], tuning.inverse_mass)
    return tuning._replace(inverse_mass=covariance if dense else diagonal(covariance), shear=shear)


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
