"""How Cobaya's components set up JAX and logs: as entry points they choose."""

import logging

import jax

from jaxlike.compile_cache import keep_compiled


def prepare_jax() -> None:
    """Double precision, compiled functions kept on disk, and no notes on what is absent."""
    jax.config.update("jax_enable_x64", True)
    keep_compiled()
    for name in ("jax", "arviz.preview"):
        logging.getLogger(name).setLevel(logging.WARNING)
