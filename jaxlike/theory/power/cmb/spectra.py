"""Lensed spectra of the CMB from their table."""

import functools
import operator
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from jaxlike.errors import ParameterError
from jaxlike.numerics import chebyshev as chebyshev_nodes
from jaxlike.numerics.splines import cardinal_splines
from jaxlike.theory.power.cmb.coordinates import Seen, away, conditions, seen
from jaxlike.theory.power.cmb.helium import Helium, excess
from jaxlike.theory.power.cmb.lattice import ELL_MAX, ELL_MIN, at_multipoles
from jaxlike.theory.power.cmb.lensing_power import L
from jaxlike.theory.power.cmb.table import ROOTS, CmbTable, shipped_cmb
from jaxlike.theory.power.derived import primordial_amplitude, unmet_need
from jaxlike.theory.power.emulator import chebyshev
from jaxlike.theory.power.linear import LinearModel
from jaxlike.theory.power.validity import Held
from jaxlike.theory.universe.cosmology import Cosmology

SPECTRA = ("tt", "te", "ee", "pp")
"""Temperature, its correlation with E-polarisation, that alone, lensing potential."""

ELL_PIVOT = 695.0
"""Multipole about which the tilt turns spectra: the pivot wave number at last scattering."""


class Spectra:
    """Of one universe, each computed for whoever asks; held: whether they are known there, else
    they are finite numbers without meaning."""

    def __init__(self, cosmo: Cosmology, model: LinearModel, table: CmbTable | None = None) -> None:
        """model: of linear power, which says what A_s is where sigma8 is given.

        ParameterError without an optical depth, and for a universe without radiation.
        """
        self._table = table or shipped_cmb()
        self._cosmo, self._seen = _seen(cosmo, model)
        self._x = away(self._seen.x, self._table.plane)
        low, high = self._table.box.T
        unit = 2 * (self._x - low) / (high - low) - 1
        self._terms = products(unit, self._table.exponents)

    @property
    def ln_convergence(self) -> Array:
        """ln of the linear power of the convergence (n_L,)."""
        return self._seen.ln_convergence

    @property
    def conditions(self) -> dict[str, Array]:
        """Boolean scalars, all true where the spectra are known; keys say what must hold."""
        return conditions(self._cosmo, self._x, self._table.accepted)

    @property
    def held(self) -> Array:
        """Whether all conditions hold."""
        return jnp.all(jnp.stack(list(self.conditions.values())))

    def D_ell(self, spectrum: str, ell: ArrayLike, *, helium: Helium = "camb") -> Array:
        """ell (ell + 1) C_ell / 2 pi in muK^2 at multipoles (n_ell,); of pp [ell (ell + 1)]^2 C_ell
        / 2 pi."""
        part = self._table.parts[spectrum]
        coefficients = part.mean + (part.weight @ self._terms) @ part.components
        if helium != "camb" and spectrum in self._table.helium:
            more = excess(helium, self._cosmo.Omega_b * self._cosmo.h**2)
            coefficients = coefficients + more * self._table.helium[spectrum]
        found = at_multipoles(coefficients, ell)
        if spectrum in ROOTS:
            found = found**2
        return found * factor(spectrum, self._cosmo, self._seen.ln_convergence, ell)


def reason_unknown(cosmo: Cosmology, model: LinearModel) -> str | None:
    """The first condition that fails of those under which spectra are known, or None."""
    return _held(cosmo, model).first_broken


@partial(jax.jit, static_argnums=1)
def _held(cosmo: Cosmology, model: LinearModel) -> Held:
    return Held.of(Spectra(cosmo, model).conditions)


def factor(spectrum: str, cosmo: Cosmology, ln_convergence: ArrayLike, ell: ArrayLike) -> Array:
    """What of a spectrum is known without a table (n_ell,): the primordial power behind reionised
    matter, and the convergence's linear power."""
    if spectrum == "pp":
        at = to_multipoles(ell) @ jnp.asarray(ln_convergence)
        return 2 / jnp.pi * jnp.exp(at)
    assert cosmo.A_s is not None  # `_seen` has seen to both
    assert cosmo.tau is not None
    tilt = (cosmo.n_s - 1) * jnp.log(jnp.asarray(ell) / ELL_PIVOT)
    return 1e9 * cosmo.A_s * jnp.exp(tilt - 2 * cosmo.tau)


def to_multipoles(ell: ArrayLike) -> Any:
    """Matrix (n_ell, n_L) from values at L to those at known multipoles."""
    return cardinal_splines(np.log(L), np.log(np.asarray(ell, float)))


def products(unit: Array, exponents: np.ndarray) -> Array:
    """Products (n_term,) of Chebyshev polynomials of orders (n_term, n) in coordinates (n,)."""
    n = int(exponents.max()) + 1
    every = chebyshev(unit, n)
    chosen = [row @ np.eye(n)[:, which] for row, which in zip(every, exponents.T, strict=True)]
    return functools.reduce(operator.mul, chosen)


def _seen(cosmo: Cosmology, model: LinearModel) -> tuple[Cosmology, Seen]:
    """The universe with A_s, and what the spectra depend on."""
    if cosmo.tau is None:
        raise ParameterError("spectra of the CMB need the optical depth: give the parameter tau")
    if need := unmet_need("thetastar", cosmo.radiation):
        raise ParameterError(f"spectra of the CMB are computed with {need} only")
    A_s = jnp.asarray(primordial_amplitude(cosmo, model))
    return replace(cosmo, A_s=A_s, sigma8=None), seen(cosmo, cosmo.tau)


def check_multipoles(spectrum: str, ell: Any) -> None:
    """ParameterError on a spectrum or multipole that there is not."""
    if spectrum not in SPECTRA:
        raise ParameterError(
            f"there is no spectrum {spectrum!r} of the CMB; accepted are {', '.join(SPECTRA)}"
        )
    if chebyshev_nodes.numpy_of(ell) is jnp:
        return  # traced
    known = np.asarray(ell)
    if known.size and (known.min() < ELL_MIN or known.max() > ELL_MAX):
        raise ParameterError(
            f"spectra of the CMB are known for {ELL_MIN} <= ell <= {ELL_MAX}, not for "
            f"{known.min():g} to {known.max():g}"
        )
