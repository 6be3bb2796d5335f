"""Burn-in of the late-adjusted parallel sampler: walkers that their ensemble tunes.

Robnik & Seljak 2026 (arXiv:2601.16696), by BlackJAX: microcanonical Langevin steps whose size
follows the bias that the ensemble itself still shows, until its second moments stop drifting.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import PartitionSpec

from jaxlike.inference.runs.device_placement import AXIS, Placement
from jaxlike.inference.target import Posterior, context_of, fingerprint_of
from jaxlike.kept.programs import Program

LENGTH = 25
"""Largest number of steps in a segment."""

_HISTORY = 0.2  # of the longest burn-in: the steps whose second moments are compared


@dataclass(frozen=True)
class Ensemble:
    """Walkers in coordinates w with u = mode + root w, and what their ensemble has tuned.

    particles: BlackJAX's IntegratorState of every walker; adaptation: its state of the ensemble;
    done: steps so far; settled: whether the moments have stopped drifting.
    """

    particles: Any
    adaptation: Any
    done: int
    settled: bool


@dataclass(frozen=True)
class BurnIn:
    """Compiled steps of an ensemble of `placement.group` walkers, of at most `longest` steps."""

    placement: Placement
    longest: int
    first_adaptation: Any
    segment: Callable

    @property
    def example(self) -> tuple[Any, Any]:
        """A pytree of the form of an Ensemble's particles and adaptation."""
        from blackjax.mcmc.integrators import IntegratorState

        return IntegratorState(0.0, 0.0, 0.0, 0.0), self.first_adaptation

    @classmethod
    def compile(
        cls,
        model: Posterior,
        log_density: Callable[[Any, Array], Array],
        placement: Placement,
        longest: int,
    ) -> "BurnIn":
        """Compile a segment of steps; log_density: the model's `sloped_density`."""
        from blackjax.adaptation import laps_burn_in
        from blackjax.eca import eca_step
        from blackjax.mcmc.integrators import IntegratorState

        real, n, walkers = jnp.result_type(float), len(model.parameters), placement.group
        tuning = laps_burn_in.Adaptation(
            n,
            microcanonical=True,
            alpha=1.9,  # these four as in BlackJAX's own sampler
            bias_type=3,
            C=0.1,
            r_end=0.01,
            save_num=max(2, round(_HISTORY * longest)),
            observables_for_bias=jnp.square,
        )

        def segment(
            context: Any,
            mode: Array,
            root: Array,
            keys: Array,
            key: Array,
            first: Array,
            count: Array,
            particles: Any,
            adaptation: Any,
        ) -> tuple[Any, Any, Array, Array]:
            kernel = laps_burn_in.build_kernel(lambda w: log_density(context, mode + root @ w), n)
            step = eca_step(kernel, tuning.summary_statistics_fn, tuning.update, walkers)

            def body(carry: tuple[Any, Any, Array, Array]) -> tuple[Any, Any, Array, Array]:
                particles, adaptation, done, _ = carry
                at = first + done
                own = jax.vmap(lambda k: jax.random.fold_in(k, at))(keys)
                here = jax.random.fold_in(key, at)
                (particles, adaptation), info = step((particles, adaptation), (at, own, here))
                return particles, adaptation, done + 1, ~tuning.while_cond(info, at)

            def goes_on(carry: tuple[Any, Any, Array, Array]) -> Array:
                return (carry[2] < count) & ~carry[3]

            start = particles, adaptation, jnp.zeros((), jnp.int32), jnp.zeros((), bool)
            return jax.lax.while_loop(goes_on, body, start)

        whole, spread = PartitionSpec(), PartitionSpec(AXIS)
        chained = (False, False, False, True, False, False, False, True, False)
        mapped = jax.shard_map(
            segment,
            mesh=placement.mesh,
            in_specs=tuple(spread if one else whole for one in chained),
            out_specs=(spread, whole, whole, whole),
            check_vma=False,
        )
        first_adaptation = jax.tree.map(jnp.asarray, tuning.initial_state)
        vector, scalar = jax.ShapeDtypeStruct((walkers, n), real), jnp.zeros(walkers, real)
        arguments = (
            context_of(model),
            *(jnp.zeros(n, real), jnp.zeros((n, n), real)),
            *(jax.random.split(jax.random.key(0), walkers), jax.random.key(0)),
            *(jnp.int32(0), jnp.int32(0)),
            IntegratorState(vector, vector, scalar, vector),
            first_adaptation,
        )
        of = fingerprint_of(model)
        about = None if of is None else ("burn-in", of, walkers, longest)
        jitted = jax.jit(mapped, in_shardings=tuple(placement.spread(one) for one in chained))
        program = Program(jitted, arguments, about, devices=placement.devices)
        return cls(placement, longest, first_adaptation, program.compiled())

    def begin(self, w: np.ndarray, value: np.ndarray, gradient: np.ndarray) -> Ensemble:
        """The ensemble at points w (walker, n), whose log-density's gradient there is `gradient`.

        Velocities point up the density where the ensemble is too wide, and down where too narrow.
        """
        from blackjax.mcmc.integrators import IntegratorState

        direction = gradient / np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), 1e-300)
        too_narrow = np.mean(-w * gradient, axis=0) < 1.0
        velocity = np.where(too_narrow, -direction, direction)
        particles = IntegratorState(*map(jnp.asarray, (w, velocity, value, gradient)))
        return Ensemble(particles, self.first_adaptation, 0, settled=False)

    def advance(
        self,
        ensemble: Ensemble,
        context: Any,
        mode: np.ndarray,
        root: np.ndarray,
        keys: Array,
        key: Array,
        count: int,
    ) -> Ensemble:
        """At most `count` steps more (and LENGTH), fewer if the ensemble settles; keys (walker,).

        How steps are cut into segments makes no difference.
        """
        whole, spread = self.placement.spread(chains=False), self.placement.spread()
        context, mode, root, key, adaptation, first, number = jax.device_put(
            (
                *(context, mode, root, key, ensemble.adaptation),
                *(np.int32(ensemble.done), np.int32(min(count, self.longest - ensemble.done))),
            ),
            whole,
        )
        keys, particles = jax.device_put((keys, ensemble.particles), spread)
        particles, adaptation, made, settled = jax.block_until_ready(
            self.segment(context, mode, root, keys, key, first, number, particles, adaptation)
        )
        done = ensemble.done + int(made)
        return Ensemble(particles, adaptation, done, bool(settled) or done >= self.longest)
