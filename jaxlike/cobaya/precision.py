"""How Cobaya's components set up JAX and logs: as entry points they choose."""

import logging

from jaxlike.compile_cache import double_precision, keep_compiled


def prepare_jax() -> None:
    """Double precision, compiled functions kept on disk, and no notes on what is absent."""
    double_precision()
    keep_compiled()
    for name in ("jax", "arviz.preview"):
        logging.getLogger(name).setLevel(logging.WARNING)
