"""A run of nested slice sampling by BlackJAX: its live points, those that have died, its file."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxlike.errors import JaxlikeError
from jaxlike.inference.results.chains import Cost
from jaxlike.inference.runs.checkpoint import Checkpoint, leaves_of, tree_like
from jaxlike.numerics.batches import in_blocks

_BATCH = 200  # prior draws evaluated by one call
_MAX_PRIOR_DRAWS = 1000  # for every live point
_VOLUMES = 200  # simulated sequences of prior volumes, for weights and error of the evidence
_SEGMENT = 0.05  # of the live points replaced between two reports

#: u (n,) -> log-likelihood, up to a constant; -inf where it is zero
LogLikelihood = Callable[[Array], Array]


@dataclass(frozen=True)
class Live:
    """Points u (live, n) drawn from the prior where the likelihood is not zero, and its logarithm.

    `possible` of `drawn` prior draws were of that kind.
    """

    u: np.ndarray
    log_likelihood: np.ndarray
    possible: int
    drawn: int

    @property
    def log_fraction(self) -> tuple[float, float]:
        """ln of the prior's fraction where the likelihood is not zero, and its error.

        Points of zero likelihood are part of the prior: the evidence is this fraction times the
        evidence of the prior without them.
        """
        fraction = self.possible / self.drawn
        return float(np.log(fraction)), float(np.sqrt((1.0 - fraction) / self.possible))


class NestedRun:
    """A run of BlackJAX's sampler: the state of its live points, and all that have died."""

    def __init__(
        self, log_likelihood: LogLikelihood, first: Live, inner_steps: int, delete: int
    ) -> None:
        import blackjax

        algorithm = blackjax.nss(
            logprior_fn=lambda u: -0.5 * (u @ u),
            loglikelihood_fn=log_likelihood,
            num_inner_steps=inner_steps,
            num_delete=delete,
        )
        self.first = first
        self.values = 0
        self.segments = 0
        self.dead: list[Any] = []
        positions = jnp.asarray(first.u)
        self.state = jax.jit(algorithm.init)(positions)
        count = max(1, round(_SEGMENT * len(first.u) / delete))

        def segment(state: Any, key: Array) -> tuple[Any, Any]:
            def step(state: Any, key: Array) -> tuple[Any, Any]:
                state, info = algorithm.step(key, state)
                slices = info.update_info
                # Both edges of a slice are tried before any expansion.
                tried = jnp.sum(2 + slices.num_expansions + slices.num_shrink)
                return state, (info.particles, tried)

            return jax.lax.scan(step, state, jax.random.split(key, count))

        self.segment = jax.jit(segment).lower(self.state, jax.random.key(0)).compile()

    def advance(self, key: Array) -> None:
        """Replace some of the live points; `key` is that of the whole run."""
        here = jax.random.fold_in(key, self.segments)
        state, (dead, tried) = jax.block_until_ready(self.segment(self.state, here))
        flat = jax.tree.map(lambda a: np.asarray(a).reshape(-1, *a.shape[2:]), dead)
        self.state = state
        self.dead.append(flat)
        self.values += int(tried.sum())
        self.segments += 1

    @property
    def n_dead(self) -> int:
        """Number of points that have been replaced."""
        return sum(len(d.loglikelihood) for d in self.dead)

    @property
    def log_z(self) -> float:
        """ln Z of the points that have died, up to the likelihood's constant."""
        return float(self.state.integrator.logZ)

    @property
    def log_z_live(self) -> float:
        """ln Z of the live points, up to the likelihood's constant."""
        return float(self.state.integrator.logZ_live)

    def weighted(self, key: Array) -> tuple[Any, np.ndarray]:
        """All points, and simulated ln(weight) (point, _VOLUMES) whose sums are the evidence."""
        from blackjax.ns.base import NSInfo
        from blackjax.ns.utils import finalise

        every = finalise(self.state, [NSInfo(d, None) for d in self.dead], update_info=False)
        points = every.particles
        born, died = np.asarray(points.loglikelihood_birth), np.asarray(points.loglikelihood)
        return points, _log_weights(key, born, died)

    def checkpoint(self, settings: Mapping[str, Any], cost: Cost) -> Checkpoint:
        """What goes into a file."""
        numbers = {
            "values": self.values,
            "segments": self.segments,
            "possible": self.first.possible,
            "drawn": self.first.drawn,
            "cost": asdict(cost),
        }
        first = {"first_u": self.first.u, "first_log_likelihood": self.first.log_likelihood}
        arrays = {**first, **leaves_of("state", self.state)}
        if self.dead:
            dead = jax.tree.map(lambda *a: np.concatenate(a), *self.dead)
            arrays |= leaves_of("dead", dead)
        return Checkpoint(settings, numbers, arrays)

    def restore(self, before: Checkpoint) -> None:
        """Go on from what came out of a file."""
        numbers, arrays = before.numbers, before.arrays
        self.values, self.segments = numbers["values"], numbers["segments"]
        self.state = tree_like("state", self.state, arrays)
        if self.segments:
            dead = tree_like("dead", self.state.particles, arrays, rows=False)
            self.dead = [jax.tree.map(np.asarray, dead)]


def _log_weights(key: Array, born: np.ndarray, died: np.ndarray) -> np.ndarray:
    """ln(weight) (point, _VOLUMES) of points by the log-likelihoods of their births and deaths.

    BlackJAX's `log_weights`, of which JAX compiles every operation anew for every number of points.
    Prior volumes are simulated (Skilling 2006), with as many live points as there are at each death
    (Fowlie, Handley & Su 2021); a birth of no likelihood, NaN, is before all others.
    """
    order = np.argsort(died, kind="stable")
    change = np.repeat([1, -1], len(died))
    at = np.concatenate([born[order], died[order]])
    change = change[np.lexsort((change, at, ~np.isnan(at)))]
    n_live = np.maximum(np.cumsum(change), 0)[change == -1] + 1
    uniform = np.asarray(jax.random.uniform(jax.random.split(key)[1], (len(died), _VOLUMES)))
    log_x = np.cumsum(np.log1p(-uniform) / n_live[:, None], axis=0)
    ends = np.zeros((1, _VOLUMES)), np.full((1, _VOLUMES), -np.inf)
    before, after = np.concatenate([ends[0], log_x[:-1]]), np.concatenate([log_x[1:], ends[1]])
    weights = np.empty_like(log_x)
    weights[order] = before + np.log(-np.expm1(after - before) / 2) + died[order, None]
    return weights


def draw_live(log_likelihood: LogLikelihood, live: int, n: int, key: Array) -> Live:
    """Draw from the prior until `live` points have a likelihood."""
    shape = jax.ShapeDtypeStruct((_BATCH, n), jnp.result_type(float))
    evaluate = jax.jit(jax.vmap(log_likelihood)).lower(shape).compile()
    points: list[np.ndarray] = []
    values: list[np.ndarray] = []
    possible, drawn = 0, 0
    while possible < live:
        if drawn >= _MAX_PRIOR_DRAWS * live:
            raise JaxlikeError(
                f"the likelihood is zero nearly everywhere: only {possible} of {drawn} draws from "
                f"the prior have one, and {live} live points are wanted"
            )
        u = np.asarray(jax.random.normal(jax.random.fold_in(key, drawn), (live, n)))
        value = in_blocks(evaluate, u, _BATCH)
        good = np.isfinite(value)
        points.append(u[good])
        values.append(value[good])
        possible, drawn = possible + int(good.sum()), drawn + live
    return Live(np.concatenate(points)[:live], np.concatenate(values)[:live], possible, drawn)
