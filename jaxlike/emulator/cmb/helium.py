"""Slopes of the CMB's spectra in the mass fraction of helium, by two runs of CAMB."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jaxlike.emulator.cmb.fit import ELL, Samples, in_splines
from jaxlike.emulator.cmb.spectra import Universe
from jaxlike.theory.power.cmb.table import ROOTS

PLANCK = Universe(h=0.6727, omega_b=0.02236, omega_cb=0.14256, n_s=0.9649, A_s=2.101e-9, tau=0.0544)
"""Planck 2018's cosmology (arXiv:1807.06209, table 2), without massive neutrinos."""

STEP = 0.005
"""From Y = 0.2457 to either side: twice what tables of nucleosynthesis differ by."""


_NAMES = ("tt", "te", "ee")


def universes() -> Sequence[Universe]:
    """Those whose spectra differ by 2 STEP in Y."""
    return [replace(PLANCK, helium=0.2457 + step) for step in (STEP, -STEP)]


def slopes(found: Samples) -> dict[str, NDArray]:
    """B-spline coefficients (n_u + 2,) of the slopes of tt, te, ee (its root) of `universes`."""
    rows = []
    for name in _NAMES:
        more, less = (np.sqrt(one) if name in ROOTS else one for one in found.scaled[name])
        rows.append((more - less) / (2 * STEP))
    # all multipoles alike: there are more of these than of coefficients, and no noise
    return dict(zip(_NAMES, in_splines(np.array(rows), np.ones(ELL.size)), strict=True))
