"""What anyone may ask of a universe by the field's names, in Mpc and km/s, at any redshifts.

Redshifts and wavenumbers may be numbers, arrays, or data that a compiled function is handed.
"""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.numerics import chebyshev
from jaxlike.theory.constants import HUBBLE_DISTANCE
from jaxlike.theory.power import linear
from jaxlike.theory.power.cmb.lattice import ELL_MAX, ELL_MIN
from jaxlike.theory.power.cmb.spectra import Spectra, check_multipoles
from jaxlike.theory.power.derived import drag_horizon
from jaxlike.theory.power.linear import LinearModel
from jaxlike.theory.power.nonlinear import NonlinearModel, nonlinear_model
from jaxlike.theory.universe import background
from jaxlike.theory.universe.cosmology import Cosmology
from jaxlike.theory.universe.growth import GrowthGrid
from jaxlike.theory.universe.line_of_sight import LineOfSight

QUANTITIES: Mapping[str, str] = {
    "H": "H(z) in km/s/Mpc",
    "D_M": "transverse comoving distance (z) in Mpc",
    "D_A": "angular-diameter distance D_M / (1 + z) in Mpc",
    "D_L": "luminosity distance (1 + z) D_M in Mpc",
    "r_drag": "sound horizon at the drag epoch in Mpc",
    "growth": "D(z) / D(0) of linear matter",
    "f": "growth rate dlnD/dlna (z)",
    "sigma8": "sigma8(z) of linear matter",
    "f_sigma8": "f sigma8 (z) of the velocities of cold matter, as CAMB has it",
    "P_lin": "linear matter power (k, z) in (Mpc/h)^3, k in h/Mpc",
    "P_nl": "nonlinear matter power (k, z) in (Mpc/h)^3, k in h/Mpc",
    "D_ell": "lensed spectra of the CMB (ell, spectrum), ell (ell + 1) C_ell / 2 pi in muK^2",
}
"""Name, which is that of a method of `Universe`, -> what it is; all that a likelihood may need."""

Z_MAX = 2e4
"""Largest redshift of H and of distances."""

Z_MAX_GROWTH = 999.0
"""Largest redshift of what grows."""

_LIGHT = 100 * HUBBLE_DISTANCE  # c in km/s
_X = chebyshev.nodes(64, 0.0, float(np.log1p(Z_MAX)))  # ln(1 + z)
_INTEGRAL = chebyshev.integration_matrix(_X, _X)


