"""How Cobaya's components set up JAX and logs: as entry points they choose."""

import logging

import jax


def prepare_jax() -> None:
    """Switch JAX to double precision, and notes on what is absent off Cobaya's log."""
    jax.config.update("jax_enable_x64", True)
    for name in ("jax", "arviz.preview"):
        logging.getLogger(name).setLevel(logging.WARNING)
