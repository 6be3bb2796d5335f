"""Tables of a CosmoSIS block, P(k, z) and distances, in the core's units.

CosmoSIS has distances in Mpc and power spectra in h units.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from jaxlike.config.cosmosis_unused import COSMOLOGY_SECTION as COSMOLOGY
from jaxlike.cosmosis.block import Block
from jaxlike.cosmosis.extent import check_extent
from jaxlike.errors import DataError
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.power_table import PowerTable

POWER, DISTANCES = "matter_power_nl", "distances"
LINEAR_POWER = "matter_power_lin"
_Z_START = 1e-3  # the core's first redshift is above


class Tables(NamedTuple):
    """A PowerTable with the grids that it is on: z (n_z,), k (n_k,) in h/Mpc, z_distance (n_d,)."""

    z: NDArray
    k: NDArray
    z_distance: NDArray
    power: PowerTable


def tables(block: Block, *, linear: bool = False) -> Tables:
    """P(k, z) and distances that modules before this one have put into the block.

    With `linear` the linear power today too. D(z) is the root of the power at the smallest k, as in
    CosmoSIS's linear alignments. Omega_m is that of the block now: Boltzmann codes overwrite the
    sampled one. DataError names what is missing.
    """
    for name in ("z", "k_h", "p_k"):
        _require(block, POWER, name)
    z, k, power = block.get_grid(POWER, "z", "k_h", "p_k")
    in_z, in_k = np.argsort(z), np.argsort(k)
    z, k, power = z[in_z], k[in_k], power[np.ix_(in_z, in_k)]
    h = _require(block, COSMOLOGY, "h0")
    z_distance = np.asarray(_require(block, DISTANCES, "z"))
    in_distance = np.argsort(z_distance)
    Omega_k = block[COSMOLOGY, "omega_k"] if block.has_value(COSMOLOGY, "omega_k") else 0.0
    chi = _radial_distance(block, z_distance, Omega_k / (HUBBLE_DISTANCE / h) ** 2)
    hubble = np.asarray(_require(block, DISTANCES, "h"))
    for section, first in ((POWER, z[0]), (DISTANCES, z_distance.min())):
        if first > _Z_START:
            raise DataError(
                f"{section}--z in the block starts at {first:.4g}, but must start at 0: set the"
                " module that fills it so"
            )
    check_extent(POWER, z, k)
    return Tables(
        z,
        k,
        z_distance[in_distance],
        PowerTable(
            P_nl=power,
            chi=chi[in_distance] * h,
            hubble=hubble[in_distance] / h,
            growth=np.sqrt(power[:, 0] / power[0, 0]),
            Omega_m=_require(block, COSMOLOGY, "omega_m"),
            Omega_k=Omega_k,
            P_lin=_linear_power_today(block, k) if linear else None,
            chi_last=_last_scattering(block, h, Omega_k),
        ),
    )


def _last_scattering(block: Block, h: float, Omega_k: float) -> float | None:
    """chi [Mpc/h] of last scattering, where the block says it and space is flat: CAMB's is f_k."""
    if Omega_k != 0 or not block.has_value(DISTANCES, "chistar"):
        return None
    return float(block[DISTANCES, "chistar"]) * h


def _linear_power_today(block: Block, k: NDArray) -> NDArray:
    """P_lin (n_k,) at z = 0 and the wavenumbers of the nonlinear power."""
    for name in ("z", "k_h", "p_k"):
        _require(block, LINEAR_POWER, name)
    z, own_k, power = block.get_grid(LINEAR_POWER, "z", "k_h", "p_k")
    today, in_k = power[np.argmin(z)], np.argsort(own_k)
    x = np.log(own_k[in_k])
    if min(z) > _Z_START or x[0] > np.log(k[0]) + 1e-6 or x[-1] < np.log(k[-1]) - 1e-6:
        raise DataError(
            f"{LINEAR_POWER} in the block is for z >= {min(z):.4g} and k = {own_k.min():.4g} to "
            f"{own_k.max():.4g}, but alignment = tatt or limber = beyond needs z = 0 and k = "
            f"{k[0]:.4g} to {k[-1]:.4g}, as {POWER} has: set the module that fills it so"
        )
    return np.exp(CubicSpline(x, np.log(today[in_k]))(np.log(k)))


def _radial_distance(block: Block, z: NDArray, curvature: float) -> NDArray:
    """chi in Mpc; `curvature` is Omega_k (H0/c)^2 in 1/Mpc^2."""
    if block.has_value(DISTANCES, "d_c"):
        return np.asarray(block[DISTANCES, "d_c"])
    if curvature == 0:
        return np.asarray(_require(block, DISTANCES, "d_m"))
    # d_m is the radial distance in some modules and the transverse one in others; d_a is clear
    f_k = (1 + z) * np.asarray(_require(block, DISTANCES, "d_a"))
    root = math.sqrt(abs(curvature))
    return (np.arcsinh if curvature > 0 else np.arcsin)(root * f_k) / root


def _require(block: Block, section: str, name: str) -> Any:
    if not block.has_value(section, name):
        raise DataError(
            f"the block has no '{section}--{name}', which power = block needs: run a module that"
            " computes it (CAMB, CLASS) before this one, or take power = jaxlike"
        )
    return block[section, name]
