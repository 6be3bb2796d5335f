"""What a universe is made of, counted once for all epochs at which its H is asked for."""

from dataclasses import dataclass
from typing import Union

import jax

from jaxlike.theory.universe.cosmology import Cosmology, Scalar


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Densities:
    """Densities today over the critical one, and the equation of state w0 + wa (1 - a).

    cold: dark matter and baryons; radiation: photons and massless neutrinos; massive: of the
    massive neutrinos of each mass, what they would be if they were massless, and if at rest.
    """

    cold: Scalar
    curvature: Scalar
    dark_energy: Scalar
    radiation: Scalar
    massive: tuple[tuple[Scalar, Scalar], ...]
    w0: Scalar
    wa: Scalar

    @classmethod
    def of(cls, contents: Union[Cosmology, "Densities"]) -> "Densities":
        """Those of a cosmology; what is counted already is taken as it is."""
        if isinstance(contents, Densities):
            return contents
        cosmo, h2 = contents, contents.h**2
        photons, massless, one = cosmo.hot
        radiation = photons + massless
        return cls(
            cold=cosmo.Omega_cb,
            curvature=cosmo.Omega_k,
            dark_energy=1 - cosmo.Omega_m - cosmo.Omega_k - radiation,
            radiation=radiation,
            massive=tuple((n * one, omega_nu / h2) for n, omega_nu in cosmo.species),
            w0=cosmo.w0,
            wa=cosmo.wa,
        )
