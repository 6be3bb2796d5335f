"""Compiled functions kept on disk, for programs that choose so: a second run starts at once."""

import jax
from platformdirs import user_cache_path

from jaxlike.kept.environment import processor

MAX_BYTES = 500_000_000
_SHORTEST_S = 0.5  # of a compilation that is worth keeping


def double_precision() -> None:
    """Let JAX compute in double precision, whatever it has computed in this process before."""
    if not jax.config.read("jax_enable_x64"):
        jax.config.update("jax_enable_x64", True)
        jax.clear_caches()  # or constants that were traced stay single


def keep_compiled() -> None:
    """Let JAX keep compiled functions in the user's cache folder.

    Nothing is changed where JAX has a folder for them already, by JAX_COMPILATION_CACHE_DIR or by
    the calling program. The folder is the processor's own: clusters share home folders between
    unlike machines.
    """
    if jax.config.jax_compilation_cache_dir is not None:  # type: ignore[attr-defined]
        return
    folder = user_cache_path("jaxlike") / "compiled" / processor()
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_compilation_cache_max_size", MAX_BYTES)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", _SHORTEST_S)


def forget_compiled() -> None:
    """Compile everything anew: for programs that time it."""
    jax.config.update("jax_enable_compilation_cache", False)
