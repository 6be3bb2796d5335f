"""Compilation of functions that run a few times only."""

import functools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import jax
from jax.stages import Compiled, Lowered

# A third of the time to compile, for a function that takes twice as long to run.
_QUICK: dict[str, str | bool] = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_backend_optimization_level": "0",
}


def compile_quickly(lowered: Lowered) -> Compiled:
    """Compile what costs more to compile than it will ever take to run.

    A device other than a CPU, or an XLA that does not know the options, compiles it as all else.
    """
    if jax.default_backend() == "cpu":
        with suppress(jax.errors.JaxRuntimeError):
            return lowered.compile(compiler_options=_QUICK)
    return lowered.compile()


def jit_quickly(function: Callable[..., Any]) -> Callable[..., Any]:
    """`jax.jit` of a function that costs more to compile than it will ever take to run."""
    quick, plain = jax.jit(function, compiler_options=dict(_QUICK)), jax.jit(function)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        if jax.default_backend() == "cpu":
            with suppress(jax.errors.JaxRuntimeError):
                return quick(*arguments)
        return plain(*arguments)

    return call
