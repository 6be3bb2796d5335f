"""Single precision, which is JAX's default and not enough for likelihoods."""

import warnings

import jax

_SINGLE = (
    "JAX is in single precision: log-posteriors are off by up to 1.7; "
    "jax.config.update('jax_enable_x64', True) before load, then jax.clear_caches() if JAX has run"
)


def warn_of_single_precision() -> None:
    """Warn, in the name of whoever called the caller, where JAX is in single precision."""
    if not jax.config.read("jax_enable_x64"):
        warnings.warn(_SINGLE, stacklevel=3)