class Quantities:
    """The methods of a universe that likelihoods of others are written with.

    z of any shape, and results of the same, NaN where z is too large; of power k (n_k,), z (n_z,)
    -> (n_z, n_k), each of which may be one number.
    ParameterError where the universe has not got the quantity.
    """

    cosmo: Cosmology | None
    los: LineOfSight
    models: tuple[LinearModel, NonlinearModel] | None

    def H(self, z: ArrayLike) -> Array:
        """Expansion rate in km/s/Mpc."""
        cosmo = self._cosmology()
        return _LIGHT * cosmo.h * background.hubble(cosmo, z)

    def D_M(self, z: ArrayLike) -> Array:
        """Transverse comoving distance in Mpc, z < 20000; arXiv:2302.05163, eq. 3."""
        cosmo = self._cosmology()
        x = chebyshev.numpy_of(z).log1p(_ravelled(z, Z_MAX))
        slope = jnp.exp(_X) / background.hubble(cosmo, np.expm1(_X))
        # of the mean of (1 + z) / H up to z, so that small distances keep their digits
        mean = jnp.append(slope[0], (_INTEGRAL[1:] @ slope) / _X[1:])
        chi = x * (chebyshev.interpolation_matrix(_X, x) @ mean)
        f_k, _ = background.curvature_functions(cosmo.Omega_k, chi)
        return jnp.reshape(f_k / cosmo.h, np.shape(z))

    def D_A(self, z: ArrayLike) -> Array:
        """Angular-diameter distance in Mpc."""
        return self.D_M(z) / (1 + jnp.asarray(z))

    def D_L(self, z: ArrayLike) -> Array:
        """Luminosity distance in Mpc."""
        return self.D_M(z) * (1 + jnp.asarray(z))

    @property
    def r_drag(self) -> Array:
        """Sound horizon at the drag epoch in Mpc; NaN outside of the densities it is known for."""
        known, found = drag_horizon(self._cosmology())
        return jnp.where(known, found, jnp.nan)

    def growth(self, z: ArrayLike) -> Array:
        """D(z) / D(0) of linear matter, z < 999."""
        found, today = _grid(z).growth(self._cosmology())
        return jnp.reshape(found / today, np.shape(z))

    def f(self, z: ArrayLike) -> Array:
        """Growth rate dlnD/dlna, z < 999."""
        cosmo, grid = self._cosmology(), _grid(z)
        return jnp.reshape(grid.slope(cosmo)[0] / grid.growth(cosmo)[0], np.shape(z))

    def sigma8(self, z: ArrayLike = 0.0) -> Array:
        """sigma8 of the linear total-matter field, z < 999."""
        if isinstance(z, float | int) and z == 0 and self.los.sigma8 is not None:
            return self.los.sigma8
        cosmo, (model, _) = self._cosmology(), self._models()
        return jnp.reshape(linear.sigma8(cosmo, _ravelled(z), model=model), np.shape(z))

    def f_sigma8(self, z: ArrayLike) -> Array:
        """f sigma8 of the velocities of cold matter in total matter, as CAMB has it, z < 999."""
        cosmo, (model, _) = self._cosmology(), self._models()
        return jnp.reshape(linear.fsigma8_on(cosmo, _grid(z), model=model), np.shape(z))

    def P_lin(self, k: ArrayLike, z: ArrayLike) -> Array:
        """Linear matter power in (Mpc/h)^3, k in h/Mpc, z < 999."""
        cosmo, (model, _) = self._cosmology(), self._models()
        found = linear.linear_power(cosmo, jnp.ravel(k), _ravelled(z), model=model)
        return jnp.reshape(found, (*np.shape(z), *np.shape(k)))

    def P_nl(self, k: ArrayLike, z: ArrayLike) -> Array:
        """Nonlinear matter power in (Mpc/h)^3 of the model that the options name, k in h/Mpc."""
        cosmo, (model, nonlinear) = self._cosmology(), self._models()
        one = nonlinear_model(nonlinear)
        if one.haloes and chebyshev.numpy_of(z) is jnp:
            raise ParameterError(
                f"P_nl with nonlinear = {nonlinear} is computed at redshifts that are known before:"
                " take z as a constant of the function's module, not from its data"
            )
        found = one.table(cosmo, jnp.ravel(k), _ravelled(z), model)
        return jnp.reshape(found, (*np.shape(z), *np.shape(k)))

    def D_ell(self, ell: ArrayLike, spectrum: str = "tt") -> Array:
        """Lensed spectrum of the CMB, ell (ell + 1) C_ell / 2 pi in muK^2, 2 <= ell <= 4200.

        spectrum: tt, te, ee, or pp, [ell (ell + 1)]^2 C_ell / 2 pi of the lensing potential. NaN in
        universes that CAMB's spectra are not known for; ParameterError without a parameter tau.
        """
        check_multipoles(spectrum, ell)
        spectra = self.cmb
        flat = chebyshev.numpy_of(ell).ravel(ell)
        known = spectra.held & (flat >= ELL_MIN) & (flat <= ELL_MAX)
        found = jnp.where(known, spectra.D_ell(spectrum, flat), jnp.nan)
        return jnp.reshape(found, np.shape(ell))

    @property
    def cmb(self) -> Spectra:
        """All spectra of the CMB, of which each is computed for whoever asks; and whether they are
        known here."""
        return Spectra(self._cosmology(), self._models()[0])

    def _cosmology(self) -> Cosmology:
        if self.cosmo is None:
            raise ParameterError(
                "a universe of a host's tables has no parameters, which a likelihood asks for"
            )
        return self.cosmo

    def _models(self) -> tuple[LinearModel, NonlinearModel]:
        if self.models is None:
            raise ParameterError("a universe without models of power has no P_lin, P_nl, sigma8(z)")
        return self.models


def _ravelled(z: Any, z_max: float = Z_MAX_GROWTH) -> Any:
    """Redshifts (n,), constants of a program where they are not traced; NaN where nothing is
    known."""
    xp = chebyshev.numpy_of(z)
    flat = xp.ravel(z)
    return xp.where((flat >= 0) & (flat <= z_max), flat, xp.nan)


def _grid(z: Any) -> GrowthGrid:
    return GrowthGrid.build(_ravelled(z))
