"""Hamiltonian Monte Carlo (Duane et al. 1987; Betancourt 2017, arXiv:1701.02434) by BlackJAX."""

from functools import partial
from typing import Any

import jax.numpy as jnp
from jax import Array

from jaxlike.inference.runs.transitions import Info, Tuning
from jaxlike.inference.samplers.kernels import Method
from jaxlike.inference.samplers.mcmc import run_mcmc

_LENGTH = jnp.pi / 2  # a quarter of the period of a Gaussian: the end knows nothing of the start
_JITTER = 0.5  # trajectories of one length return to where they came from in some direction


def hmc_method() -> Method:
    """Trajectories of a length within `_JITTER` of a quarter period, by leapfrog steps."""
    import blackjax

    step = blackjax.hmc.build_kernel()

    def kernel(
        key: Array, state: Any, density: Any, tuning: Tuning, pace: Array
    ) -> tuple[Any, Info]:
        length = _LENGTH * (1 + _JITTER * (2 * pace - 1))
        count = jnp.ceil(length / tuning.step_size).astype(int)
        state, info = step(key, state, density, tuning.step_size, tuning.inverse_mass, count)
        gradients = info.num_integration_steps
        return state, Info(info.is_divergent, gradients, info.acceptance_rate, info.energy)

    return Method("hmc", kernel, 0.8, lambda n: 0.9 / n**0.25)


run_hmc = partial(run_mcmc, method=hmc_method)
"""Sample a posterior by Hamiltonian Monte Carlo; options and errors of `run_mcmc`."""
