"""Kernels that make one draw of a chain, and what a method of sampling needs besides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jax import Array

from jaxlike.inference.runs.transitions import Info, Kernel, Tuning


@dataclass(frozen=True)
class Method:
    """A kernel that goes on where NUTS has warmed up.

    After `tuning_draws` that tune its step size to `target_accept`, from `first_step` (n -> step),
    its draws are kept.  Those of an inexact one are compared with the warm-up's.
    """

    name: str
    kernel: Kernel
    target_accept: float
    first_step: Callable[[int], float]
    tuning_draws: int = 100
    exact: bool = True


def nuts_kernel(max_tree_depth: int) -> Kernel:
    """BlackJAX's NUTS (Hoffman & Gelman 2014), at most 2^max_tree_depth leapfrog steps a draw."""
    import blackjax

    step = blackjax.nuts.build_kernel()

    def kernel(key: Array, state: Any, density: Any, tuning: Tuning, _: Array) -> tuple[Any, Info]:
        state, info = step(
            key, state, density, tuning.step_size, tuning.inverse_mass, max_tree_depth
        )
        gradients = info.num_integration_steps
        return state, Info(info.is_divergent, gradients, info.acceptance_rate, info.energy)

    return kernel
