"""How Cobaya's components set up JAX: as entry points they choose its precision."""

import logging

import jax


def prepare_jax() -> None:
    """Switch JAX to double precision, and its notes on absent accelerators off Cobaya's log."""
    jax.config.update("jax_enable_x64", True)
    logging.getLogger("jax").setLevel(logging.WARNING)
