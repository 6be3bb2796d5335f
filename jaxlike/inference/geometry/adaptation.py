"""Tuning of chains in a warm-up that all of them share: step size, mass matrix, straightening.

The chains start in the Gaussian around the mode, which gives the first mass matrix.  Pooling the
chains' draws makes each later one good after few draws of each.
"""

from collections.abc import Callable, Sequence

import numpy as np

from jaxlike.errors import ConfigError
from jaxlike.inference.geometry.straightening import straightened
from jaxlike.inference.geometry.straightening_fit import Sample, fit_straightening
from jaxlike.inference.runs.transitions import Tuning

_STEP = 1e-4  # in u, for the derivative of the parameters

#: state of the dual averaging of a step size (Hoffman & Gelman 2014, section 3.2), plain numbers
Averaging = tuple[float, ...]


def begin_averaging(step_size: float) -> Averaging:
    """The state before any draw."""
    from blackjax.adaptation.step_size import dual_averaging_adaptation

    # BlackJAX pulls towards ten times the start; this start is a good guess already.
    state = dual_averaging_adaptation(0.5)[0](step_size / 10.0)
    return _plain(state._replace(log_step_size=np.log(step_size)))


def average(averaging: Averaging, acceptance: float, target_accept: float) -> Averaging:
    """The state after draws with this mean acceptance rate."""
    from blackjax.adaptation.step_size import (
        DualAveragingAdaptationState,
        dual_averaging_adaptation,
    )

    update = dual_averaging_adaptation(target_accept)[1]
    return _plain(update(DualAveragingAdaptationState(*averaging), acceptance))


def next_step_size(averaging: Averaging) -> float:
    """The step size to try next."""
    return float(np.exp(averaging[0]))


def final_step_size(averaging: Averaging) -> float:
    """The step size that is settled on."""
    return float(np.exp(averaging[1]))


def _plain(state: Sequence[float]) -> Averaging:
    return tuple(float(np.asarray(x)) for x in state)


def mass_pattern(mass: str, names: Sequence[str]) -> np.ndarray:
    """Which entries (n, n) of the mass matrix are kept: "dense", "diagonal", or blocks by name.

    Blocks are separated by semicolons, the names of a block by commas, as in "Omega_m,h;b1,b2";
    parameters without a block have no correlation.  ConfigError on an unknown or repeated name.
    """
    n = len(names)
    if not isinstance(mass, str):
        raise ConfigError(
            f"option mass is {mass!r}; accepted are dense, diagonal, or blocks by name"
        )
    if mass == "dense":
        return np.ones((n, n), bool)
    pattern = np.eye(n, dtype=bool)
    if mass == "diagonal":
        return pattern
    used: list[int] = []
    for block in mass.split(";"):
        members = [name.strip() for name in block.split(",")]
        for name in members:
            if name not in names:
                raise ConfigError(
                    f"option mass has '{name}'; accepted are dense, diagonal, or blocks such as "
                    f"'a,b;c,d' of {', '.join(names)}"
                )
        index = [list(names).index(name) for name in members]
        if len({*used, *index}) < len(used) + len(index):
            raise ConfigError(
                f"option mass is '{mass}': a parameter can be in one block only, once"
            )
        used += index
        pattern[np.ix_(index, index)] = True
    return pattern


def learn_coordinates(
    u: np.ndarray,
    gradient: np.ndarray,
    n_recent: int,
    tuning: Tuning,
    *,
    parameters: Callable[[np.ndarray], np.ndarray],
    bounded: Sequence[int],
    mass: np.ndarray,
    last: bool = True,
) -> Tuning:
    """Tuning with a straightening learned of all draws, and the covariance of the last `n_recent`.

    u and the log-density's gradient there (chain, draw, n); `parameters` takes points u (m, n) to
    x (m, n); a straightening is tried of the `bounded` parameters; mass (n, n): `mass_pattern`;
    last: see `fit_straightening`.
    """
    n = u.shape[-1]
    flat = u.reshape(-1, n)
    x, above, below = (parameters(flat + h) for h in (0.0, _STEP, -_STEP))
    sample = Sample(flat, x, (above - below) / (2 * _STEP), np.nan_to_num(gradient).reshape(-1, n))
    straightening = fit_straightening(sample, bounded, last=last)
    v = straightened(straightening, u, x.reshape(u.shape))
    covariance = pooled_covariance(v[:, -n_recent:], tuning.inverse_mass)
    return tuning._replace(
        inverse_mass=np.where(mass, covariance, 0.0), straightening=straightening
    )


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


def first_step_size(n: int) -> float:
    """A step size that suits a Gaussian of n dimensions with its own covariance as inverse mass."""
    return 1.4 / max(n, 1) ** 0.25
