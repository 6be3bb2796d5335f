"""What the lensed spectra of the CMB depend on, in any universe, and where they are known."""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.theory.power.cmb.lensing_power import SMOOTHING, ln_convergence_power
from jaxlike.theory.power.emulator import N_EFF
from jaxlike.theory.power.last_scattering import conditions as scattering_conditions
from jaxlike.theory.power.last_scattering import excess, scattering_redshift
from jaxlike.theory.universe.acoustic_scale import acoustic_horizon, distance_to
from jaxlike.theory.universe.cosmology import Cosmology

NAMES = (
    "omega_b", "omega_cb", "thetastar", "n_s", "tau", "early", "earlier", "omega_k", "lensing",
)  # fmt: skip
"""Of the coordinates: h^2 times the densities of baryons and of all cold matter; 100 r_*/D_*; tilt;
optical depth; ln H^2 at z = 500 of what is neither cold, photons nor massless neutrinos; the same
at z = 1089, less 0.48 times the former (which tells one heavy neutrino from three light ones);
Omega_k h^2; and ln of the convergence's power less a linear function of the others: about
ln(10^9 A_s)."""

_EARLIER = 0.48


class Seen(NamedTuple):
    """held: whether z* is known; x (9,): coordinates by NAMES, the last before its linear function
    is taken off; ln_convergence (n_L,): power of the convergence."""

    held: Array
    x: Array
    ln_convergence: Array


def seen(cosmo: Cosmology, tau: ArrayLike) -> Seen:
    """Of a Cosmology with A_s and radiation."""
    h2 = cosmo.h**2
    held, z = scattering_redshift(cosmo)
    ln_convergence, (earlier, early) = ln_convergence_power(cosmo), excess(cosmo)
    x = [
        cosmo.Omega_b * h2,
        cosmo.Omega_cb * h2,
        100 * acoustic_horizon(cosmo, z) / distance_to(cosmo, z),
        cosmo.n_s,
        tau,
        early,
        earlier - _EARLIER * early,
        cosmo.Omega_k * h2,
        jnp.mean(ln_convergence[np.array(SMOOTHING)]),
    ]
    return Seen(held, jnp.stack([jnp.asarray(one, float) for one in x]), ln_convergence)


def away(x: Array, plane: ArrayLike) -> Array:
    """The coordinates (9,), of which the last is now what a linear function of the others, with a
    constant first (9,), leaves of it."""
    linear = jnp.asarray(plane)
    return x.at[-1].add(-linear[0] - linear[1:] @ x[:-1])


def conditions(
    cosmo: Cosmology, x: ArrayLike, accepted: Mapping[str, tuple[float, float]]
) -> dict[str, Array]:
    """Boolean scalars, all true where the spectra are known; keys say what must hold.

    x: coordinates as `away` has them.
    """
    values = dict(zip(accepted, jnp.asarray(x), strict=True)) | {"N_eff": jnp.asarray(cosmo.N_eff)}
    ends = {"N_eff": (N_EFF - 0.01, N_EFF + 0.01), **accepted}
    ranges = {
        f"{low:g} <= {name} <= {high:g} (range of the CMB's spectra)": (low <= values[name])
        & (values[name] <= high)
        for name, (low, high) in ends.items()
    }
    return scattering_conditions(cosmo, excess(cosmo)[0]) | ranges
