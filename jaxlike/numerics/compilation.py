"""Compilation of functions that run a few times only."""

import functools
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.stages import Compiled, Lowered

Options = Mapping[str, str | bool]
"""Of XLA, by name."""

# A third of the time to compile, for a function that takes twice as long to run.
_QUICK: Options = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_backend_optimization_level": "0",
}
# Half of the time, for one that takes no longer to run.
_USUAL: Options = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_backend_optimization_level": "1",
    "xla_disable_hlo_passes": "tree_reduction_rewriter",
}
_WITHOUT_EFFECT = "xla_gpu_redzone_padding_bytes"  # on a CPU


def compile_quickly(lowered: Lowered) -> Compiled:
    """Compile what costs more to compile than it will ever take to run.

    A device other than a CPU, or an XLA that does not know the options, compiles it as all else.
    """
    return lowered.compile(compiler_options=_usable(_QUICK))


def compile_usually(lowered: Lowered) -> Compiled:
    """Compile what runs often, without what a compiler tries in vain on it; elsewhere than on a CPU
    as all else."""
    return lowered.compile(compiler_options=_usable(_USUAL))


def compile_anew(lowered: Lowered, *, quick: bool) -> Compiled | None:
    """The same for a CPU, past what JAX has compiled before: a program that it has read from its
    folder cannot be written again. None where it cannot be told to."""
    if not _is_known(_WITHOUT_EFFECT, "1"):
        return None
    options = _usable(_QUICK if quick else _USUAL)
    options[_WITHOUT_EFFECT] = str(secrets.randbelow(2**31))  # another program, to JAX
    return lowered.compile(compiler_options=options)


def _usable(options: Options) -> dict[str, str | bool]:
    """Those that this XLA has, on a CPU: they come and go, and one it does not know is an error."""
    if jax.default_backend() != "cpu":
        return {}
    return {name: value for name, value in options.items() if _is_known(name, value)}


@functools.cache
def _is_known(name: str, value: str | bool) -> bool:
    try:
        jax.jit(lambda: 0).lower().compile(compiler_options={name: value})
    except jax.errors.JaxRuntimeError:
        return False
    return True


def as_array(value: Any) -> Array:
    """`jnp.asarray`, which for an array of NumPy's compiles a program for each shape, without."""
    is_numpy = isinstance(value, np.ndarray | np.generic)
    return jax.device_put(value) if is_numpy else jnp.asarray(value)


def jit_quickly(function: Callable[..., Any]) -> Callable[..., Any]:
    """`jax.jit` of a function that costs more to compile than it will ever take to run."""

    @functools.cache  # not before it is called: what XLA knows is found by asking it
    def jitted() -> Callable[..., Any]:
        return jax.jit(function, compiler_options=_usable(_QUICK))

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        return jitted()(*arguments)

    return call
