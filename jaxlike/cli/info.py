"""`jaxlike info`: versions, devices, precision, and which surveys are known."""

import argparse
import os
from typing import Any

from jaxlike.cli.common_options import Parents
from jaxlike.cli.running import version_of
from jaxlike.errors import JaxlikeError

_PACKAGES = (
    *("jaxlike", "jax", "jaxlib", "numpy", "scipy", "blackjax", "arviz", "getdist"),
    *("fitsio", "astropy", "sacc", "cobaya", "cosmosis"),
)


def add_command(subparsers: Any, shared: Parents) -> None:
    """Add `info` to the commands."""
    parser = subparsers.add_parser(
        "info", parents=[shared.device], help="print versions, devices, precision, surveys"
    )
    parser.set_defaults(run=info)


def info(arguments: argparse.Namespace) -> int:
    """Print versions, devices, precision, and which surveys are known."""
    import platform

    import jax
    import jax.numpy as jnp

    from jaxlike.data import data_folder, default_data_file
    from jaxlike.examples import FOLDER
    from jaxlike.surveys import known_surveys

    try:
        mock_file = str(default_data_file())
    except JaxlikeError as error:
        mock_file = str(error)
    rows = [("python", platform.python_version()), *((p, version_of(p)) for p in _PACKAGES)]
    rows += [
        ("devices", ", ".join(f"{d.platform}:{d.id} ({d.device_kind})" for d in jax.devices())),
        ("cores", str(os.cpu_count())),
        ("precision", str(jnp.zeros(()).dtype)),
        ("mock survey", mock_file),
        ("data folder", str(data_folder())),
        ("inputs", str(FOLDER)),
        ("surveys", ", ".join(known_surveys())),
    ]
    for name, value in rows:
        print(f"{name:<12} {value}")
    return 0
