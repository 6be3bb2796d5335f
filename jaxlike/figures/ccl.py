"""The same universes, n(z) and spectra in CCL (Chisari et al. 2019, arXiv:1812.05995)."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxlike.errors import ConfigError
from jaxlike.theory.constants import T_CMB

_N_SAMPLES = 2000  # of a lensing kernel: CCL's default leaves 1e-3 in C_ell of shear


def ccl_module(what: str) -> ModuleType:
    """CCL, or one sentence on how to get it; `what` needs it."""
    try:
        import pyccl
    except ImportError as error:
        raise ConfigError(f"{what} compares with CCL: pip install jaxlike[ccl]") from error
    return pyccl


def universe(ccl: ModuleType, parameters: Mapping[str, float]) -> Any:
    """A `pyccl.Cosmology` of matter and dark energy alone, as the paper's eqs. 1-2 have it.

    Eisenstein & Hu 1998 with halofit of Takahashi et al. 2012.
    """
    return ccl.Cosmology(
        **parameters,
        Omega_g=0,
        Neff=0,
        T_CMB=T_CMB,
        transfer_function="eisenstein_hu",
        matter_power_spectrum="halofit",
    )


def lenses(
    ccl: ModuleType, cosmo: Any, z: NDArray, dndz: NDArray, bias: Sequence[float]
) -> list[Any]:
    """Tracers of counts for n(z) `dndz` (n_bin, n_z)."""
    return [
        ccl.NumberCountsTracer(
            cosmo, has_rsd=False, dndz=(z, n), bias=(z, np.full_like(z, b)), n_samples=_N_SAMPLES
        )
        for n, b in zip(dndz, bias, strict=True)
    ]


def sources(ccl: ModuleType, cosmo: Any, z: NDArray, dndz: NDArray) -> list[Any]:
    """Tracers of shear for n(z) `dndz` (n_bin, n_z)."""
    return [ccl.WeakLensingTracer(cosmo, dndz=(z, n), n_samples=_N_SAMPLES) for n in dndz]
