"""Microcanonical Langevin Monte Carlo by BlackJAX, unadjusted and adjusted.

Robnik et al. 2023 (arXiv:2212.08549), Robnik & Seljak 2023 (arXiv:2303.18221); adjusted by a
Metropolis step: Robnik, Cohn-Gordon & Seljak 2025 (arXiv:2503.01707). The particle moves at unit
speed in coordinates in which the warm-up's draws have unit covariance.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxlike.inference.runs.transitions import Info, Kernel, Tuning
from jaxlike.inference.samplers.kernels import Method
from jaxlike.inference.samplers.mcmc import run_mcmc

_LENGTH = 2.0  # of a trajectory, in units of sqrt(n)
_ENERGY_VARIANCE = 5e-4  # per dimension and step, wanted of the unadjusted sampler


def whitened(state: Any, density: Any, tuning: Tuning) -> tuple[Any, Any, Array]:
    """State and density over y with v = root @ y, and the root of the covariance."""
    root = jnp.linalg.cholesky(tuning.inverse_mass)
    y = jax.scipy.linalg.solve_triangular(root, state.position, lower=True)
    inner = state._replace(position=y, logdensity_grad=root.T @ state.logdensity_grad)
    return inner, lambda y: density(root @ y), root


def unwhitened(y: Array, value: Array, gradient: Array, root: Array) -> Any:
    from blackjax.mcmc.hmc import HMCState

    along = jax.scipy.linalg.solve_triangular(root, gradient, lower=True, trans=1)
    return HMCState(root @ y, value, along)


def adjusted_method() -> Method:
    """Every trajectory ends in a Metropolis step: nothing is left of the integration's error."""
    from blackjax.mcmc import adjusted_mclmc, integrators

    step = adjusted_mclmc.build_kernel(integrators.isokinetic_velocity_verlet)

    def kernel(
        key: Array, state: Any, density: Any, tuning: Tuning, pace: Array
    ) -> tuple[Any, Info]:
        inner, density, root = whitened(state, density, tuning)
        mean = _LENGTH * jnp.sqrt(1.0 * inner.position.size) / tuning.step_size
        count = jnp.ceil(2 * mean * pace).astype(int)
        inner, info = step(key, inner, density, tuning.step_size, (count,), L_proposal_factor=1.25)
        state = unwhitened(inner.position, inner.logdensity, inner.logdensity_grad, root)
        return state, Info(info.is_divergent, info.num_integration_steps, info.acceptance_rate)

    return Method("adjusted_mclmc", kernel, 0.9, lambda n: 0.5 * n**0.25)


def walkers_kernel() -> Kernel:
    """Trajectories of one length for all walkers, each followed by a Metropolis step."""
    from blackjax.mcmc import adjusted_mclmc, integrators

    step = adjusted_mclmc.build_kernel(integrators.isokinetic_velocity_verlet)

    def kernel(key: Array, state: Any, density: Any, tuning: Tuning, _: Array) -> tuple[Any, Info]:
        inner, density, root = whitened(state, density, tuning)
        length = _LENGTH * jnp.sqrt(1.0 * inner.position.size)
        count = jnp.maximum(jnp.round(length / tuning.step_size), 1.0).astype(int)
        inner, info = step(key, inner, density, tuning.step_size, (count,), L_proposal_factor=1.25)
        state = unwhitened(inner.position, inner.logdensity, inner.logdensity_grad, root)
        return state, Info(info.is_divergent, count, info.acceptance_rate)

    return kernel


def unadjusted_method() -> Method:
    """Without the Metropolis step: cheaper, but biased by as much as energy is not conserved.

    A draw is the end of a trajectory of one decoherence length. The step size is tuned to the
    variance of the energy's error, which takes the place of an acceptance rate.
    """
    import blackjax
    from blackjax.mcmc import integrators
    from blackjax.mcmc.integrators import IntegratorState
    from blackjax.util import generate_unit_vector

    step = blackjax.mclmc.build_kernel(integrators.isokinetic_velocity_verlet)

    def kernel(key: Array, state: Any, density: Any, tuning: Tuning, _: Array) -> tuple[Any, Info]:
        inner, density, root = whitened(state, density, tuning)
        n = inner.position.size
        walk, start = jax.random.split(key)
        length = _LENGTH * jnp.sqrt(1.0 * n)
        count = jnp.ceil(length / tuning.step_size).astype(int)

        def body(i: Array, carry: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
            particle, squares, failed = carry
            particle, info = step(
                jax.random.fold_in(walk, i), particle, density, 1.0, length, tuning.step_size
            )
            error = jnp.where(info.nonans, info.energy_change, 0.0)
            return particle, squares + error**2, failed | ~info.nonans

        momentum = generate_unit_vector(start, inner.position)
        particle = IntegratorState(inner.position, momentum, *inner[1:])
        first = particle, jnp.zeros_like(inner.logdensity), jnp.asarray(False)
        particle, squares, failed = lax.fori_loop(0, count, body, first)
        # a rate of one half where the variance is what is wanted
        conserved = 1 / (1 + squares / (count * n * _ENERGY_VARIANCE))
        y, _, value, gradient = particle
        return unwhitened(y, value, gradient, root), Info(failed, count, conserved)

    return Method("mclmc", kernel, 0.5, lambda n: 0.5 * n**0.25, exact=False)


run_adjusted_mclmc = partial(run_mcmc, method=adjusted_method)
"""Sample a posterior by adjusted microcanonical Langevin; options and errors of `run_mcmc`."""

run_mclmc = partial(run_mcmc, method=unadjusted_method)
"""Sample a posterior by unadjusted microcanonical Langevin; options and errors of `run_mcmc`."""
