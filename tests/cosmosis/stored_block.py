"""CosmoSIS module for tests: puts into the block what CosmoSIS had there after running CAMB.

Option npz: a file of ../shared/reference/cosmosis, whose README describes the keys.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np


def put_stored(block: Any, stored: Mapping[str, Any]) -> None:
    """Fill cosmological_parameters, matter_power_nl, distances and growth_parameters."""
    for key in stored:
        if key.startswith("cosmo_"):
            block["cosmological_parameters", key.removeprefix("cosmo_")] = stored[key].item()
        elif key.startswith("distances_"):
            block["distances", key.removeprefix("distances_")] = stored[key]
        elif key.startswith("growth_"):
            block["growth_parameters", key.removeprefix("growth_")] = stored[key]
    z, k, power = (stored[f"matter_power_nl{name}"] for name in ("_z", "_k_h", ""))
    block.put_grid("matter_power_nl", "z", z, "k_h", k, "p_k", power)


def values_of(stored: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The parameters of a stored point, by section."""
    out: dict[str, dict[str, float]] = {}
    for name, value in zip(stored["param_names"], stored["param_values"], strict=True):
        section, _, name = str(name).partition("--")
        out.setdefault(section, {})[name] = float(value)
    return out


def setup(options: Any) -> dict[str, Any]:
    """Read the file."""
    with np.load(options["module_options", "npz"]) as file:
        return {name: file[name] for name in file.files}


def execute(block: Any, stored: dict[str, Any]) -> int:
    """Put it into the block."""
    put_stored(block, stored)
    return 0


def cleanup(stored: dict[str, Any]) -> None:
    """Nothing is left open."""
