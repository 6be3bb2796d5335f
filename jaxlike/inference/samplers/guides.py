"""Guides of variational inference, trained by NumPyro: distributions made to resemble a posterior.

Sources: Kucukelbir et al. 2017 (arXiv:1603.00788) for the method; the two guides are those of
jax-cosmo's section 5.4 (arXiv:2302.05163), a multivariate normal and a block neural autoregressive
flow (De Cao et al. 2019, arXiv:1904.04676) of one flow with two hidden layers of 8 units.

A guide lives in variables w in which the Gaussian around the mode is the unit normal.  It learns
that Gaussian first, which takes no likelihood, so that few steps are left for the posterior.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.inference.geometry.laplace import Laplace
from jaxlike.inference.runs.checkpoint import Checkpoint, leaves_of, restoring, tree_like
from jaxlike.inference.target import Posterior
from jaxlike.numerics.batches import sloped_few_at_a_time

GUIDES = ("mvn", "bnaf")

_LENGTH = 100  # largest number of steps between two reports
_REPORT_S = 1.0  # seconds between two reports, so that an interrupt is soon obeyed
_LAST_RATE = 0.01  # of the first learning rate
_REHEARSAL_STEPS, _REHEARSAL_RATE, _REHEARSAL_PARTICLES = 2000, 1e-2, 64
# A point without density counts as this log-density, without slope: how many of them a step met
# can be read off its ELBO, which is never near this large.
_VOID = -1e8
_FARTHEST = 40.0  # |z| of the inverse

#: z (n,) -> w (n,) and ln |det dw/dz|
Flow = Callable[[Array], tuple[Array, Array]]


@dataclass(frozen=True)
class Guide:
    """A distribution over u: u = centre + root w, with w = flow(z) and z a unit normal.

    `root` (n, n) is lower triangular, and so is dw/dz, both with a positive diagonal.  `elbo`
    (steps,) is each step's estimate of the evidence lower bound, with `log_density` as the
    density; `voids` counts the points of training that had no density.
    """

    centre: Array
    root: Array
    flow: Flow
    elbo: np.ndarray
    voids: int

    def __call__(self, z: ArrayLike) -> tuple[Array, Array]:
        """u (n,) from z (n,), and ln |det du/dz|."""
        w, log_det = self.flow(jnp.asarray(z))
        return self.centre + self.root @ w, log_det + jnp.sum(jnp.log(jnp.diag(self.root)))

    def inverse(self, u: ArrayLike) -> Array:
        """z (n,) from u (n,), by bisection in one coordinate after another; no gradient."""
        w = jax.scipy.linalg.solve_triangular(self.root, jnp.asarray(u) - self.centre, lower=True)

        def solve(i: Array, z: Array) -> Array:
            def halve(_: Array, edges: tuple[Array, Array]) -> tuple[Array, Array]:
                middle = 0.5 * (edges[0] + edges[1])
                low = self.flow(z.at[i].set(middle))[0][i] < w[i]
                return jnp.where(low, middle, edges[0]), jnp.where(low, edges[1], middle)

            edges = jnp.full((), -_FARTHEST, z.dtype), jnp.full((), _FARTHEST, z.dtype)
            return z.at[i].set(jnp.mean(jnp.stack(jax.lax.fori_loop(0, 60, halve, edges))))

        return jax.lax.fori_loop(0, w.size, solve, jnp.zeros_like(w))


def train(
    model: Posterior,
    laplace: Laplace,
    kind: str,
    key: Array,
    *,
    steps: int,
    learning_rate: float,
    particles: int,
    before: Checkpoint | None = None,
) -> Iterator[tuple[Guide, dict[str, np.ndarray]]]:
    """Train a guide, with Adam and a decaying learning rate; yields it about every second.

    With it come the arrays of the training's state, from which `before` a training goes on.  The
    first is the guide before any step, when all is compiled.  A step takes `particles` gradients of
    the posterior, which make one of the ELBO.
    """
    import numpyro
    from numpyro import distributions as dist
    from numpyro.infer import autoguide, init_to_value

    n = laplace.mode.size
    real = jnp.result_type(float)
    centre = jnp.asarray(laplace.mode, real)
    root = jnp.asarray(np.linalg.cholesky(laplace.covariance), real)
    slope = sloped_few_at_a_time(lambda _, w: model.log_density(centre + root @ w), void=_VOID)
    density = partial(slope, ())
    log_volume = jnp.sum(jnp.log(jnp.diag(root))) + 0.5 * n * jnp.log(2.0 * jnp.pi)

    def gaussian() -> Array:
        return numpyro.sample("w", dist.Normal(jnp.zeros(n, real), 1.0).to_event(1))

    def posterior() -> None:
        w = gaussian()
        numpyro.factor("posterior", density(w) + 0.5 * (w @ w) + log_volume)

    begin = init_to_value(values={"w": jnp.zeros(n, real)})
    if kind == "mvn":
        guide = autoguide.AutoMultivariateNormal(gaussian, init_loc_fn=begin, init_scale=1.0)
    else:
        guide = autoguide.AutoBNAFNormal(
            gaussian, init_loc_fn=begin, num_flows=1, hidden_factors=[8, 8]
        )

    first, second = jax.random.split(key)
    rehearsal = _svi(gaussian, guide, _REHEARSAL_STEPS, _REHEARSAL_RATE, _REHEARSAL_PARTICLES)
    state = jax.jit(rehearsal.init)(first)
    if kind != "mvn" and before is None:  # which is that Gaussian from the start
        state = jax.jit(
            lambda s: jax.lax.fori_loop(
                0, _REHEARSAL_STEPS, lambda _, s: rehearsal.stable_update(s)[0], s
            )
        )(state)
    params = rehearsal.get_params(state)

    svi = _svi(posterior, guide, steps, learning_rate, particles)
    state = jax.jit(lambda k: svi.init(k, init_params=params))(second)
    losses: list[np.ndarray] = []
    if before is not None:
        with restoring(before.path):
            state = tree_like("svi", state, before.arrays)
            losses.append(before.array("losses", None))
    some_steps = _compile(svi, state)

    def now(losses: list[np.ndarray]) -> Guide:
        transform = guide.get_transform(svi.get_params(state))

        def flow(z: Array) -> tuple[Array, Array]:
            w, extra = transform.call_with_intermediates(z)
            return w, transform.log_abs_det_jacobian(z, w, extra)

        elbo = -np.concatenate(losses) if losses else np.zeros(0)
        finite = np.where(np.isfinite(elbo), elbo, 0.0)
        voids = np.rint(finite * particles / _VOID).clip(min=0)
        return Guide(centre, root, flow, elbo - voids * _VOID / particles, int(voids.sum()))

    def arrays() -> dict[str, np.ndarray]:
        return {**leaves_of("svi", state), "losses": np.concatenate([np.zeros(0), *losses])}

    yield now(losses), arrays()
    done, count = sum(map(len, losses)), 1
    while done < steps:
        began = time.perf_counter()
        count = min(count, steps - done)
        state, new = jax.block_until_ready(some_steps(state, jnp.asarray(count, jnp.int32)))
        losses.append(np.asarray(new)[:count])
        done += count
        yield now(losses), arrays()
        count = int(np.clip(_REPORT_S * count / (time.perf_counter() - began), 1, _LENGTH))


def _svi(target: Callable, guide: Any, steps: int, learning_rate: float, particles: int) -> Any:
    import optax
    from numpyro.infer import SVI, Trace_ELBO

    rate = optax.cosine_decay_schedule(learning_rate, steps, alpha=_LAST_RATE)
    return SVI(target, guide, optax.adam(rate), Trace_ELBO(num_particles=particles))


def _compile(svi: Any, state: Any) -> Callable:
    """Compile (state, count) -> (state after `count` steps, their losses in (_LENGTH,))."""

    def some_steps(state: Any, count: Array) -> tuple[Any, Array]:
        def body(i: Array, carry: tuple[Any, Array]) -> tuple[Any, Array]:
            state, losses = carry
            # A step whose loss or gradient is not finite changes nothing.
            state, loss = svi.stable_update(state)
            return state, losses.at[i].set(loss)

        losses = jnp.zeros(_LENGTH, jnp.result_type(float))
        return jax.lax.fori_loop(0, count, body, (state, losses))

    return jax.jit(some_steps).lower(state, jax.ShapeDtypeStruct((), jnp.int32)).compile()
