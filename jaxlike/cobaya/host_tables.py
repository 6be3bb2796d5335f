"""Matter power and distances of another theory of the same Cobaya input, as a PowerTable."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power.power_table import PowerTable
from jaxlike.theory.wavenumbers import K

K_MAX = 15.0
"""Largest wavenumber asked for, in 1/Mpc (as Cobaya's own DES likelihoods do)."""

_K_GROWTH = 1e-3  # 1/Mpc: large enough a scale for the growth of its power to be the linear one
_N_Z, _N_Z_DISTANCE = 60, 200


@dataclass(frozen=True)
class HostGrid:
    """Where the tables are: z (n_z,), k (n_k,) in h/Mpc, z_distance (n_d,).

    linear: whether the linear power today is asked for too; z_last: of last scattering, where its
    distance is.
    """

    z: NDArray
    k: NDArray
    z_distance: NDArray
    linear: bool = False
    z_last: float | None = None

    @classmethod
    def build(
        cls,
        z_max: float,
        z_max_galaxies: float,
        *,
        linear: bool = False,
        z_last: float | None = None,
    ) -> "HostGrid":
        """Grids for structure out to `z_max` and galaxies out to `z_max_galaxies`."""

        def redshifts(last: float, n: int) -> NDArray:
            z = np.expm1(np.linspace(0.0, np.log1p(last), n))
            z[-1] = last  # not a rounding error less
            return z

        # the spline of the power continues as a power law, from the last k of any host with h < 1
        return cls(
            redshifts(z_max, _N_Z),
            K[K < K_MAX],
            redshifts(max(z_max, z_max_galaxies), _N_Z_DISTANCE),
            linear,
            z_last,
        )

    def requirements(self) -> dict[str, Any]:
        """What the likelihood declares to Cobaya."""
        return {
            "omegam": None,
            "Pk_interpolator": {
                "z": self.z,
                "k_max": K_MAX,
                "nonlinear": [True, False] if self.linear else True,
                "vars_pairs": [("delta_tot", "delta_tot")],
            },
            "comoving_radial_distance": {"z": np.append(self.z_distance, self.last)},
            "Hubble": {"z": self.z_distance},
            "angular_diameter_distance": {"z": self.z_distance[-1:]},
        }

    @property
    def last(self) -> NDArray:
        """The redshift of last scattering (1,), or none (0,)."""
        return np.array([] if self.z_last is None else [self.z_last])

    def table(self, provider: Any) -> PowerTable:
        """The table at the current point; `provider` is Cobaya's."""
        hubble = np.asarray(provider.get_Hubble(self.z_distance, units="km/s/Mpc"))
        h = hubble[0] / 100
        chi = np.asarray(provider.get_comoving_radial_distance(self.z_distance))
        last = self.z_distance[-1:]
        f_k = float(provider.get_angular_diameter_distance(last)[0]) * (1 + last[0])

        def power_of(nonlinear: bool) -> Any:
            return provider.get_Pk_interpolator(
                ("delta_tot", "delta_tot"),
                nonlinear=nonlinear,
                extrap_kmin=K[0] / 10,
                extrap_kmax=10 * K_MAX,
            )

        power = power_of(nonlinear=True)
        today, k = self.z[:1], self.k * h
        linear = power_of(nonlinear=False).P(today, k)[0] * h**3 if self.linear else None
        growth = np.sqrt(power.P(self.z, _K_GROWTH) / power.P(0.0, _K_GROWTH))
        return PowerTable(
            P_nl=power.P(self.z, self.k * h) * h**3,
            chi=chi * h,
            hubble=hubble / hubble[0] / HUBBLE_DISTANCE,
            growth=growth,
            Omega_m=provider.get_param("omegam"),
            Omega_k=curvature(chi[-1] * h / HUBBLE_DISTANCE, f_k * h / HUBBLE_DISTANCE),
            P_lin=linear,
            chi_last=None if self.z_last is None else self._chi_last(provider) * h,
        )

    def _chi_last(self, provider: Any) -> float:
        return float(provider.get_comoving_radial_distance(self.last)[0])


def curvature(chi: float, f_k: float) -> float:
    """Omega_k from one radial and one transverse distance in units of c/H0.

    Solves f_k / chi = sinc(sqrt(y)), y = -Omega_k chi^2; zero where they agree to rounding.
    """
    ratio = f_k / chi
    if abs(ratio - 1) < 1e-7:
        return 0.0

    def excess(y: float) -> float:
        root = np.sqrt(abs(y))
        return float((np.sin(root) if y > 0 else np.sinh(root)) / root - ratio)

    low, high = (1e-12, np.pi**2) if ratio < 1 else (-400.0, -1e-12)
    return -float(brentq(excess, low, high, xtol=1e-14)) / chi**2
